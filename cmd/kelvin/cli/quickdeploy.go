package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

var quickDeploys = &noun[api.QuickDeploy]{
	one: "quick-deploy", path: "/v1/quick-deploys", onePage: true,
	names: func(q api.QuickDeploy) (id, name string) { return q.Name, q.Name },
	columns: []column[api.QuickDeploy]{
		{"NAME", func(q api.QuickDeploy, _ time.Time) string { return q.Name }},
		{"TITLE", func(q api.QuickDeploy, _ time.Time) string { return q.Title }},
		{"TESTED", func(q api.QuickDeploy, _ time.Time) string { return yes(q.Verified, "no") }},
		{"IMAGE", func(q api.QuickDeploy, _ time.Time) string { return q.Spec.Image }},
		{"LOOK AT", func(q api.QuickDeploy, _ time.Time) string { return strings.Join(q.Fill, ", ") }},
	},
	show: func(q api.QuickDeploy, _ time.Time) facts {
		var f facts
		f.add("Quick deploy", q.Name)
		f.add("Title", q.Title)
		f.add("Description", q.Description)
		f.add("Tested", yes(q.Verified, "no: a starting point that nobody has run there"))
		f.add("Image", q.Spec.Image)
		f.add("Command", q.Spec.Command)
		f.add("GPUs per worker", gpusOf(q.Spec.GPUsPerWorker, q.Spec.GPUType))
		f.add("Port", fmt.Sprint(q.Spec.Port))
		f.add("Env", pairs(q.Spec.Env))
		for _, p := range q.Params {
			f.add("Parameter "+p.Name, paramOf(p))
		}
		f.add("Look at", strings.Join(q.Fill, ", "))
		if len(q.Params) > 0 {
			f.add("Deploy it", "kelvin deploy "+q.Name+" --param "+q.Params[0].Name+"=…")
		}
		use := "kelvin endpoint create NAME --quick-deploy " + q.Name
		for _, name := range q.Fill {
			use += " --env " + name + "=…"
		}
		f.add("Use it", use)
		return f
	},
}

// paramOf says in a line what a parameter can be.
func paramOf(p fleet.Param) string {
	parts := []string{p.Title}
	switch {
	case p.Kind == fleet.ParamNumber && p.Max > 0:
		parts = append(parts, fmt.Sprintf("%d to %d", p.Min, p.Max))
	case p.Kind == fleet.ParamChoice:
		parts = append(parts, strings.Join(p.Choices, ", "))
	case len(p.Choices) > 0:
		parts = append(parts, "any text, such as "+p.Choices[0])
	}
	if p.Default != "" {
		parts = append(parts, "default "+p.Default)
	}
	return strings.Join(parts, "; ")
}

func (a *app) quickDeployCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "quick-deploy", Aliases: []string{"quick-deploys", "qd"}, Short: "See the named starting points for endpoints",
		Long: "A quick deploy fills in what `kelvin endpoint create --quick-deploy NAME` leaves out.",
	}
	cmd.AddCommand(lsCommand(a, quickDeploys, "List quick deploys", 0, nil), showCommand(a, quickDeploys, "Show a quick deploy"))
	return cmd
}
