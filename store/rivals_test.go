package store

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const rivals = 100

// race runs n rivals at once, and returns what each got.
func race[T any](n int, run func(i int) T) []T {
	results := make([]T, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			results[i] = run(i)
		})
	}
	close(start)
	wg.Wait()
	return results
}

func TestAHundredRivalsForEightGPUs(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		host := mustHost(t, s, 8)
		recs := make([]fleet.Record, rivals)
		for i := range recs {
			recs[i] = mustCreate(t, s, a, 1)
		}
		errs := race(rivals, func(i int) error {
			_, err := s.Place(t.Context(), recs[i].ID, recs[i].ResourceID)
			return err
		})
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			requireCode(t, fleet.Exhausted, err)
		}
		require.Equal(t, 8, won)
		host, err := s.GetHost(t.Context(), host.ID)
		require.NoError(t, err)
		holders := map[string]bool{}
		for _, g := range host.GPUs {
			require.Equal(t, fleet.GPUReserved, g.State)
			holders[g.LeaseID] = true
		}
		require.Len(t, holders, 8)
	})
}

func TestTheDatabaseItselfKeepsOneHolder(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		one, two := mustServer(t, s, a, 1), mustServer(t, s, a, 1)
		stop := mustAccept(t, s, one, "stop")

		for what, err := range map[string]error{
			"a GPU has one holder": raw(t, s, `INSERT INTO lease_gpus (gpu_id, lease_id) VALUES (?, ?)`, one.GPUs[0].ID, two.Home.ID),
			"a port has one holder": raw(t, s, `INSERT INTO lease_ports (host_id, port, lease_id, position, container) VALUES (?, ?, ?, 9, 80)`,
				one.Home.HostID, one.Ports[0].Host, two.Home.ID),
			"an instance has one home": raw(t, s, `INSERT INTO leases (id, instance_id, host_id, epoch, home, created_at) VALUES ('op_x', ?, ?, 9, ?, 1)`,
				one.ID, one.Home.HostID, true),
			"an epoch is given once": raw(t, s, `INSERT INTO leases (id, instance_id, host_id, epoch, created_at) VALUES ('op_x', ?, ?, ?, 1)`,
				one.ID, one.Home.HostID, one.Epoch),
			"a resource has one operation": raw(t, s, `INSERT INTO operations (id, account_id, kind, resource_id, name, params, actor, digest, waits, accepted_at, deadline)
				SELECT 'op_x', account_id, kind, resource_id, 'restart', '{}', '', '', waits, 1, 1 FROM operations WHERE id = ?`, stop.ID),
			"a key has one effect": raw(t, s, `INSERT INTO operations (id, account_id, kind, resource_id, name, params, actor, digest, waits, accepted_at, deadline)
				SELECT id, account_id, kind, 'ins_x', name, '{}', '', '', waits, 1, 1 FROM operations WHERE id = ?`, stop.ID),
		} {
			require.Error(t, err, what)
			require.True(t, s.engine.duplicate(err), "%s: %v", what, err)
		}
		for what, err := range map[string]error{
			"a transient state has an operation": raw(t, s, `UPDATE instances SET state = 'starting' WHERE id = ?`, two.ID),
			"a settled state has none":           raw(t, s, `UPDATE instances SET state = 'running' WHERE id = ?`, one.ID),
			"leases have hosts":                  raw(t, s, `UPDATE leases SET host_id = 'hst_none' WHERE id = ?`, one.Home.ID),
			"a GPU in use stays":                 raw(t, s, `DELETE FROM gpus WHERE id = ?`, one.GPUs[0].ID),
			"a GPU has a known state":            raw(t, s, `UPDATE gpus SET state = 'melting'`),
		} {
			require.Error(t, err, what)
		}
	})
}

