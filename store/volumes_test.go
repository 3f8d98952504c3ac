package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func mustVolume(t *testing.T, s *Store, a fleet.Account, name string) fleet.Volume {
	t.Helper()
	v, err := s.CreateVolume(t.Context(), a.ID, "key_a", name, here)
	require.NoError(t, err)
	return v
}

func TestAVolumeOutlivesWhatMountsIt(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a, b := mustAccount(t, s), mustAccount(t, s)
		spec := endpointSpec()
		spec.Volume, spec.MountPath = "models", "/data"
		_, _, err := s.CreateEndpoint(t.Context(), ask(a), unique("endpoint"), spec)
		requireCode(t, fleet.Invalid, err)
		require.Contains(t, err.Error(), "there is no volume")

		v := mustVolume(t, s, a, "models")
		require.Equal(t, v, mustVolume(t, s, a, "models"), "the same one again is no error")
		mustVolume(t, s, b, "models") // others have names of their own
		name := unique("endpoint")
		rec, _, err := s.CreateEndpoint(t.Context(), ask(a), name, spec)
		require.NoError(t, err)
		_, _, err = s.BeginEndpoint(t.Context(), rec.ID)
		require.NoError(t, err)
		mustEnd(t, s, rec, fleet.Done)
		machine := serverSpec(0)
		machine.Volume, machine.MountPath = "models", "/data"
		server := unique("server")
		_, _, err = s.CreateInstance(t.Context(), ask(a), NewInstance{Name: server, Spec: machine})
		require.NoError(t, err)
		machine.Volume = "other"
		_, _, err = s.CreateInstance(t.Context(), ask(a), NewInstance{Name: unique("server"), Spec: machine})
		requireCode(t, fleet.Invalid, err)

		got, err := s.GetVolume(t.Context(), a.ID, v.ID)
		require.NoError(t, err)
		require.ElementsMatch(t, []string{name, server}, got.Users)
		_, err = s.DeleteVolume(t.Context(), a.ID, "key_a", v.ID)
		requireCode(t, fleet.Conflict, err)
		require.Contains(t, err.Error(), name)
		require.NoError(t, raw(t, s, `UPDATE instances SET state = 'terminated', operation_id = NULL WHERE name = ?`, server))

		mustDelete(t, s, a, rec.ResourceID)
		deleting, err := s.DeleteVolume(t.Context(), a.ID, "key_a", v.ID)
		require.NoError(t, err)
		require.Equal(t, fleet.VolumeDeleting, deleting.State)
		again, err := s.DeleteVolume(t.Context(), a.ID, "key_a", v.ID)
		require.NoError(t, err, "repeatable")
		require.Equal(t, deleting.DeletedAt, again.DeletedAt)
		_, err = s.CreateVolume(t.Context(), a.ID, "key_a", "models", here)
		requireCode(t, fleet.Conflict, err)
		_, _, err = s.CreateEndpoint(t.Context(), ask(a), unique("endpoint"), spec)
		requireCode(t, fleet.Invalid, err)

		ids, err := s.DeletingVolumes(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{v.ID}, ids)
		require.NoError(t, s.VolumeErased(t.Context(), v.ID))
		require.NoError(t, s.VolumeErased(t.Context(), v.ID), "repeatable")
		_, err = s.GetVolume(t.Context(), a.ID, v.ID)
		requireCode(t, fleet.NotFound, err)
		require.NotEqual(t, v.ID, mustVolume(t, s, a, "models").ID, "the name is free again")
	})
}

// An endpoint has the volumes of what it runs and of what it may go back to, and none of what
// was withdrawn.
func TestAnUpdateHasTheVolumesOfBothRevisions(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		before, after := mustVolume(t, s, a, "before"), mustVolume(t, s, a, "after")
		spec := endpointSpec()
		spec.Volume, spec.MountPath = "before", "/data"
		made, _, err := s.CreateEndpoint(t.Context(), ask(a), unique("endpoint"), spec)
		require.NoError(t, err)
		_, _, err = s.BeginEndpoint(t.Context(), made.ID)
		require.NoError(t, err)
		mustEnd(t, s, made, fleet.Done)
		update := func() fleet.Record {
			rec, _, err := s.UpdateEndpoint(t.Context(), ask(a), made.ResourceID, "", func(spec fleet.EndpointSpec) (fleet.EndpointSpec, error) {
				spec.Volume = "after"
				return spec, nil
			})
			require.NoError(t, err)
			return rec
		}
		used := func(v fleet.Volume) bool {
			v, err := s.GetVolume(t.Context(), a.ID, v.ID)
			require.NoError(t, err)
			return len(v.Users) > 0
		}
		rec := update()
		require.True(t, used(before))
		require.True(t, used(after), "workers are about to mount it")
		require.NoError(t, s.SetRevision(t.Context(), made.ResourceID, 2))
		require.True(t, used(before), "it may be taken back")
		require.True(t, used(after))
		require.NoError(t, s.SetRevision(t.Context(), made.ResourceID, 1))
		mustEnd(t, s, rec, fleet.Undone)
		require.True(t, used(before))
		require.False(t, used(after), "it was withdrawn")
		rec = update()
		require.NoError(t, s.SetRevision(t.Context(), made.ResourceID, 3))
		mustEnd(t, s, rec, fleet.Done)
		require.False(t, used(before))
		require.True(t, used(after))
	})
}

