package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

var controllers = &noun[api.Controller]{
	one: "controller", path: "/v1/controllers", onePage: true,
	names: func(c api.Controller) (id, name string) { return c.DataCenter, c.DataCenter },
	columns: []column[api.Controller]{
		{"DATA CENTER", func(c api.Controller, _ time.Time) string { return c.DataCenter }},
		{"STATE", func(c api.Controller, _ time.Time) string { return string(c.State) }},
		{"ENDPOINTS", func(c api.Controller, _ time.Time) string { return fmt.Sprint(c.Endpoints) }},
		{"SERVERS", func(c api.Controller, _ time.Time) string { return fmt.Sprint(c.Servers) }},
		{"GATEWAYS", func(c api.Controller, _ time.Time) string { return liveGateways(c) }},
		{"AUTOSTOP", countdown},
		{"SINCE", func(c api.Controller, now time.Time) string { return ago(c.Since, now) }},
	},
	show: func(c api.Controller, now time.Time) facts {
		var f facts
		f.add("Data center", c.DataCenter)
		f.add("State", string(c.State))
		f.add("Since", moment(c.Since, now))
		f.add("By", c.Actor)
		f.add("Needed by", fmt.Sprintf("%d endpoints, %d servers with ports", c.Endpoints, c.Servers))
		f.add("Autostop", countdown(c, now))
		f.add("Idle since", moment(c.Autostop.IdleSince, now))
		for _, g := range c.Gateways {
			f.add("Gateway "+g.Name, fmt.Sprintf("%s, seen %s", pulse(g.Live), ago(g.SeenAt, now)))
		}
		return f
	},
}

func pulse(live bool) string {
	if live {
		return "live"
	}
	return "silent"
}

func liveGateways(c api.Controller) string {
	live := 0
	for _, g := range c.Gateways {
		if g.Live {
			live++
		}
	}
	return fmt.Sprintf("%d/%d live", live, len(c.Gateways))
}

// countdown says when a controller stops by itself.
func countdown(c api.Controller, now time.Time) string {
	switch {
	case c.Autostop.Paused:
		return "paused"
	case c.Autostop.StopsAt.IsZero():
		return "after " + time.Duration(c.Autostop.After).String()
	}
	return "in " + max(0, c.Autostop.StopsAt.Sub(now)).Round(time.Second).String()
}

func (a *app) controllerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "controller", Aliases: []string{"controllers"}, Short: "Look at data centers' controllers, start and stop them",
		Long: "A controller is the gateway side of a data center. It starts with the first endpoint, or server with ports, and stops by itself " +
			"10 minutes (`kelvin controller autostop`) after the last one is gone; what is created meanwhile ends the countdown. While it is down its " +
			"gateways have given their ports back. Only accounts that operate the fleet see controllers.",
	}
	cmd.AddCommand(
		lsCommand(a, controllers, "List controllers", 0, nil), showCommand(a, controllers, "Show a controller, and the countdown to its autostop"),
		a.controllerDoes("up", "Start a controller now", http.MethodPost, "/up", nil),
		a.controllerDoes("down", "Stop a controller now; refused while endpoints, or servers with ports, need it", http.MethodPost, "/down", nil),
		a.controllerDoes("pause", "Keep a controller up however idle it is", http.MethodPatch, "", api.ControllerPatch{Paused: new(true)}),
		a.controllerDoes("resume", "Let a controller stop by itself again; the countdown begins anew", http.MethodPatch, "", api.ControllerPatch{Paused: new(false)}),
		a.controllerAutostop(),
	)
	return cmd
}

func (a *app) controllerDoes(does, short, method, path string, body any) *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use: does + " DATA-CENTER", Short: short, Args: cobra.ExactArgs(1), ValidArgsFunction: completeNouns(a, controllers, nil),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			return s.changeController(ctx, args[0], path, call{method: method, body: body, key: key})
		}),
	}
	keyFlag(cmd, &key)
	return cmd
}

func (a *app) controllerAutostop() *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use: "autostop DATA-CENTER AFTER", Short: "Say how long a controller stays up with nothing to serve", Args: cobra.ExactArgs(2),
		Long: "AFTER is a duration from 1m to 168h, such as 10m. It is kept over restarts.", Example: "  kelvin controller autostop us-east 30m",
		ValidArgsFunction: completeNouns(a, controllers, nil),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			after, err := time.ParseDuration(args[1])
			if err != nil {
				return usage(s.cmd, "%q is no duration; allowed: 1m to 168h", args[1])
			}
			return s.changeController(ctx, args[0], "", call{method: http.MethodPatch, body: api.ControllerPatch{Autostop: new(fleet.Duration(after))}, key: key})
		}),
	}
	keyFlag(cmd, &key)
	return cmd
}

// changeController asks for a change of a data center's controller, and says what it is then.
func (s *session) changeController(ctx context.Context, dataCenter, path string, in call) error {
	if err := checkKey(s.cmd, in.key); err != nil {
		return err
	}
	in.path, in.key = controllers.path+"/"+url.PathEscape(dataCenter)+path, firstOf(in.key, newKey())
	var now record[api.Controller]
	if err := s.do(ctx, in, &now); err != nil {
		return err
	}
	if s.output != formatTable {
		return controllers.printOne(s, now)
	}
	_, err := fmt.Fprintf(s.out, "controller %s: %s, autostop %s\n", clean(now.it.DataCenter), now.it.State, countdown(now.it, s.now()))
	return err
}
