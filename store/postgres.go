package store

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver pgx
	"github.com/jmoiron/sqlx"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// maxConns is how many connections a process opens to Postgres.
const maxConns = 24

// openPostgres opens a database by its URL. Transactions are READ COMMITTED and lock the
// rows they decide on, in the order resource, host, data center; a deadlock or a
// serialization failure is tried again. FOR NO KEY UPDATE is the lock of an UPDATE: rows that
// refer to a locked one can still be written.
func (s *Store) openPostgres(url string) error {
	s.engine = engine{name: "postgres", lock: " FOR NO KEY UPDATE", problem: postgresProblem}
	if _, err := pgx.ParseConfig(url); err != nil {
		return fleet.Errorf(fleet.Invalid, "the URL of the Postgres database cannot be read") // nor shown: it has a password
	}
	db, err := sqlx.Open("pgx", url)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns)
	s.writer, s.reader = db, db
	return nil
}

func postgresProblem(err error) problem {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return down
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return other
	}
	switch e.Code {
	case "40001", "40P01": // serialization failure, deadlock
		return rival
	case "23505":
		return duplicate
	case "22021", "22P05": // not UTF-8, a zero byte
		return unreadable
	}
	for _, class := range []string{"08", "53", "57", "58"} { // connection, resources, shutdown, system
		if strings.HasPrefix(e.Code, class) {
			return down
		}
	}
	return other
}
