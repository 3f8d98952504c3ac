package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A tx is one transaction. Its queries are written with ?.
type tx struct {
	*sqlx.Tx
	ctx    context.Context
	engine engine
	sealer *sealer
	now    time.Time // to the microsecond, as the database keeps it
}

// attempts are how often a transaction is tried that loses against rivals.
const attempts = 20

// write runs fn in a transaction that may change things, again if a rival was in the way:
// so fn sets what it returns, and adds to nothing.
func (s *Store) write(ctx context.Context, what string, fn func(*tx) error) error {
	for i := 1; ; i++ {
		err := s.once(ctx, s.writer, nil, fn)
		if err == nil || i == attempts || !s.engine.again(err) {
			return s.translate(what, err)
		}
		if err := sleep(ctx, rand.N(time.Duration(i)*2*time.Millisecond)); err != nil {
			return s.translate(what, err)
		}
	}
}

// read runs fn in a transaction that sees one moment and changes nothing.
func (s *Store) read(ctx context.Context, what string, fn func(*tx) error) error {
	var options *sql.TxOptions
	if s.engine.name == "postgres" { // SQLite's transactions see one moment anyway
		options = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	return s.translate(what, s.once(ctx, s.reader, options, fn))
}

func (s *Store) once(ctx context.Context, db *sqlx.DB, options *sql.TxOptions, fn func(*tx) error) (err error) {
	defer func() {
		if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
			err = ctx.Err() // the caller did not wait: that is why it is done
		}
	}()
	inner, err := db.BeginTxx(ctx, options)
	if err != nil {
		return err
	}
	defer inner.Rollback() //nolint:errcheck // after Commit it is a no-op, and before it the first error counts
	if err := fn(&tx{Tx: inner, ctx: ctx, engine: s.engine, sealer: s.sealer, now: s.Now().UTC().Truncate(time.Microsecond)}); err != nil {
		return err
	}
	return inner.Commit()
}

// get reads one row into dest; sql.ErrNoRows without one.
func (t *tx) get(dest any, query string, args ...any) error {
	return t.GetContext(t.ctx, dest, t.Rebind(query), args...)
}

// all reads all rows into the slice at dest.
func (t *tx) all(dest any, query string, args ...any) error {
	return t.SelectContext(t.ctx, dest, t.Rebind(query), args...)
}

// in is all, with slices among args for "IN (?)". They must not be empty.
func (t *tx) in(dest any, query string, args ...any) error {
	query, args, err := sqlx.In(query, args...)
	if err != nil {
		return err
	}
	return t.all(dest, query, args...)
}

// exec changes rows and says how many.
func (t *tx) exec(query string, args ...any) (int64, error) {
	result, err := t.ExecContext(t.ctx, t.Rebind(query), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// must changes at least one row: if there is none, a rival was faster.
func (t *tx) must(query string, args ...any) error {
	n, err := t.exec(query, args...)
	if err == nil && n == 0 {
		return errAgain
	}
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// missing turns no rows into NotFound.
func missing(err error, kind, id string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fleet.Errorf(fleet.NotFound, "there is no %s %s", kind, quote(id))
	}
	return err
}

// quote makes what a caller sent fit for a message.
func quote(s string) string {
	if len(s) > 64 {
		s = s[:64] + "…"
	}
	return fmt.Sprintf("%q", s)
}

// micros writes a time as the database keeps it; at reads it.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func at(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// null is NULL for an empty string.
func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// text makes a message that came from elsewhere fit for both databases, and short.
func text(s string) string {
	const most = 4096
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// document is the JSON of v, which is a value of ours and can be written.
func document(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("store: write %T as JSON: %v", v, err))
	}
	return string(b)
}

// parse reads a document back.
func parse(document string, v any) error {
	if err := json.Unmarshal([]byte(document), v); err != nil {
		return fmt.Errorf("read %T: %w", v, err)
	}
	return nil
}
