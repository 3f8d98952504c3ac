package workflows

import (
	"context"
	"log/slog"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// Outbox starts the operations that were accepted and have not begun: those a crash left
// behind, and those that wait for the one they cancelled. Any number of processes may run
// one: starting is harmless when it is repeated.
type Outbox struct {
	Store  *store.Store
	Client *Client
	Logger *slog.Logger
	Every  time.Duration // between two looks; default 500 ms
}

// drainsEvery is how often the workflows are seen to that empty hosts. One whose host is to
// be emptied again just when it ends is missed by its start.
const drainsEvery = 5 * time.Second

// caresEvery is how often the workflows are seen to that care for GPUs.
const caresEvery = time.Second

// Run looks until ctx ends. First it sees that every running endpoint has its autoscaler:
// Temporal keeps these alive, but it may have been replaced by an empty one.
func (o *Outbox) Run(ctx context.Context) {
	every := o.Every
	if every == 0 {
		every = 500 * time.Millisecond
	}
	revived := false
	var drains, cares time.Time
	for ctx.Err() == nil {
		if time.Since(drains) >= drainsEvery {
			drains = time.Now()
			if err := o.drains(ctx); err != nil && ctx.Err() == nil {
				o.Logger.WarnContext(ctx, "drains not seen to yet", "error", err)
			}
			if err := o.volumes(ctx); err != nil && ctx.Err() == nil {
				o.Logger.WarnContext(ctx, "removals of volumes not seen to yet", "error", err)
			}
		}
		if !revived {
			err := o.revive(ctx)
			if revived = err == nil; !revived && ctx.Err() == nil {
				o.Logger.WarnContext(ctx, "autoscalers not seen to yet", "error", err)
			}
		}
		if err := o.Look(ctx); err != nil && ctx.Err() == nil {
			o.Logger.WarnContext(ctx, "outbox", "error", err)
		}
		if time.Since(cares) >= caresEvery {
			cares = time.Now()
			if err := o.Cares(ctx); err != nil && ctx.Err() == nil {
				o.Logger.WarnContext(ctx, "GPUs not cared for yet", "error", err)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(every):
		}
	}
}

func (o *Outbox) revive(ctx context.Context) error {
	started, err := o.Store.StartedEndpoints(ctx)
	if err != nil {
		return err
	}
	for _, ep := range started {
		if err := o.Client.StartAutoscaler(ctx, ep.AccountID, ep.ID); err != nil {
			return err
		}
	}
	return nil
}

// drains sees that every host that is to be emptied has its workflow.
func (o *Outbox) drains(ctx context.Context) error {
	hosts, err := o.Store.DrainingHosts(ctx)
	if err != nil {
		return err
	}
	for _, id := range hosts {
		if err := o.Client.StartDrain(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// volumes sees that every volume that is to be erased has its workflow.
func (o *Outbox) volumes(ctx context.Context) error {
	deleting, err := o.Store.DeletingVolumes(ctx)
	if err != nil {
		return err
	}
	for _, id := range deleting {
		if err := o.Client.StartVolumeRemoval(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// Cares sees that every GPU that is to be cared for has its workflow. One that ends just then
// is missed by its start, until the next look.
func (o *Outbox) Cares(ctx context.Context) error {
	cares, err := o.Store.NextCares(ctx, 100)
	if err != nil {
		return err
	}
	for _, care := range cares {
		if err := o.Client.StartCare(ctx, care); err != nil {
			return err
		}
		if !care.CancelledAt.IsZero() {
			if err := o.Client.CancelCare(ctx, care.GPUID); err != nil {
				return err
			}
		}
	}
	return nil
}

// Look starts what is pending, and repeats cancels that may not have arrived.
func (o *Outbox) Look(ctx context.Context) error {
	pending, err := o.Store.PendingOperations(ctx, 400*time.Millisecond, 100)
	if err != nil {
		return err
	}
	for _, rec := range pending {
		if err := o.Client.start(ctx, rec, true); err != nil && !fleet.Is(err, fleet.Unavailable) {
			o.Logger.WarnContext(ctx, "operation not started", "operation", rec.ID, "error", err)
		}
	}
	cancelled, err := o.Store.CancelledOperations(ctx, 2*time.Second, 100)
	if err != nil {
		return err
	}
	for _, rec := range cancelled {
		if err := o.cancel(ctx, rec); err != nil {
			o.Logger.WarnContext(ctx, "operation not cancelled", "operation", rec.ID, "error", err)
		}
	}
	return nil
}

// orphaned is how long an operation has to have been without a workflow before a cancel
// gives it up.
const orphaned = 30 * time.Second

// cancel repeats a cancel. An operation whose workflow is not there, because Temporal has
// lost its data, can be neither finished nor undone any more: it ends stuck, so that its
// owner can go on from there.
func (o *Outbox) cancel(ctx context.Context, rec fleet.Record) error {
	run, err := o.Client.run(ctx, rec)
	if err != nil {
		return err
	}
	if run != "" || rec.BegunAt.IsZero() || o.Store.Now().Sub(rec.CancelledAt) < orphaned {
		return o.Client.Cancel(ctx, rec)
	}
	o.Logger.ErrorContext(ctx, "operation has no workflow any more", "operation", rec.ID)
	return o.Store.EndOperation(ctx, store.Ending{
		OperationID: rec.ID, Outcome: fleet.Stuck, Code: fleet.Internal, Message: "its workflow is gone from Temporal: it could be neither finished nor undone",
	})
}
