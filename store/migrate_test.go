package store

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// asProcess, in the environment, makes this binary another process of Kelvin's: see
// runAsProcess.
const asProcess = "KELVIN_STORE_TEST_PROCESS"

// runAsProcess migrates the store at the URL and makes a hundred accounts.
func runAsProcess(url string) error {
	ctx := context.Background()
	s, err := Open(ctx, url)
	if err != nil {
		return err
	}
	if err := s.Migrate(ctx); err != nil {
		return err
	}
	for i := range 100 {
		if _, err := s.CreateAccount(ctx, fmt.Sprintf("process-%d-%d", os.Getpid(), i), false); err != nil {
			return err
		}
	}
	return s.Close()
}

// inProcesses runs this binary n times at once, as processes that share the store.
func inProcesses(t *testing.T, n int, url string) {
	t.Helper()
	for _, failure := range race(n, func(int) error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		process := exec.CommandContext(ctx, os.Args[0])
		process.Env = append(os.Environ(), asProcess+"="+url)
		var output bytes.Buffer
		process.Stdout, process.Stderr = &output, &output
		if err := process.Run(); err != nil {
			return fmt.Errorf("%w: %s", err, output.String())
		}
		return nil
	}) {
		require.NoError(t, failure)
	}
}

func TestProcessesMigrateAndWriteAtOnce(t *testing.T) {
	t.Parallel()
	for engine, url := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "kelvin.db") },
		"postgres": func(t *testing.T) string { return server.mustDatabase(t) },
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			url := url(t)
			inProcesses(t, 3, url)
			s := mustOpen(t, url)
			var n int
			require.NoError(t, s.reader.GetContext(t.Context(), &n, `SELECT COUNT(*) FROM accounts`))
			require.Equal(t, 300, n)
			require.NoError(t, s.Migrate(t.Context()), "repeatable")
		})
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for url, code := range map[string]fleet.Code{
		"mysql://localhost/kelvin":                    fleet.Invalid,
		"sqlite:":                                     fleet.Invalid,
		"sqlite:/nowhere/at/all/kelvin.db":            fleet.Unavailable,
		"postgres://kelvin:secret@127.0.0.1:1/kelvin": fleet.Unavailable,
		"postgres://kelvin:secret@host:port/x":        fleet.Invalid,
	} {
		_, err := Open(t.Context(), url)
		requireCode(t, code, err)
		require.NotContains(t, err.Error(), "secret")
	}
}

func TestAPathMayHoldAnythingAndTheFileIsPrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a b%20?c#d&_txlock=x.db")
	s := mustOpen(t, "sqlite:"+path)
	require.Equal(t, "sqlite", s.Engine())
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(path + suffix)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode(), "others do not read tenants' variables")
	}
}

func TestADatabaseThatIsGoneIsUnavailable(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		require.NoError(t, s.Ping(t.Context()))
		gone, stop := context.WithCancel(t.Context())
		stop()
		_, err := s.GetInstance(gone, a.ID, "ins_1")
		requireCode(t, fleet.Unavailable, err)
		require.ErrorIs(t, err, context.Canceled)
		_, _, err = s.CreateEndpoint(gone, ask(a), "model", endpointSpec())
		requireCode(t, fleet.Unavailable, err)
	})
}

// TestConstraintsRepeatTheLimits compares the CHECKs of the migrations with fleet's limits.
func TestConstraintsRepeatTheLimits(t *testing.T) {
	t.Parallel()
	sql, err := migrations.ReadFile("migrations/00001_record.sql")
	require.NoError(t, err)
	states := func(all []fleet.State) string {
		var quoted []string
		for _, s := range all {
			if s != fleet.Absent {
				quoted = append(quoted, "'"+string(s)+"'")
			}
		}
		return strings.Join(quoted, ", ")
	}
	var gpuStates []string
	for _, s := range fleet.GPUStates {
		gpuStates = append(gpuStates, "'"+string(s)+"'")
	}
	for _, check := range []string{
		fmt.Sprintf("length(name) BETWEEN 1 AND %d", fleet.MaxName),
		fmt.Sprintf("active_workers BETWEEN 0 AND %d", fleet.MaxWorkers),
		fmt.Sprintf("max_workers BETWEEN 1 AND %d", fleet.MaxWorkers),
		fmt.Sprintf("gpus_per_worker BETWEEN 1 AND %d", fleet.MaxGPUs),
		fmt.Sprintf("gpus BETWEEN 0 AND %d", fleet.MaxGPUs),
		fmt.Sprintf("target_concurrency BETWEEN 1 AND %d", fleet.MaxConcurrency),
		"state IN (" + states(fleet.InstanceStates) + ")",
		"state IN (" + states(fleet.EndpointStates) + ")",
		"state IN (" + strings.Join(gpuStates, ", ") + ")",
		fmt.Sprintf("role IN ('%s', '%s', '%s')", fleet.Roles[0], fleet.Roles[1], fleet.Roles[2]),
	} {
		require.Contains(t, string(sql), "CHECK ("+check+")")
	}
}

func TestLimitsHoldInTheDatabaseToo(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 1)
		ep, inst := mustEndpoint(t, s, a), mustServer(t, s, a, 0)
		for _, change := range []string{
			`UPDATE endpoint_revisions SET active_workers = -1`, `UPDATE endpoint_revisions SET max_workers = 1001`,
			`UPDATE endpoint_revisions SET max_workers = 0`, `UPDATE endpoint_revisions SET active_workers = 4`,
			`UPDATE endpoint_revisions SET gpus_per_worker = 0`, `UPDATE endpoint_revisions SET gpus_per_worker = 9`,
			`UPDATE endpoint_revisions SET port = 65536`, `UPDATE endpoint_revisions SET target_concurrency = 0`,
			`UPDATE instances SET gpus = 9`, `UPDATE instances SET name = ''`, `UPDATE instances SET ports = 17`,
			`UPDATE endpoints SET state = 'flying'`, `UPDATE operations SET outcome = 'done', ended_at = 0`,
		} {
			require.Error(t, raw(t, s, change), change)
		}
		long := strings.Repeat("é", fleet.MaxName)
		require.NoError(t, raw(t, s, `UPDATE instances SET name = ? WHERE id = ?`, long, inst.ID), "characters, not bytes")
		require.Error(t, raw(t, s, `UPDATE endpoints SET name = ? WHERE id = ?`, long+"é", ep.ID))
	})
}
