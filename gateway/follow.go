package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const (
	pollTimeout = 40 * time.Second // the server answers within 25 s
	retryFirst  = 100 * time.Millisecond
	retryMost   = 5 * time.Second
	// pollPause keeps a server that answers at once with what we have from being asked in a
	// tight loop.
	pollPause = 250 * time.Millisecond
	maxRoutes = 256 << 20
)

// Run follows the server's routes and reports to it, until ctx ends; then it reports once
// more and returns nil. While the server is away the gateway serves with the last routes.
//
// End ctx after Serve has returned: a gateway that shuts down still drains, and must be
// heard. It returns Invalid at once without a Server.
func (g *Gateway) Run(ctx context.Context) error {
	if g.server == "" {
		return fleet.Errorf(fleet.Invalid, "a gateway follows a server: none is configured")
	}
	var wg sync.WaitGroup
	wg.Go(func() { g.follow(ctx) })
	wg.Go(func() { g.keepReporting(ctx) })
	wg.Wait()
	return nil
}

// follow applies every new version of the routes.
func (g *Gateway) follow(ctx context.Context) {
	link := link{logger: g.logger, what: "routes"}
	failures := 0
	for ctx.Err() == nil {
		asked := time.Now()
		routes, err := g.poll(ctx)
		link.is(ctx, err)
		var pause time.Duration
		switch {
		case err != nil:
			pause = jittered(min(retryFirst<<min(failures, 10), retryMost))
			failures++
		case g.follows(routes.Version):
			pause, failures = max(0, pollPause-time.Since(asked)), 0
		default:
			if g.table.Load() == nil {
				if err := g.introduce(ctx, routes.Version); err != nil { // to serve is worth more
					g.logger.WarnContext(ctx, "server has not heard of this gateway yet", "error", err)
				}
			}
			g.Apply(routes)
			g.logger.DebugContext(ctx, "routes applied", "version", routes.Version, "endpoints", len(routes.Endpoints))
			failures = 0
		}
		sleep(ctx, pause)
	}
}

// follows reports whether version is the one in force.
func (g *Gateway) follows(version int64) bool {
	t := g.table.Load()
	return t != nil && t.version == version
}

// poll waits for routes other than those in force. The server may also answer with these,
// after a while. Versions begin at 1: without any yet it asks for what is not version 0.
func (g *Gateway) poll(ctx context.Context) (routes fleet.Routes, err error) {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	have := int64(0)
	if t := g.table.Load(); t != nil {
		have = t.version
	}
	body, err := g.call(ctx, http.MethodGet, "/v1/gateway/routes?version="+strconv.FormatInt(have, 10), nil)
	if err != nil {
		return routes, err
	}
	if len(body) == 0 { // 204: nothing new
		return fleet.Routes{Version: have}, nil
	}
	if err := json.Unmarshal(body, &routes); err != nil {
		return routes, fmt.Errorf("read routes: %w", err)
	}
	return routes, nil
}

// call makes one request to the server and reads its answer.
func (g *Gateway) call(ctx context.Context, method, path string, body io.Reader) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, g.server+path, body)
	if err != nil {
		return nil, fmt.Errorf("call the server: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+g.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := g.client.Do(req)
	if err != nil {
		return nil, fleet.Errorf(fleet.Unavailable, "call the server: %v", err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxRoutes))
	if err != nil {
		return nil, fleet.Errorf(fleet.Unavailable, "read the server's answer: %v", err)
	}
	switch {
	case res.StatusCode == http.StatusUnauthorized, res.StatusCode == http.StatusForbidden:
		return nil, fleet.Errorf(fleet.Unauthenticated, "the server refuses this gateway's token")
	case res.StatusCode < 200 || res.StatusCode > 299:
		return nil, fleet.Errorf(fleet.Unavailable, "the server answered %d", res.StatusCode)
	}
	return answer, nil
}

// jittered spreads gateways that lost the same server: d, more or less a quarter.
func jittered(d time.Duration) time.Duration {
	return d - d/4 + rand.N(d/2+1)
}

func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
