package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// How the process ends. `kelvin help exit-codes` says it to people.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitConflict    = 4
	exitForbidden   = 5
	exitUnavailable = 6
	exitTimeout     = 7
	exitInterrupted = 130
)

// A failure is an error that knows how the process ends, and what to do next.
type failure struct {
	exit int
	err  error
	next []string // lines for people
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// errInterrupted says nothing more: who pressed the key knows.
var errInterrupted = &failure{exit: exitInterrupted, err: errors.New("interrupted")}

// Report prints err to w, with what to do next, and returns the status that the process
// ends with: 0 without an error, 2 for a mistake in usage, and so on as `kelvin help
// exit-codes` says. An error that is not from this package ends with 1.
func Report(w io.Writer, err error) int {
	if err == nil {
		return 0
	}
	exit := exitOf(err)
	if _, ok := asPassed(err); ok || exit == exitInterrupted {
		return exit
	}
	fmt.Fprintf(w, "Error: %s\n", clean(err.Error()))
	if f, ok := errors.AsType[*failure](err); ok {
		for _, line := range f.next {
			fmt.Fprintf(w, "  %s\n", clean(line))
		}
	}
	return exit
}

func exitOf(err error) int {
	if code, ok := asPassed(err); ok {
		return int(code)
	}
	if f, ok := errors.AsType[*failure](err); ok {
		return f.exit
	}
	if errors.Is(err, context.Canceled) {
		return exitInterrupted
	}
	if e, ok := errors.AsType[*fleet.Error](err); ok {
		return exitOfCode(e.Code)
	}
	return exitFailed
}

// exitOfCode is the exit status of a request that was refused. An operation that was
// accepted and failed ends with exitFailed whatever its code.
func exitOfCode(code fleet.Code) int {
	switch code {
	case fleet.Invalid:
		return exitUsage
	case fleet.NotFound:
		return exitNotFound
	case fleet.Conflict, fleet.Fenced:
		return exitConflict
	case fleet.Unauthenticated, fleet.Forbidden:
		return exitForbidden
	case fleet.Unavailable, fleet.Exhausted, fleet.Unhealthy:
		return exitUnavailable
	case fleet.Cancelled, fleet.Unsupported, fleet.Timeout, fleet.Internal:
		return exitFailed
	}
	return exitFailed // a newer server's code
}

// usage makes a mistake in how cmd was called.
func usage(cmd *cobra.Command, format string, args ...any) error {
	return misused(cmd, fmt.Errorf(format, args...))
}

func misused(cmd *cobra.Command, err error) error {
	return &failure{exit: exitUsage, err: err, next: []string{fmt.Sprintf("`%s --help` shows how it is used.", cmd.CommandPath())}}
}

// refuseMisuse makes wrong flags and arguments of cmd, and of all below it, mistakes in
// usage. A command without a function of its own prints its help.
func refuseMisuse(cmd *cobra.Command) {
	cmd.SetFlagErrorFunc(misused)
	switch {
	case cmd.HasSubCommands() && cmd.RunE == nil:
		cmd.Args, cmd.RunE = cobra.ArbitraryArgs, group
	case cmd.Args != nil:
		check := cmd.Args
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return misused(cmd, err)
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		refuseMisuse(sub)
	}
}

// group runs a command that only holds others.
func group(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	err := usage(cmd, "unknown command %q for %q", args[0], cmd.CommandPath())
	if cmd.SuggestionsMinimumDistance <= 0 {
		cmd.SuggestionsMinimumDistance = 2
	}
	if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
		return fmt.Errorf("%w; did you mean %s?", err, strings.Join(like, " or "))
	}
	return err
}

func exitCodesTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "How commands end, for scripts",
		Long: `Every user command ends with one of these:

    0  it worked; with --wait, the operation ended done
    1  the operation was undone or is stuck, or anything not below
    2  usage: unknown flag, missing argument, a value that the server says is invalid,
       or a destructive command without --yes where nobody can be asked
    3  not found: no such resource, or not yours
    4  conflict: wrong state, name taken, another operation is open
    5  unauthenticated or forbidden: the key is wrong, or may not do this
    6  unavailable: the server does not answer, or no GPU is free (exhausted)
    7  --timeout passed; the operation goes on
  130  interrupted by Ctrl-C; an operation that was accepted goes on,
       unless --cancel-on-interrupt asked to take it back

kelvin instance exec and ssh end with the exit code of what they ran, whatever it is; when
that never began, with one of these.`,
	}
}

func environmentTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "environment",
		Short: "Environment variables that commands read",
		Long: `Environment variables, each weaker than the flag of its kind:

  KELVIN_SERVER    URL of the server, instead of the current context's
  KELVIN_API_KEY   key to sign in with, instead of the context's
  KELVIN_CONTEXT   path of the context file.
                   Default: kelvin/context.json in $XDG_CONFIG_HOME, or in ~/.config
  TERM             "dumb" turns live progress lines into plain ones

The key of a context is sent to that context's server only. With --server or
KELVIN_SERVER naming another one, set KELVIN_API_KEY too.`,
	}
}
