package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// xid has a GPU's driver report an Xid.
func xid(t *testing.T, s *Store, g fleet.GPU, at time.Time, number int) {
	t.Helper()
	_, err := s.RecordGPUEvents(t.Context(), g.HostID, []gpu.Event{{At: at, UUID: g.UUID, Kind: gpu.EventXid, Xid: number, Source: "nvml"}})
	require.NoError(t, err)
}

func TestWhatAGPUReportsIsActedOn(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx, a := t.Context(), mustAccount(t, s)
		now := mustClock(t, s)
		mustScrubber(t, s, 4)
		inst := mustServer(t, s, a, 1)
		busy := mustGPU(t, s, inst.GPUs[0].ID)

		xid(t, s, busy, now.now(), 13)
		care, err := s.LastCare(ctx, busy.ID)
		require.NoError(t, err)
		require.Nil(t, care, "an application's own mistake")
		xid(t, s, busy, now.now(), 92)
		require.Equal(t, fleet.ScoreDegraded, mustGPU(t, s, busy.ID).Score)

		xid(t, s, busy, now.now(), 94)
		xid(t, s, busy, now.now(), 48)
		care, err = s.LastCare(ctx, busy.ID)
		require.NoError(t, err)
		require.Equal(t, fleet.CareReset, care.What)
		require.Equal(t, "xid-94", care.Rule)
		require.True(t, care.Drains)
		require.False(t, care.Broken)
		require.Equal(t, fleet.GPUAssigned, mustGPU(t, s, busy.ID).State, "until what runs on it has left")
		xid(t, s, busy, now.now(), 95)
		care, drain, err := func() (*fleet.Care, fleet.HostDrain, error) {
			c, d, err := s.CareTenants(ctx, care.ID)
			return &c, d, err
		}()
		require.NoError(t, err)
		require.True(t, care.Broken, "now everything on it has failed")
		require.Len(t, drain.Left, 1)
		require.Equal(t, inst.ID, drain.Next(now.now())[0].InstanceID)

		// Returned, it is the care's.
		require.NoError(t, s.ReturnLease(ctx, inst.Home.ID))
		require.Equal(t, fleet.GPUResetting, mustGPU(t, s, busy.ID).State)
		_, drain, err = s.CareTenants(ctx, care.ID)
		require.NoError(t, err)
		require.Empty(t, drain.Left)
		require.NoError(t, s.EndCare(ctx, CareEnding{ID: care.ID, Failed: "the host does not answer"}))
		require.Equal(t, fleet.GPUQuarantined, mustGPU(t, s, busy.ID).State, "nobody gets what was to be reset and was not")
		xid(t, s, busy, now.now().Add(time.Minute), 48)
		again, err := s.LastCare(ctx, busy.ID)
		require.NoError(t, err)
		require.Equal(t, care.ID, again.ID, "it is quarantined already")
	})
}

func TestAnIdleGPUThatReportsIsQuarantinedOrResetAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		mustAccount(t, s)
		now := mustClock(t, s)
		host := mustScrubber(t, s, 4)
		h, err := s.GetHost(ctx, host.ID)
		require.NoError(t, err)
		for i, c := range []struct {
			number int
			state  fleet.GPUState
			cares  int
		}{{64, fleet.GPUQuarantined, 0}, {119, fleet.GPUResetting, 1}, {63, fleet.GPUResetting, 1}, {31, fleet.GPUFree, 0}} {
			g := h.GPUs[i]
			xid(t, s, g, now.now(), c.number)
			cares, err := s.NextCares(ctx, 10) // which has those reset that wait for it
			require.NoError(t, err)
			n := 0
			for _, care := range cares {
				if care.GPUID == g.ID {
					n++
				}
			}
			require.Equal(t, c.cares, n, "Xid %d", c.number)
			require.Equal(t, c.state, mustGPU(t, s, g.ID).State, "Xid %d", c.number)
		}

		g := h.GPUs[1]
		care, err := s.CancelCare(ctx, g.ID, "key_ann")
		require.NoError(t, err)
		require.False(t, care.CancelledAt.IsZero())
		_, err = s.CancelCare(ctx, g.ID, "key_ann")
		require.NoError(t, err, "repeatable")
		_, err = s.CancelCare(ctx, h.GPUs[3].ID, "key_ann")
		requireCode(t, fleet.Conflict, err)
		_, err = s.CancelCare(ctx, "gpu_none", "key_ann")
		requireCode(t, fleet.NotFound, err)
	})
}

func TestContainersThatLostTheirGPUsAreMadeAnewNowAndThen(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx, a := t.Context(), mustAccount(t, s)
		now := mustClock(t, s)
		mustScrubber(t, s, 2)
		inst := mustServer(t, s, a, 1)
		lose := func() {
			now.advance(time.Minute)
			g := mustGPU(t, s, inst.GPUs[0].ID)
			_, err := s.RecordGPUEvents(ctx, g.HostID, []gpu.Event{{At: now.now(), UUID: g.UUID, Kind: gpu.EventAccessLost, Source: "agent"}})
			require.NoError(t, err)
		}
		blind := func() []Blind {
			found, err := s.TakeBlind(ctx)
			require.NoError(t, err)
			return found
		}
		require.Empty(t, blind())
		lose()
		found := blind()
		require.Len(t, found, 1)
		require.Equal(t, inst.ID, found[0].ID)
		require.False(t, found[0].Again)
		lose()
		require.Empty(t, blind(), "not so soon again")
		now.advance(remakeEvery)
		found = blind()
		require.Len(t, found, 1)
		require.True(t, found[0].Again, "starting it again did not help")
		now.advance(24 * time.Hour)
		lose()
		require.False(t, blind()[0].Again)
	})
}
