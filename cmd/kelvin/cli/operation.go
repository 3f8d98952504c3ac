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

const shown = 50 // operations and events, unless --limit says otherwise

var operations = &noun[api.Operation]{
	one: "operation", path: "/v1/operations", prefix: fleet.OperationPrefix,
	names: func(o api.Operation) (id, name string) { return o.ID, "" },
	columns: []column[api.Operation]{
		{"OPERATION", func(o api.Operation, _ time.Time) string { return o.ID }},
		{"WHAT", func(o api.Operation, _ time.Time) string { return title(o) }},
		{"STATE", func(o api.Operation, _ time.Time) string { return string(o.State) }},
		{"PHASE", func(o api.Operation, _ time.Time) string {
			if o.Ended() {
				return o.Message
			}
			return phaseOf(o)
		}},
		{"PROGRESS", func(o api.Operation, _ time.Time) string {
			if o.Stuck != "" && !o.Ended() {
				return "stuck"
			}
			return outlookOf(o)
		}},
		{"BY", func(o api.Operation, _ time.Time) string { return o.Actor }},
		{"ACCEPTED", func(o api.Operation, now time.Time) string { return ago(o.AcceptedAt, now) }},
		{"TOOK", func(o api.Operation, now time.Time) string {
			if !o.Ended() {
				return ""
			}
			return took(elapsed(o, now))
		}},
	},
	show: showOperation,
}

func showOperation(o api.Operation, now time.Time) facts {
	var f facts
	f.add("Operation", o.ID)
	f.add("What", title(o))
	f.add("Resource", o.ResourceID)
	f.add("State", string(o.State))
	if !o.Ended() {
		f.add("Phase", phaseOf(o))
	}
	f.add("Progress", outlookOf(o))
	f.add("This step", stepProgress(o.Progress))
	f.add("Stuck", o.Stuck)
	f.add("Way out", o.WayOut)
	f.add("Code", string(o.Code))
	f.add("Message", o.Message)
	f.add("By", o.Actor)
	f.add("Accepted", moment(o.AcceptedAt, now))
	f.add("Begun", moment(o.BegunAt, now))
	f.add("Ended", moment(o.EndedAt, now))
	if o.Downtime > 0 {
		f.add("Downtime", time.Duration(o.Downtime).String())
	}
	if o.MovedBytes > 0 {
		f.add("Moved", bytesOf(o.MovedBytes))
	}
	f.add("Asked with", askedWith(o.Params))
	if !o.Ended() && !o.Deadline.IsZero() {
		f.add("Deadline", moment(o.Deadline, now)+", when it is undone unless it is past its point of no return")
	}
	if o.CancelRequested {
		f.add("Cancel", "requested")
	}
	for i, step := range o.Steps {
		f.add(fmt.Sprintf("Step %d", i+1), stepLine(step))
	}
	f.add("Temporal", o.TemporalURL)
	return f
}

// outlookOf is how far an open operation is as a whole: "37%, 4m left".
func outlookOf(o api.Operation) string {
	if o.Ended() || o.Percent == 0 {
		return ""
	}
	text := fmt.Sprintf("%.0f%%", o.Percent)
	if o.ETA > 0 {
		text += ", " + short(time.Duration(o.ETA)) + " left"
	}
	return text
}

// stepProgress is how far the running step is: "45%, 120.0 MiB/s, 12s left: saving".
func stepProgress(p *api.Progress) string {
	if p == nil {
		return ""
	}
	var parts []string
	if p.Percent > 0 {
		parts = append(parts, fmt.Sprintf("%.0f%%", p.Percent))
	}
	if p.Rate > 0 {
		parts = append(parts, bytesOf(p.Rate)+"/s")
	}
	if p.ETASeconds > 0 {
		parts = append(parts, short(time.Duration(p.ETASeconds)*time.Second)+" left")
	}
	if p.Attempt > 1 {
		parts = append(parts, fmt.Sprintf("attempt %d", p.Attempt))
	}
	text := strings.Join(parts, ", ")
	if what := firstOf(p.Failure, p.Message); what != "" {
		text = strings.TrimPrefix(text+": "+what, ": ")
	}
	return text
}

// askedWith is what an operation was asked with, as its flags say it.
func askedWith(p fleet.Params) string {
	var flags []string
	add := func(ok bool, format string, args ...any) {
		if ok {
			flags = append(flags, fmt.Sprintf(format, args...))
		}
	}
	add(p.Hold != "", "--hold %s", p.Hold)
	add(p.HostID != "", "--host %s", p.HostID)
	add(p.Wait, "--queue")
	add(p.SkipTests, "--skip-gpu-tests")
	add(p.RateLimit > 0, "--rate-limit %d", p.RateLimit)
	add(p.SnapshotID != "", "--from %s", p.SnapshotID)
	add(p.Keep > 0, "--keep %s", inDays(time.Duration(p.Keep)))
	return strings.Join(flags, " ")
}

