package cli

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

var instances = &noun[api.Instance]{
	one: "instance", path: "/v1/instances", prefix: fleet.InstancePrefix, byName: true,
	names: func(i api.Instance) (id, name string) { return i.ID, i.Name },
	columns: []column[api.Instance]{
		{"NAME", func(i api.Instance, _ time.Time) string { return i.Name }},
		{"STATE", func(i api.Instance, _ time.Time) string { return heading(i.State, i.Target) }},
		{"READY", func(i api.Instance, _ time.Time) string { return yes(i.Ready, "no") }},
		{"GPUS", func(i api.Instance, _ time.Time) string { return held(i) }},
		{"ADDRESS", func(i api.Instance, _ time.Time) string { return strings.Join(addresses(i), " ") }},
		{"ENDPOINT", func(i api.Instance, _ time.Time) string { return i.EndpointID }},
		{"AGE", func(i api.Instance, now time.Time) string { return ago(i.CreatedAt, now) }},
		{"ID", func(i api.Instance, _ time.Time) string { return i.ID }},
	},
	show: showInstance,
}

func legalOnInstance(i api.Instance) []string { return i.Legal }

// held are the GPUs that an instance has, or those it wants when it has none.
func held(i api.Instance) string {
	if len(i.GPUs) == 0 {
		return gpusOf(i.Spec.GPUs, i.Spec.GPUType)
	}
	kind := i.GPUs[0].Type
	if i.GPUs[0].Simulated {
		kind += " (simulated)"
	}
	return gpusOf(len(i.GPUs), kind)
}

func showInstance(i api.Instance, now time.Time) facts {
	var f facts
	f.add("Instance", i.Name)
	f.add("ID", i.ID)
	f.add("State", heading(i.State, i.Target))
	f.add("Since", moment(i.Since, now))
	f.add("Reason", i.Reason)
	f.addFailure("Failure", i.Failure, now)
	f.add("Ready", yes(i.Ready, "no"))
	f.add("Operation", i.OperationID)
	f.add("Endpoint", i.EndpointID)
	f.add("URL", i.URL)
	f.add("Addresses", strings.Join(addresses(i), "\n"))
	f.add("Host", i.HostID)
	f.add("On its host", strings.Join(published(i), "\n"))
	f.add("GPUs", held(i))
	for _, gpu := range i.GPUs {
		f.add("GPU", fmt.Sprintf("%d: %s %s", gpu.Index, gpu.UUID, gpu.ID))
	}
	f.add("Data center", i.Spec.DataCenter)
	f.add("Image", i.Spec.Image)
	f.add("Command", i.Spec.Command)
	f.add("Env", pairs(i.Spec.Env))
	if i.Spec.Volume != "" {
		f.add("Volume", i.Spec.Volume+" at "+i.Spec.MountPath)
	}
	f.add("Disk", i.Spec.DiskPath)
	f.add("Hold", i.Hold)
	f.add("Frozen in", i.SnapshotID)
	for _, k := range i.Kept {
		f.add("Kept", fmt.Sprintf("data on %s since %s; `kelvin instance kept` lets go of it", k.HostID, moment(k.Since, now)))
	}
	if i.EndpointID == "" {
		f.add("If lost", i.Spec.Recover)
	}
	if i.Spec.SnapshotEvery > 0 {
		f.add("Snapshots", "every "+inDays(time.Duration(i.Spec.SnapshotEvery)))
	}
	f.add("Probe", i.Spec.ProbePath)
	for _, t := range i.Spec.Templates {
		f.add("Template", t.Name+", attached "+ago(t.AttachedAt, now))
	}
	f.add("Protected", yes(i.Spec.Protected, ""))
	f.add("Labels", pairs(i.Spec.Labels))
	f.add("Epoch", fmt.Sprint(i.Epoch))
	f.add("Created", moment(i.CreatedAt, now))
	f.add("Updated", moment(i.UpdatedAt, now))
	f.add("Accepts", strings.Join(i.Legal, ", "))
	return f
}

