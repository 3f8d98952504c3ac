package store

import (
	"github.com/kelvin-gpu/kelvin/fleet"
)

// checkWishes refuses a host or a snapshot that an operation is asked for and cannot use,
// before anything is done.
func (t *tx) checkWishes(h *holding, rec fleet.Record) error {
	if id := rec.Params.SnapshotID; id != "" {
		if err := t.checkSnapshot(h.AccountID, h.DataCenter, id); err != nil {
			return err
		}
	}
	if id := rec.Params.HostID; id != "" {
		return t.checkHost(h, rec.Name, id)
	}
	return nil
}

func (t *tx) checkHost(h *holding, operation, id string) error {
	var n int
	if err := t.get(&n, `SELECT COUNT(*) FROM hosts WHERE id = ? AND data_center = ?`, id, h.DataCenter); err != nil {
		return err
	}
	if n == 0 {
		return &fleet.Error{Code: fleet.Invalid, Message: "there is no such host in " + h.DataCenter, Fields: []fleet.FieldError{{
			Field: "body.host_id", Message: "is no host in its data center", Allowed: "a host of " + h.DataCenter,
		}}}
	}
	home, err := t.home(h.ID)
	if err != nil || home == "" {
		return err
	}
	lease, err := t.lease(home)
	switch {
	case err != nil || lease.Bare:
		return err
	case lease.HostID == id && operation == fleet.Migrate.Name:
		return fleet.Errorf(fleet.Conflict, "%s lives on that host already", quote(h.Name))
	case lease.HostID != id && operation == fleet.Start.Name:
		return fleet.Errorf(fleet.Conflict, "%s holds its GPUs on host %s and starts there: migrate it, or stop it with nothing held", quote(h.Name), lease.HostID)
	}
	return nil
}

func noSnapshot(id string) error {
	return &fleet.Error{Code: fleet.NotFound, Message: "there is no snapshot " + quote(id), Fields: []fleet.FieldError{{
		Field: "body.snapshot_id", Message: "is no snapshot of yours", Allowed: "one that GET /v1/snapshots lists",
	}}}
}
