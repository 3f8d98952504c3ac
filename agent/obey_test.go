package agent

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine/sim"
	"github.com/kelvin-gpu/kelvin/store"
)

// mustStray makes a container that the record does not know yet: the lease it bears has the
// name of an operation that has not placed anything.
func (s *site) mustStray() (fleet.Record, fleet.ContainerSpec) {
	s.Helper()
	rec := s.mustAccept()
	inst, err := s.store.Instance(s.Context(), rec.ResourceID)
	require.NoError(s, err)
	spec := fleet.ContainerSpec{
		Lease: fleet.Lease{ID: rec.ID, InstanceID: rec.ResourceID, HostID: s.hostID, Epoch: inst.Epoch + 1}, AccountID: s.account,
		Name: "stray", Spec: inst.Spec, Ports: []fleet.Published{{Container: 8080, Host: s.ports + 19}},
	}
	s.mustContainer(spec)
	return rec, spec
}

func TestContainerWithoutARecordIsRemovedAfterTheGrace(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	a := s.mustLease()
	kept := s.mustServer()
	began := time.Now()
	_, stray := s.mustStray()
	s.eventually(func() bool { return !s.exists(stray.Lease.ID) }, "it is removed")
	require.GreaterOrEqual(t, time.Since(began), time.Duration(s.wire.order.Grace))
	require.True(t, s.runs(kept.ID))
	require.InDelta(t, 1, a.metric(t, "kelvin_agent_orphans_removed_total"), 0)
	require.Equal(t, []string{kept.ID}, s.machine.Left(s.hostID))
}

func TestRecordThatComesWithinTheGraceSavesTheContainer(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	s.wire.order.Grace = fleet.Duration(2 * time.Second)
	s.mustLease()
	rec, stray := s.mustStray()
	s.eventually(func() bool { _, ok := s.wire.reported(stray.Lease.ID); return ok }, "it is seen")
	_, err := s.store.Place(t.Context(), rec.ID, rec.ResourceID)
	require.NoError(t, err)
	time.Sleep(3 * time.Second) // longer than the grace
	require.True(t, s.runs(stray.Lease.ID))
}

func TestContainerOfAnOlderEpochIsAnOrphan(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	s.mustLease()
	rec := s.mustAccept()
	lease, err := s.store.Place(t.Context(), rec.ID, rec.ResourceID)
	require.NoError(t, err)
	spec, err := s.store.ContainerSpec(t.Context(), s.hostID, lease.ID)
	require.NoError(t, err)
	spec.Lease.Epoch--
	s.mustContainer(spec)
	s.eventually(func() bool { return !s.exists(lease.ID) }, "it is removed")
}

func TestContainerInTroubleDoesNotHoldBackTheOthers(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	s.mustLease()
	a, b := s.mustServer(), s.mustServer()
	bad, good := min(a.ID, b.ID), max(a.ID, b.ID) // the machine lists them in order
	s.wire.become(cut)
	s.eventually(func() bool { return !s.runs(bad) && !s.runs(good) }, "it fences itself")
	s.machine.Inject(sim.Fault{Verb: "Start", Lease: bad, Code: fleet.Exhausted, Message: "its port is taken"})
	s.wire.become(whole)
	s.eventually(func() bool { return s.runs(good) }, "the other one is started again")
	require.False(t, s.runs(bad))
	s.machine.Heal()
	s.eventually(func() bool { return s.runs(bad) }, "and this one when it can be")
}

// An agent that was dead while its server was recovered elsewhere has stopped nothing. When
// it is back it does, and what lies there stays.
func TestContainerThatLivesElsewhereIsStoppedAndKept(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	s.mustLease()
	home := s.mustServer()
	require.True(t, s.runs(home.ID))
	ctx := t.Context()
	_, other, err := s.store.CreateHost(ctx, "other", fleet.DefaultDataCenter)
	require.NoError(t, err)
	_, _, err = s.store.RenewLease(ctx, other.ID, fleet.HostReport{PortFirst: 30000, PortLast: 30009, GPUs: []fleet.GPUReport{{UUID: "GPU-other", Type: "a100-80gb"}}})
	require.NoError(t, err)
	rec, _, err := s.store.Accept(ctx, store.Ask{AccountID: s.account, Actor: "key_test", Key: "move"}, fleet.KindInstance, home.InstanceID, fleet.Migrate.Name)
	require.NoError(t, err)
	_, _, err = s.store.BeginInstance(ctx, rec.ID)
	require.NoError(t, err)
	lease, err := s.store.Place(ctx, rec.ID, home.InstanceID)
	require.NoError(t, err)
	require.Equal(t, other.ID, lease.HostID)
	require.NoError(t, s.store.MoveInstance(ctx, home.InstanceID, lease.ID))
	require.NoError(t, s.store.KeepLease(ctx, home.ID))
	s.eventually(func() bool { return !s.runs(home.ID) }, "it is stopped")
	require.True(t, s.exists(home.ID))
}
