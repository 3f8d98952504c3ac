package sim

import (
	"context"
	"io"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// Logs implements machine.Machine.
func (m *Machine) Logs(ctx context.Context, leaseID string, o machine.LogOptions) (logs io.ReadCloser, err error) {
	err = m.call(ctx, "Logs", leaseID, "", func() error {
		m.host.mu.Lock()
		defer m.host.mu.Unlock()
		c, err := m.find(leaseID)
		if err != nil {
			return err
		}
		var ended <-chan struct{}
		if o.Follow && c.run != nil {
			ended = c.run.done
		}
		logs = c.log.read(ctx, o, ended)
		return nil
	})
	return logs, err
}

// Stats implements machine.Machine. The figures are made up.
func (m *Machine) Stats(ctx context.Context, leaseID string) (stats machine.Stats, err error) {
	err = m.call(ctx, "Stats", leaseID, "", func() error {
		_, r, err := m.mustRun(leaseID)
		if err != nil {
			return err
		}
		stats = machine.Stats{CPUPercent: 1, MemoryMB: 16, Processes: 1 + int(r.commands.Load())}
		return nil
	})
	return stats, err
}

// Exec implements machine.Machine. It knows true, false, echo, cat, env, pwd, hostname, sleep,
// size (of its terminal, again at each line of input), write PATH TEXT, ls, mkdir, ln and rm
// of paths, and sh, which reads such commands from its input or from -c. A command ends when
// it is hung up on.
func (m *Machine) Exec(ctx context.Context, leaseID string, e machine.Exec) (code int, err error) {
	err = m.call(ctx, "Exec", leaseID, "", func() error {
		if len(e.Command) == 0 {
			return fleet.Errorf(fleet.Invalid, "there is no command to run")
		}
		c, r, err := m.mustRun(leaseID)
		if err != nil {
			return err
		}
		if r.gate.isShut() {
			return fleet.Errorf(fleet.Conflict, "the container of lease %s is paused", leaseID)
		}
		own := newRun(newPorts(), Behaviour{})
		own.gate = r.gate
		defer own.cancel()
		defer context.AfterFunc(r.ctx, own.cancel)() // it ends with its container
		p := process{container: c, run: own, life: r, env: e.Env, dir: e.Dir, stdin: e.Stdin, stdout: orDiscard(e.Stdout), stderr: orDiscard(e.Stderr)}
		if e.TTY {
			p.terminal = openTerminal(own.ctx, e)
			p.stdin, p.stdout, p.stderr = p.terminal.input(own.ctx), p.terminal, p.terminal
			p.terminal.front(own)
		}
		r.commands.Add(1)
		ended := make(chan int, 1)
		go func() {
			defer r.commands.Add(-1)
			ended <- p.ended(p.command(e.Command))
		}()
		select {
		case code = <-ended:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	return code, err
}

// Watch implements machine.Machine.
func (m *Machine) Watch(ctx context.Context, changed func(leaseID string)) error {
	return m.call(ctx, "Watch", "", "", func() error { return m.host.watch(ctx, m.id, changed) })
}

// mustRun is the running container of a lease, and its run: NotFound without one, Conflict
// if it does not run.
func (m *Machine) mustRun(leaseID string) (*container, *run, error) {
	m.host.mu.Lock()
	defer m.host.mu.Unlock()
	c, err := m.find(leaseID)
	if err != nil {
		return nil, nil, err
	}
	if c.run == nil {
		return nil, nil, fleet.Errorf(fleet.Conflict, "the container of lease %s does not run", leaseID)
	}
	return c, c.run, nil
}

func orDiscard(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
	}
	return w
}
