package store

import (
	"context"
	"slices"

	"github.com/kelvin-gpu/kelvin/fleet"
)

type gatewayRow struct {
	ID         string `db:"id"`
	Name       string `db:"name"`
	DataCenter string `db:"data_center"`
	Version    int64  `db:"version"`
	InFlight   string `db:"inflight"`
	Load       string `db:"load"`
	Run        string `db:"run"`
	SeenAt     int64  `db:"seen_at"`
	CreatedAt  int64  `db:"created_at"`
}

const gatewayColumns = `id, name, data_center, version, inflight, load, run, seen_at, created_at`

// CreateGateway makes a gateway of a data center. The token, which it bears, is returned
// this once. Conflict if the name is taken, Invalid if there is no such data center.
func (s *Store) CreateGateway(ctx context.Context, name, dataCenter string) (token, gatewayID string, _ error) {
	err := s.write(ctx, "create gateway", func(t *tx) error {
		if err := checkName(name); err != nil {
			return err
		}
		if err := t.checkDataCenter(dataCenter); err != nil {
			return err
		}
		var hash string
		token, hash = newSecret(gatewayPrefix)
		gatewayID = fleet.NewID(fleet.GatewayPrefix, t.now)
		_, err := t.exec(`INSERT INTO gateways (id, name, data_center, token_hash, created_at) VALUES (?, ?, ?, ?, ?)`,
			gatewayID, name, dataCenter, hash, micros(t.now))
		return t.taken(err)
	})
	if err != nil {
		return "", "", err
	}
	return token, gatewayID, nil
}

// AuthenticateGateway says which gateway bears the token. Unauthenticated if none does.
func (s *Store) AuthenticateGateway(ctx context.Context, token string) (gatewayID, dataCenter string, _ error) {
	var row gatewayRow
	err := s.read(ctx, "authenticate gateway", func(t *tx) error {
		return t.lookUp(&row, gatewayPrefix, token, `SELECT id, data_center FROM gateways WHERE token_hash = ?`)
	})
	return row.ID, row.DataCenter, err
}

// SaveGatewayReport notes what a gateway reports, whole, each time. NotFound
// without the gateway.
func (s *Store) SaveGatewayReport(ctx context.Context, gatewayID string, r fleet.GatewayReport) error {
	if r.InFlight == nil {
		r.InFlight = map[string]int{}
	}
	if r.Load == nil {
		r.Load = map[string]fleet.EndpointLoad{}
	}
	return s.write(ctx, "save gateway report", func(t *tx) error {
		known, err := t.saveRun(gatewayID, r)
		if err == nil && !known {
			return fleet.Errorf(fleet.NotFound, "there is no gateway %s", quote(gatewayID))
		}
		return err
	})
}

// ListGateways lists all gateways, oldest first: each as its newest process reports it, with
// what all of its processes have in flight.
func (s *Store) ListGateways(ctx context.Context) ([]Gateway, error) {
	var all []Gateway
	err := s.read(ctx, "list gateways", func(t *tx) error {
		var err error
		if all, err = t.gateways(selecting(gatewayColumns, "gateways")); err != nil {
			return err
		}
		leaving, err := t.leavingRuns("")
		for _, r := range leaving {
			if i := slices.IndexFunc(all, func(g Gateway) bool { return g.ID == r.ID }); i >= 0 {
				for id, n := range r.InFlight {
					all[i].InFlight[id] += n
				}
			}
		}
		return err
	})
	return all, err
}

func (t *tx) liveSince() int64 { return micros(t.now.Add(-GatewayTTL)) }

func (t *tx) gateways(q query) ([]Gateway, error) {
	var rows []gatewayRow
	if err := t.all(&rows, q.text+` ORDER BY id`, q.args...); err != nil {
		return nil, err
	}
	all := make([]Gateway, len(rows))
	for i, r := range rows {
		all[i] = Gateway{
			ID: r.ID, Name: r.Name, DataCenter: r.DataCenter, Version: r.Version, Live: r.SeenAt > t.liveSince(), Run: r.Run,
			SeenAt: at(r.SeenAt), CreatedAt: at(r.CreatedAt),
		}
		if err := parse(r.InFlight, &all[i].InFlight); err != nil {
			return nil, err
		}
		if err := parse(r.Load, &all[i].Load); err != nil {
			return nil, err
		}
	}
	return all, nil
}
