package store

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestProtectionIsPutOnAndTakenOff(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		require.NoError(t, s.Seal(oneKey))
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		inst := mustServer(t, s, a, 1)
		set := func(protected bool) {
			t.Helper()
			for range 2 { // the second time there is nothing to do
				require.NoError(t, s.SetProtected(t.Context(), a.ID, "key_test", inst.ID, protected))
			}
			want := inst.Spec
			want.Protected = protected
			require.Equal(t, want, mustInstance(t, s, inst.ID).Spec, "the rest is as it was, variables and all")
		}
		accept := func(operation string) error {
			_, _, err := s.Accept(t.Context(), ask(a), fleet.KindInstance, inst.ID, operation)
			return err
		}
		set(true)
		for _, operation := range []string{"terminate", "reset"} {
			require.Contains(t, requireCode(t, fleet.Conflict, accept(operation)).Message, "take the protection off first")
		}
		require.NoError(t, accept("stop"))
		set(false)
		require.NoError(t, accept("terminate"))

		events, err := s.ListEvents(t.Context(), a.ID, EventFilter{ResourceID: inst.ID})
		require.NoError(t, err)
		var names []string
		for _, e := range events {
			if e.Name == "instance.protected" || e.Name == "instance.unprotected" {
				names = append(names, e.Name)
				require.Equal(t, "key_test", e.Actor)
				require.Equal(t, inst.Name, e.Message)
			}
		}
		require.Equal(t, []string{"instance.unprotected", "instance.protected"}, names)
		var spec string
		require.NoError(t, s.writer.GetContext(t.Context(), &spec, s.writer.Rebind(`SELECT spec FROM instances WHERE id = ?`), inst.ID))
		require.Contains(t, spec, sealed)
	})
}

func TestProtectionTakenOffInTheDatabaseIsTakenOffEverywhere(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		inst := mustServer(t, s, a, 0)
		require.NoError(t, s.SetProtected(t.Context(), a.ID, "key_test", inst.ID, true))
		_, err := s.writer.ExecContext(t.Context(), s.writer.Rebind(`UPDATE instances SET protected = ? WHERE id = ?`), false, inst.ID)
		require.NoError(t, err)
		require.True(t, mustInstance(t, s, inst.ID).Spec.Protected)
		require.NoError(t, s.SetProtected(t.Context(), a.ID, "key_test", inst.ID, false))
		require.False(t, mustInstance(t, s, inst.ID).Spec.Protected)
	})
}

func TestNotEverythingCanBeProtected(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		protect := func(id string) error { return s.SetProtected(t.Context(), a.ID, "key_test", id, true) }
		requireCode(t, fleet.NotFound, protect("ins_nobody"))
		worker := mustWorker(t, s, mustEndpoint(t, s, a))
		requireCode(t, fleet.Conflict, protect(worker.ID))

		inst := mustServer(t, s, a, 0)
		stop := mustAccept(t, s, inst, "stop")
		terminate, _, err := s.Accept(t.Context(), ask(a), fleet.KindInstance, inst.ID, "terminate")
		require.NoError(t, err)
		require.Equal(t, terminate.ID, requireCode(t, fleet.Conflict, protect(inst.ID)).Operation, "it waits")
		mustEnd(t, s, stop, fleet.Done)
		require.Equal(t, terminate.ID, requireCode(t, fleet.Conflict, protect(inst.ID)).Operation, "it is open")
		require.NoError(t, s.SetProtected(t.Context(), a.ID, "key_test", inst.ID, false), "unprotected it is")
		mustEnd(t, s, terminate, fleet.Done)
		require.Empty(t, requireCode(t, fleet.Conflict, protect(inst.ID)).Operation, "it is gone")
	})
}
