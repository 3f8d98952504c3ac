package store

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestAServerIsCreatedPlacedAndRuns(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		host := mustHost(t, s, 8)
		inst := mustServer(t, s, a, 2)

		require.Equal(t, fleet.Running, inst.State)
		require.Empty(t, inst.OperationID)
		require.Equal(t, host.ID, inst.Home.HostID)
		require.False(t, inst.Home.Expired)
		require.Len(t, inst.Leases, 1)
		require.Equal(t, "10.0.0.1", inst.Address)
		require.Equal(t, []fleet.Published{{Container: 8080, Host: 20000}, {Container: 9090, Host: 20001}}, inst.Ports)
		require.Len(t, inst.GPUs, 2)
		for _, g := range inst.GPUs {
			require.Equal(t, fleet.GPUAssigned, g.State)
			require.Equal(t, inst.ID, g.InstanceID)
			require.Equal(t, inst.Home.ID, g.LeaseID)
		}
		require.True(t, inst.Ready)
		require.EqualValues(t, 1, inst.Epoch)
		require.Equal(t, serverSpec(2), inst.Spec)
		require.Equal(t, []string{"operation.accepted", "instance.created"}, eventNames(t, s, a.ID, inst.ID))
	})
}

func TestARepeatedKeyHasTheFirstAnswerAndNoSecondEffect(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		first, key := NewInstance{Name: "model", Spec: serverSpec(1)}, ask(a)
		rec, repeated, err := s.CreateInstance(t.Context(), key, first)
		require.NoError(t, err)
		require.False(t, repeated)
		require.Equal(t, fleet.OperationID(a.ID, key.Key), rec.ID)

		_, _, err = s.BeginInstance(t.Context(), rec.ID)
		require.NoError(t, err)
		mustRun(t, s, rec)
		again, repeated, err := s.CreateInstance(t.Context(), key, first)
		require.NoError(t, err)
		require.True(t, repeated)
		require.Equal(t, rec, again)

		stop := ask(a)
		rec, _, err = s.Accept(t.Context(), stop, fleet.KindInstance, rec.ResourceID, "stop")
		require.NoError(t, err)
		mustEnd(t, s, rec, fleet.Done)
		again, repeated, err = s.Accept(t.Context(), stop, fleet.KindInstance, rec.ResourceID, "stop")
		require.NoError(t, err)
		require.True(t, repeated)
		require.Equal(t, rec, again)

		stop.Digest = "another"
		_, _, err = s.Accept(t.Context(), stop, fleet.KindInstance, rec.ResourceID, "stop")
		require.Equal(t, rec.ID, requireCode(t, fleet.Conflict, err).Operation)
		_, _, err = s.CreateEndpoint(t.Context(), stop, "endpoint", endpointSpec())
		requireCode(t, fleet.Conflict, err)

		all, err := s.ListInstances(t.Context(), a.ID, InstanceFilter{Gone: true})
		require.NoError(t, err)
		require.Len(t, all, 1)
	})
}

func TestASecondOperationIsRefusedWithTheFirst(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		inst := mustServer(t, s, a, 1)
		stop := mustAccept(t, s, inst, "stop")

		_, _, err := s.Accept(t.Context(), ask(a), fleet.KindInstance, inst.ID, "restart")
		require.Equal(t, stop.ID, requireCode(t, fleet.Conflict, err).Operation)
		terminate, _, err := s.Accept(t.Context(), ask(a), fleet.KindInstance, inst.ID, "terminate")
		require.NoError(t, err, "terminate wins")
		require.Equal(t, terminate.ID, mustInstance(t, s, inst.ID).NextID)
		_, _, err = s.Accept(t.Context(), ask(a), fleet.KindInstance, inst.ID, "terminate")
		require.Equal(t, terminate.ID, requireCode(t, fleet.Conflict, err).Operation)

		pending, err := s.PendingOperations(t.Context(), -1, 10)
		require.NoError(t, err)
		require.Len(t, pending, 1)
		require.Equal(t, terminate.ID, pending[0].ID)
	})
}

func TestAcceptSaysWhyNot(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		inst := mustServer(t, s, a, 0)
		worker := mustWorker(t, s, mustEndpoint(t, s, a))
		spec := serverSpec(0)
		spec.Protected = true
		rec, _, err := s.CreateInstance(t.Context(), ask(a), NewInstance{Name: "precious", Spec: spec})
		require.NoError(t, err)
		mustEnd(t, s, rec, fleet.Done)

		for _, c := range []struct {
			id, operation string
			code          fleet.Code
		}{
			{inst.ID, "start", fleet.Conflict},  // it runs
			{inst.ID, "create", fleet.Invalid},  // has a method of its own
			{inst.ID, "explode", fleet.Invalid}, // is none
			{"ins_nobody", "stop", fleet.NotFound},
			{"ins_\xff\x00", "stop", fleet.NotFound},
			{worker.ID, "stop", fleet.Conflict}, // its endpoint does that
			{rec.ResourceID, "terminate", fleet.Conflict},
			{rec.ResourceID, "reset", fleet.Conflict},
		} {
			_, _, err := s.Accept(t.Context(), ask(a), fleet.KindInstance, c.id, c.operation)
			if c.id == "ins_\xff\x00" && s.Engine() == "postgres" {
				c.code = fleet.Invalid // it cannot even be asked for
			}
			requireCode(t, c.code, err)
		}
		_, _, err = s.Accept(t.Context(), ask(a), fleet.KindInstance, worker.ID, "terminate")
		require.NoError(t, err)
		_, _, err = s.Accept(t.Context(), ask(a), fleet.KindEndpoint, worker.EndpointID, "update")
		requireCode(t, fleet.Invalid, err)
	})
}

