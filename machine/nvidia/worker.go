package nvidia

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/nvidia/wire"
)

// Workers run memory tests and scrubs in processes of their own, one for each GPU: a driver's
// call can hang for ever, one error spoils the whole process, and memory surely comes back
// when it ends. What a process says is checked, and what it claims is measured against what it
// told before; see believe.
type Workers struct {
	Program string   // kelvin-gpu
	Env     []string // more of its environment
	Locks   Locks

	Stall       time.Duration // without a line, after which it counts as hung; 0: 60 s
	Polite      time.Duration // how long it may take to end when told, and again when asked; 0: 150 ms
	Unkillable  time.Duration // how long it may take to die; 0: 5 s
	MinCoverage float64       // of usable memory, below which nothing is claimed; 0: 0.95, and 0.90 of a MIG slice

	// Temperature is that of a GPU's memory, in degrees Celsius, and Usable how many bytes of it the
	// driver does not keep for itself; 0: unknown. Nil: nobody can tell.
	Temperature func(ctx context.Context, uuid string) (int, bool)
	Usable      func(ctx context.Context, uuid string) uint64
	// Holders are the processes that have a GPU open: it is left alone then. Nil: nobody looks.
	Holders func(ctx context.Context, uuid string) ([]gpu.Holder, error)

	mu   sync.Mutex
	last time.Time // when a process was started
	kill func(pid int)
}

const (
	stagger = 100 * time.Millisecond // between the starts of two processes
	maxSaid = 4 << 10                // of standard error
)

// Run does a job, and reports progress at most ten times a second. Its error is ctx's when that
// ends, or one of the kinds that machine.GPUs.Test has; all that can go wrong with the GPU is
// in the result.
func (w *Workers) Run(ctx context.Context, job Job, progress func(gpu.Progress)) (gpu.Result, error) {
	if err := CheckUUID(job.UUID); err != nil {
		return gpu.Result{}, err
	}
	if !job.Scrub && job.traffic() == 0 {
		return gpu.Result{}, fleet.Errorf(fleet.Invalid, "level %q tests no memory: it is quick, standard or rigorous", job.Level)
	}
	if job.Scrub {
		job.Level = ""
	}
	if err := ctx.Err(); err != nil {
		return gpu.Result{}, err
	}
	job.Seconds = cmp.Or(job.Seconds, 60)
	lock, err := w.Locks.Take(ctx, job.UUID)
	if err != nil {
		return gpu.Result{}, err
	}
	err = w.unused(ctx, job.UUID)
	if err == nil {
		err = w.turn(ctx)
	}
	if err != nil {
		lock.Release()
		return gpu.Result{}, err
	}
	c := &child{Workers: w, job: job, lock: lock, progress: progress, begun: time.Now()}
	if err := c.start(); err != nil {
		lock.Release()
		return gpu.Result{}, fleet.Errorf(fleet.Unsupported, "start %s: %v", w.Program, err)
	}
	return c.attend(ctx)
}

// unused says who has the GPU open: Conflict.
func (w *Workers) unused(ctx context.Context, uuid string) error {
	if w.Holders == nil {
		return nil
	}
	holders, err := w.Holders(ctx, uuid)
	if err != nil || len(holders) == 0 {
		return err
	}
	return fleet.Errorf(fleet.Conflict, "GPU %s is in use: %s (process %d)", uuid, cmp.Or(holders[0].Command, "?"), holders[0].PID)
}

// turn waits until the last start is long enough ago: all GPUs of a host share its power.
func (w *Workers) turn(ctx context.Context) error {
	w.mu.Lock()
	now := time.Now()
	at := w.last.Add(stagger)
	if at.Before(now) {
		at = now
	}
	w.last = at
	w.mu.Unlock()
	return pause(ctx, at.Sub(now))
}

// A child is one process that does a job.
type child struct {
	*Workers
	job      Job
	lock     *Lock
	progress func(gpu.Progress)

	cmd    *exec.Cmd
	stdin  io.Closer
	lines  *os.File
	stderr tail
	begun  time.Time

	hello   *wire.Hello
	alloc   *wire.Alloc
	at      gpu.Progress
	told    time.Time
	found   []gpu.Mismatch
	result  *gpu.Result
	hottest atomic.Int64 // °C of the memory
}

