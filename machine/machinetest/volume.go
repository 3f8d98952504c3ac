package machinetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

func volumes(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	info, err := h.Info(t.Context())
	require.NoError(t, err)
	if !info.Volumes {
		requireCode(t, fleet.Unsupported, h.EraseVolume(t.Context(), h.account, "models"))
		return
	}
	mount := func(name string) func(*fleet.ContainerSpec) {
		return func(c *fleet.ContainerSpec) { c.Spec.Volume, c.Spec.MountPath = name, "/data" }
	}
	one, two, other := h.mustStart(t, mount("models")), h.mustStart(t, mount("models")), h.mustStart(t, mount("other"))
	h.mustExec(t, one, "write", "/data/file", "of one")
	h.mustExec(t, other, "write", "/data/file", "of the other")
	require.Equal(t, "of one", h.mustExec(t, two, "cat", "/data/file"))
	for _, c := range []fleet.ContainerSpec{one, two} {
		require.NoError(t, h.Remove(t.Context(), c.Lease.ID))
	}
	two = h.mustStart(t, mount("models"))
	require.Equal(t, "of one", h.mustExec(t, two, "cat", "/data/file"), "it outlives its containers")
	require.NoError(t, h.Remove(t.Context(), two.Lease.ID))

	for _, name := range []string{"", ".", "..", "../" + h.account, "models/..", "/"} {
		requireCode(t, fleet.Invalid, h.EraseVolume(t.Context(), h.account, name))
	}
	requireCode(t, fleet.Invalid, h.EraseVolume(t.Context(), "..", "models"))
	for range 2 {
		require.NoError(t, h.EraseVolume(t.Context(), h.account, "models"), "also what is not there")
	}
	two = h.mustStart(t, mount("models"))
	h.mustExec(t, two, "write", "/data/new", "it can be had again, empty")
	require.Equal(t, "of the other", h.mustExec(t, other, "cat", "/data/file"))
	code, err := h.Exec(t.Context(), two.Lease.ID, machine.Exec{Command: f.Command("cat", "/data/file")})
	require.NoError(t, err)
	require.NotZero(t, code, "there is no such file")
}
