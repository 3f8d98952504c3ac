package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/kelvin-gpu/kelvin/agent"
	"github.com/kelvin-gpu/kelvin/archive"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// agentPart is Kelvin on a host.
type agentPart struct {
	host, token, server, dataDir string
	machine, docker              string
	address, publish             string
	portFirst, portLast          int
	simGPUs, simBadGPUs, volumes string
	simGPUSeconds                float64
	gpuHelper                    string
	gpuClients                   []string
	archive, archiveKey          string
	archiveRate                  int64
	logs                         logPart
	metrics                      string
	cdiRefresh                   string
	market                       marketFlags
	driver                       machine.GPUs // the host's real GPUs; nil: it has none
}

func agentCommand() *cobra.Command {
	var (
		c common
		t temporalFlags
		a agentPart
	)
	cmd := &cobra.Command{
		Use: "agent", Short: "Run a host: renew its lease, keep its containers", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := required(cmd, "server", "host", "token", "data-dir"); err != nil {
				return err
			}
			logger, err := c.logger()
			if err != nil {
				return err
			}
			if a.token, err = secret(a.token); err != nil {
				return err
			}
			temporal, err := t.dial("host:"+a.host, logger)
			if err != nil {
				return err
			}
			defer temporal.Close()
			m, err := a.open(cmd.Context(), logger)
			if err != nil {
				return err
			}
			defer m.Close()
			return a.run(cmd.Context(), m, temporal, logger, nil)
		},
	}
	cmd.Flags().StringVar(&a.server, "server", "http://127.0.0.1:8080", "URL of Kelvin's server")
	cmd.Flags().StringVar(&a.host, "host", "", "the host's ID, hst_…; see kelvin admin host")
	cmd.Flags().StringVar(&a.token, "token", "", "the host's token, or @file")
	cmd.Flags().StringVar(&a.dataDir, "data-dir", "/var/lib/kelvin", "folder of the agent's journal")
	cmd.Flags().StringVar(&a.metrics, "metrics", "", "address of /metrics and /healthz; empty: none")
	a.flags(cmd)
	t.flags(cmd)
	c.flags(cmd)
	return configured(cmd)
}

// flags are those that dev has, too.
func (a *agentPart) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.machine, "machine", "auto", "docker, sim (a simulated machine), or auto: docker if an engine answers")
	cmd.Flags().StringVar(&a.docker, "docker", "", "Docker engine, such as unix:///var/run/docker.sock; empty: DOCKER_HOST or the default")
	cmd.Flags().StringVar(&a.address, "address", "127.0.0.1", "where gateways reach this host")
	cmd.Flags().StringVar(&a.publish, "publish", "127.0.0.1", "address that containers' ports are published on")
	cmd.Flags().IntVar(&a.portFirst, "port-first", 20000, "first port that containers are published on")
	cmd.Flags().IntVar(&a.portLast, "port-last", 29999, "last port that containers are published on")
	cmd.Flags().StringVar(&a.simGPUs, "sim-gpus", a.simGPUs, "GPUs to simulate, such as a100-80gb:8,l4-24gb:2; empty: none")
	cmd.Flags().StringVar(&a.simBadGPUs, "sim-bad-gpus", "", "indexes of simulated GPUs that have a stuck bit in their memory, such as 0,3; see kelvin sim fault")
	cmd.Flags().StringVar(&a.gpuHelper, "gpu-helper", "", "program that asks the GPUs' driver, where none are simulated; empty: kelvin-gpu beside this program, or on the PATH")
	cmd.Flags().StringSliceVar(&a.gpuClients, "gpu-clients", nil, "services of systemd that have GPUs open, such as nvidia-dcgm: they are stopped while a GPU is reset, and started again")
	cmd.Flags().Float64Var(&a.simGPUSeconds, "sim-gpu-seconds", 1, "seconds that a rigorous memory test of a simulated GPU takes; others take less, in proportion")
	cmd.Flags().StringVar(&a.archive, "archive", a.archive, "storage of snapshots, the same for all hosts of a data center: file:///directory, s3://bucket/prefix?endpoint=…&region=…, or kopia:///connection.json; empty: none, and nothing can be frozen or moved")
	cmd.Flags().StringVar(&a.archiveKey, "archive-key", "", "key that encrypts the archive, at least 16 bytes, or @file; the same for all hosts of a data center")
	cmd.Flags().Int64Var(&a.archiveRate, "archive-rate", 0, "most bytes a second to and from the archive; 0: no limit")
	cmd.Flags().StringVar(&a.cdiRefresh, "cdi-refresh", "nvidia-ctk cdi generate --output=/var/run/cdi/nvidia.yaml", "command that names the GPUs for Docker (CDI) anew when it does not know one, as after a change of MIG; its words separated by spaces, without a shell; skipped where there is no such program; empty: none")
	a.logs.flags(cmd)
	a.market.flags(cmd)
	cmd.Flags().StringVar(&a.volumes, "volumes", "", "folder of the network volumes, shared by all hosts of the data center; empty: none")
}