func (c *child) arguments() []string {
	verb := "test"
	if c.job.Scrub {
		verb = "scrub"
	}
	args := []string{verb, "--seed", fmt.Sprint(c.job.Seed), "--usable", fmt.Sprint(c.job.Usable)}
	if !c.job.Scrub {
		args = append(args, "--level", string(c.job.Level), "--seconds", fmt.Sprint(c.job.Seconds))
	}
	return args
}

// environment is ours without what belongs to CUDA, so that the process sees one GPU and
// nobody's settings.
func environment(all []string, uuid string, more []string) []string {
	var env []string
	for _, v := range all {
		name, _, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, "CUDA_") && name != "CUDA_MPS_PIPE_DIRECTORY" || strings.HasPrefix(name, "NVIDIA_") {
			continue
		}
		env = append(env, v)
	}
	env = append(env, more...)
	return append(env, "CUDA_VISIBLE_DEVICES="+uuid, "CUDA_CACHE_DISABLE=1", "CUDA_DEVICE_ORDER=PCI_BUS_ID")
}

func (c *child) start() error {
	c.cmd = exec.Command(c.Program, c.arguments()...)
	c.cmd.Env = environment(os.Environ(), c.job.UUID, c.Env)
	c.cmd.Stderr = &c.stderr
	c.cmd.WaitDelay = time.Second // for whoever it has given its standard error to
	apart(c.cmd)
	lines, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	c.lines = lines
	c.cmd.ExtraFiles = []*os.File{theirs}
	c.stdin, err = c.cmd.StdinPipe()
	if err == nil {
		err = c.cmd.Start()
	}
	_ = theirs.Close()
	if err != nil {
		_ = lines.Close()
		return err
	}
	if err := c.lock.name(c.cmd.Process.Pid); err != nil {
		c.end()
		_ = c.cmd.Wait()
		_ = lines.Close()
		return err
	}
	return nil
}

func (c *child) end() {
	if c.kill != nil {
		c.kill(c.cmd.Process.Pid)
		return
	}
	end(c.cmd.Process.Pid)
}

// heard is a line, or why there are no more.
type heard struct {
	line wire.Line
	err  error
}

