package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const snapshotColumns = `id, account_id, instance_id, data_center, operation_id, kind, state, image_id, bytes, files, created_at, saved_at, expires_at`

type snapshotRow struct {
	ID          string              `db:"id"`
	AccountID   string              `db:"account_id"`
	InstanceID  string              `db:"instance_id"`
	DataCenter  string              `db:"data_center"`
	OperationID string              `db:"operation_id"`
	Kind        fleet.SnapshotKind  `db:"kind"`
	State       fleet.SnapshotState `db:"state"`
	ImageID     string              `db:"image_id"`
	Bytes       int64               `db:"bytes"`
	Files       int64               `db:"files"`
	CreatedAt   int64               `db:"created_at"`
	SavedAt     int64               `db:"saved_at"`
	ExpiresAt   int64               `db:"expires_at"`
}

func (r snapshotRow) snapshot() fleet.Snapshot {
	return fleet.Snapshot{
		ID: r.ID, AccountID: r.AccountID, InstanceID: r.InstanceID, DataCenter: r.DataCenter, OperationID: r.OperationID,
		Kind: r.Kind, State: r.State, ImageID: r.ImageID, Bytes: r.Bytes, Files: r.Files,
		CreatedAt: at(r.CreatedAt), SavedAt: at(r.SavedAt), ExpiresAt: at(r.ExpiresAt),
	}
}

// RecordSnapshot writes down that a snapshot of an instance is about to be saved: of
// snap, ID, InstanceID, OperationID, Kind and ExpiresAt count. One that is there already
// stays as it is. NotFound without the instance.
func (s *Store) RecordSnapshot(ctx context.Context, snap fleet.Snapshot) error {
	return s.write(ctx, "record snapshot", func(t *tx) error {
		h, err := t.hold(fleet.KindInstance, snap.InstanceID)
		if err != nil {
			return err
		}
		_, err = t.exec(`INSERT INTO snapshots (id, account_id, instance_id, data_center, operation_id, kind, state, created_at, expires_at)
			VALUES (?, ?, ?, ?, ?, ?, 'saving', ?, ?) ON CONFLICT (id) DO NOTHING`,
			snap.ID, h.AccountID, h.ID, h.DataCenter, snap.OperationID, snap.Kind, micros(t.now), micros(snap.ExpiresAt))
		return err
	})
}

