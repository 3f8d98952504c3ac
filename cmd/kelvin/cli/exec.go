package cli

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// running is what can run a command.
func running(i api.Instance) bool { return i.State == fleet.Running }

// what a command in an instance is given.
type execFlags struct {
	env  []string
	dir  string
	user string
}

func (e *execFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVarP(&e.env, "env", "e", nil, "`NAME=value`, beside the instance's own variables; repeat it for more")
	f.StringVarP(&e.dir, "workdir", "w", "", "`path` where it runs. Default: the image's working folder")
	f.StringVarP(&e.user, "user", "u", "", "`name` or number of who runs it, or user:group. Default: the image's user")
}

func (e *execFlags) query() url.Values {
	q := url.Values{"env": e.env}
	if e.dir != "" {
		q.Set("dir", e.dir)
	}
	if e.user != "" {
		q.Set("user", e.user)
	}
	return q
}

func (a *app) instanceExec() *cobra.Command {
	var flags execFlags
	var interactive, tty bool
	cmd := &cobra.Command{
		Use: "exec INSTANCE [-it] -- COMMAND [ARG…]", Short: "Run a command in an instance",
		Long: "Runs a command in a running server or worker, and ends as the command ends: its exit code is\n" +
			"this one's. Standard input is passed on when it is not a terminal, or with -i. No shell looks\n" +
			"at the command; for one, run `sh -c '…'`. A command whose caller goes away gets SIGHUP.",
		Example: "  kelvin instance exec notebook -- nvidia-smi\n  kelvin instance exec -it notebook -- python\n  kelvin instance exec notebook -- sh -c 'cat > /workspace/data.csv' < data.csv",
		Args:    cobra.MinimumNArgs(2), ValidArgsFunction: completeNouns(a, instances, running),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			stdin, terminal := terminalOf(s.cmd.InOrStdin())
			if tty && !terminal {
				return usage(s.cmd, "--tty needs a terminal as standard input")
			}
			if !s.cmd.Flags().Changed("interactive") {
				interactive = !terminal
			}
			q := flags.query()
			q["command"] = args[1:]
			switch {
			case tty:
				return s.runIn(ctx, args[0], q, stdin, stdin)
			case interactive:
				return s.runIn(ctx, args[0], q, s.cmd.InOrStdin(), nil)
			}
			return s.runIn(ctx, args[0], q, nil, nil)
		}),
	}
	flags.add(cmd)
	cmd.Flags().BoolVarP(&interactive, "interactive", "i", false, "Pass standard input on. Default: when it is not a terminal")
	cmd.Flags().BoolVarP(&tty, "tty", "t", false, "Give the command a terminal: this one")
	return cmd
}

// soon is when a shell that is not there has ended.
const soon = 2 * time.Second

func (a *app) instanceSSH() *cobra.Command {
	var flags execFlags
	cmd := &cobra.Command{
		Use: "ssh INSTANCE", Aliases: []string{"shell"}, Short: "Open a shell in an instance",
		Long: "Opens a shell on a terminal in a running server or worker, through the API: the instance needs\n" +
			"no SSH server and no open port. It is bash where the image has it, and otherwise sh. Where\n" +
			"standard input is no terminal, the shell reads its commands from there.",
		Args: cobra.ExactArgs(1), ValidArgsFunction: completeNouns(a, instances, running),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			in := s.cmd.InOrStdin()
			terminal, ok := terminalOf(in)
			if !ok {
				terminal = nil
			}
			began := time.Now()
			err := s.runIn(ctx, args[0], flags.query(), in, terminal)
			if code := exitOf(err); (code == 126 || code == 127) && time.Since(began) < soon {
				s.say("Is there a shell in its image? `kelvin instance exec " + args[0] + " -- COMMAND` runs other programs.")
			}
			return err
		}),
	}
	flags.add(cmd)
	return cmd
}

// runIn runs a command in an instance until it ends. in may be nil; what comes from a
// terminal goes to a terminal there.
func (s *session) runIn(ctx context.Context, instance string, q url.Values, in io.Reader, terminal *os.File) error {
	found, err := instances.find(ctx, s.client, instance)
	if err != nil {
		return err
	}
	if in != nil {
		q.Set("stdin", "true")
	}
	if terminal != nil {
		size := sizeOf(terminal)
		q.Set("tty", "true")
		q.Set("rows", strconv.Itoa(int(size.Rows)))
		q.Set("cols", strconv.Itoa(int(size.Cols)))
		// The user's own, if there are any, come later and win.
		q["env"] = append([]string{"TERM=" + firstOf(s.getenv("TERM"), "xterm")}, q["env"]...)
	}
	r, err := s.connect(ctx, instances.path+"/"+url.PathEscape(found.it.ID)+"/exec", q)
	if err != nil {
		return err
	}
	defer r.close()
	if terminal == nil {
		return r.run(ctx, in, s.out, s.err)
	}
	before, err := term.MakeRaw(int(terminal.Fd()))
	if err != nil {
		return fmt.Errorf("take over the terminal: %w", err)
	}
	resized, stop := watchSize(terminal)
	err = func() error {
		defer term.Restore(int(terminal.Fd()), before) //nolint:errcheck // it was just made so
		defer stop()
		go r.resize(terminal, resized)
		return r.run(ctx, in, s.out, s.err)
	}()
	if _, ended := asPassed(err); !ended && err != nil {
		fmt.Fprint(s.out, untangle) // whatever ran there had no time to put it right
	}
	return err
}

// untangle leaves what programs put a terminal into: another screen, a hidden cursor, reports
// of the mouse and of what is pasted, colours.
const untangle = "\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[0m"

func sizeOf(terminal *os.File) fleet.Size {
	columns, rows, err := term.GetSize(int(terminal.Fd()))
	if err != nil || columns <= 0 || rows <= 0 {
		return fleet.Size{Rows: 24, Cols: 80}
	}
	return fleet.Size{Rows: uint16(min(rows, 1000)), Cols: uint16(min(columns, 1000))} //nolint:gosec // they fit
}
