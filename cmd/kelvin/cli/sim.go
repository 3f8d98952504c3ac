package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine/sim"
)

// A faultKind explains a kind of fault.
type faultKind struct {
	Name   string       `json:"name"`
	Does   string       `json:"does"`
	Params []faultParam `json:"params"`
}

type faultParam struct {
	Name    string   `json:"name"`
	Default string   `json:"default"`
	Does    string   `json:"does"`
	Allowed []string `json:"allowed,omitempty"`
}

var faultKinds = &noun[faultKind]{
	one:   "fault",
	names: func(k faultKind) (id, name string) { return k.Name, "" },
	columns: []column[faultKind]{
		{"FAULT", func(k faultKind, _ time.Time) string { return k.Name }},
		{"PARAMETERS", func(k faultKind, _ time.Time) string {
			var params []string
			for _, p := range k.Params {
				params = append(params, p.Name+"="+p.Default)
			}
			return strings.Join(params, " ")
		}},
		{"WHAT IT DOES", func(k faultKind, _ time.Time) string { return k.Does }},
	},
	show: func(k faultKind, _ time.Time) facts {
		var f facts
		f.add("Fault", k.Name)
		f.add("Does", k.Does)
		for _, p := range k.Params {
			text := p.Does + ". Default: " + p.Default
			if len(p.Allowed) > 0 {
				text += "; allowed: " + strings.Join(p.Allowed, ", ")
			}
			f.add("--param "+p.Name, text)
		}
		return f
	},
}

var faults = &noun[fleet.GPUFault]{
	one:   "fault",
	names: func(f fleet.GPUFault) (id, name string) { return f.Name, "" },
	columns: []column[fleet.GPUFault]{
		{"INDEX", func(f fleet.GPUFault, _ time.Time) string {
			if f.Index < 0 {
				return "" // the driver does not list it
			}
			return fmt.Sprint(f.Index)
		}},
		{"GPU", func(f fleet.GPUFault, _ time.Time) string { return f.GPU }},
		{"FAULT", func(f fleet.GPUFault, _ time.Time) string { return f.Name }},
		{"PARAMETERS", func(f fleet.GPUFault, _ time.Time) string { return strings.ReplaceAll(pairs(f.Params), "\n", " ") }},
		{"STRIKES", func(f fleet.GPUFault, _ time.Time) string {
			if f.Left > 0 {
				return fmt.Sprintf("%d more", f.Left)
			}
			return ""
		}},
		{"SINCE", func(f fleet.GPUFault, now time.Time) string { return ago(f.Since, now) }},
		{"WHAT IT DOES", func(f fleet.GPUFault, _ time.Time) string { return f.Does }},
	},
}

func (a *app) simCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "sim", Short: "Make simulated GPUs go wrong, and watch Kelvin react",
		Long: "For development and demonstrations: makes the GPUs that a host simulates (--sim-gpus) go wrong. What follows is up to Kelvin: " +
			"`kelvin gpu`, `kelvin event ls --resource HOST-ID` and the reports of operations show it. Faults outlive the agent. Only accounts that operate the fleet may.",
		Example: "  kelvin sim fault ls\n  kelvin sim fault add dev-1 0 uncorrected-contained\n  kelvin sim fault add dev-1 3 data-mismatch --param bit=5 --param address=0x1000\n  kelvin sim fault show dev-1\n  kelvin sim heal dev-1 0",
	}
	fault := &cobra.Command{Use: "fault", Aliases: []string{"faults"}, Short: "List faults, and inject them"}
	fault.AddCommand(a.faultList(), a.faultAdd(), a.faultShow())
	cmd.AddCommand(fault, a.simHeal())
	return cmd
}

