package cli

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

func dryFlag(cmd *cobra.Command, dry *bool) {
	cmd.Flags().BoolVar(dry, "dry-run", false, "Show what it would do now, and do nothing")
}

// plan reads what an operation on an instance would do now.
func (s *session) plan(ctx context.Context, id, operation string, query url.Values) (record[api.Plan], error) {
	query.Set("operation", operation)
	var plan record[api.Plan]
	err := s.get(ctx, instances.path+"/"+url.PathEscape(id)+"/plan", query, &plan)
	return plan, err
}

// dryRun prints what an operation would do, and says errAnswered.
func (s *session) dryRun(ctx context.Context, id, name, operation string, query url.Values) error {
	plan, err := s.plan(ctx, id, operation, query)
	if err != nil {
		return err
	}
	names := func(api.Plan) (string, string) { return id, name }
	show := func(p api.Plan, _ time.Time) facts { return showPlan(p, name) }
	if err := printOne(s, plan.it, plan.raw, names, show); err != nil {
		return err
	}
	if !plan.it.Allowed {
		return &failure{exit: exitConflict, err: fleet.Errorf(fleet.Conflict, "cannot %s %s now: %s", operation, name, plan.it.Reason)}
	}
	return errAnswered
}

func showPlan(p api.Plan, name string) facts {
	var f facts
	f.add("Would", p.Operation+" instance "+name)
	f.add("From", p.FromHostID)
	f.add("To", p.HostID)
	f.add("Room", roomOf(p))
	switch {
	case p.Bytes != nil:
		f.add("Copies", fmt.Sprintf("%s, as of %s", bytesOf(*p.Bytes), p.BytesFrom))
	case p.Copies:
		f.add("Copies", "its data; how much is known once there is a snapshot")
	}
	f.add("Takes", timeOf(p.Total))
	f.add("Downtime", timeOf(p.Downtime))
	for _, port := range p.Ports {
		from := "none"
		if port.From > 0 {
			from = fmt.Sprint(port.From)
		}
		f.add("Port", fmt.Sprintf("%d: %d on its host, was %s", port.Container, port.To, from))
	}
	f.add("Keeps", inWords(p.Keeps))
	f.add("Gives back", inWords(p.GivesBack))
	f.add("Loses", inWords(p.Loses))
	return f
}

// roomOf says what room there is for a server.
func roomOf(p api.Plan) string {
	c := p.Capacity
	if c == nil {
		return ""
	}
	text := fmt.Sprintf("%d like it would fit now", c.Places)
	if p.Operation == fleet.Stop.Name {
		text += ", besides the place it gives back"
	}
	if c.Waiting > 0 {
		text += fmt.Sprintf("; %d wait in the queue", c.Waiting)
	}
	if c.Reason != "" {
		text = c.Reason + "; " + text
	}
	return text
}

func timeOf(t *api.PlanTime) string {
	if t == nil {
		return ""
	}
	about := "about " + took(time.Duration(t.Duration))
	switch t.Measured {
	case 0:
		return about + ", by default: none has been measured yet"
	case 1:
		return about + ", as the one before"
	}
	return fmt.Sprintf("%s, by %d before", about, t.Measured)
}

var planWords = map[string]string{
	"disk": "its disk", "root_filesystem": "its root filesystem", "gpus": "its GPUs", "host_ports": "the ports of its host",
	"addresses": "its URL and addresses", "memory": "what is in memory", "connections": "open connections",
}

// inWords lists what a plan names.
func inWords(all []string) string {
	said := make([]string, len(all))
	for i, what := range all {
		said[i] = firstOf(planWords[what], what)
	}
	return strings.Join(said, ", ")
}

// sayStop tells what a stop with nothing held means, before it is asked for. Without an
// answer there is nothing to tell.
func (s *session) sayStop(ctx context.Context, id, name string) {
	plan, err := s.plan(ctx, id, fleet.Stop.Name, url.Values{"hold": {fleet.HoldNone}})
	if err != nil || !plan.it.Allowed {
		return
	}
	s.say(fmt.Sprintf("%s keeps %s. Others may have %s, and a start looks for a place: %s.",
		name, inWords(plan.it.Keeps), inWords(plan.it.GivesBack), roomOf(plan.it)))
}
