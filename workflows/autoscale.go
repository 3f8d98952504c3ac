package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/autoscale"
)

// The signals of an autoscaler.
const (
	Wake          = "wake"           // something changed: look again
	OperationDone = "operation_done" // an operation on a worker has ended: Finished
)

// Finished is what an operation on a worker says when it has ended.
type Finished struct {
	InstanceID string
	Operation  string
	Outcome    fleet.Outcome
	Code       fleet.Code
	Message    string
}

// Autoscaling is what must survive an autoscaler's restart. It is the input of every run.
type Autoscaling struct {
	AccountID  string
	EndpointID string
	Seq        int // decisions that acted, over all runs: names them
	Failures   autoscale.Failures
}

const (
	// lookEvery is how long a decision stands when nothing is heard: a signal lost costs
	// as much, and an idle endpoint six events.
	lookEvery = 10 * time.Minute
	// A run ends, and the next begins, before its history grows heavy or its code old.
	maxEvents = 1000
	maxAge    = 24 * time.Hour
)

// AutoscaleEndpoint watches an endpoint as long as it is started, and keeps as many
// workers as fleet/autoscale says. It acts through the same door as people do, so its
// operations are operations like any other.
func AutoscaleEndpoint(ctx workflow.Context, in Autoscaling) error {
	ctx = workflow.WithActivityOptions(ctx, quick)
	info := workflow.GetInfo(ctx)
	born := workflow.Now(ctx)
	wake, done := workflow.GetSignalChannel(ctx, Wake), workflow.GetSignalChannel(ctx, OperationDone)
	for {
		in.hear(ctx, wake, done)
		seen, err := call(ctx, control.ObserveEndpoint, in.EndpointID)
		if err != nil {
			return err
		}
		if !seen.Started {
			return nil
		}
		seen.Now, seen.Failures = workflow.Now(ctx), in.Failures
		d := autoscale.Decide(seen.Observed)
		workflow.SetCurrentDetails(ctx, fmt.Sprintf("**%s** (%s)", d.Reason, d.Rule))
		if d.Acts() {
			in.Seq++
			err := run(ctx, control.ScaleEndpoint, activities.Scale{
				EndpointID: in.EndpointID, Create: d.Create, Remove: d.Remove,
				Key: fmt.Sprintf("%s:%s:%d", info.WorkflowExecution.ID, info.FirstRunID, in.Seq),
			})()
			if err != nil && !errors.Is(ctx.Err(), workflow.ErrCanceled) {
				// A spec that stopped being valid, say. It is tried again like a worker that fails.
				in.Failures.Count, in.Failures.Last = in.Failures.Count+1, workflow.Now(ctx)
				workflow.GetLogger(ctx).Warn("decision not carried out", "endpoint", in.EndpointID, "error", err)
			}
		}
		if workflow.Now(ctx).Sub(born) >= maxAge || info.GetContinueAsNewSuggested() || info.GetCurrentHistoryLength() >= maxEvents {
			in.hear(ctx, wake, done)
			return workflow.NewContinueAsNewError(ctx, AutoscaleEndpoint, in)
		}
		if err := in.rest(ctx, d, wake, done); err != nil {
			return err
		}
	}
}

// hear takes in all signals that have arrived.
func (a *Autoscaling) hear(ctx workflow.Context, wake, done workflow.ReceiveChannel) {
	for wake.ReceiveAsync(nil) {
	}
	var f Finished
	for done.ReceiveAsync(&f) {
		a.learn(ctx, f)
	}
}

// learn counts the workers that could not be made, one after the other.
func (a *Autoscaling) learn(ctx workflow.Context, f Finished) {
	switch {
	case f.Operation != fleet.Create.Name, f.Code == fleet.Cancelled:
	case f.Outcome == fleet.Done:
		a.Failures = autoscale.Failures{}
	default:
		a.Failures.Count, a.Failures.Last = a.Failures.Count+1, workflow.Now(ctx)
	}
}

// rest waits until there is reason to look again.
func (a *Autoscaling) rest(ctx workflow.Context, d autoscale.Decision, wake, done workflow.ReceiveChannel) error {
	pause := lookEvery
	if d.Again > 0 {
		pause = min(pause, d.Again)
	}
	timed, cancel := workflow.WithCancel(ctx)
	defer cancel()
	timer := workflow.NewTimerWithOptions(timed, pause, workflow.TimerOptions{Summary: "look again: " + d.Rule})
	workflow.NewSelector(ctx).
		AddFuture(timer, func(workflow.Future) {}).
		AddReceive(wake, func(c workflow.ReceiveChannel, _ bool) { c.Receive(ctx, nil) }).
		AddReceive(done, func(c workflow.ReceiveChannel, _ bool) {
			var f Finished
			c.Receive(ctx, &f)
			a.learn(ctx, f)
		}).
		AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {}).
		Select(ctx)
	if err := ctx.Err(); err != nil {
		return temporal.NewCanceledError()
	}
	return nil
}
