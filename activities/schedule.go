package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// A Firing is one time that Temporal has fired a schedule for.
type Firing struct {
	ScheduleID string
	At         time.Time // when it was due, without jitter
}

// Fired is how far a firing is.
type Fired struct {
	Over bool // there was nothing to do, or no target is left to try again
	Busy int  // targets that another operation holds
	Done int
	At   time.Time // of the run
}

// fanOut is how many targets of a schedule are seen to at once.
const fanOut = 8

// FireSchedule has done to each of a schedule's targets what it is time for, through the
// same door as people: an operation is accepted, or it is noted why not. Done again, it
// sees to those that were busy.
func (c *Control) FireSchedule(ctx context.Context, in Firing) (Fired, error) {
	sch, run, act, err := c.Store.BeginRun(ctx, in.ScheduleID, in.At)
	if err != nil {
		return Fired{}, err
	}
	if !act {
		if run.State == fleet.RunMissed {
			c.Logger.WarnContext(ctx, "schedule fired too late", "schedule", in.ScheduleID, "due", in.At)
		}
		return Fired{Over: true}, nil
	}
	settled, err := c.Store.SettledTargets(ctx, sch.ID, run.At)
	if err != nil {
		return Fired{}, err
	}
	var busy, done atomic.Int64
	err = c.eachTarget(ctx, sch, func(ctx context.Context, target target) error {
		if slices.Contains(settled, target.id) {
			return nil
		}
		out, err := c.fire(ctx, sch, run, target)
		if err != nil {
			return err
		}
		if out.Outcome == fleet.RunBusy {
			busy.Add(1)
		}
		Report(ctx, fleet.Progress{Message: fmt.Sprintf("%s: %d seen to", run.Action, done.Add(1)), Done: done.Load()})
		return c.Store.SaveTarget(ctx, sch.ID, run.At, out)
	})
	fired := Fired{Busy: int(busy.Load()), Done: len(settled) + int(done.Load()), At: run.At}
	c.Logger.InfoContext(ctx, "schedule fired", "schedule", sch.ID, "action", run.Action, "due", run.At, "seen", fired.Done, "busy", fired.Busy)
	return fired, err
}

// EndFiring closes the run: what is busy still has been refused.
func (c *Control) EndFiring(ctx context.Context, in Firing) error {
	return c.Store.EndRun(ctx, in.ScheduleID, in.At)
}

// A target is a resource as a schedule looks at it.
type target struct {
	kind     fleet.Kind
	id, name string
	life     fleet.Life
	created  time.Time
	labels   map[string]string
	workers  int  // active ones, of an endpoint
	worker   bool // it is one, and its endpoint's business
}

func instanceTarget(i fleet.Instance) target {
	return target{kind: fleet.KindInstance, id: i.ID, name: i.Name, life: i.Life, created: i.CreatedAt, labels: i.Spec.Labels, worker: i.EndpointID != ""}
}

func endpointTarget(e fleet.Endpoint) target {
	return target{kind: fleet.KindEndpoint, id: e.ID, name: e.Name, life: e.Life, created: e.CreatedAt, labels: e.Spec.Labels, workers: e.Spec.ActiveWorkers}
}

// eachTarget calls see for every target of a schedule, a few at once, and returns the first
// error. The account's resources are read a page at a time.
func (c *Control) eachTarget(ctx context.Context, sch fleet.Schedule, see func(context.Context, target) error) error {
	switch t := sch.Spec.Target; {
	case t.Instance != "":
		inst, err := c.Store.GetInstance(ctx, sch.AccountID, t.Instance)
		if err != nil {
			return err
		}
		return see(ctx, instanceTarget(inst))
	case t.Endpoint != "":
		ep, err := c.Store.GetEndpoint(ctx, sch.AccountID, t.Endpoint)
		if err != nil {
			return err
		}
		return see(ctx, endpointTarget(ep))
	}
	if err := pages(func(p store.Page) ([]fleet.Instance, error) {
		return c.Store.ListInstances(ctx, sch.AccountID, store.InstanceFilter{Servers: true, Page: p})
	}, func(i fleet.Instance) string { return i.ID }, func(all []fleet.Instance) error {
		return together(ctx, sch, all, instanceTarget, see)
	}); err != nil {
		return err
	}
	return pages(func(p store.Page) ([]fleet.Endpoint, error) {
		return c.Store.ListEndpoints(ctx, sch.AccountID, store.EndpointFilter{Page: p})
	}, func(e fleet.Endpoint) string { return e.ID }, func(all []fleet.Endpoint) error {
		return together(ctx, sch, all, endpointTarget, see)
	})
}

func pages[T any](read func(store.Page) ([]T, error), id func(T) string, see func([]T) error) error {
	for page := (store.Page{Limit: store.MaxLimit}); ; {
		all, err := read(page)
		if err != nil {
			return err
		}
		if err := see(all); err != nil || len(all) < page.Limit {
			return err
		}
		page.After = id(all[len(all)-1])
	}
}

