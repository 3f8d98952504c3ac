package nvidia

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// maxAnswer is how long an answer may be: many GPUs, each with slices and links.
const maxAnswer = 4 << 20

// errNoAnswer is that of a question that was not answered in time.
var errNoAnswer = fleet.Errorf(fleet.Unavailable, "the driver does not answer")

// question has kelvin-gpu ask the driver something, and kills it if there is no answer within
// the limit, or when ctx ends.
func (g *GPUs) question(ctx context.Context, limit time.Duration, args ...string) ([]byte, error) {
	for !g.driver.TryRLock() {
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return nil, err
		}
	}
	defer g.driver.RUnlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return g.ask(ctx, limit, args...)
}

// ask is question, for who holds the driver already.
func (g *GPUs) ask(ctx context.Context, limit time.Duration, args ...string) ([]byte, error) {
	var out bounded
	cmd := g.command(args...)
	cmd.Stdout = &out
	said, err := g.run(ctx, cmd, limit)
	switch {
	case errors.Is(err, errOverlong) || out.over:
		return nil, fleet.Errorf(fleet.Unavailable, "kelvin-gpu %s answers with more than %d bytes", args[0], maxAnswer)
	case err == nil:
		return out.Bytes(), nil
	}
	if chosen := refusal(err, said.String()); chosen != nil {
		return nil, chosen
	}
	if status, ok := errors.AsType[*exec.ExitError](err); ok {
		// A driver can end the process; what the linker says then is on standard error.
		return nil, fleet.Errorf(fleet.Unavailable, "kelvin-gpu %s ended with %s: %s", args[0], status, cmp.Or(said.String(), "it said nothing"))
	}
	return nil, err
}

// command is kelvin-gpu, which ends with this program.
func (g *GPUs) command(args ...string) *exec.Cmd {
	cmd := exec.Command(g.o.Program, args...)
	cmd.Env = append(append(os.Environ(), g.o.Env...), "KELVIN_GPU_TIED=1")
	return cmd
}

// run runs a command to its end, in a process group of its own, and answers what it said on
// standard error. It is killed at the limit, which is errNoAnswer, and when ctx ends. One that
// cannot be killed is left behind.
func (g *GPUs) run(ctx context.Context, cmd *exec.Cmd, limit time.Duration) (*tail, error) {
	said := &tail{}
	cmd.Stderr = said
	cmd.WaitDelay = time.Second
	apart(cmd)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return said, err
	}
	if err := cmd.Start(); err != nil {
		return said, fleet.Errorf(fleet.Unsupported, "start %s: %v", cmd.Path, err)
	}
	defer stdin.Close()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	var why error
	select {
	case err := <-ended:
		return said, err
	case <-ctx.Done():
		why = ctx.Err()
	case <-timer.C:
		why = fmt.Errorf("%w: %s did not end within %s", errNoAnswer, cmd.Args[1], limit)
	}
	if !g.bury(cmd.Process.Pid, ended) {
		g.o.Logger.WarnContext(ctx, "kelvin-gpu cannot be killed: the driver does not let it go", "pid", cmd.Process.Pid, "arguments", cmd.Args[1:])
		if errors.Is(why, errNoAnswer) {
			why = fmt.Errorf("%w, and cannot be killed", why)
		}
	}
	return said, why
}

// bury kills a process and waits for its end; false if it does not end.
func (g *GPUs) bury(pid int, ended <-chan error) bool {
	if g.kill != nil {
		g.kill(pid)
	} else {
		end(pid)
	}
	timer := time.NewTimer(g.o.Unkillable)
	defer timer.Stop()
	select {
	case <-ended: //nolint:errcheck // it was killed
		return true
	case <-timer.C:
		return false
	}
}

var errOverlong = errors.New("too much")

// bounded keeps what is written to it, up to maxAnswer.
type bounded struct {
	bytes.Buffer
	over bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxAnswer {
		b.over = true
		return 0, errOverlong
	}
	return b.Buffer.Write(p)
}

// ReadFrom keeps io.Copy from going around Write.
func (b *bounded) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{b}, r)
}
