package store

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// CreateInstance accepts a server, or a worker of an endpoint. The spec has its Defaults.
// Each port of a server gets an address, which it keeps until it is gone. Invalid for a bad
// name or spec, or an unknown data center; Conflict if the name of a server is taken, or the
// endpoint of a worker is not open; NotFound without that endpoint; Exhausted when the data
// center has no addresses left. For repeated see Accept.
func (s *Store) CreateInstance(ctx context.Context, ask Ask, n NewInstance) (rec fleet.Record, repeated bool, err error) {
	err = s.write(ctx, "create instance", func(t *tx) error {
		rec = t.asked(ask, fleet.KindInstance, fleet.NewID(fleet.InstancePrefix, t.now), fleet.Create.Name)
		var err error
		if repeated, err = t.repeat(ask, &rec); err != nil || repeated {
			return err
		}
		if err := n.Spec.Validate(n.Name); err != nil {
			return err
		}
		n := n                // this may run again
		if n.Snapshot == "" { // what a snapshot holds has its templates installed, as they were
			if n.Spec, err = t.attachAll(ask.AccountID, n.Spec); err != nil {
				return err
			}
		}
		if err := n.Spec.Validate(n.Name); err != nil {
			return err
		}
		if err := t.checkDataCenter(n.Spec.DataCenter); err != nil {
			return err
		}
		if n.EndpointID == "" { // a worker's has been looked at with its endpoint's spec
			if err := t.checkVolume(ask.AccountID, n.Spec.DataCenter, n.Spec.Volume); err != nil {
				return err
			}
		} else {
			if err := t.checkEmployer(ask.AccountID, n); err != nil {
				return err
			}
		}
		if n.Snapshot != "" {
			if err := t.checkSnapshot(ask.AccountID, n.Spec.DataCenter, n.Snapshot); err != nil {
				return err
			}
			rec.Params.SnapshotID = n.Snapshot
		}
		h := &holding{kind: fleet.KindInstance, holdingRow: holdingRow{
			ID: rec.ResourceID, AccountID: ask.AccountID, EndpointID: n.EndpointID, Name: n.Name, DataCenter: n.Spec.DataCenter, Ports: len(n.Spec.Ports),
		}}
		if err := t.firstClaim(h, &rec, ask); err != nil {
			return err
		}
		_, err = t.exec(`INSERT INTO instances (id, account_id, endpoint_id, revision, name, data_center, spec, gpus, ports, protected, pools,
			state, was, operation_id, since, deadline, reason, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?)`,
			h.ID, h.AccountID, null(n.EndpointID), n.Revision, n.Name, n.Spec.DataCenter, t.keepInstance(n.Spec), n.Spec.GPUs, len(n.Spec.Ports), n.Spec.Protected, document(append([]string{}, n.Pools...)),
			h.State, h.Was, h.OperationID, micros(h.Since), micros(h.Deadline), micros(t.now), micros(t.now))
		if err != nil {
			return t.taken(err)
		}
		if n.EndpointID == "" && len(n.Spec.Ports) > 0 {
			if err := t.giveAddresses(h, n.Spec.Ports, s.AddressFirst, s.AddressLast); err != nil {
				return err
			}
			if err := t.raise(h.DataCenter, "submission"); err != nil {
				return err
			}
		}
		return t.accepted(h, rec)
	})
	return answer(rec, repeated, err)
}

// checkEmployer refuses a worker whose endpoint is not there, or does not want any: one
// that came after the endpoint had stopped would be left behind.
func (t *tx) checkEmployer(accountID string, n NewInstance) error {
	ep, err := t.holdOf(accountID, fleet.KindEndpoint, n.EndpointID)
	if err != nil {
		return err
	}
	if ep.State.Gone() || ep.State == fleet.Stopped || ep.State == fleet.Deleting {
		return fleet.Errorf(fleet.Conflict, "the endpoint is %s", ep.State)
	}
	return nil
}

// checkSnapshot refuses a snapshot that nothing can be restored from there.
func (t *tx) checkSnapshot(accountID, dataCenter, id string) error {
	snap, err := t.snapshot(id)
	switch {
	case err == nil && snap.AccountID != accountID:
		return noSnapshot(id)
	case fleet.Is(err, fleet.NotFound):
		return noSnapshot(id)
	case err != nil:
		return err
	case snap.State != fleet.SnapshotReady:
		return fleet.Errorf(fleet.Conflict, "snapshot %s is not whole", id)
	case snap.DataCenter != dataCenter:
		return fleet.Errorf(fleet.Conflict, "snapshot %s is in the archive of %s", id, snap.DataCenter)
	}
	return nil
}

// firstClaim is claim for what is about to be made.
func (t *tx) firstClaim(h *holding, rec *fleet.Record, ask Ask) error {
	if err := h.Accept(rec, nil, t.now); err != nil {
		return err
	}
	won, err := t.insertRecord(*rec, ask.Digest, false)
	if err == nil && !won {
		return errAgain // a rival used the Key: look at what it wrote
	}
	return err
}