func together[T any](ctx context.Context, sch fleet.Schedule, all []T, as func(T) target, see func(context.Context, target) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	slots := make(chan struct{}, fanOut)
	var group sync.WaitGroup
	for _, one := range all {
		t := as(one)
		if !sch.Spec.Covers(t.kind, t.id, t.labels) {
			continue
		}
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		group.Go(func() {
			defer func() { <-slots }()
			if err := see(ctx, t); err != nil {
				cancel(err)
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// fire sees to one target. What cannot be asked for is an outcome, and no error; errors are
// of what may be better the next time.
func (c *Control) fire(ctx context.Context, sch fleet.Schedule, run fleet.ScheduleRun, t target) (fleet.RunTarget, error) {
	out := fleet.RunTarget{Kind: t.kind, ResourceID: t.id, Name: t.name}
	op, ok := run.Action.Operation(t.kind)
	if !ok {
		out.Outcome, out.Code, out.Message = fleet.RunRefused, fleet.Invalid, fmt.Sprintf("%s cannot be done to an %s", run.Action, t.kind)
		return out, nil
	}
	if t.life.State.Gone() {
		out.Outcome, out.Code, out.Message = fleet.RunRefused, fleet.NotFound, fmt.Sprintf("it is %s; the schedule is paused", t.life.State)
		_, err := c.Store.PauseSchedule(ctx, sch.AccountID, store.ScheduleActor(sch.ID), sch.ID, fmt.Sprintf("its target is %s", t.life.State))
		return out, err
	}
	reason, err := c.leave(ctx, sch, run, t, op)
	if err != nil {
		return out, err
	}
	if reason != "" {
		out.Outcome, out.Message = fleet.RunSkipped, reason
		return out, nil
	}
	if c.Supported != nil && !slices.ContainsFunc(c.Supported, func(o fleet.Operation) bool { return o.Workflow() == op.Workflow() }) {
		out.Outcome, out.Code, out.Message = fleet.RunRefused, fleet.Unsupported, fmt.Sprintf("this fleet cannot %s an %s", op.Name, t.kind)
		return out, nil
	}
	if run.Edge == fleet.Begin && !sch.Spec.OnlyIf.IsZero() && t.life.OperationID != "" {
		out.Outcome, out.Code, out.Message = fleet.RunBusy, fleet.Conflict, fmt.Sprintf("operation %s is open", t.life.OperationID)
		return out, nil // what it will be is not known yet
	}
	rec, err := c.acceptScheduled(ctx, sch, run, t, op)
	if err == nil {
		out.Outcome, out.OperationID = fleet.RunAccepted, rec.ID
		c.start(ctx, rec)
		return out, nil
	}
	known, ok := errors.AsType[*fleet.Error](err)
	switch {
	case !ok:
		c.Logger.ErrorContext(ctx, "a schedule could not act", "schedule", sch.ID, string(t.kind), t.id, "error", err)
		out.Outcome, out.Code, out.Message = fleet.RunRefused, fleet.Internal, "something went wrong on our side"
	case known.Code == fleet.Unavailable:
		return out, err
	case known.Code == fleet.Conflict && known.Operation != "": // until that has settled
		out.Outcome, out.Code, out.Message = fleet.RunBusy, known.Code, known.Message
	default:
		out.Outcome, out.Code, out.Message = fleet.RunRefused, known.Code, known.Message
	}
	return out, nil
}

// leave says why a target is left alone; "" if it is not.
func (c *Control) leave(ctx context.Context, sch fleet.Schedule, run fleet.ScheduleRun, t target, op fleet.Operation) (string, error) {
	switch {
	case t.worker:
		return "it is a worker now, which its endpoint starts and stops", nil
	case run.Actor == "" && t.created.After(run.At):
		return "it is newer than this", nil
	case run.Action == fleet.DoSetWorkers && t.workers == run.Workers:
		return fmt.Sprintf("it has %d active workers already", run.Workers), nil
	case t.life.OperationID == "" && op.To == t.life.State:
		return fmt.Sprintf("it is %s already", t.life.State), nil
	}
	if run.Edge == fleet.Begin && t.life.OperationID == "" {
		if met, why := sch.Spec.OnlyIf.Met(t.life, c.Store.Now()); !met {
			return why, nil
		}
	}
	if run.Actor != "" {
		return "", nil // somebody wants it now
	}
	until, err := c.Store.Held(ctx, t.id, run.Action, run.At)
	if err != nil {
		return "", err
	}
	if !until.IsZero() {
		return fmt.Sprintf("somebody has put it as it is, until %s", until.Format(time.RFC3339)), nil
	}
	moved, err := c.Store.MovedByHand(ctx, t.id, run.At)
	if moved {
		return "somebody has moved it since", err
	}
	return "", err
}

// acceptScheduled asks for the operation under a key of the schedule, its time and the
// target: asked again, it is the same request.
func (c *Control) acceptScheduled(ctx context.Context, sch fleet.Schedule, run fleet.ScheduleRun, t target, op fleet.Operation) (fleet.Record, error) {
	ask := store.Ask{
		AccountID: sch.AccountID, Actor: store.ScheduleActor(sch.ID),
		Key: fmt.Sprintf("%s:%s:%s", sch.ID, run.At.UTC().Format(time.RFC3339), t.id),
	}
	if op.Name == fleet.Thaw.Name {
		ask.Params.Wait = true // for a place: nobody is there to ask again
	}
	if run.Action == fleet.DoSetWorkers {
		rec, _, err := c.Store.UpdateEndpoint(ctx, ask, t.id, "", func(spec fleet.EndpointSpec) (fleet.EndpointSpec, error) {
			spec.ActiveWorkers = run.Workers
			return spec, nil
		})
		return rec, err
	}
	rec, _, err := c.Store.Accept(ctx, ask, t.kind, t.id, op.Name)
	return rec, err
}
