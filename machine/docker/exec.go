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

// Exec implements machine.Machine. The engine has no way to end a command: one whose caller
// gives up goes on until it or its container ends.
func (e *Engine) Exec(ctx context.Context, leaseID string, x machine.Exec) (int, error) {
	if len(x.Command) == 0 {
		return 0, fleet.Errorf(fleet.Invalid, "there is no command to run")
	}
	c, err := e.running(ctx, leaseID)
	if err != nil {
		return 0, err
	}
	created, err := e.client.ContainerExecCreate(ctx, c.ID, container.ExecOptions{
		Cmd: x.Command, Env: x.Env, User: x.User, AttachStdin: x.Stdin != nil, AttachStdout: true, AttachStderr: true,
	})
	if err != nil {
		return 0, fail(ctx, err, "run a command")
	}
	conn, err := e.client.ContainerExecAttach(ctx, created.ID, container.ExecAttachOptions{})
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
	if x.Stdin != nil {
		go func() {
			_, _ = io.Copy(conn.Conn, x.Stdin) // a command need not read all of it
			_ = conn.CloseWrite()
		}()
	}
	_, err = stdcopy.StdCopy(orDiscard(x.Stdout), orDiscard(x.Stderr), conn.Reader)
	if err != nil {
		return 0, fail(ctx, err, "read a command's output")
	}
	return e.exitCode(ctx, created.ID)
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