func stepLine(step api.Step) string {
	line := string(step.State) + ": " + firstOf(step.Title, step.Name)
	if step.Undo {
		line = string(step.State) + ": (take back) " + firstOf(step.Title, step.Name)
	}
	if !step.EndedAt.IsZero() {
		line += fmt.Sprintf(" (%s)", step.Duration)
	}
	if step.HostID != "" {
		line += " on " + step.HostID
	}
	if step.Message != "" {
		line += ": " + step.Message
	}
	return line
}

func (a *app) operationCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "operation", Aliases: []string{"op", "operations", "ops"}, Short: "Follow, cancel and retry what was asked for",
		Long: "An operation moves a resource from state to state: it is what create, start, stop and the others ask for.\n" +
			"Where an operation is wanted, the name or ID of its endpoint or server does as well: it stands for the\n" +
			"open operation, or else for the newest.",
	}
	cmd.AddCommand(a.operationLs(), a.operationShow(), a.operationWatch(), a.operationCancel(), a.operationRetry())
	return cmd
}

func (a *app) operationLs() *cobra.Command {
	var resource string
	var open bool
	cmd := lsCommand(a, operations, "List operations, the newest first", shown, func(ctx context.Context, s *session, query url.Values) error {
		if open {
			query.Set("open", "true")
		}
		return s.filterResource(ctx, resource, query)
	})
	cmd.Flags().StringVar(&resource, "resource", "", "Only those of an endpoint or instance, by `name` or ID")
	cmd.Flags().BoolVar(&open, "open", false, "Only those that have not ended")
	complete(cmd, "resource", a.completeResources)
	return cmd
}

func (a *app) operationShow() *cobra.Command {
	return &cobra.Command{
		Use: "show OPERATION", Aliases: []string{"get"}, Short: "Show an operation, its steps, and the GPUs that it had tested", Args: cobra.ExactArgs(1),
		ValidArgsFunction: completeNouns(a, operations, nil),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			op, err := s.findOperation(ctx, args[0])
			if err != nil {
				return err
			}
			if s.output != formatTable {
				return operations.printOne(s, op)
			}
			f := showOperation(op.it, s.now())
			if err := s.addDiagnoses(ctx, op.it, &f); err != nil {
				return err
			}
			return f.write(s.out)
		}),
	}
}

func (a *app) operationWatch() *cobra.Command {
	var w waiting
	cmd := &cobra.Command{
		Use: "watch OPERATION", Short: "Follow an operation to its end", Args: cobra.ExactArgs(1),
		ValidArgsFunction: completeNouns(a, operations, isOpen),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			op, err := s.findOperation(ctx, args[0])
			if err != nil {
				return err
			}
			if op.it.Ended() {
				err = outcome(op.it)
			} else {
				op, err = w.follow(ctx, s, op)
			}
			if err != nil {
				return err
			}
			return s.printOperation(op, func(*facts) {})
		}),
	}
	w.flags(cmd)
	return cmd
}

func (a *app) operationCancel() *cobra.Command {
	var ch change
	cmd := &cobra.Command{
		Use: "cancel OPERATION", Short: "Take an operation back",
		Long: "Asks an operation to stop and to take back what it did. One that is past its point of no return is\n" +
			"finished instead. --wait waits until it has ended, which is no failure here.",
		Args: cobra.ExactArgs(1), ValidArgsFunction: completeNouns(a, operations, isOpen),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if err := ch.check(s.cmd); err != nil {
				return err
			}
			op, err := s.findOperation(ctx, args[0])
			if err != nil {
				return err
			}
			if err := s.cancelOperation(ctx, op.it.ID, firstOf(ch.key, newKey()), &op); err != nil {
				return err
			}
			if !ch.wait {
				return s.printOperation(op, func(f *facts) {
					f.add("Follow it:", "kelvin operation watch "+op.it.ID)
				})
			}
			if op, err = ch.follow(ctx, s, op); err != nil && op.it.State != api.OperationUndone {
				return err
			}
			return s.printOperation(op, func(*facts) {})
		}),
	}
	ch.flags(cmd)
	return cmd
}

