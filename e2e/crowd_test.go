package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// A crowd is clients of an endpoint that ask one request after the other. A connection that
// breaks is a failure: nothing is tried again.
type crowd struct {
	client *http.Client
	url    string

	mu       sync.Mutex
	took     []time.Duration // since said was called
	failures []string
	last     time.Time // that one failed
}

func newCrowd(url string, most int) *crowd {
	to := visit.Transport.(*http.Transport).DialContext
	return &crowd{url: strings.TrimSuffix(url, "/"), client: &http.Client{
		Timeout: 4 * time.Minute, Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) { return to(ctx, network, address) }, MaxIdleConnsPerHost: most,
		},
	}}
}

// ask sends a request that takes a while at its worker, and reports whether it was answered.
// Nobody sends a POST again.
func (c *crowd) ask(each time.Duration) bool {
	began := time.Now()
	resp, err := c.client.Post(fmt.Sprintf("%s/slow?for=%s", c.url, each), "text/plain", strings.NewReader("x"))
	failure := ""
	if err != nil {
		failure = err.Error()
	} else {
		text, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			failure = fmt.Sprint(resp.Status, " ", string(text), err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.took = append(c.took, time.Since(began))
	if failure != "" {
		c.failures = append(c.failures, began.Format("15:04:05.000 ")+failure)
		c.last = time.Now()
	}
	return failure == ""
}

func (c *crowd) failed() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.failures)
}

// once has so many ask once, all at a time.
func (c *crowd) once(many int, each time.Duration) { parallel(many, func(int) { _ = c.ask(each) }) }

// stay has so many ask again and again, until the end.
func (c *crowd) stay(many int, each time.Duration) (end func()) {
	stop, all := make(chan struct{}), sync.WaitGroup{}
	for range many {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if !c.ask(each) {
					time.Sleep(100 * time.Millisecond)
				}
			}
		})
	}
	return func() { close(stop); all.Wait() }
}

// said takes what was measured since it was last called, and says it.
func (c *crowd) said() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.Sort(c.took)
	at := func(share float64) time.Duration {
		if len(c.took) == 0 {
			return 0
		}
		return c.took[min(int(share*float64(len(c.took))), len(c.took)-1)].Round(time.Millisecond)
	}
	text := fmt.Sprintf("%d requests, %d failed, p50 %s, p99 %s, longest %s", len(c.took), len(c.failures), at(0.5), at(0.99), at(1))
	c.took = nil
	return text
}
