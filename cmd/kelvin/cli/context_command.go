package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// contextView is a context as it is shown: with no more of its key than tells it from others.
type contextView struct {
	Name       string `json:"name"`
	Current    bool   `json:"current"`
	Server     string `json:"server"`
	Key        string `json:"key"`
	TemporalUI string `json:"temporal_ui,omitempty"`
	Gateway    string `json:"gateway,omitempty"`
}

var contexts = &noun[contextView]{
	one:   "context",
	names: func(c contextView) (id, name string) { return c.Name, c.Name },
	columns: []column[contextView]{
		{"NAME", func(c contextView, _ time.Time) string { return c.Name }},
		{"CURRENT", func(c contextView, _ time.Time) string { return yes(c.Current, "") }},
		{"SERVER", func(c contextView, _ time.Time) string { return c.Server }},
		{"KEY", func(c contextView, _ time.Time) string { return c.Key }},
	},
	show: func(c contextView, _ time.Time) facts {
		var f facts
		f.add("Context", c.Name)
		f.add("Current", yes(c.Current, "no"))
		f.add("Server", c.Server)
		f.add("Key", c.Key)
		f.add("Temporal", c.TemporalUI)
		f.add("Gateway", c.Gateway)
		return f
	},
}

// masked keeps the prefix that says what a key opens, and its last four characters.
func masked(key string) string {
	if len(key) < 20 {
		return strings.Repeat("…", min(len(key), 1))
	}
	return key[:strings.LastIndex(key[:12], "_")+1] + "…" + key[len(key)-4:]
}

func viewOf(all Contexts, name string) (record[contextView], error) {
	c := all.Contexts[name]
	view := contextView{name, name == all.Current, c.Server, masked(c.Key), c.TemporalUI, c.Gateway}
	raw, err := json.Marshal(view)
	return record[contextView]{it: view, raw: raw}, err
}

func (a *app) contextCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "context", Aliases: []string{"contexts", "ctx"}, Short: "Choose the server that commands talk to",
		Long: "A context is a server and a key for it, under a name. `kelvin dev` makes one; commands use the current one.",
	}
	cmd.AddCommand(a.contextLs(), a.contextUse(), a.contextSet(), a.contextShow(), a.contextRm())
	return cmd
}

// withContexts runs do with the context file.
func (a *app) withContexts(do func(ctx context.Context, s *session, path string, all Contexts, args []string) error) func(*cobra.Command, []string) error {
	return a.local(func(ctx context.Context, cmd *cobra.Command, args []string) error {
		path, err := contextPath(a.getenv)
		if err != nil {
			return err
		}
		all, err := loadContexts(path)
		if err != nil {
			return err
		}
		return do(ctx, &session{app: a, cmd: cmd, out: cmd.OutOrStdout(), err: cmd.ErrOrStderr()}, path, all, args)
	})
}

func (a *app) contextLs() *cobra.Command {
	return &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "List contexts", Args: cobra.NoArgs,
		RunE: a.withContexts(func(_ context.Context, s *session, _ string, all Contexts, _ []string) error {
			var views []record[contextView]
			for _, name := range slices.Sorted(maps.Keys(all.Contexts)) {
				view, err := viewOf(all, name)
				if err != nil {
					return err
				}
				views = append(views, view)
			}
			return contexts.print(s, views)
		}),
	}
}

func (a *app) contextShow() *cobra.Command {
	return &cobra.Command{
		Use: "show [CONTEXT]", Aliases: []string{"get"}, Short: "Show a context, the current one by default", Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: first(a.completeContexts),
		RunE: a.withContexts(func(_ context.Context, s *session, _ string, all Contexts, args []string) error {
			name := firstOf(append(args, a.context, all.Current)...)
			if _, ok := all.Contexts[name]; !ok {
				if name == "" {
					return errNoContext
				}
				return unknownContext(name, all)
			}
			view, err := viewOf(all, name)
			if err != nil {
				return err
			}
			return contexts.printOne(s, view)
		}),
	}
}

func (a *app) contextUse() *cobra.Command {
	return &cobra.Command{
		Use: "use CONTEXT", Short: "Make a context the current one", Args: cobra.ExactArgs(1), ValidArgsFunction: first(a.completeContexts),
		RunE: a.changing(func(s *session, all *Contexts, name string) error {
			all.Current = name
			return nil
		}, "Commands talk to %s from now on.\n"),
	}
}

func (a *app) contextRm() *cobra.Command {
	return &cobra.Command{
		Use: "rm CONTEXT", Aliases: []string{"delete"}, Short: "Forget a context; its server goes on", Args: cobra.ExactArgs(1), ValidArgsFunction: first(a.completeContexts),
		RunE: a.changing(func(s *session, all *Contexts, name string) error {
			delete(all.Contexts, name)
			if all.Current == name {
				all.Current = ""
				s.say("It was the current one: `kelvin context use` chooses another.")
			}
			return nil
		}, "Forgot context %s.\n"),
	}
}

