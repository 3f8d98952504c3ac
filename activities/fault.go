package activities

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// StartWithin is how long the container may take until it answers. Loading a big model into
// GPU memory takes minutes.
func (c Container) StartWithin() time.Duration {
	if c.StartTimeout > 0 {
		return time.Duration(c.StartTimeout)
	}
	return time.Duration(fleet.MaxStartTimeout)
}

// because says what kind of trouble an error of a worker's is. A caller that gave up is none.
func because(cause fleet.Cause, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if e, ok := errors.AsType[*fleet.Error](err); ok && e.Fault != nil {
		return err
	}
	return &fleet.Error{Code: fleet.CodeOf(err), Message: err.Error(), Fault: &fleet.Fault{Cause: cause, Message: err.Error()}}
}

// endedEarly is the error of a container that ended before it was ready.
func (h *Host) endedEarly(ctx context.Context, in Container, c machine.Container) error {
	code := c.ExitCode
	return &fleet.Error{
		Code: fleet.Unhealthy, Message: fmt.Sprintf("the container ended before it was ready: %s%s", ended(c), h.lastWords(ctx, in.Lease.ID)),
		Fault: &fleet.Fault{
			Cause: fleet.ExitCause(c.OOMKilled), ExitCode: &code, Message: "it ended before it was ready: " + fleet.ExitMessage(c.ExitCode, c.OOMKilled),
			LastLines: LastLines(ctx, h.Machine, in.Lease.ID),
		},
	}
}

// neverReady is the error of a container that runs, and has not answered in time.
func (h *Host) neverReady(ctx context.Context, in Container, wrong string) error {
	message := fmt.Sprintf("it runs, and was not ready within %s: %s", in.StartWithin(), wrong)
	return &fleet.Error{
		Code: fleet.Unhealthy, Message: message + h.lastWords(ctx, in.Lease.ID),
		Fault: &fleet.Fault{Cause: fleet.FailingProbe, Message: message, LastLines: LastLines(ctx, h.Machine, in.Lease.ID)},
	}
}

// ended says how a container ended.
func ended(c machine.Container) string {
	if c.OOMKilled {
		return "out of memory"
	}
	return fmt.Sprintf("exit code %d", c.ExitCode)
}

// lastWords are the end of a container's log, for an error message.
func (h *Host) lastWords(ctx context.Context, leaseID string) string {
	lines := strings.Split(LastLines(ctx, h.Machine, leaseID), "\n")
	text := strings.Join(lines[max(0, len(lines)-5):], "\n")
	if text == "" {
		return ""
	}
	return "; its last words: " + text[:min(len(text), 1024)]
}

// LastLines is the end of a container's log, at most fleet.MaxLastLines, whole lines as far as
// possible. What cannot be read is left out: a cause is better with less than not at all.
func LastLines(ctx context.Context, m machine.Machine, leaseID string) string {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	logs, err := m.Logs(ctx, leaseID, machine.LogOptions{Tail: 20})
	if err != nil {
		return ""
	}
	defer logs.Close()
	all, _ := io.ReadAll(io.LimitReader(logs, 1<<20))
	return fleet.LastLines(string(all))
}
