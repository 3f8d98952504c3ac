package store

import (
	"context"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// WorkerFailures are the operations that should have made a worker of the endpoint, were
// accepted after since, and could not; those that were cancelled are left out. Oldest first,
// at most a hundred.
func (s *Store) WorkerFailures(ctx context.Context, endpointID string, since time.Time) (failures []fleet.Record, err error) {
	err = s.read(ctx, "find failures of workers", func(t *tx) error {
		var err error
		failures, err = t.workerFailures(endpointID, since)
		return err
	})
	return failures, err
}

func (t *tx) workerFailures(endpointID string, since time.Time) ([]fleet.Record, error) {
	return t.records(query{
		`SELECT ` + recordColumns + ` FROM operations
			WHERE name = ? AND kind = ? AND outcome <> '' AND outcome <> ? AND code <> ? AND accepted_at >= ?
			AND resource_id IN (SELECT id FROM instances WHERE endpoint_id = ?)
			ORDER BY accepted_at, id LIMIT 100`,
		[]any{fleet.Create.Name, fleet.KindInstance, fleet.Done, fleet.Cancelled, micros(since), endpointID},
	})
}

// CancelledOperations are open operations that have begun and whose cancel was asked for
// longer ago than older: the one who was to carry the word may have died. Oldest first.
func (s *Store) CancelledOperations(ctx context.Context, older time.Duration, limit int) (open []fleet.Record, err error) {
	err = s.read(ctx, "find cancelled operations", func(t *tx) error {
		var rows []recordRow
		err := t.all(&rows, `SELECT `+recordColumns+` FROM operations
			WHERE outcome = '' AND cancelled_at BETWEEN 1 AND ? ORDER BY accepted_at, id LIMIT ?`,
			micros(t.now.Add(-older)), limit)
		if err != nil {
			return err
		}
		open, err = records(rows)
		return err
	})
	return open, err
}

// StartedEndpoints are the IDs of the endpoints that are settled and running, each with its
// account: those that an autoscaler should watch.
func (s *Store) StartedEndpoints(ctx context.Context) (started []StartedEndpoint, err error) {
	err = s.read(ctx, "list started endpoints", func(t *tx) error {
		return t.all(&started, `SELECT id, account_id FROM endpoints WHERE state = ? ORDER BY id`, fleet.Running)
	})
	return started, err
}

// A StartedEndpoint is one that runs.
type StartedEndpoint struct {
	ID        string `db:"id"`
	AccountID string `db:"account_id"`
}
