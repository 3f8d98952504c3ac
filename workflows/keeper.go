package workflows

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// Keeper does for servers what their owners have asked for beforehand: it takes snapshots on
// their intervals, recovers those that are lost, and makes those anew that cannot open their GPUs any more. Any number of processes may run one.
type Keeper struct {
	Store  *store.Store
	Client *Client
	Logger *slog.Logger
	Every  time.Duration // between two looks; default 5 s
}

// Run looks until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	every := k.Every
	if every == 0 {
		every = 5 * time.Second
	}
	for ctx.Err() == nil {
		if err := k.Look(ctx); err != nil && ctx.Err() == nil {
			k.Logger.WarnContext(ctx, "keeper", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(every):
		}
	}
}

// Look starts what is due. What fails is looked at again the next time.
func (k *Keeper) Look(ctx context.Context) error {
	if err := k.snapshots(ctx); err != nil {
		return err
	}
	if err := k.recover(ctx); err != nil {
		return err
	}
	if err := k.remake(ctx); err != nil {
		return err
	}
	return k.relent(ctx)
}

// snapshots takes those whose interval has passed.
func (k *Keeper) snapshots(ctx context.Context) error {
	due, err := k.Store.SnapshotsDue(ctx)
	if err != nil {
		return err
	}
	for _, inst := range due {
		snap := fleet.Snapshot{ID: fleet.NewID(fleet.SnapshotPrefix, k.Store.Now()), AccountID: inst.AccountID, InstanceID: inst.ID, Kind: fleet.SnapshotAuto}
		if err := k.Client.Snapshot(ctx, snap); err != nil && !fleet.Is(err, fleet.Conflict) {
			k.Logger.WarnContext(ctx, "snapshot not started", "instance", inst.ID, "error", err)
		}
	}
	return nil
}

// recover asks for the recovery of each lost server once, from its newest snapshot. It waits
// for a place.
func (k *Keeper) recover(ctx context.Context) error {
	lost, err := k.Store.Recoverable(ctx)
	if err != nil {
		return err
	}
	for _, inst := range lost {
		ask := store.Ask{
			AccountID: inst.AccountID, Actor: "monitor", Key: fmt.Sprintf("recover:%s:%d", inst.ID, inst.Since.UnixMicro()),
			Params: fleet.Params{Wait: true},
		}
		rec, repeated, err := k.Store.Accept(ctx, ask, fleet.KindInstance, inst.ID, fleet.Recover.Name)
		if err == nil && !repeated {
			err = k.Client.Start(ctx, rec)
		}
		if err != nil && !fleet.Is(err, fleet.Unavailable) && !fleet.Is(err, fleet.Conflict) {
			k.Logger.WarnContext(ctx, "recovery not started", "instance", inst.ID, "error", err)
		}
	}
	return nil
}

// relent cancels recoveries that wait for a place while the host they are to replace is
// back: what it has is newer than any snapshot.
func (k *Keeper) relent(ctx context.Context) error {
	recs, err := k.Store.NeedlessRecoveries(ctx)
	if err != nil {
		return err
	}
	for _, rec := range recs {
		asked, err := k.Store.RequestCancel(ctx, rec.AccountID, rec.ID)
		if err == nil && asked.Outcome == fleet.Open {
			err = k.Client.Cancel(ctx, asked)
		}
		if err != nil && !fleet.Is(err, fleet.Conflict) {
			return err
		}
	}
	return nil
}

// remake gives instances back their GPUs whose containers have lost access to them. Starting a
// container again does that, as the engine gives it its devices anew; where that did not last, the
// server is made anew elsewhere, with its data.
func (k *Keeper) remake(ctx context.Context) error {
	blind, err := k.Store.TakeBlind(ctx)
	if err != nil {
		return err
	}
	for _, b := range blind {
		op := fleet.Restart
		switch {
		case b.EndpointID != "":
			op = fleet.Terminate
		case b.Again:
			op = fleet.Migrate
		}
		ask := store.Ask{AccountID: b.AccountID, Actor: store.Watchman, Key: fmt.Sprintf("remake:%s:%d", b.ID, b.Since.UnixMicro())}
		rec, repeated, err := k.Store.Accept(ctx, ask, fleet.KindInstance, b.ID, op.Name)
		if err == nil && !repeated {
			err = k.Client.Start(ctx, rec)
		}
		if err != nil && !fleet.Is(err, fleet.Unavailable) && !fleet.Is(err, fleet.Conflict) {
			k.Logger.WarnContext(ctx, "container not made anew", "instance", b.ID, "error", err)
		}
	}
	return nil
}
