package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
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
		f.add("Look at", strings.Join(q.Fill, ", "))
		use := "kelvin endpoint create NAME --quick-deploy " + q.Name
		for _, name := range q.Fill {
			use += " --env " + name + "=…"
		}
		f.add("Use it", use)
		return f
	},
}

func (a *app) quickDeployCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "quick-deploy", Aliases: []string{"quick-deploys", "qd"}, Short: "See the named starting points for endpoints",
		Long: "A quick deploy fills in what `kelvin endpoint create --quick-deploy NAME` leaves out.",
	}
	cmd.AddCommand(lsCommand(a, quickDeploys, "List quick deploys", 0, nil), showCommand(a, quickDeploys, "Show a quick deploy"))
	return cmd
}