func (a *app) faultList() *cobra.Command {
	return &cobra.Command{
		Use: "ls [FAULT]", Aliases: []string{"list"}, Short: "Explain all faults, or one with its parameters", Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: first(fixed(faultNames()...)),
		RunE: a.local(func(_ context.Context, cmd *cobra.Command, args []string) error {
			s := &session{app: a, cmd: cmd, out: cmd.OutOrStdout(), err: cmd.ErrOrStderr()}
			var all []record[faultKind]
			for _, k := range sim.GPUFaults {
				view := faultKind{Name: k.Name, Does: k.Does, Params: []faultParam{}}
				for _, p := range k.Params {
					allowed := p.Values
					if p.Max > 0 {
						allowed = []string{fmt.Sprintf("%d to %d", p.Min, p.Max)}
					}
					view.Params = append(view.Params, faultParam{Name: p.Name, Default: p.Default, Does: p.Does, Allowed: allowed})
				}
				raw, err := json.Marshal(view)
				if err != nil {
					return err
				}
				if len(args) == 1 && args[0] == k.Name {
					return faultKinds.printOne(s, record[faultKind]{view, raw})
				}
				all = append(all, record[faultKind]{view, raw})
			}
			if len(args) == 1 {
				return usage(cmd, "there is no fault %q; allowed: %s", args[0], strings.Join(faultNames(), ", "))
			}
			return faultKinds.print(s, all)
		}),
	}
}

func faultNames() []string {
	var names []string
	for _, k := range sim.GPUFaults {
		names = append(names, k.Name)
	}
	return names
}

func (a *app) faultAdd() *cobra.Command {
	var (
		key    string
		params []string
	)
	cmd := &cobra.Command{
		Use: "add HOST GPU FAULT", Short: "Make a simulated GPU go wrong", Args: cobra.ExactArgs(3),
		Long: "GPU is the index of one of the host's GPUs, or its UUID. A fault takes the place of one of the same name that the GPU has. " +
			"`kelvin sim fault ls FAULT` explains the parameters.",
		ValidArgsFunction: a.completeFault,
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			order := fleet.GPUFaultOrder{GPU: args[1], Name: args[2], Params: map[string]string{}}
			for _, p := range params {
				name, value, ok := strings.Cut(p, "=")
				if !ok || name == "" {
					return usage(s.cmd, "--param is %q; allowed: name=value", p)
				}
				order.Params[name] = value
			}
			return s.askFaults(ctx, args[0], call{method: http.MethodPost, body: order, key: key})
		}),
	}
	cmd.Flags().StringArrayVar(&params, "param", nil, "A parameter of the fault, `name=value`; can be given several times")
	keyFlag(cmd, &key)
	return cmd
}

func (a *app) faultShow() *cobra.Command {
	return &cobra.Command{
		Use: "show HOST", Aliases: []string{"get"}, Short: "Show what is wrong with a host's simulated GPUs", Args: cobra.ExactArgs(1),
		ValidArgsFunction: completeNouns(a, hosts, simulating),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			return s.askFaults(ctx, args[0], call{method: http.MethodGet})
		}),
	}
}

func (a *app) simHeal() *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use: "heal HOST [GPU]", Short: "Take what is wrong with simulated GPUs away", Args: cobra.RangeArgs(1, 2),
		Long:              "Heals one GPU, by its index or UUID, or all of the host: also its counters are as new. What Kelvin has decided about it, such as a quarantine, stays; `kelvin gpu release` lifts that.",
		ValidArgsFunction: completeNouns(a, hosts, simulating),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			in := call{method: http.MethodDelete, key: key}
			if len(args) == 2 {
				in.query = url.Values{"gpu": {args[1]}}
			}
			return s.askFaults(ctx, args[0], in)
		}),
	}
	keyFlag(cmd, &key)
	return cmd
}

func simulating(h api.Host) bool { return h.Simulated }

// askFaults asks about or for faults, and prints those that there are then.
func (s *session) askFaults(ctx context.Context, host string, in call) error {
	if in.method != http.MethodGet {
		if err := checkKey(s.cmd, in.key); err != nil {
			return err
		}
		in.key = firstOf(in.key, newKey())
	}
	found, err := hosts.find(ctx, s.client, host)
	if err != nil {
		return err
	}
	in.path = hosts.path + "/" + url.PathEscape(found.it.ID) + "/faults"
	var now struct {
		Items []record[fleet.GPUFault] `json:"items"`
	}
	if err := s.do(ctx, in, &now); err != nil {
		return err
	}
	return faults.print(s, now.Items)
}

// completeFault completes a host, and then what is behind its GPU: the fault.
func (a *app) completeFault(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return completeNouns(a, hosts, simulating)(cmd, args, typed)
	case 2:
		return fixed(faultNames()...)(cmd, args, typed)
	default:
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
}
