package echo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	defaultPort = 8080
	// shutdownGrace is how long requests in flight may take once the program is asked to
	// end. A host's own grace may be shorter; it then kills.
	shutdownGrace = 10 * time.Second
)

// A Workload is one run of the program. The fields are what an operating system would give
// it, so that a simulated machine can run many in one process.
type Workload struct {
	Env      map[string]string                    // PORT (default 8080), KELVIN_…, ECHO_START_DELAY (a duration; default 0)
	Hostname string                               // what it says it runs on
	Listen   func(port int) (net.Listener, error) // opens its port
	Files    Files                                // where /files keeps its own
	Log      io.Writer                            // gets a line at the start, the end and for each request
	Exit     func(code int)                       // ends the process at once, for /crash; it need not return
	start    time.Time
	requests atomic.Int64
	count    atomic.Int64
	stopping chan struct{} // closed when it has been asked to end
}

// Run waits for the start delay, listens and answers until stop is closed; then it lets
// requests in flight finish for at most 10 s. It returns the exit code: 0, or 1 if the
// port or the delay is no good. When ctx ends it drops everything and returns 137, as if
// killed.
func (w *Workload) Run(ctx context.Context, stop <-chan struct{}) int {
	port, delay, err := w.settings()
	if err != nil {
		fmt.Fprintln(w.Log, "echo:", err)
		return 1
	}
	select {
	case <-time.After(delay):
	case <-stop:
		return 0
	case <-ctx.Done():
		return 137
	}
	listener, err := w.Listen(port)
	if err != nil {
		fmt.Fprintln(w.Log, "echo:", err)
		return 1
	}
	server := &http.Server{
		Handler:           w.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	fmt.Fprintf(w.Log, "echo: listening on port %d\n", port)

	select {
	case <-ctx.Done():
		_ = server.Close()
		return 137
	case err := <-served:
		fmt.Fprintln(w.Log, "echo:", err)
		return 1
	case <-stop:
	}
	fmt.Fprintln(w.Log, "echo: ending; requests in flight have", shutdownGrace)
	close(w.stopping)
	graceful, cancel := context.WithTimeout(ctx, shutdownGrace)
	defer cancel()
	err = server.Shutdown(graceful)
	switch {
	case ctx.Err() != nil:
		_ = server.Close()
		return 137
	case errors.Is(err, context.DeadlineExceeded):
		_ = server.Close()
		fmt.Fprintln(w.Log, "echo: ended with requests in flight")
	default:
		fmt.Fprintln(w.Log, "echo: ended")
	}
	return 0
}

func (w *Workload) settings() (port int, delay time.Duration, err error) {
	port = defaultPort
	if v := w.Env["PORT"]; v != "" {
		if port, err = strconv.Atoi(v); err != nil || port < 1 || port > 65535 {
			return 0, 0, errors.New("PORT is not a port")
		}
	}
	if v := w.Env["ECHO_START_DELAY"]; v != "" {
		if delay, err = time.ParseDuration(v); err != nil {
			return 0, 0, errors.New("ECHO_START_DELAY is not a duration such as 2s")
		}
	}
	return port, delay, nil
}

// data is the folder where a real process keeps its files: the disk or volume that Kelvin
// mounted, or what every image has.
func data(env map[string]string) string {
	if dir := env["KELVIN_DATA"]; dir != "" {
		return dir
	}
	return os.TempDir()
}