func (a *app) instanceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "instance", Aliases: []string{"ins", "instances"}, Short: "Run GPU servers, and look at the workers of endpoints",
		Long: "An instance is one container with GPUs: a server by itself, or a worker that an endpoint starts and stops.",
	}
	cmd.AddCommand(
		a.instanceCreate(), a.instanceLs(), showCommand(a, instances, "Show an instance"),
		a.instanceStart(), a.instanceStop(), verbCommand(a, instances, verb{name: "restart", does: "restart", short: "Stop a server and start it again"}, legalOnInstance),
		a.instanceFreeze(), a.instanceThaw(), a.instanceMigrate(), a.instanceRecover(), a.instanceReset(), a.instanceUndo(), a.instanceRm(),
		a.instanceKept(),
		a.instanceProtect(), a.instanceUnprotect(), a.instanceTemplate(),
		logsCommand(a, instances, "Print what an instance writes", `Print what an instance wrote and writes to stdout and stderr. Its log goes on over restarts, freezing, moves
and resets, and stays readable after its end, by name or ID, for as long as the data center keeps logs.

With --follow it goes on until nothing of the instance runs any more: over a restart or a move, to the
end of a stop.`),
		a.instanceStats(), a.instanceExec(), a.instanceSSH(), a.instanceCopy(),
		watchCommand(a, instances, func(i api.Instance) (string, bool) {
			ready := ""
			if i.Ready {
				ready = "ready"
			}
			return strings.TrimRight(fmt.Sprintf("%-24s %-6s %s", heading(i.State, i.Target), ready, i.Reason), " "), i.State.Gone()
		}),
	)
	return cmd
}

func (a *app) instanceLs() *cobra.Command {
	var all, servers bool
	var endpoint, state string
	cmd := lsCommand(a, instances, "List instances", 0, func(ctx context.Context, s *session, query url.Values) error {
		if all {
			query.Set("all", "true")
		}
		if servers {
			query.Set("servers", "true")
		}
		if state != "" {
			if !slices.Contains(fleet.InstanceStates, fleet.State(state)) {
				return usage(s.cmd, "--state %q is not a state; allowed: %s", state, words(fleet.InstanceStates))
			}
			query.Set("state", state)
		}
		if endpoint == "" {
			return nil
		}
		of, err := endpoints.find(ctx, s.client, endpoint)
		query.Set("endpoint", of.it.ID)
		return err
	})
	f := cmd.Flags()
	f.BoolVarP(&all, "all", "a", false, "Terminated ones, too")
	f.BoolVar(&servers, "servers", false, "Only servers, no workers of endpoints")
	f.StringVar(&endpoint, "endpoint", "", "Only workers of this endpoint, by `name` or ID")
	f.StringVar(&state, "state", "", "Only those in this `state`: "+words(fleet.InstanceStates))
	complete(cmd, "endpoint", completeFlag(a, endpoints, nil))
	complete(cmd, "state", fixed(fleet.InstanceStates...))
	return cmd
}

// words are the names of states, without that of what is not there.
func words[S ~string](states []S) string {
	var all []string
	for _, s := range states {
		if s != "" {
			all = append(all, string(s))
		}
	}
	return strings.Join(all, ", ")
}

func (a *app) instanceStats() *cobra.Command {
	return &cobra.Command{
		Use: "stats INSTANCE", Short: "Show what a running instance uses now", Args: cobra.ExactArgs(1),
		ValidArgsFunction: completeNouns(a, instances, func(i api.Instance) bool { return i.State == fleet.Running }),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			found, err := instances.find(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			var stats record[api.Stats]
			if err := s.get(ctx, instances.path+"/"+url.PathEscape(found.it.ID)+"/stats", nil, &stats); err != nil {
				return err
			}
			names := func(api.Stats) (id, name string) { return found.it.ID, found.it.Name }
			return printOne(s, stats.it, stats.raw, names, func(u api.Stats, _ time.Time) facts {
				return facts{
					{"CPU", fmt.Sprintf("%.1f %% of one", u.CPUPercent)},
					{"Memory", fmt.Sprintf("%.0f MiB", u.MemoryMB)},
					{"Processes", fmt.Sprint(u.Processes)},
				}
			})
		}),
	}
}