// A volume is never deleted under what is accepted in the same moment.
func TestAVolumeIsDeletedOrMounted(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		for i := range 20 {
			v := mustVolume(t, s, a, fmt.Sprintf("models-%d", i))
			spec := endpointSpec()
			spec.Volume, spec.MountPath = v.Name, "/data"
			name := unique("endpoint")
			errs := race(2, func(i int) (err error) {
				if i == 0 {
					_, _, err = s.CreateEndpoint(t.Context(), ask(a), name, spec)
				} else {
					_, err = s.DeleteVolume(t.Context(), a.ID, "key_a", v.ID)
				}
				return err
			})
			require.True(t, (errs[0] == nil) != (errs[1] == nil), "one of them wins: %v", errs)
		}
	})
}

func TestVolumesAreTheAccountsOwn(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a, b := mustAccount(t, s), mustAccount(t, s)
		v := mustVolume(t, s, a, "models")
		_, err := s.GetVolume(t.Context(), b.ID, v.ID)
		requireCode(t, fleet.NotFound, err)
		_, err = s.DeleteVolume(t.Context(), b.ID, "key_b", v.ID)
		requireCode(t, fleet.NotFound, err)
		all, err := s.ListVolumes(t.Context(), b.ID, "")
		require.NoError(t, err)
		require.Empty(t, all)
		all, err = s.ListVolumes(t.Context(), a.ID, here)
		require.NoError(t, err)
		require.Len(t, all, 1)
		spec := endpointSpec()
		spec.Volume, spec.MountPath = "models", "/data"
		_, _, err = s.CreateEndpoint(t.Context(), ask(b), unique("endpoint"), spec)
		requireCode(t, fleet.Invalid, err)

		// A label that looks like a volume is none.
		spec.Volume, spec.MountPath = "", ""
		spec.Labels = map[string]string{"x": `"volume":"models"`}
		_, _, err = s.CreateEndpoint(t.Context(), ask(a), unique("endpoint"), spec)
		require.NoError(t, err)
		v, err = s.GetVolume(t.Context(), a.ID, v.ID)
		require.NoError(t, err)
		require.Empty(t, v.Users)

		for _, name := range []string{"", "..", "a/b", "A", "-a", "a_b", "%"} {
			_, err := s.CreateVolume(t.Context(), a.ID, "key_a", name, here)
			requireCode(t, fleet.Invalid, err)
		}
		_, err = s.CreateVolume(t.Context(), a.ID, "key_a", "x", "mars")
		requireCode(t, fleet.Invalid, err)
		for i := len(all); i < fleet.MaxVolumes; i++ {
			mustVolume(t, s, a, fmt.Sprintf("v%d", i))
		}
		_, err = s.CreateVolume(t.Context(), a.ID, "key_a", "one-too-many", here)
		requireCode(t, fleet.Conflict, err)
	})
}

func TestAVolumeIsErasedWhereItCanBeReached(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a, now := mustAccount(t, s), mustClock(t, s)
		v := mustVolume(t, s, a, "models")
		_, err := s.DeleteVolume(t.Context(), a.ID, "key_a", v.ID)
		require.NoError(t, err)
		mustHost(t, s, 1) // reaches none
		e, err := s.Erasure(t.Context(), v.ID)
		require.NoError(t, err)
		require.Empty(t, e.HostID, "there cannot be anything to erase")
		require.False(t, e.Over)

		_, host, err := s.CreateHost(t.Context(), unique("host"), here)
		require.NoError(t, err)
		r := report(host.ID, 1)
		r.Volumes = true
		_, _, err = s.RenewLease(t.Context(), host.ID, r)
		require.NoError(t, err)
		e, err = s.Erasure(t.Context(), v.ID)
		require.NoError(t, err)
		require.Equal(t, host.ID, e.HostID)
		require.Equal(t, "models", e.Volume.Name)
		now.advance(fleet.LeaseTTL + fleet.LeaseGrace + time.Second)
		_, err = s.ExpireHosts(t.Context())
		require.NoError(t, err)
		_, err = s.Erasure(t.Context(), v.ID)
		requireCode(t, fleet.Unavailable, err)
		require.NoError(t, s.VolumeErased(t.Context(), v.ID))
		e, err = s.Erasure(t.Context(), v.ID)
		require.NoError(t, err)
		require.True(t, e.Over)
	})
}
