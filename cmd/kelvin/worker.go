package main

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	"golang.org/x/sync/errgroup"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/fleet/spot"
	"github.com/kelvin-gpu/kelvin/store"
	"github.com/kelvin-gpu/kelvin/worker"
	"github.com/kelvin-gpu/kelvin/workflows"
)

func workerCommand() *cobra.Command {
	var (
		c            common
		t            temporalFlags
		e            sealing
		policy       gpuPolicy
		providers    providersFlag
		url, metrics string
	)
	cmd := &cobra.Command{
		Use: "worker", Short: "Run workflows, and the steps that own the record", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := required(cmd, "store"); err != nil {
				return err
			}
			logger, err := c.logger()
			if err != nil {
				return err
			}
			if err := policy.load(); err != nil {
				return err
			}
			known, err := providers.load()
			if err != nil {
				return err
			}
			record, err := openStore(cmd.Context(), url)
			if err != nil {
				return err
			}
			defer record.Close()
			if err := e.on(record, logger); err != nil {
				return err
			}
			temporal, err := t.dial("worker", logger)
			if err != nil {
				return err
			}
			defer temporal.Close()
			return runWorker(cmd.Context(), record, temporal, &policy.Policy, known, metrics, logger)
		},
	}
	cmd.Flags().StringVar(&url, "store", "", "database: sqlite:/path/kelvin.db or postgres://…")
	policy.flags(cmd)
	providers.flags(cmd)
	cmd.Flags().StringVar(&metrics, "metrics", "", "address of /metrics and /healthz; empty: none")
	e.flags(cmd)
	t.flags(cmd)
	c.flags(cmd)
	return configured(cmd)
}

// runWorker works until ctx ends. It waits for Temporal as long as that is away.
func runWorker(ctx context.Context, record *store.Store, temporal client.Client, policy *gpu.Policy, providers spot.Providers, metrics string, logger *slog.Logger) error {
	registry := prometheus.NewRegistry()
	measured := worker.NewMetrics(registry)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		operations := &workflows.Client{Temporal: temporal, Store: record, Logger: logger}
		stop := worker.Start(ctx, logger, func() []sdkworker.Worker {
			control := &activities.Control{Store: record, Operations: operations, Logger: logger, Supported: workflows.Supported, GPUPolicy: policy, Providers: providers}
			return []sdkworker.Worker{worker.Control(temporal, control, measured)}
		})
		if stop == nil {
			return nil
		}
		defer stop()
		logger.InfoContext(ctx, "worker takes workflows", "queue", workflows.ControlQueue, "version", version)
		<-ctx.Done()
		return nil
	})
	group.Go(func() error {
		return serveMetrics(ctx, metrics, registry, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	})
	return group.Wait()
}
