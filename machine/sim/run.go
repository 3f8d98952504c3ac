package sim

import (
	"cmp"
	"context"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine/echo"
)

// A run is one life of a container, from a start to an end.
type run struct {
	ctx    context.Context // ends with it
	cancel context.CancelFunc
	ports  *ports
	gate   *gate // shut while it is paused
	behave Behaviour
	done   chan struct{} // closed when it has ended and the container says so

	commands atomic.Int32 // of exec, that run beside it
	blind    atomic.Bool  // it cannot open its GPUs any more

	asked sync.Once
	term  chan struct{} // closed when it is asked to end

	mu     sync.Mutex
	killed bool
	code   int
	oom    bool
}

func newRun(p *ports, b Behaviour) *run {
	ctx, cancel := context.WithCancel(context.Background())
	return &run{ctx: ctx, cancel: cancel, ports: p, gate: &gate{}, behave: b, term: make(chan struct{}), done: make(chan struct{})}
}

// ask is SIGTERM. What is paused goes on, to hear it.
func (r *run) ask() {
	r.gate.open()
	if !r.behave.IgnoreStop {
		r.asked.Do(func() { close(r.term) })
	}
}

// kill ends it with an exit code. The first one counts.
func (r *run) kill(code int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.killed {
		r.killed, r.code = true, code
	}
	r.cancel()
}

// exit is how it ends by itself.
func (r *run) exit() {
	r.gate.pass(r.ctx.Done())
	if !r.behave.OutOfMemory {
		r.kill(r.behave.ExitCode)
		return
	}
	r.mu.Lock()
	r.oom = !r.killed
	r.mu.Unlock()
	r.kill(137)
}

// live is a container's life; it runs in a goroutine of its own.
func (h *Host) live(c *container, r *run) {
	if r.behave.ExitAfter > 0 {
		timer := time.AfterFunc(time.Duration(r.behave.ExitAfter), r.exit)
		defer timer.Stop()
	}
	code := c.program(r)
	r.kill(code)
	r.ports.close()

	r.mu.Lock()
	code, oom := r.code, r.oom && r.code == 137
	r.mu.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	c.run, c.exitCode, c.oom, c.endedAt = nil, code, oom, now()
	h.changed(c)
	close(r.done)
}

// program is what the container runs: the image's workload, or its start command.
func (c *container) program(r *run) int {
	if c.spec.Spec.Command == "" {
		return c.workload(r)
	}
	p := process{container: c, run: r, stdout: c.log, stderr: c.log}
	return p.command([]string{cmp.Or(c.spec.Spec.Shell, fleet.DefaultShell), "-c", c.spec.Spec.Command})
}

// workload runs package echo.
func (c *container) workload(r *run) int {
	var ready <-chan time.Time // never, if it is nil
	if !r.behave.NeverReady {
		ready = time.After(time.Duration(r.behave.StartDelay))
	}
	select {
	case <-ready:
	case <-r.term:
		return 143
	case <-r.ctx.Done():
		return 137
	}
	w := &echo.Workload{
		Env: c.env, Hostname: c.hostname(), Files: c.files, Log: c.log, Exit: r.kill, Listen: r.listen,
	}
	return w.Run(r.ctx, r.term)
}

// A process is a command in a container. It knows the few that tests and demos need, by
// the names that busybox gives them.
type process struct {
	container *container
	run       *run      // its own
	life      *run      // its container's
	env       []string  // beside the container's
	dir       string    // where it is
	terminal  *terminal // nil: it has none
	stdin     io.Reader
	stdout    io.Writer
	stderr    io.Writer
}

// shell runs one command, as in sh -c. There is no syntax beyond words.
func (p process) shell(line string) int {
	words := strings.Fields(line)
	if len(words) > 0 && words[0] == "exec" {
		words = words[1:]
	}
	if len(words) == 0 {
		return 0
	}
	if words[0] == "exit" {
		return number(words[1:])
	}
	if slices.Equal(words, []string{"/kelvin", "echo"}) {
		return p.container.workload(p.run)
	}
	return p.command(words)
}
