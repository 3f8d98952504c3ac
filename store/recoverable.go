package store

import (
	"context"
	"slices"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Recoverable are the lost servers that are to be recovered by themselves, and can be: they
// have a whole snapshot, and nothing is open on them.
func (s *Store) Recoverable(ctx context.Context) ([]fleet.Instance, error) {
	lost, err := s.instances(ctx, "list lost servers", query{
		`SELECT ` + instanceColumns + ` FROM instances i WHERE state = 'lost' AND endpoint_id IS NULL
			AND EXISTS (SELECT 1 FROM snapshots s WHERE s.instance_id = i.id AND s.state = 'ready') ORDER BY id`, nil,
	})
	return slices.DeleteFunc(lost, func(i fleet.Instance) bool { return i.Spec.Recover == fleet.RecoverWait }), err
}

// NeedlessRecoveries are those that the keeper asked for and that still wait for a place,
// though the host of their instance is back.
func (s *Store) NeedlessRecoveries(ctx context.Context) ([]fleet.Record, error) {
	return s.records(ctx, "list needless recoveries", func(*tx) query {
		return query{`SELECT ` + recordColumns + ` FROM operations WHERE outcome = '' AND name = 'recover' AND actor = 'monitor' AND cancelled_at = 0
			AND id IN (SELECT operation_id FROM queue)
			AND resource_id IN (SELECT l.instance_id FROM leases l JOIN hosts h ON h.id = l.host_id WHERE l.home AND NOT l.bare AND h.state = 'ready')
			ORDER BY accepted_at, id`, nil}
	})
}
