package store

import "github.com/kelvin-gpu/kelvin/fleet"

type occupantRow struct {
	InstanceID    string      `db:"instance_id"`
	AccountID     string      `db:"account_id"`
	EndpointID    string      `db:"endpoint_id"`
	Name          string      `db:"name"`
	State         fleet.State `db:"state"`
	Since         int64       `db:"since"`
	Home          bool        `db:"home"`
	Kept          bool        `db:"kept"`
	OperationID   string      `db:"operation_id"`
	Operation     string      `db:"operation"`
	Actor         string      `db:"actor"`
	LeavingAt     int64       `db:"leaving_at"`
	EndpointState fleet.State `db:"endpoint_state"`
	EndpointWas   fleet.State `db:"endpoint_was"`
}

func (r occupantRow) occupant(hostID string) fleet.Occupant {
	o := fleet.Occupant{
		InstanceID: r.InstanceID, AccountID: r.AccountID, EndpointID: r.EndpointID, Name: r.Name, State: r.State, Since: at(r.Since),
		Home: r.Home, Kept: r.Kept, OperationID: r.OperationID, Operation: r.Operation, LeavingAt: at(r.LeavingAt),
		Moving: r.OperationID != "" && r.Operation == fleet.Migrate.Name && r.Actor == fleet.DrainActor(hostID),
	}
	ep := fleet.Endpoint{Life: fleet.Life{State: r.EndpointState, Was: r.EndpointWas}}
	o.Serving = r.EndpointID != "" && ep.Serving()
	return o
}

// occupants are the instances that have a place on a host, each once: at home, if it lives
// there.
func (t *tx) occupants(host hostRow) ([]fleet.Occupant, error) {
	var rows []occupantRow
	err := t.all(&rows, `SELECT l.instance_id, l.home, l.kept, i.account_id, COALESCE(i.endpoint_id, '') AS endpoint_id, i.name, i.state, i.since, i.leaving_at,
		COALESCE(i.operation_id, '') AS operation_id, COALESCE(o.name, '') AS operation, COALESCE(o.actor, '') AS actor,
		COALESCE(e.state, '') AS endpoint_state, COALESCE(e.was, '') AS endpoint_was
		FROM leases l JOIN instances i ON i.id = l.instance_id LEFT JOIN operations o ON o.id = i.operation_id LEFT JOIN endpoints e ON e.id = i.endpoint_id
		WHERE l.host_id = ? ORDER BY l.instance_id, l.home DESC, l.kept, l.epoch DESC`, host.ID)
	if err != nil {
		return nil, err
	}
	var all []fleet.Occupant
	for i, r := range rows {
		if i > 0 && rows[i-1].InstanceID == r.InstanceID {
			continue
		}
		all = append(all, r.occupant(host.ID))
	}
	if host.DrainingAt == 0 {
		return all, nil
	}
	return all, t.addFailures(host, all)
}

// addFailures adds what failed since the drain began: moves of servers, and workers that
// were to take the place of others.
func (t *tx) addFailures(host hostRow, all []fleet.Occupant) error {
	ids := []string{}
	for i := range all {
		o := &all[i]
		if o.EndpointID == "" {
			ids = append(ids, o.InstanceID)
			continue
		}
		if o.LeavingAt.IsZero() {
			continue
		}
		failures, err := t.workerFailures(o.EndpointID, o.LeavingAt)
		if err != nil {
			return err
		}
		for _, f := range failures {
			failed(o, f)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var rows []recordRow
	if err := t.in(&rows, `SELECT `+recordColumns+` FROM operations WHERE resource_id IN (?) AND actor = ? AND name = ?
		AND accepted_at >= ? AND outcome <> '' AND outcome <> ? ORDER BY accepted_at, id`,
		ids, fleet.DrainActor(host.ID), fleet.Migrate.Name, host.DrainingAt, fleet.Done); err != nil {
		return err
	}
	failures, err := records(rows)
	if err != nil {
		return err
	}
	for _, f := range failures {
		for i := range all {
			if all[i].InstanceID == f.ResourceID {
				failed(&all[i], f)
			}
		}
	}
	return nil
}

// failed counts one more failure. They come oldest first.
func failed(o *fleet.Occupant, f fleet.Record) {
	o.Failures++
	o.FailedAt, o.Failure = f.EndedAt, f.Message
}
