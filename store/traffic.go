package store

import (
	"context"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// HoldTraffic takes an instance out of the gateways' choice on behalf of an operation:
// requests in flight go on, new ones go elsewhere. Drained says when it is empty. The hold
// ends with ReleaseTraffic, or when the operation settles. Repeatable. NotFound without the
// instance.
func (s *Store) HoldTraffic(ctx context.Context, operationID, instanceID string) error {
	return s.write(ctx, "hold traffic", func(t *tx) error {
		h, err := t.hold(fleet.KindInstance, instanceID)
		if err != nil || h.HeldBy == operationID {
			return err
		}
		if h.Serving == ready {
			if err := t.serve(h, draining); err != nil {
				return err
			}
		}
		_, err = t.exec(`UPDATE instances SET held_by = ?, updated_at = ?,
			held_version = (SELECT routes_version FROM data_centers WHERE name = instances.data_center) WHERE id = ?`, operationID, micros(t.now), instanceID)
		return err
	})
}

// ReleaseTraffic takes back the operation's hold, if it has one: an instance that was
// running when the operation came gets requests again, another gets none. It is the undo of
// HoldTraffic, and the step after the commit of operations that end running; those that end
// elsewhere leave it to EndOperation. Repeatable. NotFound without the instance.
func (s *Store) ReleaseTraffic(ctx context.Context, operationID, instanceID string) error {
	return s.write(ctx, "release traffic", func(t *tx) error {
		h, err := t.hold(fleet.KindInstance, instanceID)
		if err != nil || h.HeldBy != operationID {
			return err
		}
		was := h.State
		if h.OperationID != "" {
			was = h.Was
		}
		if err := t.serve(h, h.servingIn(was)); err != nil {
			return err
		}
		_, err = t.exec(`UPDATE instances SET held_by = '', held_version = 0 WHERE id = ?`, instanceID)
		return err
	})
}

// Drained says how empty an instance is whose traffic is held: empty once every live gateway
// follows the routes that hold it, and reports nothing in flight. One that still gets
// requests is not empty, whatever is in flight. NotFound without the instance.
func (s *Store) Drained(ctx context.Context, instanceID string) (Drain, error) {
	var d Drain
	err := s.read(ctx, "look at drain", func(t *tx) error {
		var row struct {
			DataCenter string `db:"data_center"`
			Serving    string `db:"serving"`
			Version    int64  `db:"held_version"`
		}
		if err := t.get(&row, `SELECT data_center, serving, held_version FROM instances WHERE id = ?`, instanceID); err != nil {
			return missing(err, "instance", instanceID)
		}
		gateways, err := t.liveRuns(row.DataCenter)
		if err != nil {
			return err
		}
		for _, g := range gateways {
			d.InFlight += g.InFlight[instanceID]
			if g.Version < row.Version {
				d.Waiting = append(d.Waiting, g.ID)
			}
		}
		d.Empty = row.Serving != ready && d.InFlight == 0 && len(d.Waiting) == 0
		return nil
	})
	return d, err
}

// GatewayFresh is how old a gateway's report may be to say what is now. One that is live and
// silent for longer hides load: unobservable is not absent.
const GatewayFresh = 3 * time.Second

// Traffic is what the gateways of a data center see of an endpoint now.
type Traffic struct {
	InFlight int            // requests at workers
	Queued   int            // requests that wait for one
	Workers  map[string]int // requests in flight by instance, of all endpoints there
	Known    bool           // there is a gateway, and all that are live have reported just now
}

// Traffic reads what the gateways of the endpoint's data center see of it now. NotFound
// without the endpoint.
func (s *Store) Traffic(ctx context.Context, endpointID string) (Traffic, error) {
	var now Traffic
	err := s.read(ctx, "read traffic", func(t *tx) error {
		now = Traffic{Workers: map[string]int{}}
		var dataCenter string
		if err := t.get(&dataCenter, `SELECT data_center FROM endpoints WHERE id = ?`, endpointID); err != nil {
			return missing(err, "endpoint", endpointID)
		}
		gateways, err := t.liveRuns(dataCenter)
		now.Known = len(gateways) > 0
		for _, g := range gateways {
			now.Known = now.Known && t.now.Sub(g.SeenAt) <= GatewayFresh
			now.InFlight += g.Load[endpointID].InFlight
			now.Queued += g.Load[endpointID].Queued
			for id, n := range g.InFlight {
				now.Workers[id] += n
			}
		}
		return err
	})
	return now, err
}
