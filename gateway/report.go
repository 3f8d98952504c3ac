package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const (
	reportTimeout = 5 * time.Second
	// introduceTimeout is shorter than routesWithin: requests wait meanwhile.
	introduceTimeout = 2 * time.Second
	// reportGap bounds how often reports are sent at once: clients can cause them, by
	// asking an endpoint without workers and leaving.
	reportGap = 20 * time.Millisecond
)

// reportSoon asks for a report now: the routes changed, a leaving worker is empty, or a
// request waits where none did.
func (g *Gateway) reportSoon() {
	select {
	case g.soon <- struct{}{}:
	default: // one is due that will see this change
	}
}

// keepReporting reports every second, and at once when asked to. Reports are sent one
// after the other, so that they arrive in order.
func (g *Gateway) keepReporting(ctx context.Context) {
	link := link{logger: g.logger, what: "report"}
	tick := time.NewTicker(g.options.ReportEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-g.soon:
		case <-tick.C:
		case <-ctx.Done():
			continue
		}
		if g.table.Load() == nil {
			continue // without routes there is nothing to promise
		}
		link.is(ctx, g.sendReport(ctx, false))
		sleep(ctx, reportGap)
	}
	if g.table.Load() != nil {
		link.is(ctx, g.sendReport(context.WithoutCancel(ctx), true))
	}
}

// sendReport sends one report. What does not arrive is in the next, which tells totals.
func (g *Gateway) sendReport(ctx context.Context, last bool) error {
	report := g.Report()
	report.Ended = last
	return g.send(ctx, report)
}

// introduce has the server know of this process, which follows no routes yet and is about to
// follow those of version: a drain that begins meanwhile waits for it.
func (g *Gateway) introduce(ctx context.Context, version int64) error {
	ctx, cancel := context.WithTimeout(ctx, introduceTimeout)
	defer cancel()
	return g.send(ctx, fleet.GatewayReport{Run: g.run, Version: version})
}

func (g *Gateway) send(ctx context.Context, report fleet.GatewayReport) error {
	ctx, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	body, err := json.Marshal(report)
	if err != nil {
		return fmt.Errorf("encode the report: %w", err)
	}
	_, err = g.call(ctx, http.MethodPost, "/v1/gateway/report", bytes.NewReader(body))
	return err
}

// A link logs when a connection to the server is lost and when it is back, once each.
type link struct {
	logger *slog.Logger
	what   string
	lost   bool
}

func (l *link) is(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil: // we are the ones who leave
	case err != nil && !l.lost:
		l.logger.WarnContext(ctx, "server lost", "what", l.what, "error", err)
		l.lost = true
	case err == nil && l.lost:
		l.logger.InfoContext(ctx, "server is back", "what", l.what)
		l.lost = false
	}
}
