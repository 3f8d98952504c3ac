package agent

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine/sim"
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