func TestAHundredRivalsForOneInstance(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		inst := mustServer(t, s, a, 1)
		errs := race(rivals, func(i int) error {
			operation := []string{"restart", "freeze", "migrate"}[i%3] // none wins over another
			_, _, err := s.Accept(t.Context(), ask(a), fleet.KindInstance, inst.ID, operation)
			return err
		})
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			require.NotEmpty(t, requireCode(t, fleet.Conflict, err).Operation)
		}
		require.Equal(t, 1, won)
		open, err := s.ListOperations(t.Context(), a.ID, OperationFilter{ResourceID: inst.ID, Open: true})
		require.NoError(t, err)
		require.Len(t, open, 1)
		require.Equal(t, mustInstance(t, s, inst.ID).OperationID, open[0].ID)
	})
}

func TestAHundredEqualRequestsMakeOneEndpoint(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		key := ask(a)
		type result struct {
			rec      fleet.Record
			repeated bool
			err      error
		}
		results := race(rivals, func(int) (r result) {
			r.rec, r.repeated, r.err = s.CreateEndpoint(t.Context(), key, "model", endpointSpec())
			return r
		})
		first := 0
		for _, r := range results {
			require.NoError(t, r.err)
			require.Equal(t, results[0].rec, r.rec)
			if !r.repeated {
				first++
			}
		}
		require.Equal(t, 1, first)
		all, err := s.ListEndpoints(t.Context(), a.ID, EndpointFilter{Gone: true})
		require.NoError(t, err)
		require.Len(t, all, 1)

		stop := ask(a)
		mustEnd(t, s, results[0].rec, fleet.Done)
		for _, r := range race(rivals, func(int) (r result) {
			r.rec, _, r.err = s.Accept(t.Context(), stop, fleet.KindEndpoint, all[0].ID, "stop")
			return r
		}) {
			require.NoError(t, r.err)
			require.Equal(t, fleet.OperationID(a.ID, stop.Key), r.rec.ID)
		}
	})
}

func TestRivalsOfAllKindsNeitherDeadlockNorMiscount(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		hosts := []fleet.Host{mustHost(t, s, 8), mustHost(t, s, 8)}
		ep := mustEndpoint(t, s, a)
		errs := race(32, func(i int) error {
			if i%4 == 0 { // a host that renews, beside the others
				for range 5 {
					if _, _, err := s.RenewLease(t.Context(), hosts[i/4%2].ID, report(hosts[i/4%2].ID, 8)); err != nil {
						return err
					}
				}
				return nil
			}
			rec, _, err := s.CreateInstance(t.Context(), ask(a), NewInstance{Name: "worker", Spec: ep.Spec.Worker(), EndpointID: ep.ID, Revision: 1})
			if err != nil {
				return err
			}
			if _, _, err := s.BeginInstance(t.Context(), rec.ID); err != nil {
				return err
			}
			lease, err := s.Place(t.Context(), rec.ID, rec.ResourceID)
			if fleet.Is(err, fleet.Exhausted) {
				return s.EndOperation(t.Context(), Ending{OperationID: rec.ID, Outcome: fleet.Undone, Code: fleet.Exhausted})
			}
			if err != nil {
				return err
			}
			if err := s.MoveInstance(t.Context(), rec.ResourceID, lease.ID); err != nil {
				return err
			}
			return s.EndOperation(t.Context(), Ending{OperationID: rec.ID, Outcome: fleet.Done})
		})
		for _, err := range errs {
			require.NoError(t, err)
		}
		ep, err := s.Endpoint(t.Context(), ep.ID)
		require.NoError(t, err)
		require.Equal(t, 16, ep.WorkersReady)
		counts, err := s.Counts(t.Context())
		require.NoError(t, err)
		require.Equal(t, []GPUCount{{Type: "a100-80gb", State: fleet.GPUAssigned, Count: 16}}, counts.GPUs)
		require.Empty(t, counts.Open)
		routes, err := s.Routes(t.Context(), here)
		require.NoError(t, err)
		require.Len(t, routes.Endpoints[0].Workers, 16)
	})
}
