package cli

import (
	"context"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

func (a *app) hostPreempt() *cobra.Command {
	var (
		key       string
		in        time.Duration
		rebalance bool
		cancel    bool
	)
	cmd := &cobra.Command{
		Use: "preempt HOST", Short: "Treat a host as one that its provider takes away", Args: cobra.ExactArgs(1),
		Long: "What follows is what a provider's own notice has follow: the host gets nothing new, its workers are replaced at once, and its servers are moved if there is time. " +
			"The host itself stays as it is; if it is still there ten minutes after --in, it counts as spared. For tests, and for providers that tell people rather than machines. --cancel lifts the notice, whoever gave it.",
		ValidArgsFunction: completeNouns(a, hosts, nil),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			switch {
			case cancel && (rebalance || s.cmd.Flags().Changed("in")):
				return usage(s.cmd, "--cancel goes without --in and --rebalance")
			case rebalance && s.cmd.Flags().Changed("in"):
				return usage(s.cmd, "--rebalance goes without --in: nobody knows when")
			case in <= 0 || in > fleet.MaxNotice:
				return usage(s.cmd, "--in is %s; allowed: more than 0s, to 24h", in)
			}
			body := api.HostPreempt{In: fleet.Duration(in), Kind: fleet.NoticePreempt}
			if rebalance {
				body = api.HostPreempt{Kind: fleet.NoticeRebalance}
			}
			ask := call{method: http.MethodPost, body: body, key: key}
			if cancel {
				ask.method, ask.body = http.MethodDelete, nil
			}
			host, err := s.changeHost(ctx, args[0], "/preempt", ask)
			if err != nil {
				return err
			}
			return s.printHost(host)
		}),
	}
	cmd.Flags().DurationVar(&in, "in", 30*time.Second, "Until the host is gone")
	cmd.Flags().BoolVar(&rebalance, "rebalance", false, "It may go soon; nobody knows when: its workers are replaced one at a time")
	cmd.Flags().BoolVar(&cancel, "cancel", false, "Lift the notice")
	keyFlag(cmd, &key)
	return cmd
}