func (a *app) operationRetry() *cobra.Command {
	var ch change
	var yes bool
	cmd := &cobra.Command{
		Use: "retry OPERATION", Short: "Ask again for an operation that came to nothing",
		Long: "Asks again for an operation that was undone or got stuck, with the same parameters, in a new operation. What an\n" +
			"undone create had made is made anew, under the same name.",
		Args: cobra.ExactArgs(1), ValidArgsFunction: completeNouns(a, operations, cameToNothing),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if err := ch.check(s.cmd); err != nil {
				return err
			}
			op, err := s.findOperation(ctx, args[0])
			if err != nil {
				return err
			}
			in := call{method: http.MethodPost, path: operations.path + "/" + url.PathEscape(op.it.ID) + "/retry"}
			if o := op.it; o.Kind == fleet.KindInstance && (o.Name == fleet.Reset.Name || o.Name == fleet.Terminate.Name) {
				if err := s.confirm(yes, fmt.Sprintf("This will %s again: data is erased%s", title(o), keeping(func(any) time.Duration { return time.Duration(o.Params.Keep) }, nil)), o.ResourceName); err != nil {
					return err
				}
				in.body = api.OperationRetry{Confirm: o.ResourceName}
			}
			return ch.do(ctx, s, in, op.it.ResourceName, nil)
		}),
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "Do not ask for confirmation")
	ch.flags(cmd)
	return cmd
}

func cameToNothing(o api.Operation) bool {
	return o.State == api.OperationUndone || o.State == api.OperationStuck
}

func (s *session) cancelOperation(ctx context.Context, id, key string, into *record[api.Operation]) error {
	return s.do(ctx, call{method: http.MethodPost, path: operations.path + "/" + url.PathEscape(id) + "/cancel", key: key}, into)
}

func isOpen(o api.Operation) bool { return !o.Ended() }

// findOperation returns an operation by its ID, or that of a resource: the open one, or
// else the newest.
func (s *session) findOperation(ctx context.Context, arg string) (record[api.Operation], error) {
	if looksLikeID(operations.prefix, arg) {
		return operations.find(ctx, s.client, arg)
	}
	id, open, err := s.findResource(ctx, arg)
	if err != nil {
		return record[api.Operation]{}, err
	}
	if open != "" {
		return operations.find(ctx, s.client, open)
	}
	newest, err := operations.list(ctx, s.client, url.Values{"resource": {id}}, 1)
	if err == nil && len(newest) == 0 {
		err = &failure{exit: exitNotFound, err: fleet.Errorf(fleet.NotFound, "there is no operation on %s", arg)}
	}
	if err != nil {
		return record[api.Operation]{}, err
	}
	return operations.find(ctx, s.client, newest[0].it.ID) // lists have no steps
}

// findResource returns the ID of an endpoint or an instance, and of its open operation.
func (s *session) findResource(ctx context.Context, arg string) (id, open string, err error) {
	if !looksLikeID(fleet.InstancePrefix, arg) {
		endpoint, err := endpoints.find(ctx, s.client, arg)
		if err == nil {
			return endpoint.it.ID, endpoint.it.OperationID, nil
		}
		if !fleet.Is(err, fleet.NotFound) || looksLikeID(fleet.EndpointPrefix, arg) {
			return "", "", err
		}
	}
	instance, err := instances.find(ctx, s.client, arg)
	if fleet.Is(err, fleet.NotFound) && !looksLikeID(fleet.InstancePrefix, arg) {
		return "", "", &failure{
			exit: exitNotFound, err: fleet.Errorf(fleet.NotFound, "there is no endpoint or instance %q", arg),
			next: []string{"`kelvin endpoint ls` and `kelvin instance ls` show those there are."},
		}
	}
	return instance.it.ID, instance.it.OperationID, err
}

// filterResource adds a resource, if there is one, to a query. An ID is taken as it is: the
// server knows of what kinds the list has some.
func (s *session) filterResource(ctx context.Context, arg string, query url.Values) error {
	if arg == "" {
		return nil
	}
	for _, prefix := range []string{fleet.InstancePrefix, fleet.EndpointPrefix, fleet.HostPrefix, fleet.OperationPrefix, fleet.SchedulePrefix} {
		if looksLikeID(prefix, arg) {
			query.Set("resource", arg)
			return nil
		}
	}
	id, _, err := s.findResource(ctx, arg)
	if fleet.Is(err, fleet.NotFound) {
		id, err = s.findGone(ctx, arg, err)
	}
	query.Set("resource", id)
	return err
}

// findGone is the ID of an endpoint or instance that is no more, or otherwise an error.
func (s *session) findGone(ctx context.Context, arg string, otherwise error) (string, error) {
	endpoint, err := endpoints.findEver(ctx, s.client, arg)
	if err == nil || !fleet.Is(err, fleet.NotFound) {
		return endpoint.it.ID, err
	}
	instance, err := instances.findEver(ctx, s.client, arg)
	if fleet.Is(err, fleet.NotFound) {
		err = otherwise
	}
	return instance.it.ID, err
}

func (a *app) completeResources(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	names, _ := completeFlag(a, endpoints, nil)(cmd, args, toComplete)
	more, directive := completeFlag(a, instances, nil)(cmd, args, toComplete)
	return append(names, more...), directive
}
