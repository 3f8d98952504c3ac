package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A sound is a world in which nothing is wrong.
type sound struct {
	*testing.T
	*Store
	clock                  *clock
	account                fleet.Account
	host, other            fleet.Host
	running, stopped, busy fleet.Instance
	frozen, worker, gone   fleet.Instance
	open                   fleet.Record // on busy
	containers             map[string][]fleet.ContainerReport
}

func mustSound(t *testing.T, s *Store) *sound {
	t.Helper()
	w := &sound{T: t, Store: s, clock: mustClock(t, s), containers: map[string][]fleet.ContainerReport{}}
	w.account = mustAccount(t, s)
	w.host = mustHost(t, s, 8)
	ep := mustEndpoint(t, s, w.account)
	w.running, w.stopped, w.busy, w.frozen, w.gone = mustServer(t, s, w.account, 1), mustServer(t, s, w.account, 1), mustServer(t, s, w.account, 1), mustServer(t, s, w.account, 1), mustServer(t, s, w.account, 1)
	w.worker = mustWorker(t, s, ep)
	mustEnd(t, s, mustAccept(t, s, w.stopped, "stop"), fleet.Done)
	freeze := mustAccept(t, s, w.frozen, "freeze")
	snap := fleet.Snapshot{ID: fleet.NewID(fleet.SnapshotPrefix, time.Now()), InstanceID: w.frozen.ID, OperationID: freeze.ID, Kind: fleet.SnapshotFreeze, SavedAt: w.clock.now()}
	require.NoError(t, s.RecordSnapshot(t.Context(), snap))
	require.NoError(t, s.SnapshotSaved(t.Context(), snap))
	require.NoError(t, s.FreezeInstance(t.Context(), w.frozen.ID, snap.ID))
	require.NoError(t, s.ReturnLease(t.Context(), w.frozen.Home.ID))
	mustEnd(t, s, freeze, fleet.Done)
	mustTerminate(t, s, w.gone)
	w.other = mustHost(t, s, 2)
	w.open = mustAccept(t, s, w.busy, "migrate")
	_, err := s.Place(t.Context(), w.open.ID, w.busy.ID)
	require.NoError(t, err)
	w.containers[w.host.ID] = []fleet.ContainerReport{container(w.running, true), container(w.stopped, false), container(w.busy, true), container(w.worker, true)}
	w.beat(20)
	return w
}

// beat has the hosts report n times.
func (w *sound) beat(n int) {
	w.Helper()
	for range n {
		w.clock.advance(fleet.LeaseEvery)
		mustRenew(w.T, w.Store, w.host.ID, 8, w.containers[w.host.ID]...)
		if h, err := w.GetHost(w.Context(), w.other.ID); err == nil && h.State != fleet.HostRetired {
			mustRenew(w.T, w.Store, w.other.ID, 2, w.containers[w.other.ID]...)
		}
	}
}

// found are the names of what is found.
func (w *sound) found() (names []string) {
	w.Helper()
	all, err := w.Findings(w.Context(), fleet.AuditGrace)
	require.NoError(w, err)
	for _, f := range all {
		require.Contains(w, fleet.FindingKinds, f.Kind)
		require.NotEmpty(w, f.Message)
		names = append(names, fmt.Sprint(f.Kind, " ", f.Resource))
	}
	return names
}

func TestNothingIsFoundInASoundWorld(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		w := mustSound(t, s)
		require.Empty(t, w.found())
		mustEnd(t, s, w.open, fleet.Undone)
		require.NoError(t, s.ReturnLease(t.Context(), w.open.ID))
		w.beat(20)
		require.Empty(t, w.found())
		w.clock.advance(time.Hour) // the hosts are silent: what they said is of no use
		_, err := s.ExpireHosts(t.Context())
		require.NoError(t, err)
		require.Empty(t, w.found())
	})
}

