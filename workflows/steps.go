package workflows

import (
	"reflect"
	"runtime"
	"strings"
	"time"
	"unicode"

	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// saving is the policy for telling people how far an operation is. It never holds the
// operation up: after two seconds the next step tells more anyway.
var saving = workflow.LocalActivityOptions{ScheduleToCloseTimeout: 2 * time.Second, Summary: "save progress"}

// note writes down that a step begins, and names it in Temporal's UI. done writes down how
// it ended; the row is saved with a later step's, or with the end of the operation.
func note(ctx workflow.Context, activity any) (workflow.Context, func(workflow.Context, error)) {
	options := workflow.GetActivityOptions(ctx)
	lease, _ := ctx.Value(leaseKey{}).(fleet.Lease)
	undo := ctx.Value(undoKey{}) != nil
	name := activityName(activity)
	options.Summary = title(name)
	if undo {
		options.Summary = "undo: " + options.Summary
	}
	ctx = workflow.WithActivityOptions(ctx, options)

	op, ok := ctx.Value(operationKey{}).(*operation)
	if !ok {
		return ctx, func(workflow.Context, error) {}
	}
	i := len(op.steps)
	op.steps = append(op.steps, fleet.Step{Name: name, Title: title(name), HostID: lease.HostID, Undo: undo, State: fleet.StepRunning, StartedAt: workflow.Now(ctx)})
	// A quick step beside the record is over before anybody could read of it: the next one
	// that may last tells of it, too.
	if lease.HostID != "" || options.StartToCloseTimeout > quick.StartToCloseTimeout {
		op.show(ctx, options.Summary)
	}
	return ctx, func(ctx workflow.Context, err error) {
		row := &op.steps[i]
		row.State, row.EndedAt = fleet.StepDone, workflow.Now(ctx)
		if err != nil {
			row.State, row.Message = fleet.StepFailed, FromTemporal(err).Error()
		}
	}
}

// show stores the steps. That people see a little less is no reason to fail the operation,
// so an error is left to the worker's log.
func (op *operation) show(ctx workflow.Context, phase string) {
	ctx, _ = workflow.NewDisconnectedContext(workflow.WithLocalActivityOptions(ctx, saving))
	_ = workflow.ExecuteLocalActivity(ctx, control.SaveSteps, activities.Steps{OperationID: op.OperationID, Phase: phase, Steps: op.steps}).Get(ctx, nil)
}

// activityName is the name an activity is registered under: its method's.
func activityName(activity any) string {
	name := runtime.FuncForPC(reflect.ValueOf(activity).Pointer()).Name()
	return strings.TrimSuffix(name[strings.LastIndexByte(name, '.')+1:], "-fm")
}

// title is an activity's name in words: StartContainer is "start container".
func title(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return strings.ReplaceAll(b.String(), "g p u", "GPU")
}
