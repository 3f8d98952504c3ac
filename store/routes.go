package store

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Routes are where the requests of a data center go: its endpoints that are not gone, by
// ID, with the workers that are ready or draining, and its servers with their addresses.
// NotFound without the data center.
func (s *Store) Routes(ctx context.Context, dataCenter string) (fleet.Routes, error) {
	routes := fleet.Routes{Endpoints: []fleet.EndpointRoute{}, Servers: []fleet.ServerRoute{}}
	err := s.read(ctx, "read routes", func(t *tx) error {
		var err error
		if routes.Version, err = t.routesVersion(dataCenter); err != nil {
			return err
		}
		if err := t.get(&routes.Closed, `SELECT controller = 'down' FROM data_centers WHERE name = ?`, dataCenter); err != nil {
			return err
		}
		var endpoints []struct {
			ID                string      `db:"id"`
			AccountID         string      `db:"account_id"`
			State             fleet.State `db:"state"`
			Was               fleet.State `db:"was"`
			TargetConcurrency int         `db:"target_concurrency"`
			Requests          string      `db:"requests"`
		}
		if err := t.all(&endpoints, `SELECT e.id, e.account_id, e.state, e.was, r.target_concurrency, r.requests
			FROM endpoints e JOIN endpoint_revisions r ON r.endpoint_id = e.id AND r.revision = e.revision
			WHERE e.data_center = ? AND e.state <> 'deleted' ORDER BY e.id`, dataCenter); err != nil {
			return err
		}
		keys, err := t.endpointKeys(dataCenter)
		if err != nil {
			return err
		}
		index := map[string]int{}
		for i, e := range endpoints {
			index[e.ID] = i
			route := fleet.EndpointRoute{
				EndpointID: e.ID, AccountID: e.AccountID, Open: open(fleet.Life{State: e.State, Was: e.Was}),
				TargetConcurrency: e.TargetConcurrency, Workers: []fleet.WorkerRoute{},
			}
			if err := parse(e.Requests, &route.Requests); err != nil {
				return err
			}
			if route.Requests.Keys {
				route.Keys = keys[e.ID]
			}
			routes.Endpoints = append(routes.Endpoints, route)
		}
		var workers []struct {
			ID         string `db:"id"`
			EndpointID string `db:"endpoint_id"`
			Serving    string `db:"serving"`
			Address    string `db:"address"`
			Port       int    `db:"port"`
		}
		if err := t.all(&workers, `SELECT i.id, i.endpoint_id, i.serving, h.address, p.port
			FROM instances i JOIN leases l ON l.instance_id = i.id AND l.home
			JOIN hosts h ON h.id = l.host_id JOIN lease_ports p ON p.lease_id = l.id AND p.position = 0
			WHERE i.data_center = ? AND i.serving <> '' AND i.endpoint_id IS NOT NULL ORDER BY i.id`, dataCenter); err != nil {
			return err
		}
		for _, w := range workers {
			if i, ok := index[w.EndpointID]; ok {
				route := &routes.Endpoints[i]
				route.Workers = append(route.Workers, fleet.WorkerRoute{InstanceID: w.ID, Address: address(w.Address, w.Port), Draining: w.Serving == draining})
			}
		}
		routes.Servers, err = t.serverRoutes(dataCenter)
		return err
	})
	return routes, err
}

// RoutesVersion is the version of a data center's routes, cheap to ask for. NotFound
// without the data center.
func (s *Store) RoutesVersion(ctx context.Context, dataCenter string) (int64, error) {
	var version int64
	err := s.read(ctx, "read routes version", func(t *tx) error {
		var err error
		version, err = t.routesVersion(dataCenter)
		return err
	})
	return version, err
}

func (t *tx) routesVersion(dataCenter string) (int64, error) {
	var version int64
	err := t.get(&version, `SELECT routes_version FROM data_centers WHERE name = ?`, dataCenter)
	return version, missing(err, "data center", dataCenter)
}

// RoutesFollowed reports whether every live gateway of the data center follows routes of at
// least that version; true when there is no live one.
func (s *Store) RoutesFollowed(ctx context.Context, dataCenter string, version int64) (bool, error) {
	behind := 0
	err := s.read(ctx, "look at gateways", func(t *tx) error {
		return t.get(&behind, `SELECT (SELECT COUNT(*) FROM gateways WHERE data_center = ? AND seen_at > ? AND version < ?)
			+ (SELECT COUNT(*) FROM gateway_runs r JOIN gateways g ON g.id = r.gateway_id WHERE g.data_center = ? AND r.seen_at > ? AND r.version < ?)`,
			dataCenter, t.liveSince(), version, dataCenter, t.liveSince(), version)
	})
	return err == nil && behind == 0, err
}
