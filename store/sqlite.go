package store

import (
	"errors"
	"net/url"
	"os"
	"runtime"

	"github.com/jmoiron/sqlx"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// openSQLite opens the file at path. One connection writes: rivals in this process queue in
// Go, which is fair and does not poll, and those in another wait for up to ten seconds. A
// write takes its lock at BEGIN, since one that first read could not wait for another
// (SQLITE_BUSY_SNAPSHOT). Readers neither wait nor are waited for (WAL).
func (s *Store) openSQLite(path string) error {
	if path == "" || path[0] == '?' {
		return fleet.Errorf(fleet.Invalid, "sqlite: needs the path of a file")
	}
	s.engine = engine{name: "sqlite", problem: sqliteProblem}
	// Tenants' variables are in there, so only its owner reads it. SQLite gives the files
	// beside it (WAL) the same mode.
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return unavailable(err)
	}
	if err := file.Close(); err != nil {
		return err
	}
	dsn := func(more url.Values) string {
		v := url.Values{"_pragma": {
			"busy_timeout(10000)", "journal_mode(WAL)", "foreign_keys(1)",
			// With WAL, NORMAL survives the death of any process; a power cut may take
			// the last moments with it, but never breaks the file.
			"synchronous(NORMAL)",
		}}
		for key, values := range more {
			v[key] = append(v[key], values...)
		}
		return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: v.Encode()}).String()
	}
	if s.writer, err = sqlx.Open("sqlite", dsn(url.Values{"_txlock": {"immediate"}})); err != nil {
		return err
	}
	s.writer.SetMaxOpenConns(1)
	if s.reader, err = sqlx.Open("sqlite", dsn(url.Values{"_pragma": {"query_only(1)"}})); err != nil {
		return err
	}
	readers := max(4, runtime.GOMAXPROCS(0))
	s.reader.SetMaxOpenConns(readers)
	s.reader.SetMaxIdleConns(readers)
	return nil
}

func sqliteProblem(err error) problem {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return other
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return duplicate
	case sqlite3.SQLITE_BUSY_SNAPSHOT:
		return rival
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL,
		sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_INTERRUPT:
		return down
	}
	return other
}
