package cli

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	machines "github.com/kelvin-gpu/kelvin/machine"
)

// app is what the commands share: the world they run in, and the flags they all have.
type app struct {
	getenv func(string) string
	now    func() time.Time
	pause  func(context.Context, time.Duration) error // waits, or returns the context's error
	// openGPUs opens the GPUs of this machine, with kelvin-gpu at that path.
	openGPUs func(ctx context.Context, helper string) (machines.GPUs, error)

	server    string // --server
	context   string // --context
	output    format // --output
	noHeaders bool   // --no-headers
	verbose   bool   // --verbose
}

func newApp() *app {
	return &app{getenv: os.Getenv, now: time.Now, pause: pause, openGPUs: openGPUs}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// AddTo adds the user commands and help topics to root, in groups of their own. If root
// does nothing by itself, it becomes a command that prints its help and refuses what it
// does not know as a mistake in usage. Root must leave printing of errors to Report:
// AddTo sets SilenceErrors and SilenceUsage.
func AddTo(root *cobra.Command) { newApp().addTo(root) }

func (a *app) addTo(root *cobra.Command) {
	root.SilenceErrors, root.SilenceUsage = true, true
	if root.Run == nil && root.RunE == nil {
		root.Args, root.RunE = cobra.ArbitraryArgs, group
	}
	root.SetFlagErrorFunc(misused)
	root.AddGroup(
		&cobra.Group{ID: "resources", Title: "Your GPUs:"},
		&cobra.Group{ID: "fleet", Title: "The fleet:"},
		&cobra.Group{ID: "settings", Title: "Settings:"},
	)
	of := map[string]string{"host": "fleet", "gpu": "fleet", "sim": "fleet", "context": "settings", "me": "settings"}
	for _, cmd := range a.commands() {
		if cmd.IsAvailableCommand() {
			cmd.GroupID = "resources"
			if id, ok := of[cmd.Name()]; ok {
				cmd.GroupID = id
			}
		}
		root.AddCommand(cmd)
	}
}

func (a *app) commands() []*cobra.Command {
	nouns := []*cobra.Command{
		a.endpointCommand(), a.instanceCommand(), a.snapshotCommand(), a.operationCommand(), a.scheduleCommand(), a.eventCommand(), a.quickDeployCommand(), a.templateCommand(),
		a.deployCommand(), a.volumeCommand(), a.priceCommand(), a.hostCommand(), a.controllerCommand(), a.gpuCommand(), a.simCommand(), a.contextCommand(), a.meCommand(),
	}
	for _, cmd := range nouns {
		a.addFlags(cmd)
		refuseMisuse(cmd)
	}
	return append(nouns, exitCodesTopic(), environmentTopic())
}

func (a *app) addFlags(cmd *cobra.Command) {
	flags := cmd.PersistentFlags()
	flags.StringVar(&a.server, "server", "", "`URL` of the server. Default: KELVIN_SERVER, or the context's")
	flags.StringVar(&a.context, "context", "", "Context to use, by `name`; kelvin context ls shows them. Default: the current one")
	flags.VarP(&a.output, "output", "o", "How to print: table, json, yaml or name")
	flags.BoolVar(&a.noHeaders, "no-headers", false, "Print tables without their first line")
	flags.BoolVar(&a.verbose, "verbose", false, "Show HTTP requests on standard error, without keys and bodies")
	complete(cmd, "context", a.completeContexts)
	complete(cmd, "output", fixed(formats...))
}

// A session is one run of a command against a server.
type session struct {
	*app
	*client
	cmd      *cobra.Command
	out, err io.Writer // results; and what is said beside them
}

// run makes a command of do. Its context ends with the first interrupt; the second one ends
// the process, as does the first if do does not listen.
func (a *app) run(do func(context.Context, *session, []string) error) func(*cobra.Command, []string) error {
	return a.local(func(ctx context.Context, cmd *cobra.Command, args []string) error {
		s, err := a.open(cmd)
		if err != nil {
			return err
		}
		return do(ctx, s, args)
	})
}

// local is run for a command that needs no server.
func (a *app) local(do func(context.Context, *cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		ctx, stop := interruptible(cmd.Context())
		defer stop()
		err := do(ctx, cmd, args)
		if err != nil && ctx.Err() != nil && exitOf(err) != exitInterrupted {
			return errInterrupted
		}
		return err
	}
}

func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx == nil { // cobra gives one only to ExecuteContext
		ctx = context.Background()
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // so that a second one kills
	return ctx, stop
}

func (a *app) open(cmd *cobra.Command) (*session, error) {
	at, err := a.resolve()
	if err != nil {
		return nil, err
	}
	c, err := newClient(at, a)
	if err != nil {
		return nil, err
	}
	s := &session{app: a, client: c, cmd: cmd, out: cmd.OutOrStdout(), err: cmd.ErrOrStderr()}
	if a.verbose {
		c.trace = s.err
	}
	c.note = s.say
	return s, nil
}
