package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// waiting are the flags of a command that follows an operation to its end.
type waiting struct {
	timeout time.Duration
	cancel  bool // on interrupt
}

func (w *waiting) flags(cmd *cobra.Command) {
	cmd.Flags().DurationVar(&w.timeout, "timeout", 0, "How long to wait, such as 90s or 10m; the operation goes on after it. Default: to the end")
	cmd.Flags().BoolVar(&w.cancel, "cancel-on-interrupt", false, "On Ctrl-C take the operation back, and wait until it is undone")
}

// watch follows an operation until it ends, and hands each state it passes to show.
func (c *client) watch(ctx context.Context, id string, show func(record[api.Operation])) error {
	return c.follow(ctx, "/v1/operations/"+id+"/watch", nil, func(event serverEvent) error {
		if event.name != "operation" {
			return nil // of a newer server
		}
		var now record[api.Operation]
		if err := json.Unmarshal([]byte(event.data), &now); err != nil {
			return fmt.Errorf("read operation: %w", err)
		}
		show(now)
		if now.it.Ended() {
			return errEnough
		}
		return nil
	})
}

// follow shows an operation's progress until it ends, and returns its last known state. It
// is an error if the operation did not end done.
func (w *waiting) follow(ctx context.Context, s *session, op record[api.Operation]) (record[api.Operation], error) {
	within, cancel := ctx, context.CancelFunc(func() {})
	if w.timeout > 0 {
		within, cancel = context.WithTimeout(ctx, w.timeout)
	}
	defer cancel()

	progress := s.progress(op.it)
	was := s.note
	s.note = progress.say
	last := op
	err := s.watch(within, op.it.ID, func(now record[api.Operation]) {
		last = now
		progress.show(now.it)
	})
	progress.end()
	s.note = was

	switch {
	case err == nil:
		return last, outcome(last.it)
	case ctx.Err() != nil && w.cancel:
		return last, w.takeBack(ctx, s, last)
	case ctx.Err() != nil:
		s.say(goesOn(op.it.ID))
		return last, errInterrupted
	case errors.Is(err, context.DeadlineExceeded):
		return last, &failure{exit: exitTimeout, err: fmt.Errorf("%s is not done after %s", title(last.it), w.timeout), next: []string{goesOn(op.it.ID)}}
	}
	return last, &failure{exit: exitOf(err), err: err, next: []string{goesOn(op.it.ID)}}
}

func goesOn(id string) string {
	return fmt.Sprintf("The operation goes on; `kelvin operation watch %s` follows it, `kelvin operation cancel %s` takes it back.", id, id)
}

// takeBack cancels an operation whose follower was interrupted, and follows that. Another
// interrupt leaves it alone.
func (w *waiting) takeBack(ctx context.Context, s *session, op record[api.Operation]) error {
	ctx, stop := interruptible(context.WithoutCancel(ctx))
	defer stop()
	s.say("Taking it back; Ctrl-C again leaves it alone.")
	if err := s.cancelOperation(ctx, op.it.ID, newKey(), &op); err != nil {
		s.say(err.Error())
		return errInterrupted
	}
	last, err := (&waiting{timeout: w.timeout}).follow(ctx, s, op)
	if last.it.Ended() {
		s.say(fmt.Sprintf("%s: %s", title(last.it), last.it.State))
	} else if err != nil && exitOf(err) != exitInterrupted {
		s.say(err.Error())
	}
	return errInterrupted
}

// outcome is the error of an operation that did not end done.
func outcome(op api.Operation) error {
	f := &failure{exit: exitFailed, next: []string{fmt.Sprintf("`kelvin operation show %s` shows its steps.", op.ID)}}
	reason := ""
	if op.Message != "" {
		reason = ": " + op.Message
	}
	switch op.State {
	case api.OperationUndone:
		f.err = fleet.Errorf(op.Code, "%s was undone%s", title(op), reason)
		if op.Code == fleet.Exhausted {
			f.next = append(f.next, "Try again later, or ask for fewer GPUs, another --gpu-type or another --data-center.")
		}
	case api.OperationStuck:
		f.err = fleet.Errorf(op.Code, "%s could be neither finished nor undone%s", title(op), reason)
		if op.WayOut != "" {
			f.next = append(f.next, "The way out: "+op.WayOut+".")
		}
		f.next = append(f.next, fmt.Sprintf("`kelvin %s show %s` shows what can be done with it now.", op.Kind, op.ResourceID))
	default: // done, or open
		return nil
	}
	return f
}