func TestNamesAreUniqueAmongWhatIsNotGone(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		other := mustAccount(t, s)
		server := func(a fleet.Account, name string) (fleet.Record, error) {
			rec, _, err := s.CreateInstance(t.Context(), ask(a), NewInstance{Name: name, Spec: serverSpec(0)})
			return rec, err
		}
		rec, err := server(a, "model")
		require.NoError(t, err)
		_, err = server(a, "model")
		e := requireCode(t, fleet.Conflict, err)
		require.Equal(t, "body.name", e.Fields[0].Field)
		_, err = server(other, "model")
		require.NoError(t, err)

		ep, _, err := s.CreateEndpoint(t.Context(), ask(a), "model", endpointSpec())
		require.NoError(t, err, "an endpoint may be called like a server")
		_, _, err = s.CreateEndpoint(t.Context(), ask(a), "model", endpointSpec())
		requireCode(t, fleet.Conflict, err)
		for range 2 {
			_, _, err = s.CreateInstance(t.Context(), ask(a), NewInstance{Name: "model", Spec: endpointSpec().Worker(), EndpointID: ep.ResourceID, Revision: 1})
			require.NoError(t, err, "workers share names")
		}

		mustEnd(t, s, rec, fleet.Undone)
		require.Equal(t, fleet.Terminated, mustInstance(t, s, rec.ResourceID).State)
		_, err = server(a, "model")
		require.NoError(t, err, "the name of one that is gone is free")
		mustEnd(t, s, ep, fleet.Undone)
		_, _, err = s.CreateEndpoint(t.Context(), ask(a), "model", endpointSpec())
		require.NoError(t, err)
	})
}

func TestCreatingChecksNameSpecDataCenterAndEndpoint(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		require.NoError(t, s.EnsureDataCenter(t.Context(), fleet.DataCenter{Name: "eu-west"}))
		elsewhere := serverSpec(0)
		elsewhere.DataCenter = "mars"
		_, _, err := s.CreateInstance(t.Context(), ask(a), NewInstance{Name: "model", Spec: elsewhere})
		e := requireCode(t, fleet.Invalid, err)
		require.Equal(t, []fleet.FieldError{{Field: "body.data_center", Message: "is not known", Allowed: "eu-west, us-east"}}, e.Fields)
		_, _, err = s.CreateInstance(t.Context(), ask(a), NewInstance{Name: "", Spec: serverSpec(0)})
		requireCode(t, fleet.Invalid, err)
		_, _, err = s.CreateInstance(t.Context(), ask(a), NewInstance{Name: "many", Spec: serverSpec(9)})
		requireCode(t, fleet.Invalid, err)
		_, _, err = s.CreateEndpoint(t.Context(), ask(a), "none", fleet.EndpointSpec{}.Defaults())
		requireCode(t, fleet.Invalid, err)

		ep := mustEndpoint(t, s, a)
		worker := func(endpointID string) error {
			_, _, err := s.CreateInstance(t.Context(), ask(a), NewInstance{Name: "worker", Spec: ep.Spec.Worker(), EndpointID: endpointID, Revision: 1})
			return err
		}
		requireCode(t, fleet.NotFound, worker("ep_nobody"))
		require.NoError(t, worker(ep.ID))
		rec, _, err := s.Accept(t.Context(), ask(a), fleet.KindEndpoint, ep.ID, "stop")
		require.NoError(t, err)
		mustEnd(t, s, rec, fleet.Done)
		requireCode(t, fleet.Conflict, worker(ep.ID))
	})
}

func TestARefusedRequestLeavesNothingBehind(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		key := ask(a)
		bad := serverSpec(0)
		bad.DataCenter = "mars"
		_, _, err := s.CreateInstance(t.Context(), key, NewInstance{Name: "model", Spec: bad})
		requireCode(t, fleet.Invalid, err)
		recs, err := s.ListOperations(t.Context(), a.ID, OperationFilter{})
		require.NoError(t, err)
		require.Empty(t, recs)
		_, repeated, err := s.CreateInstance(t.Context(), key, NewInstance{Name: "model", Spec: serverSpec(0)})
		require.NoError(t, err, "a key that had no effect is unused")
		require.False(t, repeated)
	})
}
