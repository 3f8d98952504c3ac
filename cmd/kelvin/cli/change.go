package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
)

// A change has the flags of a command that asks for an operation.
type change struct {
	waiting
	wait   bool
	key    string
	undoes bool // it takes another operation back: undone is what was asked for
}

func (ch *change) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&ch.wait, "wait", false, "Wait until the operation has ended, and show its progress")
	ch.waiting.flags(cmd)
	keyFlag(cmd, &ch.key)
}

func keyFlag(cmd *cobra.Command, key *string) {
	cmd.Flags().StringVar(key, "idempotency-key", "", "`Key` that makes a repeated command one: 1 to 255 printable ASCII characters. Default: random")
}

// check refuses flags that do not go together, before anything is asked for.
func (ch *change) check(cmd *cobra.Command) error {
	switch {
	case ch.timeout < 0:
		return usage(cmd, "--timeout is negative; allowed: 0s for no limit, or a duration such as 10m")
	case ch.timeout > 0 && !ch.wait:
		return usage(cmd, "--timeout goes with --wait")
	case ch.cancel && !ch.wait:
		return usage(cmd, "--cancel-on-interrupt goes with --wait")
	}
	return checkKey(cmd, ch.key)
}

func checkKey(cmd *cobra.Command, key string) error {
	odd := strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' })
	if odd || len(key) > 255 || cmd.Flags().Changed("idempotency-key") && key == "" {
		return usage(cmd, "--idempotency-key has the wrong form; allowed: 1 to 255 printable ASCII characters")
	}
	return nil
}

// do asks for an operation on the resource called name and, with --wait, follows it. It
// prints the operation: as it was accepted, or as it ended. more, if there is one, adds to
// what people see.
func (ch *change) do(ctx context.Context, s *session, in call, name string, more func(api.Operation, *facts)) error {
	var op record[api.Operation]
	in.key = firstOf(ch.key, newKey())
	if err := s.do(ctx, in, &op); err != nil {
		if ctx.Err() != nil {
			s.say("Interrupted before the server answered: it may have been accepted. To repeat it without a second effect, add --idempotency-key " + in.key)
		}
		return err
	}
	op.it.ResourceName = firstOf(op.it.ResourceName, name) // as accepted it has none
	if !ch.wait {
		return s.printOperation(op, func(f *facts) {
			if more != nil {
				more(op.it, f)
			}
			f.add("Follow it:", "kelvin operation watch "+op.it.ID)
		})
	}
	last, err := ch.follow(ctx, s, op)
	if ch.undoes && last.it.State == api.OperationUndone {
		err = nil
	}
	if s.output == formatTable && err != nil {
		return err // it says all
	}
	printed := s.printOperation(last, func(f *facts) {
		if more != nil {
			more(last.it, f)
		}
	})
	if err != nil {
		return err
	}
	return printed
}

// printOperation prints an operation that was accepted, or ended, in a line and more.
func (s *session) printOperation(op record[api.Operation], more func(*facts)) error {
	if s.output != formatTable {
		return operations.printOne(s, op)
	}
	state := "accepted"
	if op.it.Ended() {
		state = fmt.Sprintf("%s in %s", op.it.State, took(elapsed(op.it, s.now())))
	}
	fmt.Fprintln(s.out, clean(fmt.Sprintf("%s: %s", title(op.it), state)))
	f := facts{}
	f.add("  Operation:", op.it.ID)
	more(&f)
	for i := range f[1:] {
		f[i+1][0] = "  " + f[i+1][0]
	}
	return f.write(s.out)
}

// A verb is an operation that a command asks for, on one resource of a kind.
type verb struct {
	name    string // of the command
	aliases []string
	does    string // the operation's name, as in a resource's legal ones
	short   string
	long    string
	example string
	erases  string                     // what is lost, for a verb that needs confirmation
	kept    func(it any) time.Duration // how long that can be had back; nil: not at all
	method  string                     // POST by default, to …/does
	// prepare makes the request's body, or says errAnswered when there is nothing to ask for.
	prepare func(ctx context.Context, s *session, id, name string) (any, error)
}

// errAnswered ends a command that has printed what was asked for.
var errAnswered = errors.New("answered")

// keeping says how long what is erased can be had back.
func keeping(kept func(it any) time.Duration, it any) string {
	if kept == nil {
		return " for good."
	}
	if d := kept(it); d > 0 {
		return ", and can be had back for " + inDays(d) + "."
	}
	return " for good."
}

// verbCommand makes the command of a verb on n.
func verbCommand[T any](a *app, n *noun[T], v verb, legal func(T) []string) *cobra.Command {
	var ch change
	var yes bool
	cmd := &cobra.Command{
		Use: v.name + " " + strings.ToUpper(n.one), Aliases: v.aliases, Short: v.short, Long: v.long, Example: v.example, Args: cobra.ExactArgs(1),
		ValidArgsFunction: completeNouns(a, n, accepts(legal, v.does)),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if err := ch.check(s.cmd); err != nil {
				return err
			}
			found, err := n.find(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			id, name := n.names(found.it)
			if v.erases != "" {
				if err := s.confirm(yes, fmt.Sprintf("This will %s %s %s: %s", v.does, n.one, name, v.erases+keeping(v.kept, found.it)), name); err != nil {
					return err
				}
			}
			in := call{method: http.MethodPost, path: n.path + "/" + url.PathEscape(id) + "/" + v.does}
			if v.method != "" {
				in.method, in.path = v.method, n.path+"/"+url.PathEscape(id)
			}
			if v.prepare != nil {
				switch in.body, err = v.prepare(ctx, s, id, name); {
				case errors.Is(err, errAnswered):
					return nil
				case err != nil:
					return err
				}
			}
			return ch.do(ctx, s, in, name, nil)
		}),
	}
	if v.erases != "" {
		cmd.Flags().BoolVarP(&yes, "yes", "y", false, "Do not ask for confirmation")
	}
	ch.flags(cmd)
	return cmd
}
