package store

import (
	"context"
	"slices"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Repair repairs what a finding is about, if it is still so, as Findings has it, and if that is safe now.
// Conflict if it is not, with the reason; Unsupported for a kind that only people can
// repair. Repeatable.
func (s *Store) Repair(ctx context.Context, f fleet.Finding, grace time.Duration) error {
	return s.write(ctx, "repair", func(t *tx) error {
		i := slices.IndexFunc(checks, func(c check) bool { return c.kind == f.Kind && c.safe })
		if i < 0 {
			return fleet.Errorf(fleet.Unsupported, "%s is not repaired by itself", quote(string(f.Kind)))
		}
		still, err := t.check(checks[i], grace)
		if err != nil {
			return err
		}
		if i = slices.IndexFunc(still, func(s fleet.Finding) bool { return s.Resource == f.Resource }); i < 0 {
			return nil
		}
		if err := t.repair(still[i]); err != nil {
			return err
		}
		return t.event(audited("audit.repaired", f.InstanceID, f.HostID, f.Kind, f.Resource, f.Message))
	})
}

func (t *tx) repair(f fleet.Finding) error {
	switch f.Kind {
	case fleet.LeakedLease:
		if err := t.quiet(f.HostID, f.Resource); err != nil {
			return err
		}
		if err := t.strip(f.Resource); err != nil {
			return err
		}
		_, err := t.exec(`DELETE FROM leases WHERE id = ?`, f.Resource)
		return err
	case fleet.UnleasedGPU:
		if err := t.quiet(f.HostID, ""); err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE gpus SET dirty = TRUE WHERE id = ?`, f.Resource); err != nil {
			return err
		}
		_, err := t.exec(`UPDATE gpus SET state = `+whenReturned+`, since = ? WHERE id = ?`, micros(t.now), f.Resource)
		return err
	case fleet.IdleLeasedGPU:
		_, err := t.exec(`UPDATE gpus SET state = CASE WHEN EXISTS (SELECT 1 FROM lease_gpus lg JOIN leases l ON l.id = lg.lease_id WHERE lg.gpu_id = gpus.id AND l.home)
			THEN 'assigned' ELSE 'reserved' END, since = ?, dirty = TRUE WHERE id = ?`, micros(t.now), f.Resource)
		return err
	case fleet.StaleOperation:
		return t.endStale(f.Resource)
	case fleet.StaleAddress:
		h, err := t.hold(fleet.KindInstance, f.Resource)
		if err != nil {
			return err
		}
		if _, err := t.exec(`DELETE FROM addresses WHERE instance_id = ?`, f.Resource); err != nil {
			return err
		}
		return t.bump(h.DataCenter)
	case fleet.DeadRoute, fleet.MissingRoute:
		h, err := t.hold(fleet.KindInstance, f.Resource)
		if err != nil || h.OperationID != "" {
			return err
		}
		return t.serve(h, h.servingIn(h.State))
	default: // StaleQueuePlace
		_, err := t.exec(`DELETE FROM queue WHERE operation_id = ?`, f.Resource)
		return err
	}
}

// endStale ends an operation that holds nothing: its resource stays as it is.
func (t *tx) endStale(operationID string) error {
	var rec fleet.Record
	h, err := t.holdFor(operationID, &rec)
	if err != nil || rec.Outcome != fleet.Open || h.OperationID == rec.ID || h.NextID == rec.ID {
		return err
	}
	e := Ending{Outcome: fleet.Undone, Code: fleet.Internal, Message: "it was open, and held nothing: the audit ended it"}
	if !rec.BegunAt.IsZero() {
		e.Outcome = fleet.Stuck
	}
	return t.end(h, &rec, e)
}

// quiet makes sure that nothing runs on a host under a lease, or under none: a GPU that is
// in use must not be given away.
func (t *tx) quiet(hostID, leaseID string) error {
	host, err := t.lockHost(hostID)
	if err != nil {
		return err
	}
	if host.RetiredAt > 0 {
		return nil
	}
	var doc string
	if err := t.get(&doc, `SELECT containers FROM hosts WHERE id = ?`, hostID); err != nil {
		return err
	}
	h := reportedHost{ID: hostID, State: host.State, SeenAt: host.SeenAt}
	if err := parse(doc, &h.containers); err != nil {
		return err
	}
	if host.State == fleet.HostReady && !h.fresh(t.now) || host.State == fleet.HostLost {
		return fleet.Errorf(fleet.Conflict, "host %s has not reported what runs there", quote(host.Name))
	}
	for _, c := range h.containers {
		if leaseID != "" && c.LeaseID == leaseID || leaseID == "" && c.OrphanSince > 0 {
			return fleet.Errorf(fleet.Conflict, "host %s has a container that may use it", quote(host.Name))
		}
	}
	return nil
}
