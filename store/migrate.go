package store

import (
	"context"
	"embed"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the database's schema up to date. Several processes may do it at once.
func (s *Store) Migrate(ctx context.Context) error {
	return s.translate("migrate", s.migrate(ctx))
}

func (s *Store) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	if s.engine.name == "postgres" {
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return err
		}
		return s.up(ctx, goose.DialectPostgres, files, goose.WithSessionLocker(locker))
	}
	// SQLite has no lock that outlives a transaction, but each migration is one: of two
	// processes, one applies it and the other fails, looks again, and finds it applied.
	const attempts = 20
	for i := 1; ; i++ {
		err := s.up(ctx, goose.DialectSQLite3, files)
		if err == nil || i == attempts {
			return err
		}
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

func (s *Store) up(ctx context.Context, d goose.Dialect, files fs.FS, options ...goose.ProviderOption) error {
	p, err := goose.NewProvider(d, s.writer.DB, files, append(options, goose.WithDisableGlobalRegistry(true))...)
	if err != nil {
		return err
	}
	_, err = p.Up(ctx) // closing p would close the database
	return err
}
