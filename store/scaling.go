package store

import (
	"context"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Scaling is what an endpoint's autoscaler knows, as of when it last looked with a reason.
type Scaling struct {
	EndpointID string
	Version    int64 // one more with every change; 0: it has not looked yet
	Desired    int   // workers that are wanted
	Rule       string
	Reason     string
	State      []byte // JSON, of the decision function
	At         time.Time
}

type scalingRow struct {
	EndpointID string `db:"endpoint_id"`
	Version    int64  `db:"version"`
	Desired    int    `db:"desired"`
	Rule       string `db:"rule"`
	Reason     string `db:"reason"`
	State      string `db:"state"`
	At         int64  `db:"at"`
}

const scalingColumns = `endpoint_id, version, desired, rule, reason, state, at`

func (r scalingRow) scaling() Scaling {
	return Scaling{EndpointID: r.EndpointID, Version: r.Version, Desired: r.Desired, Rule: r.Rule, Reason: r.Reason, State: []byte(r.State), At: at(r.At)}
}

// SaveScaling notes what an autoscaler knows. Its Version is the store's business.
func (s *Store) SaveScaling(ctx context.Context, v Scaling) error {
	return s.write(ctx, "save scaling", func(t *tx) error {
		_, err := t.exec(`INSERT INTO endpoint_scaling (`+scalingColumns+`) VALUES (?, 1, ?, ?, ?, ?, ?)
			ON CONFLICT (endpoint_id) DO UPDATE SET version = endpoint_scaling.version + 1, desired = excluded.desired,
				rule = excluded.rule, reason = excluded.reason, state = excluded.state, at = excluded.at`,
			v.EndpointID, v.Desired, v.Rule, text(v.Reason), string(v.State), micros(t.now))
		return err
	})
}

// Scaling is what an endpoint's autoscaler knows; of one that has not looked yet, nothing.
// NotFound if the account has no such endpoint.
func (s *Store) Scaling(ctx context.Context, accountID, endpointID string) (Scaling, error) {
	var found Scaling
	err := s.read(ctx, "read scaling", func(t *tx) error {
		if err := t.ownEndpoint(accountID, endpointID); err != nil {
			return err
		}
		var rows []scalingRow
		err := t.all(&rows, `SELECT `+scalingColumns+` FROM endpoint_scaling WHERE endpoint_id = ?`, endpointID)
		for _, r := range rows {
			found = r.scaling()
		}
		return err
	})
	return found, err
}

// A Watched is an endpoint that is served, with its workers in numbers.
type Watched struct {
	ID         string
	AccountID  string
	Name       string
	DataCenter string
	State      fleet.State
	Was        fleet.State
	Revision   int
	Scaling    int64 // version of what its autoscaler knows; 0: nothing
	Desired    int
	Ready      int // workers that answer
	Starting   int // workers on their way
}

// A Watch is all endpoints that are served, and what the gateways report of them.
type Watch struct {
	Endpoints []Watched
	Gateways  []Gateway // those that are live
}

// Watch reads the load and the workers of all endpoints that are served, at one moment: as
// many queries for ten thousand as for one.
func (s *Store) Watch(ctx context.Context) (Watch, error) {
	var w Watch
	err := s.read(ctx, "watch endpoints", func(t *tx) error {
		w = Watch{}
		rows, err := t.QueryContext(t.ctx, t.Rebind(`SELECT e.id, e.account_id, e.name, e.data_center, e.state, e.was, e.revision,
			COALESCE(s.version, 0), COALESCE(s.desired, 0), COALESCE(i.ready, 0), COALESCE(i.starting, 0)
			FROM endpoints e LEFT JOIN endpoint_scaling s ON s.endpoint_id = e.id
			LEFT JOIN (SELECT endpoint_id, COUNT(*) FILTER (WHERE serving = 'ready') AS ready, COUNT(*) FILTER (WHERE serving = '') AS starting
				FROM instances WHERE endpoint_id IS NOT NULL AND state <> 'terminated' AND state IN ('running', 'provisioning') GROUP BY endpoint_id) i
				ON i.endpoint_id = e.id
			WHERE e.state IN ('running', 'provisioning', 'starting', 'updating') ORDER BY e.id`))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var e Watched
			if err := rows.Scan(&e.ID, &e.AccountID, &e.Name, &e.DataCenter, &e.State, &e.Was, &e.Revision, &e.Scaling, &e.Desired, &e.Ready, &e.Starting); err != nil {
				return err
			}
			if (fleet.Endpoint{Life: fleet.Life{State: e.State, Was: e.Was}}).Serving() {
				w.Endpoints = append(w.Endpoints, e)
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		w.Gateways, err = t.liveRuns("")
		return err
	})
	return w, err
}

// A Rules is what a watched endpoint is scaled by.
type Rules struct {
	ID       string
	Revision int
	Spec     fleet.EndpointSpec
	Scaling  Scaling
}

// Rules reads specs of endpoints, and what their autoscalers know, of at most MaxLimit at a
// time. Those that are gone are left out.
func (s *Store) Rules(ctx context.Context, ids []string) ([]Rules, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var all []Rules
	err := s.read(ctx, "read rules", func(t *tx) error {
		all = nil
		var rows []struct {
			ID       string `db:"id"`
			Revision int    `db:"revision"`
			Spec     string `db:"spec"`
		}
		if err := t.in(&rows, `SELECT e.id, e.revision, r.spec FROM endpoints e
			JOIN endpoint_revisions r ON r.endpoint_id = e.id AND r.revision = e.revision WHERE e.id IN (?)`, ids[:min(len(ids), MaxLimit)]); err != nil {
			return err
		}
		var scaling []scalingRow
		if err := t.in(&scaling, `SELECT `+scalingColumns+` FROM endpoint_scaling WHERE endpoint_id IN (?)`, ids[:min(len(ids), MaxLimit)]); err != nil {
			return err
		}
		known := map[string]Scaling{}
		for _, r := range scaling {
			known[r.EndpointID] = r.scaling()
		}
		for _, r := range rows {
			spec, err := t.recallEndpoint(r.Spec)
			if err != nil {
				return err
			}
			all = append(all, Rules{ID: r.ID, Revision: r.Revision, Spec: spec, Scaling: known[r.ID]})
		}
		return nil
	})
	return all, err
}
