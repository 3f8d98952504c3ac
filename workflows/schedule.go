package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// fireSchedule is the name of the workflow that schedules start. A name in a history is
// for ever.
const fireSchedule = "fire-schedule"

// dueAt is set by Temporal on what a schedule starts: when it was due, without jitter.
var dueAt = temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime")

// busyEvery is how often what another operation holds is asked for again.
const busyEvery = 15 * time.Second

// fanningOut is how long a schedule's targets may take, all together. The step beats, so a
// worker that dies is noticed much sooner.
const fanningOut = 10 * time.Minute

// FireSchedule is what Temporal starts when a schedule is due. It is thin: it has the
// operations accepted, which then run by themselves under their resources' IDs. What is
// held by another operation is asked for again until it would be too late.
func FireSchedule(ctx workflow.Context, in activities.Firing) error {
	due, ok := workflow.GetTypedSearchAttributes(ctx).GetTime(dueAt)
	if ok {
		in.At = due
	}
	limit := in.At.Add(fleet.CatchUp)
	if now := workflow.Now(ctx); limit.Before(now) { // it is late already: once
		limit = now
	}
	ctx = workflow.WithActivityOptions(ctx, quick)
	for {
		fired, err := call(workflow.WithStartToCloseTimeout(ctx, fanningOut), control.FireSchedule, in)
		if err != nil || fired.Over {
			return err
		}
		if fired.Busy == 0 || !workflow.Now(ctx).Add(busyEvery).Before(limit) {
			return run(ctx, control.EndFiring, activities.Firing{ScheduleID: in.ScheduleID, At: fired.At})()
		}
		timer := workflow.NewTimerWithOptions(ctx, busyEvery, workflow.TimerOptions{Summary: "ask again for what is busy"})
		if err := timer.Get(ctx, nil); err != nil {
			return err
		}
	}
}
