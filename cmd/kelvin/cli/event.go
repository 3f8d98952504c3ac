package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

var events = &noun[api.Event]{
	one: "event", path: "/v1/events",
	names: func(e api.Event) (id, name string) { return e.ID, "" },
	columns: []column[api.Event]{
		{"WHEN", func(e api.Event, now time.Time) string { return ago(e.At, now) }},
		{"EVENT", func(e api.Event, _ time.Time) string { return e.Name }},
		{"RESOURCE", func(e api.Event, _ time.Time) string {
			return firstOf(e.InstanceID, e.EndpointID, e.HostID, e.ScheduleID)
		}},
		{"BY", func(e api.Event, _ time.Time) string { return e.Actor }},
		{"MESSAGE", func(e api.Event, _ time.Time) string { return e.Message }},
	},
}

func (a *app) eventCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "event", Aliases: []string{"events"}, Short: "See what happened",
		Long: "Events are what happened to your resources, named noun.past: instance.stopped, operation.undone.",
	}
	cmd.AddCommand(a.eventLs(), a.eventWatch())
	return cmd
}

func (a *app) eventLs() *cobra.Command {
	var resource string
	cmd := lsCommand(a, events, "List events, the newest first", shown, func(ctx context.Context, s *session, query url.Values) error {
		return s.filterResource(ctx, resource, query)
	})
	resourceFlag(a, cmd, &resource, "Only those of an endpoint or instance, by `name` or ID, or of a host, operation or schedule, by ID")
	return cmd
}

func resourceFlag(a *app, cmd *cobra.Command, resource *string, help string) {
	cmd.Flags().StringVar(resource, "resource", "", help)
	complete(cmd, "resource", a.completeResources)
}

func (a *app) eventWatch() *cobra.Command {
	var resource string
	cmd := &cobra.Command{
		Use: "watch", Short: "Print events as they happen, until Ctrl-C", Args: cobra.NoArgs,
		Long: "Prints events as they happen, until Ctrl-C. With --output json each line is an event. After a lost connection\n" +
			"it goes on where it was.",
		RunE: a.run(func(ctx context.Context, s *session, _ []string) error {
			if looksLikeID(fleet.HostPrefix, resource) {
				return usage(s.cmd, "events of hosts are listed, not watched: see `kelvin event ls --resource %s`", resource)
			}
			of := url.Values{}
			if err := s.filterResource(ctx, resource, of); err != nil {
				return err
			}
			id := of.Get("resource")
			return s.follow(ctx, "/v1/events/watch", nil, func(event serverEvent) error {
				var e record[api.Event]
				if err := json.Unmarshal([]byte(event.data), &e); err != nil {
					return fmt.Errorf("read event: %w", err)
				}
				if id != "" && !slices.Contains([]string{e.it.InstanceID, e.it.EndpointID, e.it.OperationID, e.it.ScheduleID}, id) {
					return nil
				}
				return printEvent(s, e)
			})
		}),
	}
	resourceFlag(a, cmd, &resource, "Only those of an endpoint or instance, by `name` or ID, or of an operation or schedule, by ID")
	return cmd
}

func printEvent(s *session, e record[api.Event]) error {
	if s.output == formatName {
		_, err := fmt.Fprintln(s.out, e.it.ID)
		return err
	}
	parts := []string{e.it.Name, firstOf(e.it.InstanceID, e.it.EndpointID, e.it.HostID, e.it.ScheduleID), e.it.Message}
	return printLine(s, e, strings.TrimRight(strings.Join(parts, "  "), " "))
}
