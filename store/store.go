package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A Store is the record, open. Its methods may be called by many goroutines, and several
// processes may share one database.
type Store struct {
	// Now tells the time of a transaction. Default: time.Now in UTC. Set it, if at all,
	// before the first call.
	Now func() time.Time
	// AddressFirst and AddressLast are the range of TCP ports that the addresses of new
	// servers are taken from, in every data center. Default: 10000 to 19999. Set them, if at
	// all, before the first call.
	AddressFirst, AddressLast int

	engine engine
	sealer *sealer  // nil: environments are kept as they are
	writer *sqlx.DB // on SQLite a single connection, which queues writers without polling
	reader *sqlx.DB
}

// Open opens the record at a URL: sqlite:/path/kelvin.db, which is made if it is not
// there, or postgres://…. It does not migrate. Invalid for another URL, Unavailable when
// the database does not answer.
func Open(ctx context.Context, url string) (*Store, error) {
	s := &Store{
		Now:          func() time.Time { return time.Now().UTC() },
		AddressFirst: DefaultAddressFirst, AddressLast: DefaultAddressLast,
	}
	var err error
	switch scheme, rest, _ := strings.Cut(url, ":"); scheme {
	case "sqlite":
		err = s.openSQLite(rest)
	case "postgres", "postgresql":
		err = s.openPostgres(url)
	default:
		return nil, fleet.Errorf(fleet.Invalid, "a store's URL begins with sqlite: or postgres://")
	}
	if err == nil {
		err = s.Ping(ctx)
	}
	if err != nil {
		_ = s.Close() // the error that counts is the first
		return nil, fmt.Errorf("open store: %w", err)
	}
	return s, nil
}

// Engine is sqlite or postgres.
func (s *Store) Engine() string { return s.engine.name }

// Ping reports whether the database answers: nil or Unavailable.
func (s *Store) Ping(ctx context.Context) error {
	for _, db := range []*sqlx.DB{s.writer, s.reader} {
		if err := db.PingContext(ctx); err != nil {
			return s.translate("ping", unavailable(err))
		}
	}
	return nil
}

// Close waits for open transactions and closes all connections.
func (s *Store) Close() error {
	var err error
	if s.reader != nil && s.reader != s.writer {
		err = s.reader.Close()
	}
	if s.writer != nil {
		if werr := s.writer.Close(); err == nil {
			err = werr
		}
	}
	return err
}