func TestEveryKindOfFindingIsFound(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		planted := []fleet.FindingKind{fleet.OperationWithoutWorkflow} // which the record alone cannot tell
		for _, c := range []struct {
			kind  fleet.FindingKind
			plant func(*sound) (resource string)
		}{
			{fleet.OrphanContainer, func(w *sound) string {
				w.containers[w.other.ID] = append(w.containers[w.other.ID], fleet.ContainerReport{LeaseID: "op_none", InstanceID: w.gone.ID, Epoch: 1})
				return "op_none"
			}},
			{fleet.UnwantedContainer, func(w *sound) string {
				w.containers[w.host.ID][1].Running = true
				return w.stopped.Home.ID
			}},
			{fleet.MissingContainer, func(w *sound) string {
				w.sql(`UPDATE hosts SET containers = '[]' WHERE id = ?`, w.host.ID)
				return w.running.ID
			}},
			{fleet.LeakedLease, func(w *sound) string {
				w.sql(`INSERT INTO leases (id, instance_id, host_id, epoch, created_at) VALUES ('op_leak', ?, ?, 9, 1)`, w.gone.ID, w.other.ID)
				w.sql(`INSERT INTO lease_gpus (gpu_id, lease_id) VALUES (?, 'op_leak')`, w.other.GPUs[1].ID)
				w.sql(`UPDATE gpus SET state = 'assigned' WHERE id = ?`, w.other.GPUs[1].ID)
				return "op_leak"
			}},
			{fleet.LeftoverLease, func(w *sound) string {
				w.sql(`INSERT INTO leases (id, instance_id, host_id, epoch, created_at) VALUES ('op_left', ?, ?, 9, 1)`, w.running.ID, w.other.ID)
				return "op_left"
			}},
			{fleet.UnleasedGPU, func(w *sound) string {
				w.sql(`UPDATE gpus SET state = 'assigned' WHERE id = ?`, w.other.GPUs[1].ID)
				return w.other.GPUs[1].ID
			}},
			{fleet.StrandedGPU, func(w *sound) string {
				w.sql(`UPDATE gpus SET state = 'scrubbing', since = ? WHERE id = ?`, micros(w.clock.now().Add(-20*time.Minute)), w.other.GPUs[1].ID)
				return w.other.GPUs[1].ID
			}},
			{fleet.IdleLeasedGPU, func(w *sound) string {
				w.sql(`UPDATE gpus SET state = 'free' WHERE id = ?`, w.running.GPUs[0].ID)
				return w.running.GPUs[0].ID
			}},
			{fleet.Homeless, func(w *sound) string {
				w.sql(`UPDATE leases SET home = FALSE, kept = TRUE WHERE id = ?`, w.stopped.Home.ID)
				return w.stopped.ID
			}},
			{fleet.FrozenWithoutSnapshot, func(w *sound) string {
				w.sql(`UPDATE snapshots SET state = 'saving', saved_at = 0 WHERE instance_id = ?`, w.frozen.ID)
				return w.frozen.ID
			}},
			{fleet.StaleOperation, func(w *sound) string {
				w.sql(`INSERT INTO operations (id, account_id, kind, resource_id, name, params, actor, digest, waits, accepted_at, begun_at, deadline)
					VALUES ('op_stale', ?, 'instance', ?, 'stop', '{}', 'key_test', '', FALSE, 1, 1, 1)`, w.account.ID, w.running.ID)
				return "op_stale"
			}},
			{fleet.DeadClaim, func(w *sound) string {
				w.sql(`UPDATE operations SET outcome = 'done', ended_at = 1 WHERE id = ?`, w.open.ID)
				return w.busy.ID
			}},
			{fleet.Overdue, func(w *sound) string {
				w.sql(`UPDATE instances SET deadline = 1 WHERE id = ?`, w.busy.ID)
				return w.busy.ID
			}},
			{fleet.StaleAddress, func(w *sound) string {
				w.sql(`INSERT INTO addresses (data_center, port, instance_id, position, container) VALUES (?, 19990, ?, 0, 80)`, here, w.gone.ID)
				return w.gone.ID
			}},
			{fleet.DeadRoute, func(w *sound) string {
				w.sql(`UPDATE instances SET serving = 'ready' WHERE id = ?`, w.stopped.ID)
				return w.stopped.ID
			}},
			{fleet.MissingRoute, func(w *sound) string {
				w.sql(`UPDATE instances SET serving = 'draining' WHERE id = ?`, w.worker.ID)
				return w.worker.ID
			}},
			{fleet.StaleQueuePlace, func(w *sound) string {
				var ended string
				require.NoError(w, s.reader.Get(&ended, s.reader.Rebind(`SELECT id FROM operations WHERE outcome <> '' AND resource_id = ? LIMIT 1`), w.gone.ID))
				w.sql(`INSERT INTO queue (operation_id, data_center, gpu_type, since) VALUES (?, ?, '', 1)`, ended, here)
				return ended
			}},
			{fleet.StaleContainer, func(w *sound) string {
				w.sql(`INSERT INTO leases (id, instance_id, host_id, epoch, kept, created_at) VALUES ('op_old', ?, ?, 8, TRUE, 1)`, w.worker.ID, w.other.ID)
				w.containers[w.other.ID] = append(w.containers[w.other.ID], fleet.ContainerReport{LeaseID: "op_old", InstanceID: w.worker.ID, Epoch: 0, Running: true})
				return "op_old"
			}},
			{fleet.DoubleContainer, func(w *sound) string {
				lease := mustInstance(w.T, s, w.busy.ID).Leases[1] // where it is to move to: one runs before the other has ended
				w.containers[w.other.ID] = append(w.containers[w.other.ID], fleet.ContainerReport{LeaseID: lease.ID, InstanceID: w.busy.ID, Epoch: 2, Running: true})
				return w.busy.ID
			}},
			{fleet.LeaseOnRetiredHost, func(w *sound) string {
				w.sql(`UPDATE hosts SET retired_at = 1, retired_name = name WHERE id = ?`, w.other.ID)
				return mustInstance(w.T, s, w.busy.ID).Leases[1].ID
			}},
		} {
			planted = append(planted, c.kind)
			t.Run(string(c.kind), func(t *testing.T) {
				w := mustSound(t, s)
				want := fmt.Sprint(c.kind, " ", c.plant(w))
				if c.kind != fleet.MissingContainer {
					w.beat(14) // as long as it takes to be no coincidence
				}
				require.Contains(t, w.found(), want)
				w.requireRepair(c.kind, want)
				require.NoError(t, s.clear(t))
			})
		}
		slices.Sort(planted)
		all := slices.Sorted(slices.Values(fleet.FindingKinds))
		require.Equal(t, all, planted)
	})
}

