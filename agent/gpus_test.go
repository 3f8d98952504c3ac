package agent

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine/sim"
	"github.com/kelvin-gpu/kelvin/store"
)

func TestWhatIsFoundOutIsSigned(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	a := s.mustLease()
	uuid := a.ward.reports()[0].UUID
	gpus, ok := a.GPUs.(*sim.GPUs)
	require.True(t, ok)
	require.NoError(t, gpus.Inject(t.Context(), uuid, "uncorrected-contained", nil))
	x := examiner{a.ward}
	in := activities.GPUTest{GPU: activities.GPU{UUID: uuid, Level: gpu.LevelQuick}, Purpose: gpu.ForThaw}
	found, err := x.Examine(t.Context(), in, func(fleet.Progress) {})
	require.NoError(t, err)
	require.Equal(t, 214, found.Examination.Result.CUDA)
	require.NotEmpty(t, found.Examination.Events, "those that the watch has heard meanwhile")
	require.NoError(t, found.Signed.Verify(found.Examination))
	found.Examination.Result.CUDA = 0
	require.Error(t, found.Signed.Verify(found.Examination))

	scrubbed, err := x.Scrub(t.Context(), []string{a.ward.reports()[1].UUID}, func(fleet.Progress) {})
	require.NoError(t, err)
	doc := gpu.Scrubbed{Schema: gpu.SchemaVersion, UUID: scrubbed[0].UUID, Result: scrubbed[0].Result}
	require.NoError(t, scrubbed[0].Signed.Verify(doc))
	doc.UUID = uuid
	require.Error(t, scrubbed[0].Signed.Verify(doc), "of another GPU")
	require.Equal(t, a.publicKey(), scrubbed[0].Signed.PublicKey)
}

func TestAGPUThatIsGivenBackIsScrubbed(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	a := s.mustLease()
	gpus, ok := a.GPUs.(*sim.GPUs)
	require.True(t, ok)
	give := func() fleet.GPU {
		lease := s.mustServer()
		held, err := s.store.ListGPUs(t.Context(), store.GPUFilter{HostID: s.hostID})
		require.NoError(t, err)
		i := slices.IndexFunc(held, func(g fleet.GPU) bool { return g.LeaseID == lease.ID })
		require.GreaterOrEqual(t, i, 0)
		return held[i]
	}
	back := func(g fleet.GPU) {
		require.NoError(t, s.engine.Remove(t.Context(), g.LeaseID))
		require.NoError(t, s.store.ReturnLease(t.Context(), g.LeaseID))
		now, err := s.store.GPU(t.Context(), g.ID)
		require.NoError(t, err)
		require.Equal(t, fleet.GPUScrubbing, now.State, "nobody gets it yet")
	}
	state := func(g fleet.GPU) fleet.GPUState {
		now, err := s.store.GPU(t.Context(), g.ID)
		require.NoError(t, err)
		return now.State
	}

	well := give()
	back(well)
	s.eventually(func() bool { return state(well) == fleet.GPUFree }, "it is scrubbed, and free")
	found, err := s.store.ListDiagnoses(t.Context(), store.DiagnosisFilter{GPUID: well.ID, Page: store.Page{Limit: 10}})
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, fleet.DiagnosisScrub, found[0].Kind)
	require.NoError(t, found[0].Signed.Verify(gpu.Scrubbed{Schema: gpu.SchemaVersion, UUID: well.UUID, Result: *found[0].Scrub}))

	bad := give()
	require.NoError(t, gpus.Inject(t.Context(), bad.UUID, "scrub-fails", nil))
	back(bad)
	s.eventually(func() bool { return state(bad) == fleet.GPUQuarantined }, "it cannot be scrubbed, and nobody gets it")
}
