package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	// Schedules are evaluated here, in the server, also on hosts without zone data.
	_ "time/tzdata"

	"go.temporal.io/server/common/headers"
)

// stopGrace bounds a clean stop, which takes about a second. A server that
// hangs must not outlive its parent's patience.
const stopGrace = 10 * time.Second

// Ready is the line printed on standard output once the server is listening.
type Ready struct {
	GRPC      string `json:"grpc"`         // host:port of Temporal's frontend
	UI        string `json:"ui,omitempty"` // URL of the web UI; empty without one
	Namespace string `json:"namespace"`    // the one namespace that was set up
	Version   string `json:"version"`      // of the Temporal server
}

func main() {
	err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return
	}
	fmt.Fprintln(os.Stderr, "kelvin-temporal:", err)
	os.Exit(1)
}

// run serves until it is asked to stop. The log goes to stderr, the [Ready]
// line to stdout.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	var (
		o             Options
		level         slog.Level
		exitWithStdin bool
		version       bool
	)
	flags := flag.NewFlagSet("kelvin-temporal", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.DataDir, "data-dir", "", "`folder` of the database (default: a temporary one, removed at exit)")
	flags.StringVar(&o.GRPC, "grpc", "127.0.0.1:7233", "loopback `address` of Temporal's frontend; port 0 picks a free one")
	flags.StringVar(&o.UI, "ui", "127.0.0.1:8233", "loopback `address` of the web UI; port 0 picks a free one, empty means none")
	flags.StringVar(&o.Namespace, "namespace", "kelvin", "`name` of the namespace to set up")
	flags.StringVar(&o.Sync, "sync", "normal", "normal, or off: faster, but a power failure may cost the database")
	flags.TextVar(&level, "log-level", slog.LevelWarn, "debug, info, warn or error")
	flags.BoolVar(&exitWithStdin, "exit-with-stdin", false, "stop when standard input ends")
	flags.BoolVar(&version, "version", false, "print the version of the Temporal server and exit")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if version {
		_, err := fmt.Fprintln(stdout, headers.ServerVersion)
		return err
	}
	o.Log = newLogger(stderr, level)

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer stop()
	if exitWithStdin {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		go func() {
			_, _ = io.Copy(io.Discard, stdin) // an error is an end, too
			cancel()
		}()
	}

	server, err := Start(ctx, o)
	if err != nil {
		if ctx.Err() != nil {
			return nil // asked to stop while starting
		}
		return err
	}
	ready := Ready{GRPC: server.GRPC, Namespace: o.Namespace, Version: headers.ServerVersion}
	if server.UI != "" {
		ready.UI = "http://" + server.UI
	}
	err = json.NewEncoder(stdout).Encode(ready)
	if err == nil {
		<-ctx.Done()
	}
	stop() // from here on a second signal kills

	overdue := time.AfterFunc(stopGrace, func() {
		fmt.Fprintf(stderr, "kelvin-temporal: no clean stop within %v, giving up\n", stopGrace)
		os.Exit(1)
	})
	defer overdue.Stop()
	return errors.Join(err, server.Stop())
}
