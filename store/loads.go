package store

import (
	"context"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// loadSlots is how many points of load an endpoint has: each is written over in its turn,
// so that nothing has to be cleared away.
const loadSlots = int64(fleet.LoadKept / fleet.LoadSlot)

// loadsAtOnce is how many points are written in a transaction, so that others can write in
// between.
const loadsAtOnce = 500

// An EndpointPoint is a point of an endpoint's load.
type EndpointPoint struct {
	EndpointID string
	fleet.LoadPoint
}

// SaveLoads writes points of load, each over the one of an hour before. Endpoints that are
// gone are left out.
func (s *Store) SaveLoads(ctx context.Context, points []EndpointPoint) error {
	for len(points) > 0 {
		n := min(len(points), loadsAtOnce)
		if err := s.saveLoads(ctx, points[:n]); err != nil {
			return err
		}
		points = points[n:]
	}
	return nil
}

func (s *Store) saveLoads(ctx context.Context, points []EndpointPoint) error {
	var ids []string
	for _, p := range points {
		ids = append(ids, p.EndpointID)
	}
	return s.write(ctx, "save loads", func(t *tx) error {
		var there []string
		if err := t.in(&there, `SELECT id FROM endpoints WHERE state <> 'deleted' AND id IN (?)`, ids); err != nil {
			return err
		}
		known := map[string]bool{}
		for _, id := range there {
			known[id] = true
		}
		var text strings.Builder
		var args []any
		for _, p := range points {
			if !known[p.EndpointID] {
				continue
			}
			known[p.EndpointID] = false // Postgres takes each row once
			text.WriteString(`, (?, ?, ?, ?)`)
			args = append(args, p.EndpointID, p.At.UnixMicro()/fleet.LoadSlot.Microseconds()%loadSlots, micros(p.At), document(p.LoadPoint))
		}
		if len(args) == 0 {
			return nil
		}
		_, err := t.exec(`INSERT INTO endpoint_loads (endpoint_id, slot, at, document) VALUES `+text.String()[2:]+`
			ON CONFLICT (endpoint_id, slot) DO UPDATE SET at = excluded.at, document = excluded.document`, args...)
		return err
	})
}

// Loads are the points of an endpoint's load that began at since or later, within the last
// hour, oldest first. NotFound if the account has no such endpoint.
func (s *Store) Loads(ctx context.Context, accountID, endpointID string, since time.Time) ([]fleet.LoadPoint, error) {
	var points []fleet.LoadPoint
	err := s.read(ctx, "read loads", func(t *tx) error {
		if err := t.ownEndpoint(accountID, endpointID); err != nil {
			return err
		}
		if oldest := t.now.Add(-fleet.LoadKept); since.Before(oldest) {
			since = oldest
		}
		var rows []struct {
			At       int64  `db:"at"`
			Document string `db:"document"`
		}
		if err := t.all(&rows, `SELECT at, document FROM endpoint_loads WHERE endpoint_id = ? AND at >= ? ORDER BY at`, endpointID, micros(since)); err != nil {
			return err
		}
		points = make([]fleet.LoadPoint, len(rows))
		for i, r := range rows {
			if err := parse(r.Document, &points[i]); err != nil {
				return err
			}
			points[i].At = at(r.At)
		}
		return nil
	})
	return points, err
}

// ForgetLoads drops the points of endpoints that are deleted.
func (s *Store) ForgetLoads(ctx context.Context) error {
	return s.write(ctx, "forget loads", func(t *tx) error {
		_, err := t.exec(`DELETE FROM endpoint_loads WHERE endpoint_id IN
			(SELECT l.endpoint_id FROM endpoint_loads l JOIN endpoints e ON e.id = l.endpoint_id WHERE e.state = 'deleted')`)
		return err
	})
}
