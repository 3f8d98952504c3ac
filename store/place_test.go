package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestPlaceAnswersTheSameAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		host := mustHost(t, s, 8)
		rec := mustCreate(t, s, a, 4)
		lease, err := s.Place(t.Context(), rec.ID, rec.ResourceID)
		require.NoError(t, err)
		require.Equal(t, fleet.Lease{ID: rec.ID, InstanceID: rec.ResourceID, HostID: host.ID, Epoch: 1}, lease)
		again, err := s.Place(t.Context(), rec.ID, rec.ResourceID)
		require.NoError(t, err)
		require.Equal(t, lease, again)
		inst := mustInstance(t, s, rec.ResourceID)
		require.EqualValues(t, 1, inst.Epoch)
		require.Equal(t, []fleet.Lease{lease}, inst.Leases)
		require.Zero(t, inst.Home, "a lease is no home")

		_, err = s.Place(t.Context(), rec.ID, mustCreate(t, s, a, 0).ResourceID)
		requireCode(t, fleet.Conflict, err)
		_, err = s.Place(t.Context(), "op_none", "ins_none")
		requireCode(t, fleet.NotFound, err)
	})
}

func TestAReturnedLeaseLeavesNothingTaken(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		host := mustHost(t, s, 4)
		inst := mustServer(t, s, a, 4)
		require.NoError(t, s.SetGPUState(t.Context(), inst.Home.ID, fleet.GPUScrubbing))
		require.NoError(t, s.QuarantineGPU(t.Context(), inst.GPUs[0].ID, "row remapping failed"))
		require.NoError(t, s.ReturnLease(t.Context(), inst.Home.ID))
		require.NoError(t, s.ReturnLease(t.Context(), inst.Home.ID), "repeatable")

		host, err := s.GetHost(t.Context(), host.ID)
		require.NoError(t, err)
		require.Equal(t, fleet.GPUQuarantined, host.GPUs[0].State)
		require.Equal(t, "row remapping failed", host.GPUs[0].Reason)
		for _, g := range host.GPUs[1:] {
			require.Equal(t, fleet.GPUFree, g.State)
			require.Empty(t, g.LeaseID)
		}
		got := mustInstance(t, s, inst.ID)
		require.Zero(t, got.Home)
		require.Empty(t, got.Leases)
		require.Empty(t, got.Ports)

		rec := mustCreate(t, s, a, 4)
		_, err = s.Place(t.Context(), rec.ID, rec.ResourceID)
		require.Contains(t, requireCode(t, fleet.Exhausted, err).Message, "the most on one is 3")
		require.NoError(t, s.ReleaseGPU(t.Context(), inst.GPUs[0].ID, "key_test", "a new board"))
		requireCode(t, fleet.Conflict, s.ReleaseGPU(t.Context(), inst.GPUs[0].ID, "key_test", "a new board"))
		lease, err := s.Place(t.Context(), rec.ID, rec.ResourceID)
		require.NoError(t, err)
		require.EqualValues(t, 1, lease.Epoch)
		require.NoError(t, s.MoveInstance(t.Context(), rec.ResourceID, lease.ID))
		require.Equal(t, []fleet.Published{{Container: 8080, Host: 20002}, {Container: 9090, Host: 20003}},
			mustInstance(t, s, rec.ResourceID).Ports, "ports go round")
	})
}

func TestAMigrationHasTwoLeasesAndMovesBetweenThem(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 4)
		inst := mustServer(t, s, a, 2)
		rec := mustAccept(t, s, inst, "migrate")
		_, err := s.Place(t.Context(), rec.ID, inst.ID)
		requireCode(t, fleet.Exhausted, err) // there is room where it is, but no other host

		target := mustHost(t, s, 2)
		lease, err := s.Place(t.Context(), rec.ID, inst.ID)
		require.NoError(t, err)
		require.Equal(t, target.ID, lease.HostID)
		require.EqualValues(t, 2, lease.Epoch)
		require.Len(t, mustInstance(t, s, inst.ID).Leases, 2)

		require.NoError(t, s.MoveInstance(t.Context(), inst.ID, lease.ID))
		require.NoError(t, s.MoveInstance(t.Context(), inst.ID, lease.ID), "repeatable")
		moved := mustInstance(t, s, inst.ID)
		require.Equal(t, lease.ID, moved.Home.ID)
		require.Equal(t, target.ID, moved.GPUs[0].HostID)
		require.Equal(t, fleet.GPUAssigned, moved.GPUs[0].State)
		require.NoError(t, s.ReturnLease(t.Context(), inst.Home.ID))
		require.Equal(t, lease.ID, mustInstance(t, s, inst.ID).Home.ID)

		requireCode(t, fleet.NotFound, s.MoveInstance(t.Context(), inst.ID, "op_none"))
		require.Equal(t, lease.ID, mustInstance(t, s, inst.ID).Home.ID, "nothing has changed")
	})
}

func TestNothingIsPlacedOnAHostThatIsNotReady(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		host := mustHost(t, s, 2)
		rec := mustCreate(t, s, a, 1)
		place := func() error {
			_, err := s.Place(t.Context(), rec.ID, rec.ResourceID)
			return err
		}
		require.NoError(t, s.Cordon(t.Context(), host.ID, "key_test"))
		requireCode(t, fleet.Exhausted, place())
		mustRenew(t, s, host.ID, 2)
		requireCode(t, fleet.Exhausted, place())
		_, err := s.Uncordon(t.Context(), host.ID, "key_test")
		require.NoError(t, err)
		now.advance(fleet.LeaseTTL)
		requireCode(t, fleet.Exhausted, place()) // it has not renewed, though nobody has said so yet
		mustRenew(t, s, host.ID, 2)
		require.NoError(t, place())
	})
}

