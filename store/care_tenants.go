package store

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// hasGPU is a condition on leases l: it has the GPU with the ID, or another part of that
// GPU's device. Arguments are the ID, twice.
const hasGPU = `EXISTS (SELECT 1 FROM lease_gpus lg JOIN gpus g ON g.id = lg.gpu_id JOIN gpus one ON one.host_id = g.host_id
	WHERE lg.lease_id = l.id AND one.id = ? AND (g.id = one.id OR g.parent <> '' AND g.parent = one.parent))`

// CareTenants are the instances that must leave before a GPU can be cared for, as of a drain
// that moves all of them at once. With slices, those of the whole device are. NotFound without the care.
func (s *Store) CareTenants(ctx context.Context, careID string) (care fleet.Care, drain fleet.HostDrain, err error) {
	err = s.read(ctx, "look who has the GPU", func(t *tx) error {
		var row careRow
		if err := t.get(&row, careQuery+` WHERE c.id = ?`, careID); err != nil {
			return missing(err, "care", careID)
		}
		care = row.care()
		drain = fleet.HostDrain{HostID: care.HostID, StartedAt: care.AskedAt, EndedAt: care.EndedAt, Parallel: fleet.MaxDrainParallel, Actor: fleet.CareActor(care.GPUID)}
		var rows []occupantRow
		if err := t.all(&rows, `SELECT l.instance_id, l.home, l.kept, i.account_id, COALESCE(i.endpoint_id, '') AS endpoint_id, i.name, i.state, i.since, i.leaving_at,
			COALESCE(i.operation_id, '') AS operation_id, COALESCE(o.name, '') AS operation, COALESCE(o.actor, '') AS actor,
			COALESCE(e.state, '') AS endpoint_state, COALESCE(e.was, '') AS endpoint_was
			FROM leases l JOIN instances i ON i.id = l.instance_id LEFT JOIN operations o ON o.id = i.operation_id LEFT JOIN endpoints e ON e.id = i.endpoint_id
			WHERE l.host_id = ? AND `+hasGPU+` ORDER BY l.instance_id, l.home DESC, l.epoch DESC`, care.HostID, care.GPUID); err != nil {
			return err
		}
		for i, r := range rows {
			if i > 0 && rows[i-1].InstanceID == r.InstanceID {
				continue
			}
			o := r.occupant(care.HostID)
			o.Moving = r.OperationID != "" && r.Operation == fleet.Migrate.Name && r.Actor == drain.Actor
			if err := t.addCareFailures(&o, care, drain.Actor); err != nil {
				return err
			}
			drain.Left = append(drain.Left, o)
		}
		drain.Total = len(drain.Left)
		return nil
	})
	return care, drain, err
}

// addCareFailures adds what failed since the care was asked for.
func (t *tx) addCareFailures(o *fleet.Occupant, care fleet.Care, actor string) error {
	if o.EndpointID != "" {
		if o.LeavingAt.IsZero() {
			return nil
		}
		failures, err := t.workerFailures(o.EndpointID, o.LeavingAt)
		for _, f := range failures {
			failed(o, f)
		}
		return err
	}
	failures, err := t.records(query{
		`SELECT ` + recordColumns + ` FROM operations WHERE resource_id = ? AND actor = ? AND name = ? AND accepted_at >= ? AND outcome <> '' AND outcome <> ? ORDER BY accepted_at, id`,
		[]any{o.InstanceID, actor, fleet.Migrate.Name, micros(care.AskedAt), fleet.Done},
	})
	for _, f := range failures {
		failed(o, f)
	}
	return err
}

// LeaveGPU has a worker replaced by its endpoint's autoscaler, since its GPU is to be cared
// for. Without an open care, or a worker that has the GPU, it does nothing.
func (s *Store) LeaveGPU(ctx context.Context, careID, instanceID string) error {
	return s.write(ctx, "mark worker as leaving", func(t *tx) error {
		_, err := t.exec(`UPDATE instances SET leaving_at = ? WHERE id = ? AND leaving_at = 0 AND endpoint_id IS NOT NULL
			AND EXISTS (SELECT 1 FROM gpu_cares c JOIN leases l ON l.instance_id = instances.id WHERE c.id = ? AND c.ended_at = 0 AND c.cancelled_at = 0 AND c.drains AND l.home)`,
			micros(t.now), instanceID, careID)
		return err
	})
}

// stayOn takes back that workers on a GPU are to be replaced, unless their whole host is
// emptied.
func (t *tx) stayOn(g fleet.GPU) error {
	_, err := t.exec(`UPDATE instances SET leaving_at = 0 WHERE leaving_at > 0 AND id IN (SELECT l.instance_id FROM leases l JOIN hosts h ON h.id = l.host_id
		WHERE h.id = ? AND h.draining_at = 0 AND `+hasGPU+`)`, g.HostID, g.ID)
	return err
}

// CareSettled reports whether the GPU of a care that the watch asked for has been examined
// since then, and found well: an operation did that, which had just got it.
func (s *Store) CareSettled(ctx context.Context, careID string) (diagnosisID string, err error) {
	err = s.read(ctx, "look for a newer diagnosis", func(t *tx) error {
		diagnosisID = ""
		var ids []string
		err := t.all(&ids, `SELECT d.id FROM gpu_cares c JOIN gpus g ON g.id = c.gpu_id JOIN gpu_diagnoses d ON d.gpu_id = c.gpu_id
			WHERE c.id = ? AND d.kind = 'test' AND d.uuid = g.uuid AND d.at >= c.asked_at AND d.outcome IN ('pass', 'pass_degraded') ORDER BY d.at DESC, d.id DESC LIMIT 1`, careID)
		if len(ids) > 0 {
			diagnosisID = ids[0]
		}
		return err
	})
	return diagnosisID, err
}
