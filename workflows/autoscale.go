package workflows

import (
	"errors"
	"fmt"
	"strings"
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
	Observed      = "observed"       // the load wants another number of workers: Observation
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
	State      autoscale.State // limits on change hold over restarts
	Load       autoscale.Load  // the last that was heard of
	Heard      int64           // Seq of that: what is older is ignored
	Said       string          // what people and the evaluator were told last
}

const (
	// lookEvery is how long a decision stands when nothing is heard: a signal lost costs
	// as much, and an idle endpoint six events.
	lookEvery = 10 * time.Minute
	// lookAgain is how soon it looks again when the record did not answer.
	lookAgain = 15 * time.Second
	// A run ends, and the next begins, before its history grows heavy or its code old. Not
	// those of all endpoints at once.
	maxEvents = 1000
	maxAge    = 24 * time.Hour
	ageSpread = 4 * time.Hour
	// loadFresh is how old what the evaluator saw may be to count. Later only what the
	// gateways report now does, and nobody is removed.
	loadFresh = 5 * time.Second
)

// looking is the policy for the look at the record: it is over well before the task's
// limit, and costs one event.
var looking = workflow.LocalActivityOptions{
	StartToCloseTimeout: 2 * time.Second, ScheduleToCloseTimeout: 4 * time.Second, Summary: "look",
	RetryPolicy: &temporal.RetryPolicy{InitialInterval: 50 * time.Millisecond, MaximumInterval: time.Second},
}

// ears are the signals of a run.
type ears struct{ wake, done, observed workflow.ReceiveChannel }

// AutoscaleEndpoint watches an endpoint as long as it is started, and keeps as many
// workers as fleet/autoscale says. It acts through the same door as people do, so its
// operations are operations like any other. It asks nobody for the load: the evaluator says
// when it matters.
func AutoscaleEndpoint(ctx workflow.Context, in Autoscaling) error {
	ctx = workflow.WithLocalActivityOptions(workflow.WithActivityOptions(ctx, quick), looking)
	info := workflow.GetInfo(ctx)
	end := workflow.Now(ctx).Add(maxAge + time.Duration(spread(in.EndpointID))*time.Second%ageSpread)
	ears := ears{workflow.GetSignalChannel(ctx, Wake), workflow.GetSignalChannel(ctx, OperationDone), workflow.GetSignalChannel(ctx, Observed)}
	for {
		loaded := in.hear(ctx, ears)
		d, over, err := in.look(ctx, info, loaded)
		if over || err != nil {
			return err
		}
		if !workflow.Now(ctx).Before(end) || info.GetContinueAsNewSuggested() || info.GetCurrentHistoryLength() >= maxEvents {
			in.hear(ctx, ears)
			return workflow.NewContinueAsNewError(ctx, AutoscaleEndpoint, in)
		}
		if err := in.rest(ctx, d, ears); err != nil {
			return err
		}
	}
}

// look looks at the endpoint, decides, and has that carried out. It is over when the
// endpoint is not started any more. loaded says that the load is the reason.
func (a *Autoscaling) look(ctx workflow.Context, info *workflow.Info, loaded bool) (d autoscale.Decision, over bool, err error) {
	var seen activities.Observation
	if err := workflow.ExecuteLocalActivity(ctx, control.ObserveEndpoint, a.EndpointID).Get(ctx, &seen); err != nil {
		if ctx.Err() != nil || fleet.Is(FromTemporal(err), fleet.NotFound) {
			return d, true, err
		}
		return autoscale.Decision{Rule: "away", Reason: "the record does not answer", Again: lookAgain}, false, nil
	}
	if !seen.Started {
		return d, true, nil
	}
	now := workflow.Now(ctx)
	count := autoscale.Counted(seen.Workers)
	sizing, state := autoscale.Size(seen.Options, a.State, a.load(seen, now), count, now)
	a.State = state
	seen.Now, seen.Failures, seen.Sizing = now, a.Failures, &sizing
	mix := mix(seen, autoscale.Decide(seen.Observed))
	d = mix.Decision
	a.show(ctx, sizing, mix)
	known := activities.Known{EndpointID: a.EndpointID, State: state, Rule: d.Rule, Reason: d.Reason}
	said := fmt.Sprintf("%d %s %d", state.Total, d.Rule, state.Changed.UnixMilli())
	switch {
	case d.Acts() || sizing.Total != sizing.Was:
		a.Seq++
		err := run(ctx, control.ScaleEndpoint, activities.Scale{
			EndpointID: a.EndpointID, Create: d.Create, Older: d.Older, Makes: mix.makes, Remove: d.Remove,
			Key:      fmt.Sprintf("%s:%s:%d", info.WorkflowExecution.ID, info.FirstRunID, a.Seq),
			Decision: a.decision(seen, sizing, mix, loaded), Known: known,
		})()
		if err != nil && !errors.Is(ctx.Err(), workflow.ErrCanceled) {
			// A spec that stopped being valid, say. It is tried again like a worker that fails.
			a.Failures.Count, a.Failures.Last = a.Failures.Count+1, workflow.Now(ctx)
			if wait := a.Failures.Wait(workflow.Now(ctx)); d.Again == 0 || wait < d.Again {
				d.Again = wait
			}
			workflow.GetLogger(ctx).Warn("decision not carried out", "endpoint", a.EndpointID, "error", err)
		}
	case loaded || said != a.Said:
		// The evaluator goes by what is known here, and would go on saying what it said, or
		// nothing. If this is lost, it is said at the next look.
		if workflow.ExecuteLocalActivity(ctx, control.SaveScaling, known).Get(ctx, nil) != nil {
			said = ""
		}
	}
	a.Said = said
	return d, false, nil
}