// run keeps the host until ctx ends.
func (a *agentPart) run(ctx context.Context, m machine.Machine, temporal client.Client, logger *slog.Logger, started func()) error {
	if err := os.MkdirAll(a.dataDir, 0o700); err != nil {
		return fmt.Errorf("make --data-dir: %w", err)
	}
	gpus, m, err := a.openGPUs(ctx, m, logger)
	if err != nil {
		return err
	}
	if gpus != nil {
		defer gpus.Close()
	}
	notices, err := a.market.notices()
	if err != nil {
		return err
	}
	journal, err := agent.OpenJournal(filepath.Join(a.dataDir, "journal-"+a.host+".db"))
	if err != nil {
		return err
	}
	defer journal.Close()
	kept, err := a.openArchive(ctx, logger)
	if err != nil {
		return err
	}
	if kept != nil {
		defer kept.Close(context.WithoutCancel(ctx))
	}
	logs, err := a.logs.open(ctx, kept, logger)
	if err != nil {
		return err
	}
	if logs != nil {
		defer logs.Archive.Close(context.WithoutCancel(ctx))
	}
	key, err := agent.LoadKey(filepath.Join(a.dataDir, "key-"+a.host+".pem"))
	if err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	ag := &agent.Agent{
		HostID: a.host, Version: version, Address: a.address, ProbeAddress: a.publish,
		PortFirst: a.portFirst, PortLast: a.portLast, GPUs: gpus, Key: key,
		Server:   &agent.Server{URL: a.server, Token: a.token, HTTP: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute}}},
		Temporal: temporal, Machine: m, Journal: journal, Logger: logger, Registerer: registry, Started: started, Logs: logs,
		Market: fleet.Market(a.market.market), Provider: a.market.provider, Zone: a.market.zone, Notices: notices,
	}
	if kept != nil {
		ag.Archive = kept
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return ag.Run(ctx) })
	group.Go(func() error {
		return serveMetrics(ctx, a.metrics, registry, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if !ag.Leased() {
				http.Error(w, "the host has no lease", http.StatusServiceUnavailable)
			}
		}))
	})
	return group.Wait()
}

// openArchive opens the archive that the settings name, or none.
func (a *agentPart) openArchive(ctx context.Context, logger *slog.Logger) (*archive.Archive, error) {
	if a.archive == "" {
		logger.WarnContext(ctx, "no archive (--archive): what runs here cannot be frozen, moved or recovered", "host", a.host)
		return nil, nil //nolint:nilnil // none is what was asked for
	}
	key, err := secret(a.archiveKey)
	if err != nil {
		return nil, err
	}
	return archive.Open(ctx, archive.Options{
		URL: a.archive, Key: key, CacheDir: filepath.Join(a.dataDir, "archive-cache-"+a.host), RateLimit: a.archiveRate, Logger: logger,
	})
}
