package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/kelvin-gpu/kelvin/store"
	"github.com/kelvin-gpu/kelvin/workflows"
)

// common are the settings of every part.
type common struct {
	logLevel, logFormat string
}

func (c *common) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.logLevel, "log-level", cmp.Or(c.logLevel, "info"), "debug, info, warn or error")
	cmd.Flags().StringVar(&c.logFormat, "log-format", "text", "text or json")
}

func (c *common) logger() (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.logLevel)); err != nil {
		return nil, fmt.Errorf("--log-level is one of debug, info, warn, error")
	}
	options := &slog.HandlerOptions{Level: level}
	switch c.logFormat {
	case "text":
		return slog.New(slog.NewTextHandler(os.Stderr, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(os.Stderr, options)), nil
	default:
		return nil, fmt.Errorf("--log-format is text or json")
	}
}

// temporalFlags are how a part finds Temporal.
type temporalFlags struct{ address, namespace string }

func (t *temporalFlags) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&t.address, "temporal", "127.0.0.1:7233", "address of Temporal's frontend")
	cmd.Flags().StringVar(&t.namespace, "temporal-namespace", "kelvin", "namespace in Temporal")
}

func (t *temporalFlags) dial(part string, logger *slog.Logger) (client.Client, error) {
	host, _ := os.Hostname()
	return workflows.Dial(t.address, t.namespace, fmt.Sprintf("%s@%s/%d", part, host, os.Getpid()), quieter(logger))
}

// quieter drops what the Temporal SDK says below warnings, a line for every step, and that
// steps end which were told to.
func quieter(logger *slog.Logger) *slog.Logger {
	if logger.Enabled(context.Background(), slog.LevelDebug) {
		return logger
	}
	return slog.New(atLeast{logger.Handler()})
}

type atLeast struct{ slog.Handler }

// Enabled implements slog.Handler.
func (h atLeast) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, l)
}

// Handle implements slog.Handler.
func (h atLeast) Handle(ctx context.Context, r slog.Record) error {
	cancelled := false
	if r.Message == "Activity error." {
		r.Attrs(func(a slog.Attr) bool {
			err, ok := a.Value.Any().(error)
			cancelled = cancelled || ok && (errors.Is(err, context.Canceled) || temporal.IsCanceledError(err))
			return !cancelled
		})
	}
	if cancelled {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h atLeast) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeast{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h atLeast) WithGroup(name string) slog.Handler { return atLeast{h.Handler.WithGroup(name)} }

// sealing are the keys that environment variables are encrypted with in the record.
type sealing struct{ keys string }

func (e *sealing) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&e.keys, "encryption-keys", "", "keys for the environment variables in the database, or @file: 32 bytes in base64 each (openssl rand -base64 32), separated by commas, the first encrypts; empty: they are kept as they are")
}

// on has the record use the keys.
func (e *sealing) on(record *store.Store, logger *slog.Logger) error {
	keys, err := secret(e.keys)
	if err != nil {
		return err
	}
	if keys == "" {
		logger.Warn("environment variables are kept unencrypted: set --encryption-keys")
		return nil
	}
	return record.Seal(keys)
}

// addressRange is where the addresses of servers come from.
type addressRange struct{ first, last int }

func (a *addressRange) flags(cmd *cobra.Command) {
	cmd.Flags().IntVar(&a.first, "address-first", store.DefaultAddressFirst, "first TCP port of a data center's gateways for the addresses of servers")
	cmd.Flags().IntVar(&a.last, "address-last", store.DefaultAddressLast, "last TCP port for the addresses of servers")
}

// on has the record use the range.
func (a *addressRange) on(record *store.Store) error {
	if a.first < 1 || a.last > 65535 || a.first > a.last {
		return fmt.Errorf("--address-first and --address-last are ports, 1 to 65535, and the first is not above the last")
	}
	record.AddressFirst, record.AddressLast = a.first, a.last
	return nil
}

// openStore opens and migrates the record.
func openStore(ctx context.Context, url string) (*store.Store, error) {
	s, err := store.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	if err := s.Migrate(ctx); err != nil {
		_ = s.Close() // the error that counts is the first
		return nil, err
	}
	return s, nil
}

// listen listens, and says what to do if it cannot.
func listen(address, flag string) (net.Listener, error) {
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w (another address: --%s)", err, flag)
	}
	return ln, nil
}

// serve serves until ctx ends, and then lets requests end for a moment. closing ends those
// that would not by themselves, such as streams.
func serve(ctx context.Context, ln net.Listener, handler http.Handler, closing ...func()) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	for _, f := range closing {
		server.RegisterOnShutdown(f)
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if server.Shutdown(grace) != nil {
			_ = server.Close()
		}
	}()
	err := server.Serve(ln)
	if errors.Is(err, http.ErrServerClosed) {
		<-stopped
		return nil
	}
	return err
}

// serveMetrics serves a part's own metrics and health, if an address is given.
func serveMetrics(ctx context.Context, address string, registry *prometheus.Registry, health http.Handler) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.Handle("GET /healthz", health)
	return serveAdmin(ctx, address, mux)
}

// serveAdmin serves what is for operators only, if an address is given.
func serveAdmin(ctx context.Context, address string, handler http.Handler) error {
	if address == "" {
		<-ctx.Done()
		return nil
	}
	ln, err := listen(address, "metrics")
	if err != nil {
		return err
	}
	return serve(ctx, ln, handler)
}

// secret reads a secret that is given as it is or, with a leading @, as a file's name.
func secret(v string) (string, error) {
	path, ok := strings.CutPrefix(v, "@")
	if !ok {
		return v, nil
	}
	text, err := os.ReadFile(path)
	return strings.TrimSpace(string(text)), err
}
