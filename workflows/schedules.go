package workflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	schedulepb "go.temporal.io/api/schedule/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// syncTimeout bounds one telling. A claim on a schedule lasts longer.
const syncTimeout = 5 * time.Second

// firingTimeout is a backstop: a firing ends by itself, within the time to catch up.
const firingTimeout = time.Hour

// SyncSchedule makes Temporal's schedule what the record's is: makes it, changes it, or
// deletes it. The record comes first, so this can be repeated: the API calls it once it has
// written a change, and the timekeeper calls it again for what a crash left behind. Nothing
// is done while another process is at it.
func (c *Client) SyncSchedule(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, syncTimeout)
	defer cancel()
	for {
		sch, ok, err := c.Store.ClaimSchedule(ctx, id)
		if err != nil || !ok {
			return err
		}
		told := sch.Version
		if err = c.tellOfSchedule(ctx, sch); err != nil {
			told = 0
		}
		if err := c.Store.SyncedSchedule(context.WithoutCancel(ctx), id, told); err != nil {
			return err
		}
		if err != nil {
			return fleet.Errorf(fleet.Unavailable, "tell Temporal of schedule %s: %v", id, err)
		}
		again, err := c.Store.Schedule(ctx, id)
		if err != nil || again.Synced {
			return err
		}
	}
}

func (c *Client) tellOfSchedule(ctx context.Context, sch fleet.Schedule) error {
	handle := c.Temporal.ScheduleClient().GetHandle(ctx, sch.ID)
	if sch.State == fleet.ScheduleDeleted {
		if err := handle.Delete(ctx); err != nil && !notFound(err) {
			return err
		}
		return nil
	}
	spec, err := ScheduleSpec(sch.Spec, c.Store.Now())
	if err != nil {
		return err
	}
	attributes, note := scheduleAttributes(sch), noteOf(sch)
	action := &client.ScheduleWorkflowAction{
		ID: sch.ID, Workflow: fireSchedule, TaskQueue: ControlQueue, Args: []any{activities.Firing{ScheduleID: sch.ID}},
		WorkflowExecutionTimeout: firingTimeout, WorkflowTaskTimeout: taskTimeout,
		StaticSummary: summaryOf(sch), TypedSearchAttributes: attributes,
	}
	paused := sch.State == fleet.SchedulePaused
	_, err = c.Temporal.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: sch.ID, Spec: spec, Action: action, Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: fleet.CatchUp,
		Note: note, Paused: paused, TypedSearchAttributes: attributes,
	})
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return err
	}
	return handle.Update(ctx, client.ScheduleUpdateOptions{DoUpdate: func(client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
		return &client.ScheduleUpdate{
			Schedule: &client.Schedule{
				Action: action, Spec: &spec,
				Policy: &client.SchedulePolicies{Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: fleet.CatchUp},
				State:  &client.ScheduleState{Note: note, Paused: paused},
			},
			TypedSearchAttributes: &attributes,
		}, nil
	}})
}

// ScheduleSpec is a schedule's timetable in Temporal's words, with the days of the years
// after now on which clocks change.
func ScheduleSpec(s fleet.ScheduleSpec, now time.Time) (client.ScheduleSpec, error) {
	table, err := s.Timetable()
	if err != nil {
		return client.ScheduleSpec{}, err
	}
	spec := client.ScheduleSpec{TimeZoneName: s.TimeZone, Jitter: time.Duration(s.Jitter)}
	for _, c := range table.Calendars(now) {
		calendar := client.ScheduleCalendarSpec{
			Second: []client.ScheduleRange{{}}, Minute: ranges(c.Minutes), Hour: ranges(c.Hours),
			DayOfMonth: ranges(c.Days), Month: ranges(c.Months), DayOfWeek: ranges(c.Weekdays),
		}
		for _, year := range c.Years {
			calendar.Year = append(calendar.Year, client.ScheduleRange{Start: year})
			calendar.Comment = "the clocks change"
		}
		spec.Calendars = append(spec.Calendars, calendar)
	}
	return spec, nil
}

// ranges are a set's numbers as Temporal writes them: as few ranges as there are runs.
func ranges(s fleet.Set) (all []client.ScheduleRange) {
	for _, n := range s.Numbers() {
		if last := len(all) - 1; last >= 0 && all[last].End == n-1 {
			all[last].End = n
			continue
		}
		all = append(all, client.ScheduleRange{Start: n, End: n})
	}
	return all
}

// noteOf says in Temporal's UI which version it has, and why it is paused.
func noteOf(sch fleet.Schedule) string {
	note := fmt.Sprintf("version %d", sch.Version)
	if sch.Note != "" {
		note += ": " + sch.Note
	}
	return note
}

func summaryOf(sch fleet.Schedule) string {
	target := sch.Spec.Target.Instance + sch.Spec.Target.Endpoint + sch.Spec.Target.Selector
	return string(sch.Spec.Action) + " " + target
}

// scheduleAttributes are those of a schedule and of what it starts.
func scheduleAttributes(sch fleet.Schedule) temporal.SearchAttributes {
	all := []temporal.SearchAttributeUpdate{accountID.ValueSet(sch.AccountID), operationOf.ValueSet(fireSchedule)}
	if id := sch.Spec.Target.Instance; id != "" {
		all = append(all, instanceID.ValueSet(id))
	}
	if id := sch.Spec.Target.Endpoint; id != "" {
		all = append(all, endpointID.ValueSet(id))
	}
	return temporal.NewSearchAttributes(all...)
}

// TriggerSchedule has Temporal fire a schedule now, for a run that the record has. It can be
// repeated: a run happens once. It says when, which the SDK's own trigger cannot.
func (c *Client) TriggerSchedule(ctx context.Context, id string, due time.Time) error {
	_, err := c.Temporal.WorkflowService().PatchSchedule(ctx, &workflowservice.PatchScheduleRequest{
		Namespace: c.Namespace, ScheduleId: id, RequestId: fleet.NewID("", c.Store.Now()),
		Patch: &schedulepb.SchedulePatch{TriggerImmediately: &schedulepb.TriggerImmediatelyRequest{
			OverlapPolicy: enums.SCHEDULE_OVERLAP_POLICY_ALLOW_ALL, ScheduledTime: timestamppb.New(due),
		}},
	})
	if err != nil {
		return fleet.Errorf(fleet.Unavailable, "trigger schedule %s: %v", id, err)
	}
	return nil
}
