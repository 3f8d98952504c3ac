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