// requireRepair repairs a finding, if that is safe, and looks again.
func (w *sound) requireRepair(kind fleet.FindingKind, name string) {
	w.Helper()
	all, err := w.Findings(w.Context(), fleet.AuditGrace)
	require.NoError(w, err)
	for _, f := range all {
		if fmt.Sprint(f.Kind, " ", f.Resource) != name {
			continue
		}
		err := w.Repair(w.Context(), f, fleet.AuditGrace)
		if !f.Repairable {
			requireCode(w, fleet.Unsupported, err)
			return
		}
		require.NoError(w, err)
		require.NoError(w, w.Repair(w.Context(), f, fleet.AuditGrace), "repeatable")
		require.NotContains(w, w.found(), name)
		w.beat(14)
		require.Empty(w, w.found(), "the repair of %s broke nothing else", kind)
		return
	}
}

func (w *sound) sql(query string, args ...any) {
	w.Helper()
	require.NoError(w, raw(w.T, w.Store, query, args...))
}

// clear empties the record.
func (s *Store) clear(t testing.TB) error {
	t.Helper()
	for _, table := range []string{"findings", "queue", "addresses", "snapshots", "lease_gpus", "lease_ports", "leases", "gpus", "hosts"} {
		if err := raw(t, s, `DELETE FROM `+table); err != nil {
			return err
		}
	}
	for _, table := range []string{"instances", "endpoints"} {
		if err := raw(t, s, `UPDATE `+table+` SET operation_id = NULL, next_id = NULL, state = 'failed'`); err != nil {
			return err
		}
	}
	for _, table := range []string{"instances", "endpoint_revisions", "endpoints", "operations"} {
		if err := raw(t, s, `DELETE FROM `+table); err != nil {
			return err
		}
	}
	return nil
}

func TestALeakedLeaseIsKeptWhileItsContainerIsThere(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		w := mustSound(t, s)
		w.sql(`INSERT INTO leases (id, instance_id, host_id, epoch, created_at) VALUES ('op_leak', ?, ?, 9, 1)`, w.gone.ID, w.other.ID)
		w.containers[w.other.ID] = []fleet.ContainerReport{{LeaseID: "op_leak", InstanceID: w.gone.ID, Epoch: 9, Running: true}}
		w.beat(1)
		all, err := s.Findings(t.Context(), fleet.AuditGrace)
		require.NoError(t, err)
		require.Len(t, all, 1)
		requireCode(t, fleet.Conflict, s.Repair(t.Context(), all[0], fleet.AuditGrace))
		w.containers[w.other.ID] = nil
		w.clock.advance(fleet.LeaseTTL)
		requireCode(t, fleet.Conflict, s.Repair(t.Context(), all[0], fleet.AuditGrace)) // nobody knows what runs there
		w.beat(1)
		require.NoError(t, s.Repair(t.Context(), all[0], fleet.AuditGrace))
		require.Empty(t, w.found())
	})
}

func TestFindingsAreNotedOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		w := mustSound(t, s)
		w.sql(`UPDATE instances SET serving = 'ready' WHERE id = ?`, w.stopped.ID)
		count := func() int {
			c, err := s.Counts(t.Context())
			require.NoError(t, err)
			require.Len(t, c.Findings, len(fleet.FindingKinds))
			return c.Findings[fleet.DeadRoute]
		}
		require.Zero(t, count())
		for range 2 {
			all, err := s.Findings(t.Context(), fleet.AuditGrace)
			require.NoError(t, err)
			gone := fleet.Finding{Kind: fleet.OperationWithoutWorkflow, Resource: "op_1", Message: "for the test"}
			require.NoError(t, s.NoteFindings(t.Context(), fleet.Audit{Findings: append(all, gone)}))
			w.beat(1)
		}
		require.Equal(t, 1, count())
		all, err := s.Findings(t.Context(), fleet.AuditGrace)
		require.NoError(t, err)
		require.Equal(t, w.clock.now().Add(-2*fleet.LeaseEvery), all[0].Since)

		require.NoError(t, s.NoteFindings(t.Context(), fleet.Audit{Partial: true}))
		require.Zero(t, count())
		c, err := s.Counts(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, c.Findings[fleet.OperationWithoutWorkflow], "it was not looked for")
		require.NoError(t, s.NoteFindings(t.Context(), fleet.Audit{}))
		names := eventNames(t, s, "", w.stopped.ID)
		require.Equal(t, []string{"audit.found", "audit.cleared"}, names)
	})
}
