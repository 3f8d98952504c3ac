package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func mustController(t *testing.T, s *Store) fleet.Controller {
	t.Helper()
	c, err := s.Controller(t.Context(), here)
	require.NoError(t, err)
	return c
}

// tend looks once, and says what went down.
func tend(t *testing.T, s *Store) []string {
	t.Helper()
	stopped, err := s.TendControllers(t.Context())
	require.NoError(t, err)
	return stopped
}

func mustDelete(t *testing.T, s *Store, a fleet.Account, endpointID string) {
	t.Helper()
	rec, _, err := s.Accept(t.Context(), ask(a), fleet.KindEndpoint, endpointID, fleet.DeleteEndpoint.Name)
	require.NoError(t, err)
	_, _, err = s.BeginEndpoint(t.Context(), rec.ID)
	require.NoError(t, err)
	mustEnd(t, s, rec, fleet.Done)
}

func TestAControllerStartsWithTheFirstEndpointAndStopsAfterTheLast(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a, now := mustAccount(t, s), mustClock(t, s)
		require.Equal(t, fleet.ControllerDown, mustController(t, s).State)
		require.Empty(t, tend(t, s))
		routes, err := s.Routes(t.Context(), here)
		require.NoError(t, err)
		require.True(t, routes.Closed)

		first, second := mustEndpoint(t, s, a).ID, mustEndpoint(t, s, a).ID
		c := mustController(t, s)
		require.Equal(t, fleet.ControllerStarting, c.State, "no gateway follows yet")
		require.Equal(t, "submission", c.Actor)
		require.Equal(t, 2, c.Endpoints)
		require.Zero(t, c.StopsAt())
		opened, err := s.Routes(t.Context(), here)
		require.NoError(t, err)
		require.False(t, opened.Closed)
		require.Greater(t, opened.Version, routes.Version, "gateways hear of it")

		_, gateway, err := s.CreateGateway(t.Context(), unique("gw"), here)
		require.NoError(t, err)
		now.advance(time.Second)
		require.NoError(t, s.SaveGatewayReport(t.Context(), gateway, fleet.GatewayReport{Version: opened.Version}))
		require.Equal(t, fleet.ControllerUp, mustController(t, s).State)

		mustDelete(t, s, a, first)
		require.Empty(t, tend(t, s))
		require.Zero(t, mustController(t, s).StopsAt(), "one is left")
		mustDelete(t, s, a, second)
		require.Empty(t, tend(t, s))
		require.Equal(t, now.now().Add(10*time.Minute), mustController(t, s).StopsAt())

		// A submission ends the countdown the moment it is accepted.
		now.advance(10*time.Minute - time.Second)
		third := mustEndpoint(t, s, a).ID
		require.Zero(t, mustController(t, s).StopsAt())
		now.advance(time.Hour)
		require.Empty(t, tend(t, s))
		mustDelete(t, s, a, third)
		require.Empty(t, tend(t, s))
		now.advance(10*time.Minute - time.Microsecond)
		require.Empty(t, tend(t, s))
		now.advance(time.Microsecond)
		require.Equal(t, []string{here}, tend(t, s))
		c = mustController(t, s)
		require.Equal(t, fleet.ControllerDown, c.State)
		require.Equal(t, "autostop", c.Actor)
		require.Empty(t, tend(t, s), "once")
		require.Equal(t, []string{
			"controller.started", "controller.idle", "controller.idle", "controller.stopped",
		}, fleetEvents(t, s, "controller."))
	})
}

func TestAServerWithPortsNeedsAController(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		portless := serverSpec(0)
		portless.Ports = nil
		_, _, err := s.CreateInstance(t.Context(), ask(a), NewInstance{Name: unique("server"), Spec: portless})
		require.NoError(t, err)
		require.Equal(t, fleet.ControllerDown, mustController(t, s).State)
		mustCreate(t, s, a, 0)
		c := mustController(t, s)
		require.Equal(t, fleet.ControllerStarting, c.State)
		require.Equal(t, 1, c.Servers)
	})
}

func TestAControllerIsPausedStoppedAndStartedByHand(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a, now := mustAccount(t, s), mustClock(t, s)
		endpoint := mustEndpoint(t, s, a).ID
		requireCode(t, fleet.Conflict, s.StopController(t.Context(), here, "key_a"))
		mustDelete(t, s, a, endpoint)
		require.Empty(t, tend(t, s))

		require.NoError(t, s.PauseAutostop(t.Context(), here, "key_a", true))
		now.advance(24 * time.Hour)
		require.Empty(t, tend(t, s))
		require.Zero(t, mustController(t, s).StopsAt())
		require.NoError(t, s.PauseAutostop(t.Context(), here, "key_a", false))
		require.NoError(t, s.SetAutostop(t.Context(), here, "key_a", fleet.Duration(time.Minute)))
		require.Equal(t, now.now().Add(time.Minute), mustController(t, s).StopsAt(), "it counts from the resume")
		for _, bad := range []time.Duration{0, time.Minute - 1, 169 * time.Hour, -time.Hour} {
			requireCode(t, fleet.Invalid, s.SetAutostop(t.Context(), here, "key_a", fleet.Duration(bad)))
		}

		require.NoError(t, s.StopController(t.Context(), here, "key_a"))
		require.NoError(t, s.StopController(t.Context(), here, "key_b"), "repeatable")
		c := mustController(t, s)
		require.Equal(t, fleet.ControllerDown, c.State)
		require.Equal(t, "key_a", c.Actor)
		require.Equal(t, fleet.Duration(time.Minute), c.Autostop, "settings are kept")
		require.NoError(t, s.StartController(t.Context(), here, "key_b"))
		require.Empty(t, tend(t, s))
		now.advance(time.Minute)
		require.Equal(t, []string{here}, tend(t, s), "started by hand it stops by itself, too")

		for _, err := range []error{
			s.StartController(t.Context(), "mars", "key_a"), s.StopController(t.Context(), "mars", "key_a"),
			s.PauseAutostop(t.Context(), "mars", "key_a", true), s.SetAutostop(t.Context(), "mars", "key_a", fleet.DefaultAutostop),
		} {
			requireCode(t, fleet.NotFound, err)
		}
		_, err := s.Controller(t.Context(), "mars")
		requireCode(t, fleet.NotFound, err)
	})
}

// fleetEvents are the names of the events of no account that begin like this, oldest first.
func fleetEvents(t *testing.T, s *Store, prefix string) (names []string) {
	t.Helper()
	require.NoError(t, s.read(t.Context(), "events", func(tx *tx) error {
		return tx.all(&names, `SELECT name FROM events WHERE account_id = '' AND name LIKE ? ORDER BY seq`, prefix+"%")
	}))
	return names
}
