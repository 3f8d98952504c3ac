package sim

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/kelvin-gpu/kelvin/machine"
)

// A task is one that machine.StartTask started, by the folder of its marks. The script that
// containers run is understood here, not run.
type task struct {
	in  *run // the life of the container that it was started in
	own *run

	mu    sync.Mutex
	out   bytes.Buffer
	ended bool
	code  int
}

// Write implements io.Writer. It keeps the end.
func (t *task) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.out.Write(p)
	if over := t.out.Len() - machine.TaskOutput; over > 0 {
		t.out.Next(over)
	}
	return len(p), nil
}

// task does what the script of package machine does: words are those behind its name.
func (p process) task(words []string) int {
	if len(words) != 6 {
		return notFound
	}
	verb, dir, service, shell, command := words[0], words[1], words[3] == "boot", words[4], words[5]
	c := p.container
	c.tasking.Lock()
	defer c.tasking.Unlock()
	t := c.tasks[dir]
	if t == nil && !service {
		t = c.recall(dir)
	}
	counts := t != nil && (!service || t.in == p.life)
	switch verb {
	case "start":
		if t.running() || counts && t.succeeded() {
			return 0
		}
		c.tasks[dir] = p.begin(dir, shell, command, service)
	case "look":
		fmt.Fprintln(p.stdout, t.phase(counts))
		if t != nil {
			t.mu.Lock()
			defer t.mu.Unlock()
			_, _ = p.stdout.Write(t.out.Bytes())
		}
	case "stop":
		if t.running() {
			t.own.kill(137)
		}
	}
	return 0
}

// begin starts a task, which ends with its container at the latest.
func (p process) begin(dir, shell, command string, service bool) *task {
	t := &task{in: p.life, own: newRun(newPorts(), Behaviour{})}
	inner := process{container: p.container, run: t.own, life: p.life, env: p.env, stdout: t, stderr: t}
	if service {
		inner.stdout, inner.stderr = p.container.log, p.container.log
	}
	go func() {
		select {
		case <-p.life.done:
			t.own.kill(137)
		case <-t.own.ctx.Done():
		}
	}()
	go func() {
		code := inner.pretend(shell, command)
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.own.ctx.Err() == nil { // else it was killed, and left no mark
			t.ended, t.code = true, code
			if !service {
				p.container.mark(dir, code)
			}
		}
		t.own.cancel()
	}()
	return t
}

// mark keeps in the container's root filesystem how a task ended, so that it goes where that
// goes. One that cannot be kept is run again.
func (c *container) mark(dir string, code int) {
	if root, err := os.OpenRoot(c.tree.root); err == nil {
		defer root.Close()
		if root.MkdirAll(path.Join(".", dir), 0o755) == nil {
			_ = root.WriteFile(path.Join(".", dir, "code"), []byte(strconv.Itoa(code)), 0o644)
		}
	}
}

// recall is a task that ended before this container was made, or nil.
func (c *container) recall(dir string) *task {
	root, err := os.OpenRoot(c.tree.root)
	if err != nil {
		return nil
	}
	defer root.Close()
	text, err := root.ReadFile(path.Join(".", dir, "code"))
	code, bad := strconv.Atoi(string(text))
	if err != nil || bad != nil {
		return nil
	}
	t := &task{own: newRun(newPorts(), Behaviour{}), ended: true, code: code}
	t.own.cancel()
	return t
}

// pretend runs a command that a simulated shell knows. Others, such as an installation of
// packages, are said to have been run.
func (p process) pretend(shell, command string) int {
	words := strings.Fields(command)
	known := append([]string{"true", "false", "echo", "env", "hostname", "sleep", "exit"}, fileCommands...)
	if slices.Contains(shells, shell) && (strings.Contains(command, "\n") || !slices.Contains(known, words[0])) {
		fmt.Fprintln(p.stdout, "(simulated: not run)")
		return 0
	}
	return p.command([]string{shell, "-c", command})
}

func (t *task) running() bool { return t != nil && t.own.ctx.Err() == nil }

func (t *task) succeeded() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ended && t.code == 0
}

func (t *task) phase(counts bool) string {
	if t.running() {
		return string(machine.TaskRunning)
	}
	if !counts {
		return string(machine.TaskGone)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended {
		return string(machine.TaskGone)
	}
	return fmt.Sprintf("%s %d", machine.TaskEnded, t.code)
}