// attend listens to the process until it has ended, and ends it when it should have.
func (c *child) attend(ctx context.Context) (gpu.Result, error) {
	lines := make(chan heard)
	deaf := make(chan struct{})
	defer close(deaf)
	go func() {
		for r := wire.NewReader(c.lines); ; {
			l, err := r.Next()
			select {
			case lines <- heard{l, err}:
			case <-deaf:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	ended := make(chan error, 1)
	go func() {
		err := c.cmd.Wait()
		_ = c.lines.SetReadDeadline(time.Now().Add(time.Second)) // whoever else has the pipe is not listened to
		ended <- err
		c.lock.Release() // even if nobody waits any more
	}()
	watch, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	go c.watchHeat(watch)
	why := c.listen(ctx, lines)
	dead, exit := c.finish(why, ended)
	_ = c.lines.Close()
	r, err := c.conclude(why, dead, exit)
	if dead && ctx.Err() != nil {
		return r, ctx.Err()
	}
	return r, err
}

// Why a process is not listened to any more.
var (
	errCancelled = errors.New("cancelled")
	errLate      = errors.New("it did not end in time")
	errStalled   = errors.New("it made no progress")
	errNonsense  = errors.New("it did not make sense")
)

// listen takes in what the process says, until there is no more: io.EOF, or one of the above.
func (c *child) listen(ctx context.Context, lines <-chan heard) error {
	stall := cmp.Or(c.Stall, time.Minute)
	quiet := time.NewTimer(stall)
	defer quiet.Stop()
	late := time.NewTimer(c.job.deadline(0))
	defer late.Stop()
	for {
		select {
		case h := <-lines:
			switch {
			case ctx.Err() != nil:
				return errCancelled
			case errors.Is(h.err, io.EOF):
				return io.EOF
			case h.err != nil:
				return fmt.Errorf("%w: %w", errNonsense, h.err)
			}
			if err := c.hear(h.line); err != nil {
				return fmt.Errorf("%w: %w", errNonsense, err)
			}
			if h.line.Alloc != nil {
				late.Reset(c.job.deadline(h.line.Alloc.Covered) - time.Since(c.begun))
			}
			quiet.Reset(stall)
		case <-quiet.C:
			return fmt.Errorf("%w for %s", errStalled, stall)
		case <-late.C:
			return errLate
		case <-ctx.Done():
			return errCancelled
		}
	}
}

func (c *child) hear(l wire.Line) error {
	switch {
	case c.result != nil:
		return errors.New("it talks on after its result")
	case l.Hello != nil:
		if c.hello != nil {
			return errors.New("it began twice")
		}
		c.hello = l.Hello
	case l.Alloc != nil:
		if c.alloc != nil || c.hello == nil {
			return errors.New("it took memory twice, or before it began")
		}
		if l.Alloc.Covered > 1<<50 || l.Alloc.Usable > 1<<50 {
			return fmt.Errorf("memory of %d bytes", max(l.Alloc.Covered, l.Alloc.Usable))
		}
		c.alloc = l.Alloc
	case l.Mismatch != nil:
		if len(c.found) >= wire.MaxRecords {
			return errors.New("more errors told one by one than there are")
		}
		c.found = append(c.found, *l.Mismatch)
	case l.Progress != nil:
		c.at = *l.Progress
		if now := time.Now(); c.progress != nil && now.Sub(c.told) >= 100*time.Millisecond {
			c.told = now
			c.progress(c.at)
		}
	case l.Result != nil:
		c.result = l.Result
	}
	return nil
}

// finish waits for the process's end, having told it to end if it has not done so by itself:
// first by closing its standard input, then by asking, then by force. It answers false if
// that did not help either.
func (c *child) finish(why error, ended <-chan error) (dead bool, exit error) {
	polite := cmp.Or(c.Polite, 150*time.Millisecond)
	if errors.Is(why, io.EOF) {
		polite = max(polite, 5*time.Second) // it has said all, and gives memory back
	}
	_ = c.stdin.Close()
	for _, step := range []struct {
		wait time.Duration
		then func()
	}{
		{polite, func() { ask(c.cmd.Process.Pid) }},
		{cmp.Or(c.Polite, 150*time.Millisecond), c.end},
		{cmp.Or(c.Unkillable, 5*time.Second), func() {}},
	} {
		timer := time.NewTimer(step.wait)
		select {
		case exit = <-ended:
			timer.Stop()
			return true, exit
		case <-timer.C:
			step.then()
		}
	}
	return false, nil
}

// watchHeat looks at the memory's temperature now and then. Nobody waits for it: who tells
// the temperature asks the driver, too.
func (c *child) watchHeat(ctx context.Context) {
	if c.Temperature == nil {
		return
	}
	for {
		if t, ok := c.Temperature(ctx, c.job.UUID); ok {
			for was := c.hottest.Load(); int64(t) > was && !c.hottest.CompareAndSwap(was, int64(t)); was = c.hottest.Load() {
			}
		}
		if pause(ctx, 2*time.Second) != nil {
			return
		}
	}
}

// tail keeps the end of what is written to it.
type tail struct {
	mu  sync.Mutex
	end []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end = append(t.end, p[max(0, len(p)-maxSaid):]...)
	t.end = t.end[max(0, len(t.end)-maxSaid):]
	return len(p), nil
}

// String is the last line of it, cleaned.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(t.end)), "\n")
	last := strings.ToValidUTF8(lines[len(lines)-1], "?")
	return strings.TrimPrefix(wire.Text(last), "kelvin-gpu: ")
}

// refusal is the error that a process chose to end with; nil if it ended otherwise.
func refusal(exit error, said string) error {
	var status *exec.ExitError
	if !errors.As(exit, &status) {
		return nil
	}
	code, chosen := machine.CodeOfExit(status.ExitCode())
	if !chosen {
		return nil
	}
	return fleet.Errorf(code, "%s", cmp.Or(said, "kelvin-gpu ended with "+status.Error()))
}