// changing changes the file, on a context that is there, and says done.
func (a *app) changing(change func(s *session, all *Contexts, name string) error, done string) func(*cobra.Command, []string) error {
	return a.withContexts(func(_ context.Context, s *session, path string, _ Contexts, args []string) error {
		err := changeContexts(path, func(all *Contexts) error {
			if _, ok := all.Contexts[args[0]]; !ok {
				return unknownContext(args[0], *all)
			}
			return change(s, all, args[0])
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.out, done, args[0])
		return err
	})
}

func (a *app) contextSet() *cobra.Command {
	var c Context
	var keyStdin bool
	cmd := &cobra.Command{
		Use: "set NAME", Short: "Add or change a context, and make it the current one",
		Long: "Saves a server and a key under a name, and makes it the current context. What is left out stays as it was.\n" +
			"The key is read from --key-stdin, KELVIN_API_KEY or a prompt, so that it is not left in the shell's history.",
		Example: "  kelvin context set prod --server https://kelvin.example.com",
		Args:    cobra.ExactArgs(1), ValidArgsFunction: first(a.completeContexts),
		RunE: a.withContexts(func(ctx context.Context, s *session, path string, all Contexts, args []string) error {
			name := args[0]
			if name == "" || clean(name) != name || strings.TrimSpace(name) != name {
				return usage(s.cmd, "that is not a name for a context; allowed: printable characters without white space around them")
			}
			c.Server = strings.TrimRight(firstOf(a.server, a.getenv("KELVIN_SERVER"), all.Contexts[name].Server), "/")
			if c.Server == "" {
				return usage(s.cmd, "which server? Give --server")
			}
			server, err := parseServer(c.Server)
			if err != nil {
				return err
			}
			if c.Key, err = a.readKey(s, keyStdin, all.Contexts[name]); err != nil {
				return err
			}
			if server.Scheme == "http" && !loopback(server.Hostname()) {
				s.say("Warning: over http the key can be read on its way. Use https if the server has it.")
			}
			if err := setContext(path, name, c); err != nil {
				return err
			}
			fmt.Fprintf(s.out, "Context %s is saved in %s, and the current one.\n", name, path)
			return a.greet(ctx, s, name, c)
		}),
	}
	cmd.Flags().BoolVar(&keyStdin, "key-stdin", false, "Read the key from standard input")
	cmd.Flags().StringVar(&c.TemporalUI, "temporal-ui", "", "`URL` of Temporal's web UI, to be shown. Default: none")
	cmd.Flags().StringVar(&c.Gateway, "gateway", "", "`URL` of the gateway, to be shown. Default: none")
	return cmd
}

// setContext saves c over what is there of it.
func setContext(path, name string, c Context) error {
	return changeContexts(path, func(all *Contexts) error {
		was := all.Contexts[name]
		c.TemporalUI, c.Gateway = firstOf(c.TemporalUI, was.TemporalUI), firstOf(c.Gateway, was.Gateway)
		all.Contexts[name], all.Current = c, name
		return nil
	})
}

func (a *app) readKey(s *session, stdin bool, was Context) (string, error) {
	if stdin {
		text, err := io.ReadAll(io.LimitReader(s.cmd.InOrStdin(), 4<<10))
		if key := strings.TrimSpace(string(text)); err == nil && key != "" {
			return key, nil
		}
		return "", usage(s.cmd, "there is no key on standard input")
	}
	if key := a.getenv("KELVIN_API_KEY"); key != "" {
		return key, nil
	}
	if terminal, ok := terminalOf(s.cmd.InOrStdin()); ok {
		fmt.Fprint(s.err, "API key (not shown): ")
		text, err := term.ReadPassword(int(terminal.Fd()))
		fmt.Fprintln(s.err)
		if err != nil {
			return "", fmt.Errorf("read the key: %w", err)
		}
		if key := strings.TrimSpace(string(text)); key != "" {
			return key, nil
		}
	}
	if was.Key == "" || a.server != "" && !sameServer(a.server, was.Server) {
		return "", usage(s.cmd, "which key? Give --key-stdin, or set KELVIN_API_KEY")
	}
	return was.Key, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// greet tries the context out. That a server does not answer now is no reason to fail: it
// is saved.
func (a *app) greet(ctx context.Context, s *session, name string, c Context) error {
	client, err := newClient(place{Context: c, name: name}, a)
	if err != nil {
		return err
	}
	client.tries = 1
	var me api.Me
	err = client.get(ctx, "/v1/me", nil, &me)
	if errors.Is(err, context.Canceled) || fleet.Is(err, fleet.Unauthenticated) || fleet.Is(err, fleet.Forbidden) {
		return err
	}
	if err != nil {
		s.say("It was not tried out: " + err.Error())
		return nil
	}
	_, err = fmt.Fprintf(s.out, "Signed in as %s (%s).\n", clean(me.Account), me.Role)
	return err
}

// first completes the first argument only.
func first(with completer) completer {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return with(cmd, args, toComplete)
	}
}
