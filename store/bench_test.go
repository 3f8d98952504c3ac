package store

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// big is the record the targets speak of: an account with 100,000 instances, each with its
// operation and event, and a data center of 1,000 hosts with 8,000 GPUs.
const (
	bigInstances = 100_000
	bigHosts     = 1_000
)

func onBothBig(b *testing.B, bench func(*testing.B, *Store, fleet.Account)) {
	b.Helper()
	b.Run("sqlite", func(b *testing.B) {
		s := mustOpen(b, "sqlite:"+filepath.Join(b.TempDir(), "kelvin.db"))
		bench(b, s, mustBig(b, s))
	})
	b.Run("postgres", func(b *testing.B) {
		s := mustOpen(b, server.mustDatabase(b))
		bench(b, s, mustBig(b, s))
	})
}

// mustBig fills the record by SQL: through the store's methods it would take minutes.
func mustBig(b *testing.B, s *Store) fleet.Account {
	b.Helper()
	a := mustAccount(b, s)
	fill := func(n int, insert string, args ...any) {
		b.Helper()
		numbers := fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d) `, n-1)
		require.NoError(b, raw(b, s, numbers+insert, args...))
	}
	later := micros(time.Now().Add(time.Hour))
	fill(bigHosts, `INSERT INTO hosts (id, name, data_center, token_hash, state, address, port_first, port_last, expires_at, created_at)
		SELECT 'hst_' || (10000 + i), 'big-' || i, 'us-east', 'hash ' || i, 'ready', '10.0.0.1', 20000, 29999, ?, 1 FROM n`, later)
	fill(8*bigHosts, `INSERT INTO gpus (id, host_id, idx, uuid, serial, type, memory_mb, state, simulated)
		SELECT 'gpu_' || (10000 + i), 'hst_' || (10000 + i / 8), i % 8, 'GPU-hst_' || (10000 + i / 8) || '-' || (i % 8), '', 'a100-80gb', 81920, 'free', TRUE FROM n`)
	fill(bigInstances, `INSERT INTO instances (id, account_id, revision, name, data_center, spec, gpus, ports, protected, state, was, since, deadline, reason, serving, epoch, created_at, updated_at)
		SELECT 'ins_' || (1000000 + i), ?, 0, 'big-' || i, 'us-east', ?, 0, 2, FALSE, 'running', '', 1, 0, '', 'ready', 1, 1, 1 FROM n`, a.ID, document(serverSpec(0)))
	fill(bigInstances, `INSERT INTO operations (id, account_id, kind, resource_id, name, params, actor, digest, waits, outcome, accepted_at, ended_at, deadline)
		SELECT 'op_' || (1000000 + i), ?, 'instance', 'ins_' || (1000000 + i), 'create', '{}', 'key_big', '', FALSE, 'done', i + 1, i + 2, 1 FROM n`, a.ID)
	fill(bigInstances, `INSERT INTO leases (id, instance_id, host_id, epoch, home, created_at)
		SELECT 'op_' || (1000000 + i), 'ins_' || (1000000 + i), 'hst_' || (10000 + i % ?), 1, TRUE, 1 FROM n`, bigHosts)
	fill(2*bigInstances, `INSERT INTO lease_ports (host_id, port, lease_id, position, container)
		SELECT 'hst_' || (10000 + (i / 2) % ?), 20000 + 2 * (i / 2 / ?) + i % 2, 'op_' || (1000000 + i / 2), i % 2, 8080 + i % 2 FROM n`, bigHosts, bigHosts)
	fill(bigInstances, `INSERT INTO events (id, account_id, seq, name, instance_id, endpoint_id, host_id, operation_id, actor, message, at)
		SELECT 'evt_' || (1000000 + i), ?, i + 1, 'instance.created', 'ins_' || (1000000 + i), '', '', '', '', '', 1 FROM n`, a.ID)
	require.NoError(b, raw(b, s, `INSERT INTO event_clocks (account_id, last) VALUES (?, ?)`, a.ID, bigInstances))
	require.NoError(b, raw(b, s, `ANALYZE`))
	return a
}

// measure runs one call after the other, and reports the middle one and the hundredth
// slowest part in milliseconds.
func measure(b *testing.B, call func() error) {
	b.Helper()
	var took []time.Duration
	for b.Loop() {
		begin := time.Now()
		require.NoError(b, call())
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

func BenchmarkStore(b *testing.B) {
	onBothBig(b, func(b *testing.B, s *Store, a fleet.Account) {
		ctx := b.Context()
		b.Run("ListInstances", func(b *testing.B) {
			after := ""
			measure(b, func() error {
				all, err := s.ListInstances(ctx, a.ID, InstanceFilter{Page: Page{After: after}})
				after = ""
				if len(all) == DefaultLimit {
					after = all[len(all)-1].ID
				}
				return err
			})
		})
		b.Run("ListInstances500", func(b *testing.B) {
			measure(b, func() error {
				_, err := s.ListInstances(ctx, a.ID, InstanceFilter{Page: Page{Limit: MaxLimit}})
				return err
			})
		})
		b.Run("ListByName", func(b *testing.B) {
			measure(b, func() error {
				_, err := s.ListInstances(ctx, a.ID, InstanceFilter{Name: "big-77777"})
				return err
			})
		})
		b.Run("ListStopped", func(b *testing.B) { // none are: the worst case of a filter
			measure(b, func() error {
				_, err := s.ListInstances(ctx, a.ID, InstanceFilter{State: fleet.Stopped})
				return err
			})
		})
		b.Run("ListOperations", func(b *testing.B) {
			measure(b, func() error {
				_, err := s.ListOperations(ctx, a.ID, OperationFilter{})
				return err
			})
		})
		b.Run("Findings", func(b *testing.B) {
			measure(b, func() error {
				_, err := s.Findings(ctx, fleet.AuditGrace)
				return err
			})
		})
		b.Run("ListEvents", func(b *testing.B) {
			measure(b, func() error {
				_, err := s.ListEvents(ctx, a.ID, EventFilter{})
				return err
			})
		})
		b.Run("Counts", func(b *testing.B) {
			measure(b, func() error {
				_, err := s.Counts(ctx)
				return err
			})
		})
		b.Run("AcceptAndEnd", func(b *testing.B) {
			measure(b, func() error {
				rec, _, err := s.Accept(ctx, ask(a), fleet.KindInstance, "ins_1000007", "restart")
				if err != nil {
					return err
				}
				return s.EndOperation(ctx, Ending{OperationID: rec.ID, Outcome: fleet.Done})
			})
		})
		b.Run("Place", func(b *testing.B) {
			rec := mustCreate(b, s, a, 1)
			measure(b, func() error {
				if _, err := s.Place(ctx, rec.ID, rec.ResourceID); err != nil {
					return err
				}
				return s.ReturnLease(ctx, rec.ID)
			})
		})
		b.Run("RenewLease", func(b *testing.B) {
			const id = "hst_10000"
			measure(b, func() error {
				_, _, err := s.RenewLease(ctx, id, report(id, 8))
				return err
			})
		})
	})
}
