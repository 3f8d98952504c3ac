package store

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	if url := os.Getenv(asProcess); url != "" {
		if err := runAsProcess(url); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if err := flag.Set("rapid.checks", "30"); err != nil { // unless the command line says otherwise: a check is hundreds of transactions
		panic(err)
	}
	code := m.Run()
	server.stop()
	os.Exit(code)
}

// onBoth runs a test on a fresh database of each engine.
func onBoth(t *testing.T, test func(*testing.T, *Store)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, mustOpen(t, "sqlite:"+filepath.Join(t.TempDir(), "kelvin.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, mustOpen(t, server.mustDatabase(t)))
	})
}

var databases atomic.Int64

// mustDatabase makes an empty database on the test server, and returns its URL.
func (p *postgresServer) mustDatabase(t testing.TB) string {
	t.Helper()
	admin, err := p.start()
	require.NoError(t, err)
	name := fmt.Sprintf("kelvin_%d", databases.Add(1))
	_, err = admin.ExecContext(t.Context(), `CREATE DATABASE `+name)
	require.NoError(t, err)
	return p.url(name)
}

// mustOpen opens and migrates a database, which is closed when the test ends.
func mustOpen(t testing.TB, url string) *Store {
	t.Helper()
	s, err := Open(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(t.Context()))
	return s
}

// A clock is a time that passes when the test says so.
type clock struct{ micros atomic.Int64 }

// mustClock gives the store a clock.
func mustClock(t testing.TB, s *Store) *clock {
	t.Helper()
	c := &clock{}
	c.micros.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMicro())
	s.Now = c.now
	return c
}

func (c *clock) now() time.Time          { return time.UnixMicro(c.micros.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.micros.Add(d.Microseconds()) }

// raw runs SQL past the store's methods, to see what the database itself refuses.
func raw(t testing.TB, s *Store, query string, args ...any) error {
	t.Helper()
	_, err := s.writer.ExecContext(context.WithoutCancel(t.Context()), s.writer.Rebind(query), args...)
	return err
}
