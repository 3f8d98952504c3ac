package store

import (
	"context"
	"time"
)

// PastWorkers are the newest workers of an account's endpoint that are gone, not longer than
// since: their names by ID. Their logs may still be in the archive.
func (s *Store) PastWorkers(ctx context.Context, accountID, endpointID string, since time.Time, limit int) (map[string]string, error) {
	var rows []struct {
		ID   string `db:"id"`
		Name string `db:"name"`
	}
	err := s.read(ctx, "list past workers", func(t *tx) error {
		return t.all(&rows, `SELECT id, name FROM instances WHERE account_id = ? AND endpoint_id = ? AND state = 'terminated'
			AND updated_at >= ? ORDER BY id DESC LIMIT ?`, accountID, endpointID, micros(since), limit)
	})
	names := make(map[string]string, len(rows))
	for _, r := range rows {
		names[r.ID] = r.Name
	}
	return names, err
}
