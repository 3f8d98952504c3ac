package store

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// endpointQuery selects endpoints as e, with the spec that they run; callers add conditions.
const endpointQuery = `SELECT e.id, e.account_id, e.name, e.revision, r.spec, e.state, e.was, COALESCE(e.operation_id, '') AS operation_id,
	COALESCE(e.next_id, '') AS next_id, e.since, e.deadline, e.reason, e.forgiven_at, e.paused_at, e.paused_by, e.created_at, e.updated_at
	FROM endpoints e JOIN endpoint_revisions r ON r.endpoint_id = e.id AND r.revision = e.revision WHERE 1 = 1`

type endpointRow struct {
	ID        string `db:"id"`
	AccountID string `db:"account_id"`
	Name      string `db:"name"`
	Revision  int    `db:"revision"`
	Spec      string `db:"spec"`
	lifeRow
	PausedAt   int64  `db:"paused_at"`
	PausedBy   string `db:"paused_by"`
	ForgivenAt int64  `db:"forgiven_at"`
	CreatedAt  int64  `db:"created_at"`
	UpdatedAt  int64  `db:"updated_at"`
}

// endpoint reads an endpoint of any account. NotFound without it.
func (t *tx) endpoint(id string) (fleet.Endpoint, error) {
	all, err := t.endpoints(query{text: endpointQuery}.and(`e.id = ?`, id))
	if err != nil {
		return fleet.Endpoint{}, err
	}
	if len(all) == 0 {
		return fleet.Endpoint{}, fleet.Errorf(fleet.NotFound, "there is no endpoint %s", quote(id))
	}
	return all[0], nil
}

// endpoints reads endpoints, and counts their workers.
func (t *tx) endpoints(q query) ([]fleet.Endpoint, error) {
	var rows []endpointRow
	if err := t.all(&rows, q.text, q.args...); err != nil {
		return nil, err
	}
	all := make([]fleet.Endpoint, len(rows))
	ids := make([]string, len(rows))
	byID, forgiven := map[string]*fleet.Endpoint{}, map[string]int64{}
	for i, r := range rows {
		all[i] = fleet.Endpoint{
			ID: r.ID, AccountID: r.AccountID, Name: r.Name, Revision: r.Revision, Life: r.life(), PausedAt: at(r.PausedAt), PausedBy: r.PausedBy,
			CreatedAt: at(r.CreatedAt), UpdatedAt: at(r.UpdatedAt),
		}
		var err error
		if all[i].Spec, err = t.recallEndpoint(r.Spec); err != nil {
			return nil, err
		}
		ids[i], byID[r.ID], forgiven[r.ID] = r.ID, &all[i], r.ForgivenAt
	}
	if len(ids) == 0 {
		return all, nil
	}
	var counts []struct {
		EndpointID string `db:"endpoint_id"`
		Total      int    `db:"total"`
		Ready      int    `db:"ready"`
	}
	err := t.in(&counts, `SELECT endpoint_id, COUNT(*) AS total, COUNT(*) FILTER (WHERE serving = 'ready') AS ready
		FROM instances WHERE endpoint_id IN (?) AND state <> 'terminated' GROUP BY endpoint_id`, ids)
	for _, c := range counts {
		byID[c.EndpointID].WorkersTotal, byID[c.EndpointID].WorkersReady = c.Total, c.Ready
	}
	if err != nil {
		return nil, err
	}
	return all, t.addTroubles(ids, byID, forgiven)
}

// Endpoint reads an endpoint of any account, for the control plane. Its Spec is that of the
// Revision it runs. NotFound without it.
func (s *Store) Endpoint(ctx context.Context, id string) (fleet.Endpoint, error) {
	var ep fleet.Endpoint
	err := s.read(ctx, "read endpoint", func(t *tx) error {
		var err error
		ep, err = t.endpoint(id)
		return err
	})
	return ep, err
}

// GetEndpoint reads an endpoint of an account. NotFound if the account has no such one.
func (s *Store) GetEndpoint(ctx context.Context, accountID, id string) (fleet.Endpoint, error) {
	all, err := s.endpoints(ctx, "get endpoint", query{text: endpointQuery}.and(`e.account_id = ?`, accountID).and(`e.id = ?`, id))
	if err == nil && len(all) == 0 {
		err = fleet.Errorf(fleet.NotFound, "there is no endpoint %s", quote(id))
	}
	if err != nil {
		return fleet.Endpoint{}, err
	}
	return all[0], nil
}

// ListEndpoints lists endpoints of an account, oldest first.
func (s *Store) ListEndpoints(ctx context.Context, accountID string, f EndpointFilter) ([]fleet.Endpoint, error) {
	q := query{text: endpointQuery}.and(`e.account_id = ?`, accountID).equal("e.name", f.Name)
	if !f.Gone {
		q = q.and(`e.state <> 'deleted'`)
	}
	return s.endpoints(ctx, "list endpoints", q.after("e.id", f.Page).ascending("e.id", f.Page))
}

func (s *Store) endpoints(ctx context.Context, what string, q query) ([]fleet.Endpoint, error) {
	var all []fleet.Endpoint
	err := s.read(ctx, what, func(t *tx) error {
		var err error
		all, err = t.endpoints(q)
		return err
	})
	return all, err
}

// SetRevision moves an endpoint to a revision of its spec: new workers run it, and the
// gateways follow it. Back at an older one, a roll-out that was paused is not any more: its
// workers go. Repeatable. NotFound without that revision.
func (s *Store) SetRevision(ctx context.Context, endpointID string, revision int) error {
	return s.write(ctx, "set revision", func(t *tx) error {
		h, err := t.hold(fleet.KindEndpoint, endpointID)
		if err != nil {
			return err
		}
		n, err := t.exec(`UPDATE endpoints SET revision = ?, updated_at = ?, paused_at = CASE WHEN revision > ? THEN 0 ELSE paused_at END WHERE id = ?
			AND EXISTS (SELECT 1 FROM endpoint_revisions r WHERE r.endpoint_id = ? AND r.revision = ?)`,
			revision, micros(t.now), revision, endpointID, endpointID, revision)
		if err != nil {
			return err
		}
		if n == 0 {
			return fleet.Errorf(fleet.NotFound, "endpoint %s has no revision %d", endpointID, revision)
		}
		return t.bump(h.DataCenter)
	})
}
