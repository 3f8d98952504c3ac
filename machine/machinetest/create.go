package machinetest

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func infoDescribes(t *testing.T, f Fixture) {
	info, err := mustEmptyHost(t, f).Info(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, info.Driver)
	require.NotEmpty(t, info.Version)
	require.Positive(t, info.CPUs)
	require.Positive(t, info.MemoryMB)
	require.GreaterOrEqual(t, info.Disk.Total, info.Disk.Free)
	require.Contains(t, fleet.GPUAccesses, info.GPUAccess)
}

func pullRepeats(t *testing.T, f Fixture) {
	h := mustEmptyHost(t, f)
	for range 2 {
		require.NoError(t, h.Pull(t.Context(), f.Image, func(p fleet.Progress) {
			require.NotEmpty(t, p.Message)
			require.LessOrEqual(t, p.Done, p.Total)
			require.LessOrEqual(t, p.Percent, 100.0)
		}))
	}
	require.NoError(t, h.Create(t.Context(), h.spec(t)))
}

func pullNotFound(t *testing.T, f Fixture) {
	h := mustEmptyHost(t, f)
	requireCode(t, fleet.NotFound, h.Pull(t.Context(), f.Missing, nil))
}

func createRepeats(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustCreate(t, func(c *fleet.ContainerSpec) { c.EndpointID = "ep_1" })
	first := h.mustInspect(t, c)
	require.NoError(t, h.Create(t.Context(), c))
	require.Equal(t, first, h.mustInspect(t, c))

	require.Equal(t, c.Lease.ID, first.LeaseID)
	require.Equal(t, c.Lease.InstanceID, first.InstanceID)
	require.Equal(t, c.AccountID, first.AccountID)
	require.Equal(t, "ep_1", first.EndpointID)
	require.Equal(t, int64(3), first.Epoch)
	require.Equal(t, c.Ports, first.Ports)
	require.NotEmpty(t, first.EngineID)
	require.False(t, first.Running)
	require.Zero(t, first.StartedAt)
	require.False(t, first.Fenced)

	require.NoError(t, h.Start(t.Context(), c.Lease.ID))
	require.NoError(t, h.Create(t.Context(), c), "while it runs, too")
	require.True(t, h.mustInspect(t, c).Running)
}

func createWithoutImage(t *testing.T, f Fixture) {
	h := mustEmptyHost(t, f)
	c := h.spec(t)
	c.Spec.Image = f.Missing
	c.Spec.DiskPath = "/workspace"
	requireCode(t, fleet.NotFound, h.Create(t.Context(), c))
	require.Empty(t, f.Left(t, h.id), "network and disk have gone with it")
	_, err := h.Inspect(t.Context(), c.Lease.ID)
	requireCode(t, fleet.NotFound, err)
}

func createInvalid(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	for name, spoil := range map[string]func(*fleet.ContainerSpec){
		"another host's lease": func(c *fleet.ContainerSpec) { c.Lease.HostID = "hst_other" },
		"no lease":             func(c *fleet.ContainerSpec) { c.Lease.ID = "" },
		"a path for an ID":     func(c *fleet.ContainerSpec) { c.AccountID = "acc_../../etc" },
		"no port":              func(c *fleet.ContainerSpec) { c.Ports[0].Host = 0 },
		"a port twice":         func(c *fleet.ContainerSpec) { c.Ports = slices.Repeat(c.Ports, 2) },
		"a variable's name":    func(c *fleet.ContainerSpec) { c.Spec.Env = map[string]string{"A=B": "C"} },
	} {
		c := h.spec(t)
		spoil(&c)
		err := h.Create(t.Context(), c)
		require.Error(t, err, name)
		require.Equal(t, fleet.Invalid, fleet.CodeOf(err), name)
	}
	require.Empty(t, f.Left(t, h.id))
}

func createRealGPUs(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.spec(t)
	c.GPUs = []fleet.GPUReport{{UUID: "GPU-1", Type: "a100-80gb"}}
	// An engine that gives out GPUs does not know this one.
	require.Contains(t, []fleet.Code{fleet.Unsupported, fleet.Unavailable}, fleet.CodeOf(h.Create(t.Context(), c)))
	c.Simulated = true
	require.NoError(t, h.Create(t.Context(), c))
}

func createRace(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.spec(t)
	var all sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		all.Go(func() { errs[i] = h.Create(t.Context(), c) })
	}
	all.Wait()
	require.NoError(t, errors.Join(errs...))
	require.NoError(t, h.Start(t.Context(), c.Lease.ID))
}

func createRemoveRace(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	var all sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		specs := []fleet.ContainerSpec{h.spec(t), h.spec(t), h.spec(t)}
		all.Go(func() {
			for _, c := range specs {
				errs[i] = errors.Join(errs[i],
					h.Create(t.Context(), c),
					h.Start(t.Context(), c.Lease.ID),
					h.Remove(t.Context(), c.Lease.ID))
			}
		})
	}
	all.Wait()
	require.NoError(t, errors.Join(errs...))
	require.Empty(t, f.Left(t, h.id))
}
