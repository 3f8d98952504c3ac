package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

func (a *app) hostDrain() *cobra.Command {
	var (
		key      string
		parallel int
		cancel   bool
		wait     bool
		timeout  time.Duration
	)
	cmd := &cobra.Command{
		Use: "drain HOST", Short: "Move everything off a host", Args: cobra.ExactArgs(1),
		Long: "Cordons a host, migrates its servers, and replaces its workers, some at a time. What cannot leave now is tried again; `kelvin host show` says " +
			"what is left, and why. Asked again, it changes --parallel. --cancel ends it: moves that are open are undone, and the cordon stays on; " +
			"`kelvin host uncordon` lifts that, too.",
		ValidArgsFunction: completeNouns(a, hosts, nil),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			switch {
			case parallel < 1 || parallel > fleet.MaxDrainParallel:
				return usage(s.cmd, "--parallel is %d; allowed: 1 to %d", parallel, fleet.MaxDrainParallel)
			case cancel && (wait || s.cmd.Flags().Changed("parallel")):
				return usage(s.cmd, "--cancel goes without --wait and --parallel")
			case timeout < 0:
				return usage(s.cmd, "--timeout is negative; allowed: 0s for no limit, or a duration such as 2h")
			case timeout > 0 && !wait:
				return usage(s.cmd, "--timeout goes with --wait")
			}
			in := call{method: http.MethodPost, body: api.HostDrain{Parallel: parallel}, key: key}
			if cancel {
				in.method, in.body = http.MethodDelete, nil
			}
			host, err := s.changeHost(ctx, args[0], "/drain", in)
			if err != nil {
				return err
			}
			if wait {
				if host, err = s.awaitDrained(ctx, host, timeout); err != nil {
					return err
				}
			}
			return s.printHost(host)
		}),
	}
	cmd.Flags().IntVar(&parallel, "parallel", fleet.DefaultDrainParallel, "How many instances leave at a time, 1 to 64")
	cmd.Flags().BoolVar(&cancel, "cancel", false, "End the drain")
	cmd.Flags().BoolVar(&wait, "wait", false, "Wait until nothing lives there any more, and say what is left")
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "How long to wait, such as 90m; the drain goes on after it. Default: to the end")
	keyFlag(cmd, &key)
	return cmd
}

func (a *app) hostRetire() *cobra.Command {
	var (
		key     string
		discard bool
		yes     bool
	)
	cmd := &cobra.Command{
		Use: "retire HOST", Short: "Take an empty host out for good", Args: cobra.ExactArgs(1),
		Long:              "The token of its agent is void then, its GPUs are gone, and its name is free for another host. Drain it first.",
		ValidArgsFunction: completeNouns(a, hosts, func(h api.Host) bool { return h.State == fleet.HostDrained }),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			host, err := hosts.find(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			what := fmt.Sprintf("This will retire host %s: its token is void then. There is no way back.", host.it.Name)
			if err := s.confirm(yes, what, host.it.Name); err != nil {
				return err
			}
			in := call{method: http.MethodPost, body: api.HostRetire{DiscardKept: discard}, key: key}
			if host, err = s.changeHost(ctx, host.it.ID, "/retire", in); err != nil {
				return err
			}
			return s.printHost(host)
		}),
	}
	cmd.Flags().BoolVar(&discard, "discard-kept", false, "Discard data that is kept there for owners whose servers were recovered elsewhere")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "Do not ask for confirmation")
	keyFlag(cmd, &key)
	return cmd
}

// changeHost asks for a change of the host called name, and returns it as it is then.
func (s *session) changeHost(ctx context.Context, name, does string, in call) (now record[api.Host], err error) {
	if err := checkKey(s.cmd, in.key); err != nil {
		return now, err
	}
	host, err := hosts.find(ctx, s.client, name)
	if err != nil {
		return now, err
	}
	in.path, in.key = hosts.path+"/"+url.PathEscape(host.it.ID)+does, firstOf(in.key, newKey())
	return now, s.do(ctx, in, &now)
}

func (s *session) printHost(host record[api.Host]) error {
	if s.output != formatTable {
		return hosts.printOne(s, host)
	}
	_, err := fmt.Fprintf(s.out, "host %s: %s\n", clean(host.it.Name), host.it.State)
	return err
}

// awaitDrained looks at a host until it is drained, and says what is left whenever that
// changes.
func (s *session) awaitDrained(ctx context.Context, host record[api.Host], timeout time.Duration) (record[api.Host], error) {
	within, cancel := ctx, context.CancelFunc(func() {})
	if timeout > 0 {
		within, cancel = context.WithTimeout(ctx, timeout)
	}
	defer cancel()
	goesOn := fmt.Sprintf("The drain goes on; `kelvin host show %s` shows how far it is, `kelvin host drain %s --cancel` ends it.", host.it.Name, host.it.Name)
	var last string
	var brokeAt time.Time
	for {
		switch {
		case host.it.State == fleet.HostDrained:
			return host, nil
		case host.it.Drain == nil:
			return host, &failure{exit: exitFailed, err: fmt.Errorf("the drain of %s was cancelled: the host is %s", host.it.Name, host.it.State)}
		}
		if text := remaining(*host.it.Drain); text != last {
			last = text
			s.say(text)
		}
		err := s.pause(within, watchEvery)
		if err == nil {
			var now record[api.Host]
			if err = s.get(within, hosts.path+"/"+url.PathEscape(host.it.ID), nil, &now); err == nil {
				host, brokeAt = now, time.Time{}
				continue
			}
		}
		switch {
		case ctx.Err() != nil:
			s.say(goesOn)
			return host, errInterrupted
		case errors.Is(within.Err(), context.DeadlineExceeded):
			return host, &failure{exit: exitTimeout, err: fmt.Errorf("%s is not drained after %s", host.it.Name, timeout), next: []string{goesOn}}
		case !transient(err) || !brokeAt.IsZero() && s.now().Sub(brokeAt) > patience:
			return host, err
		case brokeAt.IsZero():
			brokeAt = s.now()
			s.note("Lost the connection to the server; trying again for up to a minute.")
		}
	}
}

// remaining is a line on what is left of a drain.
func remaining(d api.Drain) string {
	text := fmt.Sprintf("%d of %d left", d.Remaining, max(d.Total, d.Remaining))
	for i, o := range d.Left {
		if i == 3 {
			return text + ", …"
		}
		text += fmt.Sprintf(", %s: %s", o.Name, o.Reason)
	}
	return text
}

// showDrain shows how far a host has been emptied.
func showDrain(h api.Host, now time.Time, f *facts) {
	if h.Drain == nil {
		return
	}
	f.add("Drain", fmt.Sprintf("%d of %d left, %d at a time", h.Drain.Remaining, max(h.Drain.Total, h.Drain.Remaining), h.Drain.Parallel))
	f.add("  since", moment(h.Drain.StartedAt, now))
	f.add("  over", moment(h.Drain.EndedAt, now))
	for _, o := range h.Drain.Left {
		kind := "server"
		if o.EndpointID != "" {
			kind = "worker"
		}
		f.add("  "+kind, fmt.Sprintf("%s (%s, %s): %s", o.Name, o.InstanceID, o.State, o.Reason))
	}
}
