package temporalchild

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// startLimit bounds a start whose context has no deadline. Half a second is
	// usual; a loaded machine that opens a big database takes longer.
	startLimit = time.Minute

	// stopGrace is how long Stop waits for a clean stop, which takes about a
	// second, before it kills.
	stopGrace = 8 * time.Second
)

// Options say which server to run. The zero value runs one on free ports,
// without UI, with data that vanishes.
type Options struct {
	Binary    string       // kelvin-temporal; empty: see [Find]
	DataDir   string       // folder of the database; empty: a temporary one, removed by Stop
	GRPC      string       // loopback host:port of the frontend; empty: a free port
	UI        string       // loopback host:port of the web UI; empty: no UI
	Namespace string       // empty: kelvin
	Sync      string       // "normal" or "off" (faster, for tests); empty: normal
	Logger    *slog.Logger // told of start and end; nil: silent
	LogFile   io.Writer    // gets the server's own log; nil: dropped, but for the last lines

	// withoutDeathSignal leaves the pipe alone to end the child, as on systems
	// that are not Linux.
	withoutDeathSignal bool
}

// Child is a running Temporal server.
type Child struct {
	Address   string // host:port of the frontend
	UI        string // URL of the web UI; empty without one
	Namespace string
	Version   string // of the Temporal server

	cmd  *exec.Cmd
	log  *slog.Logger
	tail *tail

	stopping atomic.Bool
	ended    chan struct{} // closed when the process is gone
	err      error         // why it ended by itself; set before ended is closed
}

// Start runs a server and returns when it has executed a workflow. It tries
// until ctx ends. Only the start depends on ctx: the child runs until it is
// stopped, or this process ends.
func Start(ctx context.Context, o Options) (*Child, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, startLimit)
		defer cancel()
	}
	begun := time.Now()
	c, lines, err := launch(o)
	if err != nil {
		return nil, err
	}
	if err := c.becomeReady(ctx, lines); err != nil {
		c.stopping.Store(true)
		_ = c.cmd.Process.Kill() // may be dead already
		<-c.ended
		return nil, fmt.Errorf("start kelvin-temporal: %w", err)
	}
	c.log.Info("temporal started", "address", c.Address, "ui", c.UI, "version", c.Version,
		"pid", c.PID(), "took", time.Since(begun).Round(time.Millisecond))
	return c, nil
}

// Stop ends the server cleanly, and kills it when it is not gone after a grace
// or when ctx ends; that it had to is the error. Workers and clients should be
// closed before. Stopping what is gone already is no error.
func (c *Child) Stop(ctx context.Context) error {
	c.stopping.Store(true)
	if err := c.signal(syscall.SIGTERM); err != nil {
		return err
	}
	grace := time.NewTimer(stopGrace)
	defer grace.Stop()
	cause := fmt.Errorf("still running %v after SIGTERM", stopGrace)
	select {
	case <-c.ended:
		return nil
	case <-grace.C:
	case <-ctx.Done():
		cause = ctx.Err()
	}
	if err := c.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-c.ended
	return fmt.Errorf("kelvin-temporal was killed: %w", cause)
}

// Kill ends the server as a crash would, and returns when it is gone. It is
// for tests: those who watch [Child.Wait] see an unexpected death.
func (c *Child) Kill() error {
	if err := c.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-c.ended
	return nil
}

// Wait returns a channel that is closed when the server has ended, after
// giving the error if it ended without [Child.Stop]. Each call returns a
// channel of its own.
func (c *Child) Wait() <-chan error {
	ch := make(chan error, 1)
	go func() {
		defer close(ch)
		<-c.ended
		if c.err != nil {
			ch <- c.err
		}
	}()
	return ch
}

// PID returns the server's process ID.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// signal sends sig, unless the process is gone.
func (c *Child) signal(sig os.Signal) error {
	if err := c.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal kelvin-temporal: %w", err)
	}
	return nil
}

// ready is the line that kelvin-temporal prints when it is listening.
type ready struct {
	GRPC      string `json:"grpc"`
	UI        string `json:"ui"`
	Namespace string `json:"namespace"`
	Version   string `json:"version"`
}

// launch starts the process and returns at once, with the lines it will print.
func launch(o Options) (*Child, <-chan []byte, error) {
	binary := o.Binary
	if binary == "" {
		var err error
		if binary, err = Find(); err != nil {
			return nil, nil, err
		}
	}
	c := &Child{
		cmd:   exec.Command(binary, arguments(o)...),
		log:   o.Logger,
		tail:  &tail{next: o.LogFile},
		ended: make(chan struct{}),
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	stdout := &firstLine{line: make(chan []byte, 1)}
	c.cmd.Stdout = stdout
	c.cmd.Stderr = c.tail
	c.cmd.SysProcAttr = processAttributes(!o.withoutDeathSignal)
	// The write end is never written to: closing it, by Wait or by the end of
	// this process, is the message. It is close-on-exec, so that no other
	// child of ours holds it open.
	if _, err := c.cmd.StdinPipe(); err != nil {
		return nil, nil, fmt.Errorf("start kelvin-temporal: %w", err)
	}

	started := make(chan error)
	go c.supervise(started)
	if err := <-started; err != nil {
		return nil, nil, fmt.Errorf("start kelvin-temporal: %w", err)
	}
	return c, stdout.line, nil
}

// arguments is the command line for o.
func arguments(o Options) []string {
	if o.GRPC == "" {
		o.GRPC = "127.0.0.1:0"
	}
	if o.Namespace == "" {
		o.Namespace = "kelvin"
	}
	if o.Sync == "" {
		o.Sync = "normal"
	}
	return []string{
		"--exit-with-stdin",
		"--data-dir", o.DataDir,
		"--grpc", o.GRPC,
		"--ui", o.UI,
		"--namespace", o.Namespace,
		"--sync", o.Sync,
	}
}

// supervise starts the process and waits for its end, on a thread of its own:
// the kernel's death signal is bound to the thread that forked, and Go ends
// threads as it sees fit.
func (c *Child) supervise(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	err := c.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	err = c.cmd.Wait()
	if !c.stopping.Load() {
		c.err = c.unexpected(err)
		c.log.Error("temporal ended", "pid", c.PID(), "error", c.err)
	}
	close(c.ended)
}

// unexpected describes a death nobody asked for, with the server's last words.
func (c *Child) unexpected(err error) error {
	if err == nil {
		err = errors.New("exit status 0")
	}
	if last := c.tail.String(); last != "" {
		return fmt.Errorf("kelvin-temporal ended: %w: %s", err, last)
	}
	return fmt.Errorf("kelvin-temporal ended: %w", err)
}

// becomeReady reads where the server listens and sees it execute a workflow.
func (c *Child) becomeReady(ctx context.Context, lines <-chan []byte) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-c.ended:
			cancel(c.err)
		case <-ctx.Done():
		}
	}()

	select {
	case line := <-lines:
		var r ready
		if err := json.Unmarshal(bytes.TrimSpace(line), &r); err != nil {
			return fmt.Errorf("it printed %q: %w", line, err)
		}
		c.Address, c.UI, c.Namespace, c.Version = r.GRPC, r.UI, r.Namespace, r.Version
	case <-ctx.Done():
		return fmt.Errorf("it is not listening: %w", context.Cause(ctx))
	}
	return probe(ctx, c.Address, c.Namespace)
}
