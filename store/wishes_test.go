package store

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestWishesThatCannotComeTrueAreRefusedAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		home := mustHost(t, s, 4)
		inst := mustServer(t, s, a, 4)
		other := mustHost(t, s, 4)
		theirs := mustSnapshot(t, s, mustServer(t, s, mustAccount(t, s), 0), fleet.SnapshotManual)
		require.NoError(t, s.EnsureDataCenter(t.Context(), fleet.DataCenter{Name: "far"}))
		_, far, err := s.CreateHost(t.Context(), unique("host"), "far")
		require.NoError(t, err)
		accept := func(operation string, p fleet.Params) (fleet.Record, error) {
			ask := ask(a)
			ask.Params = p
			rec, _, err := s.Accept(t.Context(), ask, fleet.KindInstance, inst.ID, operation)
			return rec, err
		}
		refused := func(code fleet.Code, operation, field string, p fleet.Params) {
			_, err := accept(operation, p)
			e := requireCode(t, code, err)
			if field != "" {
				require.Equal(t, field, e.Fields[0].Field)
			}
		}
		refused(fleet.Invalid, "migrate", "body.host_id", fleet.Params{HostID: "hst_none"})
		refused(fleet.Invalid, "migrate", "", fleet.Params{HostID: far.ID})
		refused(fleet.Conflict, "migrate", "", fleet.Params{HostID: home.ID})
		refused(fleet.NotFound, "reset", "body.snapshot_id", fleet.Params{SnapshotID: "snp_none"})
		refused(fleet.NotFound, "reset", "", fleet.Params{SnapshotID: theirs.ID})

		rec, err := accept("migrate", fleet.Params{HostID: other.ID})
		require.NoError(t, err)
		mustEnd(t, s, rec, fleet.Undone)
		mustEnd(t, s, mustAccept(t, s, inst, "stop"), fleet.Done)
		refused(fleet.Conflict, "start", "", fleet.Params{HostID: other.ID})
		rec, err = accept("start", fleet.Params{HostID: home.ID})
		require.NoError(t, err)
		mustEnd(t, s, rec, fleet.Undone)
		require.NoError(t, s.StripLease(t.Context(), inst.Home.ID))
		_, err = accept("start", fleet.Params{HostID: other.ID})
		require.NoError(t, err)
	})
}
