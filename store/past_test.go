package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestPastWorkersAreThoseOfTheEndpointThatAreGone(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		ep, other := mustEndpoint(t, s, a), mustEndpoint(t, s, a)
		before := time.Now().Add(-time.Minute)
		var gone []fleet.Instance
		for range 3 {
			w := mustWorker(t, s, ep)
			mustEnd(t, s, mustAccept(t, s, w, "terminate"), fleet.Done)
			gone = append(gone, w)
		}
		mustWorker(t, s, ep)
		mustEnd(t, s, mustAccept(t, s, mustWorker(t, s, other), "terminate"), fleet.Done)

		names, err := s.PastWorkers(t.Context(), a.ID, ep.ID, before, 10)
		require.NoError(t, err)
		require.Equal(t, map[string]string{gone[0].ID: gone[0].Name, gone[1].ID: gone[1].Name, gone[2].ID: gone[2].Name}, names)
		names, err = s.PastWorkers(t.Context(), a.ID, ep.ID, before, 2)
		require.NoError(t, err)
		require.Equal(t, map[string]string{gone[1].ID: gone[1].Name, gone[2].ID: gone[2].Name}, names, "the newest")
		names, err = s.PastWorkers(t.Context(), a.ID, ep.ID, time.Now().Add(time.Minute), 10)
		require.NoError(t, err)
		require.Empty(t, names)
		names, err = s.PastWorkers(t.Context(), mustAccount(t, s).ID, ep.ID, before, 10)
		require.NoError(t, err)
		require.Empty(t, names, "another account has none of them")
	})
}
