package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

var hosts = &noun[api.Host]{
	one: "host", path: "/v1/hosts", prefix: fleet.HostPrefix,
	names: func(h api.Host) (id, name string) { return h.ID, h.Name },
	columns: []column[api.Host]{
		{"NAME", func(h api.Host, _ time.Time) string { return h.Name }},
		{"STATE", func(h api.Host, _ time.Time) string { return string(h.State) }},
		{"MARKET", func(h api.Host, _ time.Time) string { return market(h) }},
		{"DATA CENTER", func(h api.Host, _ time.Time) string { return h.DataCenter }},
		{"GPUS FREE", func(h api.Host, _ time.Time) string { return fmt.Sprintf("%d/%d", h.GPUs.Free, h.GPUs.Total) }},
		{"DISK FREE", func(h api.Host, _ time.Time) string { return bytesOf(h.Disk.Free) }},
		{"MACHINE", func(h api.Host, _ time.Time) string { return machine(h) }},
		{"VERSION", func(h api.Host, _ time.Time) string { return h.Version }},
		{"SEEN", func(h api.Host, now time.Time) string { return ago(h.SeenAt, now) }},
		{"ID", func(h api.Host, _ time.Time) string { return h.ID }},
	},
	show: func(h api.Host, now time.Time) facts {
		var f facts
		f.add("Host", h.Name)
		f.add("ID", h.ID)
		f.add("State", string(h.State))
		f.add("Notice", notice(h, now))
		f.add("Market", market(h))
		f.add("Provider", h.Provider)
		f.add("Zone", h.Zone)
		f.add("Data center", h.DataCenter)
		f.add("Address", h.Address)
		f.add("Machine", machine(h))
		f.add("Agent", h.Version)
		f.add("Connected", yes(h.Connected, "no"))
		f.add("GPUs", fmt.Sprintf("%d, %d of them free", h.GPUs.Total, h.GPUs.Free))
		f.add("GPU access", gpuAccess(h.GPUAccess))
		f.add("Disk", fmt.Sprintf("%s, %s of it free", bytesOf(h.Disk.Total), bytesOf(h.Disk.Free)))
		f.add("Seen", moment(h.SeenAt, now))
		f.add("Lease ends", moment(h.ExpiresAt, now))
		f.add("Retired", moment(h.RetiredAt, now))
		showDrain(h, now, &f)
		return f
	},
}

// market is how a host is paid for, and by whom it is sold.
func market(h api.Host) string {
	if h.Provider == "" || h.Provider == "none" {
		return string(h.Market)
	}
	return fmt.Sprintf("%s (%s)", h.Market, h.Provider)
}

// notice says that a host is taken away.
func notice(h api.Host, now time.Time) string {
	if h.Notice == nil {
		return ""
	}
	n := fleet.Notice{Kind: h.Notice.Kind, Source: h.Notice.Source, At: h.Notice.At, Deadline: h.Notice.Deadline}
	return n.Words(now) + ", heard " + ago(n.At, now)
}

func machine(h api.Host) string {
	if h.Simulated {
		return h.Machine + " (simulated GPUs)"
	}
	return h.Machine
}

// gpuAccess says how a host's containers get GPUs.
func gpuAccess(a fleet.GPUAccess) string {
	switch a {
	case fleet.AccessCDI:
		return "cdi: the engine hands them over by name"
	case fleet.AccessHook:
		return "nvidia: by NVIDIA's hook; systemctl daemon-reload can take them away again"
	case fleet.AccessNone:
		return "none: the engine cannot hand GPUs over"
	case fleet.AccessSimulated:
		return "simulated"
	}
	return ""
}

func (a *app) hostCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "host", Aliases: []string{"hosts"}, Short: "Look at hosts, and keep new work off them",
		Long: "A host is a machine with GPUs that runs Kelvin's agent. Only accounts that operate the fleet see hosts.",
	}
	cmd.AddCommand(
		a.hostList(), showCommand(a, hosts, "Show a host, and how far it has been emptied"),
		a.cordon("cordon", "Keep new work off a host; what runs there goes on", fleet.HostReady),
		a.cordon("uncordon", "Let a host take new work again; a drain ends", fleet.HostCordoned, fleet.HostDraining, fleet.HostDrained),
		a.hostDrain(), a.hostRetire(), a.hostPreempt(),
	)
	return cmd
}

func (a *app) hostList() *cobra.Command {
	var (
		all    bool
		market string
	)
	cmd := lsCommand(a, hosts, "List hosts", 0, func(_ context.Context, s *session, query url.Values) error {
		if market != "" && market != string(fleet.OnDemand) && market != string(fleet.Spot) {
			return usage(s.cmd, "--market is %q; allowed: on-demand, spot", market)
		}
		if market != "" {
			query.Set("market", market)
		}
		if all {
			query.Set("all", "true")
		}
		return nil
	})
	cmd.Flags().BoolVarP(&all, "all", "a", false, "Retired ones, too")
	cmd.Flags().StringVar(&market, "market", "", "Only those of this market: on-demand or spot")
	return cmd
}

func (a *app) cordon(does, short string, from ...fleet.HostState) *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use: does + " HOST", Short: short, Args: cobra.ExactArgs(1),
		ValidArgsFunction: completeNouns(a, hosts, func(h api.Host) bool { return slices.Contains(from, h.State) }),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			host, err := s.changeHost(ctx, args[0], "/"+does, call{method: http.MethodPost, key: key})
			if err != nil {
				return err
			}
			return s.printHost(host)
		}),
	}
	keyFlag(cmd, &key)
	return cmd
}
