package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
	"github.com/kelvin-gpu/kelvin/web"
	"github.com/kelvin-gpu/kelvin/workflows"
)

// server is the part that people and agents talk to: API, console, outbox, lease monitor.
type server struct {
	listen, store, temporalUI string
	simulated                 bool
	policy                    gpuPolicy
	prices                    prices
}

func serverCommand() *cobra.Command {
	var (
		c common
		t temporalFlags
		e sealing
		a addressRange
		s server
	)
	cmd := &cobra.Command{
		Use: "server", Short: "Serve the API and the console; start operations; watch the hosts' leases", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := required(cmd, "store", "listen"); err != nil {
				return err
			}
			logger, err := c.logger()
			if err != nil {
				return err
			}
			if err := s.policy.load(); err != nil {
				return err
			}
			if err := s.prices.load(); err != nil {
				return err
			}
			record, err := openStore(cmd.Context(), s.store)
			if err != nil {
				return err
			}
			defer record.Close()
			if err := e.on(record, logger); err != nil {
				return err
			}
			if err := a.on(record); err != nil {
				return err
			}
			temporal, err := t.dial("server", logger)
			if err != nil {
				return err
			}
			defer temporal.Close()
			ln, err := listen(s.listen, "listen")
			if err != nil {
				return err
			}
			logger.InfoContext(cmd.Context(), "server listens", "address", ln.Addr().String(), "store", record.Engine(), "version", version)
			return s.run(cmd.Context(), ln, record, temporal, t.namespace, logger)
		},
	}
	cmd.Flags().StringVar(&s.listen, "listen", "127.0.0.1:8080", "address of API and console")
	cmd.Flags().StringVar(&s.store, "store", "", "database: sqlite:/path/kelvin.db or postgres://…")
	cmd.Flags().StringVar(&s.temporalUI, "temporal-ui", "http://127.0.0.1:8233", "URL of Temporal's UI, for links; empty: none")
	s.policy.flags(cmd)
	s.prices.flags(cmd, "")
	a.flags(cmd)
	e.flags(cmd)
	t.flags(cmd)
	c.flags(cmd)
	return configured(cmd)
}

// run serves until ctx ends.
func (s *server) run(ctx context.Context, ln net.Listener, record *store.Store, temporal client.Client, namespace string, logger *slog.Logger) error {
	operations := &workflows.Client{Temporal: temporal, Store: record, Logger: logger, Namespace: namespace}
	evaluator := &workflows.Evaluator{
		Store: record, Observer: operations, Logger: logger, Holder: fleet.NewID("srv_", time.Now()), Metrics: workflows.NewEvaluatorMetrics(),
	}
	auditor := &workflows.Auditor{Store: record, Attended: operations.Attended, Logger: logger}
	places := &places{store: record}
	front := &api.Server{
		Store: record, Operations: operations, Auditor: auditor, Evaluator: evaluator, Collectors: []prometheus.Collector{evaluator.Metrics}, Logger: logger, Console: web.Handler(),
		TemporalUI: s.temporalUI, TemporalNamespace: namespace, GatewayURL: places.url,
		Version: version, Simulated: s.simulated, Supported: workflows.Supported, GPUPolicy: &s.policy.Policy, Prices: s.prices.PriceList,
	}
	handler := front.Handler()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return serve(ctx, ln, handler, front.Close) })
	group.Go(func() error {
		(&workflows.Outbox{Store: record, Client: operations, Logger: logger}).Run(ctx)
		return nil
	})
	group.Go(func() error {
		(&workflows.Timekeeper{Store: record, Client: operations, Logger: logger}).Run(ctx)
		return nil
	})
	group.Go(func() error {
		(&workflows.Monitor{Store: record, Client: operations, Logger: logger}).Run(ctx)
		return nil
	})
	group.Go(func() error {
		evaluator.Run(ctx)
		return nil
	})
	group.Go(func() error {
		(&workflows.Keeper{Store: record, Client: operations, Logger: logger}).Run(ctx)
		return nil
	})
	group.Go(func() error {
		(&workflows.Controllers{Store: record, Logger: logger}).Run(ctx)
		return nil
	})
	group.Go(func() error {
		auditor.Run(ctx)
		return nil
	})
	return group.Wait()
}

// places knows where each data center's endpoints are reached, for a while.
type places struct {
	store *store.Store

	mu   sync.Mutex
	read time.Time
	urls map[string]string
}

// url is where an endpoint is reached; empty while its data center has no gateway's URL.
func (p *places) url(dataCenter, label string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.urls[dataCenter]; !ok || time.Since(p.read) > time.Minute {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if all, err := p.store.DataCenters(ctx); err == nil { // else what was known before
			p.urls, p.read = map[string]string{}, time.Now()
			for _, dc := range all {
				p.urls[dc.Name] = dc.GatewayURL
			}
		}
	}
	pattern := p.urls[dataCenter]
	if !strings.Contains(pattern, "%s") {
		return pattern
	}
	return fmt.Sprintf(pattern, label)
}
