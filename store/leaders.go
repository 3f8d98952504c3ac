package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Lead takes or renews the right to do what one process at a time should do, for ttl. Its
// term rises with every change of the holder; 0: another holds it.
func (s *Store) Lead(ctx context.Context, role, holder string, ttl time.Duration) (term int64, err error) {
	err = s.write(ctx, "lead", func(t *tx) error {
		err := t.get(&term, `INSERT INTO leaders (role, holder, term, expires_at) VALUES (?, ?, 1, ?)
			ON CONFLICT (role) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at,
				term = leaders.term + CASE WHEN leaders.holder = excluded.holder AND leaders.expires_at > ? THEN 0 ELSE 1 END
			WHERE leaders.holder = excluded.holder OR leaders.expires_at <= ? RETURNING term`,
			role, holder, micros(t.now.Add(ttl)), micros(t.now), micros(t.now))
		if errors.Is(err, sql.ErrNoRows) {
			term = 0
			return nil
		}
		return err
	})
	return term, err
}

// Resign gives the right back, so that nobody has to wait for its end.
func (s *Store) Resign(ctx context.Context, role, holder string) error {
	return s.write(ctx, "resign", func(t *tx) error {
		_, err := t.exec(`UPDATE leaders SET expires_at = 0 WHERE role = ? AND holder = ?`, role, holder)
		return err
	})
}