// CreateEndpoint accepts an endpoint, with its first revision. The spec has its Defaults.
// Invalid for a bad name or spec, or an unknown data center; Conflict if the name is taken.
// For repeated see Accept.
func (s *Store) CreateEndpoint(ctx context.Context, ask Ask, name string, spec fleet.EndpointSpec) (rec fleet.Record, repeated bool, err error) {
	err = s.write(ctx, "create endpoint", func(t *tx) error {
		rec = t.asked(ask, fleet.KindEndpoint, fleet.NewID(fleet.EndpointPrefix, t.now), fleet.CreateEndpoint.Name)
		rec.Params.Revision = 1
		var err error
		if repeated, err = t.repeat(ask, &rec); err != nil || repeated {
			return err
		}
		if err := spec.Validate(name); err != nil {
			return err
		}
		if err := t.checkDataCenter(spec.DataCenter); err != nil {
			return err
		}
		if err := t.checkVolume(ask.AccountID, spec.DataCenter, spec.Volume); err != nil {
			return err
		}
		h := &holding{kind: fleet.KindEndpoint, holdingRow: holdingRow{
			ID: rec.ResourceID, AccountID: ask.AccountID, Name: name, DataCenter: spec.DataCenter,
		}}
		if err := t.firstClaim(h, &rec, ask); err != nil {
			return err
		}
		_, err = t.exec(`INSERT INTO endpoints (id, account_id, name, data_center, revision, state, was, operation_id, since, deadline, reason, created_at, updated_at)
			VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, '', ?, ?)`,
			h.ID, h.AccountID, name, spec.DataCenter, h.State, h.Was, h.OperationID, micros(h.Since), micros(h.Deadline), micros(t.now), micros(t.now))
		if err != nil {
			return t.taken(err)
		}
		if err := t.insertRevision(rec, 1, 0, revised{spec: spec}); err != nil {
			return err
		}
		if err := t.bump(spec.DataCenter); err != nil {
			return err
		}
		if err := t.raise(spec.DataCenter, "submission"); err != nil {
			return err
		}
		return t.accepted(h, rec)
	})
	return answer(rec, repeated, err)
}

// UpdateEndpoint accepts another spec for an endpoint: it writes a new revision, and the
// operation moves the endpoint to it (SetRevision). change is given the spec of the revision
// that runs; it may be called more than once. A new name ("": the old one) is there at once,
// and stays whatever becomes of the rest.
//
// NotFound when the account has no such endpoint; Invalid for a bad spec or name, or for
// another data center; Conflict like Accept, and if the name is taken. For repeated see
// Accept.
func (s *Store) UpdateEndpoint(ctx context.Context, ask Ask, endpointID, name string, change func(fleet.EndpointSpec) (fleet.EndpointSpec, error)) (fleet.Record, bool, error) {
	return s.update(ctx, ask, endpointID, name, func(_ *tx, spec fleet.EndpointSpec) (revised, error) {
		spec, err := change(spec)
		return revised{spec: spec}, err
	})
}

// update is UpdateEndpoint, by a change that may look at the record.
func (s *Store) update(ctx context.Context, ask Ask, endpointID, name string, change func(*tx, fleet.EndpointSpec) (revised, error)) (rec fleet.Record, repeated bool, err error) {
	err = s.write(ctx, "update endpoint", func(t *tx) error {
		rec = t.asked(ask, fleet.KindEndpoint, endpointID, fleet.UpdateEndpoint.Name)
		h, missing := t.holdOf(ask.AccountID, fleet.KindEndpoint, endpointID)
		if missing != nil && !fleet.Is(missing, fleet.NotFound) {
			return missing
		}
		var err error
		if repeated, err = t.repeat(ask, &rec); err != nil || repeated {
			return err
		}
		if missing != nil {
			return missing
		}
		called := name // not name itself: this may run again
		if called == "" {
			called = h.Name
		}
		before, err := t.spec(endpointID)
		if err != nil {
			return err
		}
		next, err := change(t, before.spec)
		if err != nil {
			return err
		}
		spec := next.spec
		if err := spec.Validate(called); err != nil {
			return err
		}
		if spec.DataCenter != h.DataCenter {
			return &fleet.Error{Code: fleet.Invalid, Message: "an endpoint stays in its data center", Fields: []fleet.FieldError{{
				Field: "body.data_center", Message: "cannot change", Allowed: h.DataCenter,
			}}}
		}
		if err := t.checkVolume(ask.AccountID, spec.DataCenter, spec.Volume); err != nil {
			return err
		}
		rec.Params.Revision = before.newest + 1
		if err := t.claim(h, &rec, ask); err != nil {
			return err
		}
		if err := t.insertRevision(rec, rec.Params.Revision, before.runs, next); err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE endpoints SET name = ? WHERE id = ?`, called, endpointID); err != nil {
			return t.taken(err)
		}
		return t.acceptedAs(h, rec, next.said(h.Name))
	})
	return answer(rec, repeated, err)
}

// A runningSpec is what an endpoint runs: which revision, and the number of its newest, which
// is a higher one after an update that was undone.
type runningSpec struct {
	spec         fleet.EndpointSpec
	runs, newest int
}

// spec reads it.
func (t *tx) spec(endpointID string) (out runningSpec, err error) {
	var row struct {
		Spec   string `db:"spec"`
		Runs   int    `db:"runs"`
		Newest int    `db:"newest"`
	}
	err = t.get(&row, `SELECT r.spec, e.revision AS runs, (SELECT MAX(revision) FROM endpoint_revisions WHERE endpoint_id = e.id) AS newest
		FROM endpoints e JOIN endpoint_revisions r ON r.endpoint_id = e.id AND r.revision = e.revision WHERE e.id = ?`, endpointID)
	if err != nil {
		return out, missing(err, "endpoint", endpointID)
	}
	out.runs, out.newest = row.Runs, row.Newest
	out.spec, err = t.recallEndpoint(row.Spec)
	return out, err
}
