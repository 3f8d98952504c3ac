package docker

import (
	"context"
	"fmt"
	"io"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// commandNotFound is a shell's exit code for a command that is not there. (Some engines
// say 126.)
const commandNotFound = 127

// Exec implements machine.Machine.
func (e *Engine) Exec(ctx context.Context, leaseID string, x machine.Exec) (int, error) {
	if len(x.Command) == 0 {
		return 0, fleet.Errorf(fleet.Invalid, "there is no command to run")
	}
	c, err := e.running(ctx, leaseID)
	if err != nil {
		return 0, err
	}
	size := consoleSize(x)
	created, err := e.client.ContainerExecCreate(ctx, c.ID, container.ExecOptions{
		Cmd: x.Command, Env: x.Env, User: x.User, WorkingDir: x.Dir, Tty: x.TTY, ConsoleSize: size,
		AttachStdin: x.Stdin != nil, AttachStdout: true, AttachStderr: true,
	})
	if err != nil {
		return 0, fail(ctx, err, "run a command")
	}
	conn, err := e.client.ContainerExecAttach(ctx, created.ID, container.ExecAttachOptions{Tty: x.TTY, ConsoleSize: size})
	if cerrdefs.IsInvalidArgument(err) && ctx.Err() == nil {
		// Newer engines say so here, older ones in the output and the exit code.
		fmt.Fprintln(orDiscard(x.Stderr), err)
		return commandNotFound, nil
	}
	if err != nil {
		return 0, fail(ctx, err, "run a command")
	}
	defer conn.Close()
	// The connection knows no context once it is attached.
	defer context.AfterFunc(ctx, conn.Close)()
	if x.TTY {
		resizing, stop := context.WithCancel(ctx)
		defer stop()
		go e.resize(resizing, created.ID, x)
	}
	if x.Stdin != nil {
		go func() {
			_, _ = io.Copy(conn.Conn, x.Stdin) // a command need not read all of it
			_ = conn.CloseWrite()
		}()
	}
	if x.TTY {
		_, err = io.Copy(orDiscard(x.Stdout), conn.Reader)
	} else {
		_, err = stdcopy.StdCopy(orDiscard(x.Stdout), orDiscard(x.Stderr), conn.Reader)
	}
	if err == nil && ctx.Err() == nil {
		var code int
		if code, err = e.exitCode(ctx, created.ID); err == nil {
			return code, nil
		}
	}
	e.hangUp(ctx, c.ID, created.ID)
	return 0, fail(ctx, err, "read a command's output")
}

// consoleSize is how big a command's terminal is at first, for engines that take it (from
// API 1.42 on).
func consoleSize(x machine.Exec) *[2]uint {
	if !x.TTY || x.Size == (fleet.Size{}) {
		return nil
	}
	return &[2]uint{uint(x.Size.Rows), uint(x.Size.Cols)}
}

// resize keeps a terminal's size until ctx ends. A size that cannot be set is no reason to
// end the command: the next one may be.
func (e *Engine) resize(ctx context.Context, execID string, x machine.Exec) {
	size := x.Size
	for {
		if size != (fleet.Size{}) {
			_ = e.client.ContainerExecResize(ctx, execID, container.ResizeOptions{Height: uint(size.Rows), Width: uint(size.Cols)})
		}
		var open bool
		select {
		case <-ctx.Done():
			return
		case size, open = <-x.Resize:
			if !open {
				return
			}
		}
	}
}

// hangUpWithin is how long it may take to find a command whose caller has gone: it may only
// just be starting.
const hangUpWithin = 5 * time.Second

// hangUp tells a command that its caller has gone. The engine has no way to do so: this
// signals the process, if it is on this machine.
func (e *Engine) hangUp(ctx context.Context, containerID, execID string) {
	if !e.local() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), hangUpWithin)
	defer cancel()
	for tries := 0; ; tries++ {
		x, err := e.client.ContainerExecInspect(ctx, execID)
		if err != nil || !x.Running && tries > 20 {
			return
		}
		if x.Running && x.Pid > 0 {
			hangUp(x.Pid, containerID)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// exitCode waits for the end of a command whose output has ended.
func (e *Engine) exitCode(ctx context.Context, execID string) (int, error) {
	for {
		x, err := e.client.ContainerExecInspect(ctx, execID)
		if err != nil {
			return 0, fail(ctx, err, "ask for a command's exit code")
		}
		if !x.Running {
			return x.ExitCode, nil
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func orDiscard(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
	}
	return w
}
