package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/kelvin-gpu/kelvin/gateway"
)

// gatewayPart is the reverse proxy of a data center.
type gatewayPart struct {
	listen, metrics, server, token, dataCenter string
	streams                                    string
	holdFor, holdServers                       time.Duration
	maxStreams                                 int
	shutdownGrace, responseTimeout             time.Duration
	maxBody                                    int64
	trusted                                    []string
	sharePort                                  bool
	linger                                     time.Duration
	accessLog                                  string
	queueMax                                   int
	tls                                        gatewayTLS
}

func gatewayCommand() *cobra.Command {
	var (
		c common
		g gatewayPart
	)
	cmd := &cobra.Command{
		Use: "gateway", Short: "Route requests to the endpoints and servers of a data center", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := required(cmd, "server", "token", "data-center", "listen"); err != nil {
				return err
			}
			logger, err := c.logger()
			if err != nil {
				return err
			}
			if g.token, err = secret(g.token); err != nil {
				return err
			}
			ln, err := g.open(cmd.Context(), g.listen, "listen")
			if err != nil {
				return err
			}
			secure, err := g.tls.prepare(cmd, g.open)
			if err != nil {
				return err
			}
			logger.InfoContext(cmd.Context(), "gateway listens", "address", ln.Addr().String(), "tls", g.tls.listen, "data_center", g.dataCenter, "version", version)
			return g.run(cmd.Context(), ln, secure, logger)
		},
	}
	cmd.Flags().StringVar(&g.listen, "listen", "127.0.0.1:8081", "address for the requests to endpoints and to the URLs of servers")
	cmd.Flags().StringVar(&g.metrics, "metrics", "", "address of /metrics, /healthz and /readyz; empty: none")
	cmd.Flags().StringVar(&g.server, "server", "http://127.0.0.1:8080", "URL of Kelvin's server")
	cmd.Flags().StringVar(&g.token, "token", "", "the gateway's token, or @file; see kelvin admin gateway")
	cmd.Flags().StringVar(&g.dataCenter, "data-center", "", "data center whose endpoints and servers it serves")
	cmd.Flags().BoolVar(&g.sharePort, "share-port", false, "let the next gateway of this user listen on the same addresses before this one ends (Linux): restarts lose no connection")
	cmd.Flags().DurationVar(&g.linger, "linger", 3*time.Second, "how long a stopping gateway lets clients that keep connections send one more request on each; part of --grace")
	cmd.Flags().StringVar(&g.accessLog, "access-log", "", "file to which a line of JSON is added for every request, - for standard error; empty: none")
	g.limits(cmd)
	g.tls.flags(cmd)
	c.flags(cmd)
	return configured(cmd)
}

func (g *gatewayPart) limits(cmd *cobra.Command) {
	cmd.Flags().DurationVar(&g.holdFor, "hold", 2*time.Minute, "how long a request waits for a worker with a free place, unless its endpoint says otherwise")
	cmd.Flags().DurationVar(&g.holdServers, "hold-servers", 30*time.Second, "how long a request or TCP connection to a server waits while that is on its way to running")
	cmd.Flags().IntVar(&g.queueMax, "queue-max", 1000, "requests of one endpoint or server that may wait at a time, unless the endpoint says otherwise")
	cmd.Flags().StringVar(&g.streams, "streams", "127.0.0.1", "IP address to listen on for TCP connections to the addresses of servers; : is all, off is none")
	cmd.Flags().IntVar(&g.maxStreams, "max-streams", 4096, "TCP connections that one address of a server may have at a time")
	cmd.Flags().DurationVar(&g.shutdownGrace, "grace", time.Minute, "how long a stopping gateway waits for requests in flight")
	cmd.Flags().DurationVar(&g.responseTimeout, "response-timeout", 0, "how long a worker may take to begin its answer; 0: no limit")
	cmd.Flags().Int64Var(&g.maxBody, "max-body", 0, "largest request body in bytes; 0: no limit")
	cmd.Flags().StringSliceVar(&g.trusted, "trusted-proxies", nil, "networks of the load balancers before it, such as 10.0.0.0/8: what they say in X-Forwarded-… is kept")
}

// open listens on an address, which the flag named.
func (g *gatewayPart) open(ctx context.Context, address, flag string) (net.Listener, error) {
	ln, err := gateway.Listen(ctx, address, g.sharePort)
	if err != nil {
		return nil, fmt.Errorf("listen: %w (another address: --%s)", err, flag)
	}
	return ln, nil
}

// accesses opens the access log; nil if there is none.
func (g *gatewayPart) accesses() (*slog.Logger, io.Closer, error) {
	switch g.accessLog {
	case "":
		return nil, io.NopCloser(nil), nil
	case "-":
		return slog.New(slog.NewJSONHandler(os.Stderr, nil)), io.NopCloser(nil), nil
	}
	file, err := os.OpenFile(g.accessLog, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, nil, fmt.Errorf("--access-log: %w", err)
	}
	return slog.New(slog.NewJSONHandler(file, nil)), file, nil
}

// run serves until ctx ends; over TLS, too, unless secure is nil.
func (g *gatewayPart) run(ctx context.Context, ln, secure net.Listener, logger *slog.Logger) error {
	registry := prometheus.NewRegistry()
	options := gateway.Options{HoldFor: g.holdFor, HoldServers: g.holdServers, HoldMax: g.queueMax, MaxStreams: g.maxStreams, SharePort: g.sharePort, Linger: g.linger, ShutdownGrace: g.shutdownGrace, ResponseTimeout: g.responseTimeout, MaxBody: g.maxBody}
	for _, network := range g.trusted {
		prefix, err := netip.ParsePrefix(network)
		if err != nil {
			return fmt.Errorf("--trusted-proxies: %w", err)
		}
		options.TrustedProxies = append(options.TrustedProxies, prefix)
	}
	accesses, file, err := g.accesses()
	if err != nil {
		return err
	}
	defer file.Close()
	gw, err := gateway.New(gateway.Config{
		Server: g.server, Token: g.token, DataCenter: g.dataCenter, Logger: logger, AccessLog: accesses,
		Registerer: registry, Options: options,
	})
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	synced, stopSync := context.WithCancel(context.WithoutCancel(ctx))
	group.Go(func() error {
		// The routes are followed until the last request has ended: drains wait for the reports.
		defer stopSync()
		return g.tls.serve(ctx, gw, ln, secure, registry)
	})
	group.Go(func() error { return gw.Run(synced) })
	group.Go(func() error {
		if err := gw.ServeStreams(synced, g.streams); err != nil {
			return fmt.Errorf("--streams: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		if g.metrics == "" {
			return nil
		}
		ln, err := g.open(ctx, g.metrics, "metrics")
		if err != nil {
			return err
		}
		return serve(ctx, ln, gw.AdminHandler())
	})
	return group.Wait()
}
