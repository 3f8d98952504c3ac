package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

var endpoints = &noun[api.Endpoint]{
	one: "endpoint", path: "/v1/endpoints", prefix: fleet.EndpointPrefix, byName: true,
	names: func(e api.Endpoint) (id, name string) { return e.ID, e.Name },
	columns: []column[api.Endpoint]{
		{"NAME", func(e api.Endpoint, _ time.Time) string { return e.Name }},
		{"STATE", func(e api.Endpoint, _ time.Time) string { return heading(e.State, e.Target) }},
		{"WORKERS", func(e api.Endpoint, _ time.Time) string { return e.Status }},
		{"SCALE", func(e api.Endpoint, _ time.Time) string {
			return fmt.Sprintf("%d–%d", e.Spec.ActiveWorkers, e.Spec.MaxWorkers)
		}},
		{"GPUS", func(e api.Endpoint, _ time.Time) string { return gpusOf(e.Spec.GPUsPerWorker, e.Spec.GPUType) }},
		{"DATA CENTER", func(e api.Endpoint, _ time.Time) string { return e.Spec.DataCenter }},
		{"AGE", func(e api.Endpoint, now time.Time) string { return ago(e.CreatedAt, now) }},
		{"ID", func(e api.Endpoint, _ time.Time) string { return e.ID }},
		{"URL", func(e api.Endpoint, _ time.Time) string { return e.URL }},
	},
	show: showEndpoint,
}

// gpusOf says how many GPUs of which type: "2 × a100-80gb".
func gpusOf(n int, kind string) string { return fmt.Sprintf("%d × %s", n, firstOf(kind, "any")) }

func legalOnEndpoint(e api.Endpoint) []string { return e.Legal }

func showEndpoint(e api.Endpoint, now time.Time) facts {
	var f facts
	f.add("Endpoint", e.Name)
	f.add("ID", e.ID)
	f.add("URL", e.URL)
	f.add("State", heading(e.State, e.Target))
	f.add("Since", moment(e.Since, now))
	f.add("Reason", e.Reason)
	f.add("Operation", e.OperationID)
	f.add("Workers", e.Status)
	if e.Rollout != nil {
		f.add("Roll-out", e.Rollout.State+": "+e.Rollout.Message)
	}
	f.addTrouble(e.Trouble, now)
	f.add("Scale", fmt.Sprintf("%d to %d workers, each meant for %d requests in flight", e.Spec.ActiveWorkers, e.Spec.MaxWorkers, e.Spec.TargetConcurrency))
	f.add("Scaling", scalingFacts(e.Spec.Scaling))
	f.add("Market", marketOf(e.Spec.Spot))
	f.add("GPUs per worker", gpusOf(e.Spec.GPUsPerWorker, e.Spec.GPUType))
	f.add("Data center", e.Spec.DataCenter)
	f.add("Image", e.Spec.Image)
	f.add("Command", e.Spec.Command)
	f.add("Port", fmt.Sprint(e.Spec.Port))
	f.add("Probe", e.Spec.ProbePath)
	f.add("Env", pairs(e.Spec.Env))
	if e.Spec.Volume != "" {
		f.add("Volume", e.Spec.Volume+" at "+e.Spec.MountPath)
	}
	f.add("Requests", requestFacts(e.Spec))
	f.add("Drain timeout", e.Spec.DrainTimeout.String())
	f.add("Labels", pairs(e.Spec.Labels))
	f.add("Revision", fmt.Sprint(e.Revision))
	f.add("Created", moment(e.CreatedAt, now))
	f.add("Updated", moment(e.UpdatedAt, now))
	f.add("Accepts", strings.Join(e.Legal, ", "))
	return f
}

func (a *app) endpointCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "endpoint", Aliases: []string{"ep", "endpoints"}, Short: "Serve a model behind a URL, with workers that come and go",
		Long: "An endpoint is a URL served by workers: containers with GPUs, as many as its load needs, between --active and --max.",
	}
	cmd.AddCommand(
		a.endpointCreate(), a.endpointLs(), a.endpointShow(), a.endpointUpdate(), a.endpointExplain(),
		verbCommand(a, endpoints, verb{
			name: "start", does: "start", short: "Start a stopped endpoint",
		}, legalOnEndpoint),
		verbCommand(a, endpoints, verb{
			name: "stop", does: "stop", short: "Stop an endpoint: drain and remove its workers, keep its URL and settings",
		}, legalOnEndpoint),
		verbCommand(a, endpoints, verb{
			name: "rm", aliases: []string{"delete"}, does: "delete", short: "Delete an endpoint, its workers and its URL for good",
			erases: "its workers, its URL and its settings are gone", method: http.MethodDelete,
		}, legalOnEndpoint),
		a.endpointRevisions(), a.endpointRollout(), a.endpointFailures(),
		a.endpointKey(),
		logsCommand(a, endpoints, "Print what an endpoint's workers write", `Print what an endpoint's workers wrote and write to stdout and stderr, by time, each line after its
worker's name. Workers that are gone are among them for as long as the data center keeps logs.`),
		watchCommand(a, endpoints, func(e api.Endpoint) (string, bool) {
			return strings.TrimRight(fmt.Sprintf("%-24s %-12s %s", heading(e.State, e.Target), e.Status, e.Reason), " "), e.State.Gone()
		}),
	)
	return cmd
}

func (a *app) endpointLs() *cobra.Command {
	var all bool
	cmd := lsCommand(a, endpoints, "List endpoints", 0, func(_ context.Context, _ *session, query url.Values) error {
		if all {
			query.Set("all", "true")
		}
		return nil
	})
	cmd.Flags().BoolVarP(&all, "all", "a", false, "Deleted ones, too")
	return cmd
}

func (a *app) endpointShow() *cobra.Command {
	cmd := showCommand(a, endpoints, "Show an endpoint and its workers")
	cmd.RunE = a.run(func(ctx context.Context, s *session, args []string) error {
		found, err := endpoints.find(ctx, s.client, args[0])
		if err == nil && found.it.State == fleet.Updating {
			found, err = endpoints.find(ctx, s.client, found.it.ID) // lists leave out how far a roll-out is
		}
		if err != nil {
			return err
		}
		if err := endpoints.printOne(s, found); err != nil || s.output != formatTable {
			return err
		}
		workers, err := instances.list(ctx, s.client, url.Values{"endpoint": {found.it.ID}}, 0)
		if err != nil || len(workers) == 0 {
			return err
		}
		fmt.Fprintln(s.out)
		return instances.print(s, workers)
	})
	return cmd
}
