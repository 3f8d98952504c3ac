package activities

import (
	"context"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A Snap is a snapshot that an operation takes of its instance.
type Snap struct {
	Claim      Claim
	SnapshotID string
	Kind       fleet.SnapshotKind
	Keep       fleet.Duration // after which it expires; 0: not by itself
}

// A SavedSnap is one that is whole and verified.
type SavedSnap struct {
	Snap  Snap
	Saved Saved
	At    time.Time // it shows the data as of then
}

// RecordSnapshot writes the snapshot down, before anything is saved under its ID.
func (c *Control) RecordSnapshot(ctx context.Context, in Snap) error {
	snap := fleet.Snapshot{ID: in.SnapshotID, InstanceID: in.Claim.ResourceID, OperationID: in.Claim.OperationID, Kind: in.Kind}
	if in.Keep > 0 {
		snap.ExpiresAt = c.Store.Now().Add(time.Duration(in.Keep))
	}
	return c.Store.RecordSnapshot(ctx, snap)
}

// HomeOf is the container where an instance lives. Conflict if it lives nowhere.
func (c *Control) HomeOf(ctx context.Context, in Claim) (Container, error) {
	inst, err := c.Store.Instance(ctx, in.ResourceID)
	if err != nil {
		return Container{}, err
	}
	if inst.Home.ID == "" {
		return Container{}, fleet.Errorf(fleet.Conflict, "%s is %s, and has no files on any host", inst.ID, inst.State)
	}
	return container(inst, inst.Home), nil
}

// A LostSnap is one that could not be taken, and why.
type LostSnap struct {
	Snap Snap
	Why  string
}

// SnapshotFailed lets go of it, and says why.
func (c *Control) SnapshotFailed(ctx context.Context, in LostSnap) error {
	return c.Store.SnapshotFailed(ctx, in.Snap.SnapshotID, in.Why)
}

// ForgetSnapshot lets go of it: the archive collects what no record names.
func (c *Control) ForgetSnapshot(ctx context.Context, in Snap) error {
	return c.Store.ForgetSnapshot(ctx, in.SnapshotID)
}

// SnapshotSaved writes down that it is whole and verified.
func (c *Control) SnapshotSaved(ctx context.Context, in SavedSnap) error {
	return c.Store.SnapshotSaved(ctx, fleet.Snapshot{
		ID: in.Snap.SnapshotID, ImageID: in.Saved.ImageID, Bytes: in.Saved.Bytes, Files: in.Saved.Files, SavedAt: in.At,
	})
}

// FreezeInstance records that all there is of the instance is the snapshot.
func (c *Control) FreezeInstance(ctx context.Context, in Snap) error {
	return c.Store.FreezeInstance(ctx, in.Claim.ResourceID, in.SnapshotID)
}

// StripLease gives a lease's GPUs and ports back; the data stays.
func (c *Control) StripLease(ctx context.Context, in Container) error {
	return c.Store.StripLease(ctx, in.Lease.ID)
}

// KeepLease keeps what lies under a lease where the instance does not live any more, for
// its owner to decide.
func (c *Control) KeepLease(ctx context.Context, in Container) error {
	return c.Store.KeepLease(ctx, in.Lease.ID)
}

// TellRecovered says how old the data is that an instance was recovered with.
func (c *Control) TellRecovered(ctx context.Context, in Snap) error {
	return c.Store.TellRecovered(ctx, in.Claim.ResourceID, in.Claim.OperationID, in.SnapshotID)
}

// ForgetSnapshots lets go of all snapshots of the instance; with Keep, the newest whole one
// stays until then.
func (c *Control) ForgetSnapshots(ctx context.Context, in Snap) error {
	return c.Store.ForgetSnapshots(ctx, in.Claim.ResourceID, time.Duration(in.Keep))
}

// ExpireSnapshot has a snapshot kept for a while longer, or with no Keep forgotten at once.
func (c *Control) ExpireSnapshot(ctx context.Context, in Snap) error {
	if in.Keep <= 0 {
		return c.Store.ForgetSnapshot(ctx, in.SnapshotID)
	}
	return c.Store.ExpireSnapshot(ctx, in.SnapshotID, in.Kind, time.Duration(in.Keep))
}

// CheckMove refuses a move that makes no sense, before anything is copied.
func (c *Control) CheckMove(ctx context.Context, in Placing) error {
	if in.HostID == "" {
		return nil
	}
	inst, err := c.Store.Instance(ctx, in.Claim.ResourceID)
	if err != nil {
		return err
	}
	if inst.Home.HostID == in.HostID && !inst.Home.Bare {
		return fleet.Errorf(fleet.Conflict, "it lives on host %s already", in.HostID)
	}
	return nil
}