// SnapshotSaved writes down that a snapshot is whole and verified: of snap, ID, ImageID,
// Bytes, Files and SavedAt count. Of the instance's automatic ones, only the newest
// fleet.KeepAutoSnapshots stay. NotFound without the snapshot.
func (s *Store) SnapshotSaved(ctx context.Context, snap fleet.Snapshot) error {
	return s.write(ctx, "snapshot saved", func(t *tx) error {
		old, err := t.snapshot(snap.ID)
		if err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE snapshots SET state = 'ready', image_id = ?, bytes = ?, files = ?, saved_at = ? WHERE id = ?`,
			text(snap.ImageID), snap.Bytes, snap.Files, micros(snap.SavedAt), snap.ID); err != nil {
			return err
		}
		if old.Kind == fleet.SnapshotManual && old.State != fleet.SnapshotReady {
			h, err := t.hold(fleet.KindInstance, old.InstanceID)
			if err != nil {
				return err
			}
			return t.event(h.happened("snapshot.saved", "", "", old.ID))
		}
		if old.Kind != fleet.SnapshotAuto {
			return nil
		}
		var ids []string
		if err := t.all(&ids, `SELECT id FROM snapshots WHERE instance_id = ? AND kind = 'auto' AND state = 'ready' ORDER BY saved_at DESC, id DESC`, old.InstanceID); err != nil {
			return err
		}
		for _, id := range ids[min(len(ids), fleet.KeepAutoSnapshots):] {
			if _, err := t.exec(`DELETE FROM snapshots WHERE id = ?`, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// SnapshotFailed lets go of a snapshot that could not be taken, and tells why whoever asked
// for it. No such snapshot is no error.
func (s *Store) SnapshotFailed(ctx context.Context, id, why string) error {
	return s.write(ctx, "snapshot failed", func(t *tx) error {
		snap, err := t.snapshot(id)
		if fleet.Is(err, fleet.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		h, err := t.hold(fleet.KindInstance, snap.InstanceID)
		if err != nil {
			return err
		}
		if _, err := t.exec(`DELETE FROM snapshots WHERE id = ? AND state = 'saving'`, id); err != nil {
			return err
		}
		return t.event(h.happened("snapshot.failed", "", "", fmt.Sprintf("%s: %s", id, why)))
	})
}

// ForgetSnapshot lets go of a snapshot: the archive collects it later. One that is all
// there is of a frozen instance stays. No such snapshot is no error.
func (s *Store) ForgetSnapshot(ctx context.Context, id string) error {
	return s.write(ctx, "forget snapshot", func(t *tx) error {
		_, err := t.exec(`DELETE FROM snapshots WHERE id = ? AND id NOT IN (SELECT snapshot_id FROM instances WHERE snapshot_id = ?)`, id, id)
		return err
	})
}

// ExpireSnapshot has a snapshot kept until then, as one of that kind. No such snapshot is no
// error.
func (s *Store) ExpireSnapshot(ctx context.Context, id string, kind fleet.SnapshotKind, keep time.Duration) error {
	return s.write(ctx, "expire snapshot", func(t *tx) error {
		_, err := t.exec(`UPDATE snapshots SET kind = ?, expires_at = ? WHERE id = ? AND expires_at = 0`, kind, micros(t.now.Add(keep)), id)
		return err
	})
}

// DeleteSnapshot is ForgetSnapshot for a snapshot's owner. NotFound when the account has no
// such snapshot; Conflict when it is all there is of a frozen instance, or an operation
// needs it.
func (s *Store) DeleteSnapshot(ctx context.Context, accountID, actor, id string) error {
	return s.write(ctx, "delete snapshot", func(t *tx) error {
		snap, err := t.snapshot(id)
		if err == nil && snap.AccountID != accountID {
			err = fleet.Errorf(fleet.NotFound, "there is no snapshot %s", quote(id))
		}
		if err != nil {
			return err
		}
		h, err := t.hold(fleet.KindInstance, snap.InstanceID)
		if err != nil {
			return err
		}
		var current string
		if err := t.get(&current, `SELECT snapshot_id FROM instances WHERE id = ?`, h.ID); err != nil {
			return err
		}
		switch {
		case current == id:
			return fleet.Errorf(fleet.Conflict, "%s is frozen in this snapshot: thaw or terminate it first", quote(h.Name))
		case h.OperationID != "":
			return &fleet.Error{Code: fleet.Conflict, Operation: h.OperationID, Message: "an operation on its instance is open, and may need it"}
		}
		if _, err := t.exec(`DELETE FROM snapshots WHERE id = ?`, id); err != nil {
			return err
		}
		return t.event(h.happened("snapshot.deleted", actor, "", id))
	})
}

// snapshot reads a snapshot. NotFound without it.
func (t *tx) snapshot(id string) (fleet.Snapshot, error) {
	var row snapshotRow
	err := t.get(&row, `SELECT `+snapshotColumns+` FROM snapshots WHERE id = ?`, id)
	return row.snapshot(), missing(err, "snapshot", id)
}

// Snapshot reads a snapshot of any account, for the control plane. NotFound without it.
func (s *Store) Snapshot(ctx context.Context, id string) (fleet.Snapshot, error) {
	var snap fleet.Snapshot
	err := s.read(ctx, "read snapshot", func(t *tx) error {
		var err error
		snap, err = t.snapshot(id)
		return err
	})
	return snap, err
}

// GetSnapshot reads a snapshot of an account. NotFound if the account has no such one.
func (s *Store) GetSnapshot(ctx context.Context, accountID, id string) (fleet.Snapshot, error) {
	snap, err := s.Snapshot(ctx, id)
	if err == nil && snap.AccountID != accountID {
		return fleet.Snapshot{}, fleet.Errorf(fleet.NotFound, "there is no snapshot %s", quote(id))
	}
	return snap, err
}

// AskSnapshot writes down that the owner of an instance wants a snapshot of it, under an ID of
// its own, which tells whether it was asked for before: then it is as it is by now.
//
// NotFound when the account has no such instance; Conflict when the ID is of another's
// snapshot, and when there is nothing to save: a worker, one that lives nowhere, or one that
// an operation moves.
func (s *Store) AskSnapshot(ctx context.Context, accountID, actor, instanceID, id string) (snap fleet.Snapshot, repeated bool, err error) {
	err = s.write(ctx, "ask for a snapshot", func(t *tx) error {
		h, err := t.holdOf(accountID, fleet.KindInstance, instanceID)
		if err != nil {
			return err
		}
		snap, err = t.snapshot(id)
		if repeated = err == nil; repeated && (snap.InstanceID != instanceID || snap.Kind != fleet.SnapshotManual) {
			return fleet.Errorf(fleet.Conflict, "this Idempotency-Key was used for another request")
		}
		if repeated || !fleet.Is(err, fleet.NotFound) {
			return err
		}
		home, err := t.home(h.ID)
		switch {
		case err != nil:
			return err
		case h.EndpointID != "":
			return fleet.Errorf(fleet.Conflict, "a worker keeps nothing that a snapshot could save")
		case h.OperationID != "":
			return &fleet.Error{Code: fleet.Conflict, Operation: h.OperationID, Message: "an operation on it is open"}
		case home == "" || h.State != fleet.Running && h.State != fleet.Stopped:
			return fleet.Errorf(fleet.Conflict, "there is nothing to save of an instance that is %s", h.State)
		}
		if _, err := t.exec(`INSERT INTO snapshots (id, account_id, instance_id, data_center, kind, state, created_at) VALUES (?, ?, ?, ?, ?, 'saving', ?)`,
			id, accountID, h.ID, h.DataCenter, fleet.SnapshotManual, micros(t.now)); err != nil {
			return err
		}
		if snap, err = t.snapshot(id); err != nil {
			return err
		}
		return t.event(h.happened("snapshot.asked", actor, "", id))
	})
	return snap, repeated, err
}

// A SnapshotFilter selects snapshots of an account; the zero value selects all.
type SnapshotFilter struct {
	InstanceID string
	Page
}

// ListSnapshots lists snapshots of an account, oldest first.
func (s *Store) ListSnapshots(ctx context.Context, accountID string, f SnapshotFilter) ([]fleet.Snapshot, error) {
	q := selecting(snapshotColumns, "snapshots").and(`account_id = ?`, accountID).equal("instance_id", f.InstanceID)
	return s.snapshots(ctx, "list snapshots", q.after("id", f.Page).ascending("id", f.Page))
}

// NewestSnapshot is the newest whole snapshot of an instance. NotFound without one.
func (s *Store) NewestSnapshot(ctx context.Context, instanceID string) (fleet.Snapshot, error) {
	found, err := s.snapshots(ctx, "find newest snapshot", query{
		`SELECT ` + snapshotColumns + ` FROM snapshots WHERE instance_id = ? AND state = 'ready' ORDER BY saved_at DESC, id DESC LIMIT 1`, []any{instanceID},
	})
	if err == nil && len(found) == 0 {
		err = fleet.Errorf(fleet.NotFound, "there is no snapshot of %s", quote(instanceID))
	}
	if err != nil {
		return fleet.Snapshot{}, err
	}
	return found[0], nil
}

// ArchivedSnapshots are the IDs of all snapshots that a data center's archive must keep.
// Those that have expired are forgotten first, unless a frozen instance needs them.
func (s *Store) ArchivedSnapshots(ctx context.Context, dataCenter string) ([]string, error) {
	var ids []string
	err := s.write(ctx, "list archived snapshots", func(t *tx) (err error) {
		ids, err = t.archived(dataCenter)
		return err
	})
	return ids, err
}

func (t *tx) archived(dataCenter string) (ids []string, err error) {
	if _, err := t.exec(`DELETE FROM snapshots WHERE expires_at > 0 AND expires_at < ?
		AND id NOT IN (SELECT snapshot_id FROM instances WHERE snapshot_id <> '')`, micros(t.now)); err != nil {
		return nil, err
	}
	err = t.all(&ids, `SELECT id FROM snapshots WHERE data_center = ? ORDER BY id`, dataCenter)
	return ids, err
}

// Collect has a host clear up its data center's archive, if that is due, and says what to
// keep. One host in a data center is told to, each fleet.CollectEvery.
func (s *Store) Collect(ctx context.Context, hostID string) (fleet.CollectOrder, error) {
	var order fleet.CollectOrder
	err := s.write(ctx, "collect", func(t *tx) error {
		order = fleet.CollectOrder{Snapshots: []string{}}
		host, err := t.lockHost(hostID)
		if err != nil {
			return err
		}
		n, err := t.exec(`UPDATE data_centers SET collected_at = ? WHERE name = ? AND collected_at <= ?`,
			micros(t.now), host.DataCenter, micros(t.now.Add(-fleet.CollectEvery)))
		if err != nil || n == 0 {
			return err
		}
		order.Collect = true
		order.Snapshots, err = t.archived(host.DataCenter)
		return err
	})
	return order, err
}

// SnapshotsDue are the running servers whose interval for automatic snapshots has passed.
func (s *Store) SnapshotsDue(ctx context.Context) ([]fleet.Instance, error) {
	running, err := s.instances(ctx, "list running servers", query{
		`SELECT ` + instanceColumns + ` FROM instances WHERE endpoint_id IS NULL AND state = 'running' AND spec LIKE '%"snapshot_every"%' ORDER BY id`, nil,
	})
	if err != nil {
		return nil, err
	}
	var due []fleet.Instance
	for _, inst := range running {
		if inst.Spec.SnapshotEvery == 0 {
			continue
		}
		last := inst.Since
		newest, err := s.NewestSnapshot(ctx, inst.ID)
		if err != nil && !fleet.Is(err, fleet.NotFound) {
			return nil, err
		}
		if err == nil {
			last = newest.CreatedAt
		}
		if s.Now().Sub(last) >= time.Duration(inst.Spec.SnapshotEvery) {
			due = append(due, inst)
		}
	}
	return due, nil
}

func (s *Store) snapshots(ctx context.Context, what string, q query) ([]fleet.Snapshot, error) {
	var rows []snapshotRow
	err := s.read(ctx, what, func(t *tx) error { return t.all(&rows, q.text, q.args...) })
	all := make([]fleet.Snapshot, len(rows))
	for i, r := range rows {
		all[i] = r.snapshot()
	}
	return all, err
}

// ForgetSnapshots lets go of all snapshots of an instance that is about to be gone; with
// keep, the newest whole one stays for that long.
func (s *Store) ForgetSnapshots(ctx context.Context, instanceID string, keep time.Duration) error {
	return s.write(ctx, "forget snapshots", func(t *tx) error {
		if _, err := t.hold(fleet.KindInstance, instanceID); err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE instances SET snapshot_id = '' WHERE id = ?`, instanceID); err != nil {
			return err
		}
		kept := ""
		if keep > 0 {
			var ids []string
			if err := t.all(&ids, `SELECT id FROM snapshots WHERE instance_id = ? AND state = 'ready' ORDER BY saved_at DESC, id DESC LIMIT 1`, instanceID); err != nil {
				return err
			}
			for _, kept = range ids {
				if _, err := t.exec(`UPDATE snapshots SET kind = 'safety', expires_at = ? WHERE id = ? AND expires_at = 0`, micros(t.now.Add(keep)), kept); err != nil {
					return err
				}
			}
		}
		_, err := t.exec(`DELETE FROM snapshots WHERE instance_id = ? AND id <> ?`, instanceID, kept)
		return err
	})
}

// TellRecovered tells how old the data is that an instance was recovered with, and where
// newer data may lie.
func (s *Store) TellRecovered(ctx context.Context, instanceID, operationID, snapshotID string) error {
	return s.write(ctx, "tell of recovery", func(t *tx) error {
		h, err := t.hold(fleet.KindInstance, instanceID)
		if err != nil {
			return err
		}
		snap, err := t.snapshot(snapshotID)
		if err != nil {
			return err
		}
		message := fmt.Sprintf("recovered with its data as of %s, %s old", snap.SavedAt.Format(time.RFC3339), t.now.Sub(snap.SavedAt).Round(time.Second))
		var kept []string
		if err := t.all(&kept, `SELECT host_id FROM leases WHERE instance_id = ? AND kept ORDER BY epoch`, instanceID); err != nil {
			return err
		}
		if len(kept) > 0 {
			message += "; newer data may lie on " + strings.Join(kept, ", ") + ", which keeps it until you release it"
		}
		return t.event(h.happened("instance.recovered_from_snapshot", "", operationID, message))
	})
}