// load is what the evaluator saw, as long as that is fresh; later, only what the gateways
// report now, of which there is no history: nobody leaves because of it. With no worker a
// request counts that has come since.
func (a *Autoscaling) load(seen activities.Observation, now time.Time) autoscale.Load {
	come := a.State.Total == 0 && a.Load.Now() == 0 && seen.Queued > 0
	if !a.Load.At.IsZero() && now.Sub(a.Load.At) <= loadFresh && !come {
		return a.Load
	}
	return autoscale.Load{InFlight: seen.InFlight, Queued: seen.Queued}
}

// decision is what is stored, for people who ask why.
func (a *Autoscaling) decision(seen activities.Observation, sizing autoscale.Sizing, d mixed, loaded bool) fleet.ScaleDecision {
	l, o := sizing.Load, sizing.Options
	out := fleet.ScaleDecision{
		EndpointID: a.EndpointID, At: seen.Now, From: sizing.Was, To: sizing.Total, Create: d.Create, Remove: d.Remove, Rule: d.Rule, Reason: d.Reason,
		Inputs: fleet.ScaleInputs{
			InFlight: l.InFlight, Queued: l.Queued, Service: time.Duration(a.State.Service).Seconds(), LoadAt: l.At, Known: seen.Known && !l.Since.IsZero(),
			Ready: sizing.Count.Ready, Starting: sizing.Count.Starting, Active: o.Active, Max: o.Max, Target: o.Target, Policy: o.Policy,
			Revision: seen.Revision, Failures: a.Failures.Count, Evaluated: loaded,
		},
	}
	if l.Over > 0 {
		out.Inputs.Rate = float64(l.Arrived) / time.Duration(l.Over).Seconds()
	}
	for _, v := range sizing.Votes {
		out.Votes = append(out.Votes, fleet.ScaleVote{Rule: v.Rule, Total: v.Total, Note: v.Note})
	}
	out.Votes = append(out.Votes, d.votes()...)
	return out
}

// show says in Temporal's UI what was decided, and why.
func (a *Autoscaling) show(ctx workflow.Context, s autoscale.Sizing, d mixed) {
	b := []string{
		fmt.Sprintf("**%d workers** (%s): %s\n", s.Total, d.Rule, d.Reason),
		fmt.Sprintf("%d ready, %d starting; %d requests in flight, %d queued\n", s.Count.Ready, s.Count.Starting, s.Load.InFlight, s.Load.Queued),
	}
	for _, v := range s.Votes {
		b = append(b, fmt.Sprintf("- %s: %d — %s", v.Rule, v.Total, v.Note))
	}
	for _, v := range d.votes() {
		b = append(b, fmt.Sprintf("- %s: %d — %s", v.Rule, v.Total, v.Note))
	}
	workflow.SetCurrentDetails(ctx, strings.Join(b, "\n"))
}

// hear takes in all signals that have arrived. It reports whether there is news of the load.
func (a *Autoscaling) hear(ctx workflow.Context, e ears) (loaded bool) {
	for e.wake.ReceiveAsync(nil) {
	}
	var f Finished
	for e.done.ReceiveAsync(&f) {
		a.learn(ctx, f)
	}
	var o Observation
	for e.observed.ReceiveAsync(&o) {
		loaded = a.take(o) || loaded
	}
	return loaded
}

// take takes in a load, unless a newer one is known.
func (a *Autoscaling) take(o Observation) bool {
	if o.Seq <= a.Heard {
		return false
	}
	a.Heard, a.Load = o.Seq, o.Load
	return true
}

// learn hears of a worker that was made. Of those that could not be, the record knows.
func (a *Autoscaling) learn(_ workflow.Context, f Finished) {
	if f.Operation == fleet.Create.Name && f.Outcome == fleet.Done {
		a.Failures = autoscale.Failures{}
	}
}

// rest waits until there is reason to look again. What it wakes up for stays in its channel.
func (a *Autoscaling) rest(ctx workflow.Context, d autoscale.Decision, e ears) error {
	pause := lookEvery
	if d.Again > 0 {
		pause = min(pause, d.Again)
	}
	woken := func() bool { return e.wake.Len()+e.done.Len()+e.observed.Len() > 0 }
	timed, cancel := workflow.WithCancel(ctx)
	defer cancel() // the timer, which the SDK leaves to fire otherwise
	_, err := workflow.AwaitWithOptions(timed, workflow.AwaitOptions{Timeout: pause, TimerOptions: workflow.TimerOptions{Summary: "look again: " + d.Rule}}, woken)
	if ctx.Err() != nil {
		return temporal.NewCanceledError()
	}
	return err
}