func TestWorkersOfAnEndpointAreSpread(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 4)
		mustHost(t, s, 4)
		ep := mustEndpoint(t, s, a)
		one, two := mustWorker(t, s, ep), mustWorker(t, s, ep)
		require.NotEqual(t, one.Home.HostID, two.Home.HostID)
		workers, err := s.Workers(t.Context(), ep.ID)
		require.NoError(t, err)
		require.Equal(t, []fleet.Instance{one, two}, workers)
	})
}

func TestALeaseExpiresWithItsHost(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		mustHost(t, s, 1)
		inst := mustServer(t, s, a, 1)
		expired := func(id string) bool {
			expired, err := s.LeaseExpired(t.Context(), id)
			require.NoError(t, err)
			return expired
		}
		require.True(t, expired("op_none"), "nothing can run under it")
		require.False(t, expired(inst.Home.ID))
		expire := func() {
			_, err := s.ExpireHosts(t.Context())
			require.NoError(t, err)
		}
		now.advance(fleet.LeaseTTL + fleet.LeaseGrace)
		expire()
		require.False(t, expired(inst.Home.ID))
		now.advance(time.Microsecond)
		require.False(t, expired(inst.Home.ID), "nobody has looked")
		expire()
		require.True(t, expired(inst.Home.ID))
		require.True(t, mustInstance(t, s, inst.ID).Home.Expired)
	})
}

func TestAContainerSpecIsForItsHostOnly(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		host := mustHost(t, s, 2)
		inst := mustServer(t, s, a, 2)
		spec, err := s.ContainerSpec(t.Context(), host.ID, inst.Home.ID)
		require.NoError(t, err)
		require.Equal(t, fleet.ContainerSpec{
			Lease: inst.Home, AccountID: a.ID, Name: inst.Name, Spec: inst.Spec, GPUs: report(host.ID, 2).GPUs,
			Simulated: true, Ports: inst.Ports,
		}, spec)
		_, err = s.ContainerSpec(t.Context(), mustHost(t, s, 0).ID, inst.Home.ID)
		requireCode(t, fleet.NotFound, err)
		_, err = s.ContainerSpec(t.Context(), host.ID, "op_none")
		requireCode(t, fleet.NotFound, err)
	})
}

func TestGPUStatesOfALease(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 2)
		inst := mustServer(t, s, a, 2)
		require.NoError(t, s.QuarantineGPU(t.Context(), inst.GPUs[1].ID, "ECC"))
		require.NoError(t, s.SetGPUState(t.Context(), inst.Home.ID, fleet.GPUTesting))
		gpus := mustInstance(t, s, inst.ID).GPUs
		require.Equal(t, fleet.GPUTesting, gpus[0].State)
		require.Equal(t, fleet.GPUQuarantined, gpus[1].State)
		requireCode(t, fleet.Invalid, s.SetGPUState(t.Context(), inst.Home.ID, fleet.GPUFree))
		requireCode(t, fleet.NotFound, s.SetGPUState(t.Context(), "op_none", fleet.GPUTesting))
		requireCode(t, fleet.NotFound, s.QuarantineGPU(t.Context(), "gpu_none", "ECC"))
		require.NoError(t, s.ReleaseGPU(t.Context(), inst.GPUs[1].ID, "key_test", "a new board"))
		require.Equal(t, fleet.GPUReserved, mustInstance(t, s, inst.ID).GPUs[1].State, "its lease has it still")
		events, err := s.ListEvents(t.Context(), "", EventFilter{ResourceID: inst.Home.HostID})
		require.NoError(t, err)
		require.Equal(t, "gpu.released", events[0].Name)
		require.Equal(t, "gpu.quarantined", events[1].Name)
	})
}

func TestAPortInUseIsPassedOver(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 0)
		mustServer(t, s, a, 0)
		require.NoError(t, raw(t, s, `UPDATE hosts SET next_port = 20001`)) // as if it had gone round
		require.Equal(t, []fleet.Published{{Container: 8080, Host: 20002}, {Container: 9090, Host: 20003}}, mustServer(t, s, a, 0).Ports)
		require.NoError(t, raw(t, s, `UPDATE hosts SET next_port = 20000, port_last = 20004`))
		rec := mustCreate(t, s, a, 0)
		_, err := s.Place(t.Context(), rec.ID, rec.ResourceID)
		require.Contains(t, requireCode(t, fleet.Exhausted, err).Message, "2 free ports")
	})
}

func TestWhatComesFromTheArchiveGoesWhereThereIsOne(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 4) // without
		with := mustHost(t, s, 4)
		r := report(with.ID, 4)
		r.Archives = true
		_, _, err := s.RenewLease(t.Context(), with.ID, r)
		require.NoError(t, err)
		for range 4 {
			rec := mustCreate(t, s, a, 1)
			lease, err := s.PlaceAs(t.Context(), Placing{LeaseID: rec.ID, InstanceID: rec.ResourceID, Archives: true})
			require.NoError(t, err)
			require.Equal(t, with.ID, lease.HostID)
		}
		rec := mustCreate(t, s, a, 1)
		_, err = s.PlaceAs(t.Context(), Placing{LeaseID: rec.ID, InstanceID: rec.ResourceID, Archives: true})
		requireCode(t, fleet.Exhausted, err)
	})
}
