package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine/sim"
	"github.com/kelvin-gpu/kelvin/store"
)

// Whatever is wrong with a GPU, a thaw finds it before the GPU gets anybody's data: a GPU that
// a reset cures is reset, tested again and used; any other is quarantined, and the thaw goes
// on with others. The data is not touched.
func TestAThawFindsEveryFault(t *testing.T) {
	t.Parallel()
	for _, kind := range sim.GPUFaults {
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			want, known := map[string]gpu.Outcome{
				"access-lost":             gpu.Pass, // a container's trouble
				"bank-exhausted":          gpu.Quarantine,
				"bank-low":                gpu.Degraded,
				"corrected-burst":         gpu.Degraded,
				"counter-unreadable":      gpu.Inconclusive,
				"data-mismatch":           gpu.Quarantine,
				"data-mismatch-transient": gpu.Quarantine,
				"ecc-off":                 gpu.Inconclusive,
				"ecc-pending":             gpu.Inconclusive,
				"inforom-corrupt":         gpu.Inconclusive,
				"lost":                    gpu.Lost,
				"lost-in-test":            gpu.Lost,
				"low-coverage":            gpu.Inconclusive,
				"mig-on":                  gpu.Inconclusive,
				"nvml-hang":               gpu.Hung,
				"recovery-action":         gpu.Reset,
				"remap-failed":            gpu.Quarantine,
				"remap-pending":           gpu.Reset,
				"reordered-uuids":         gpu.Pass,
				"repair-pending":          gpu.Reset,
				"reset-fails":             gpu.Pass, // nobody resets it
				"reset-required":          gpu.Reset,
				"scrub-fails":             gpu.Pass, // the next scrub finds it
				"slow-memory":             gpu.Inconclusive,
				"sram-threshold":          gpu.Quarantine,
				"stray-holder":            gpu.Inconclusive,
				"test-hangs":              gpu.Inconclusive,
				"throttled":               gpu.Inconclusive,
				"uncorrected-contained":   gpu.Reset,
				"uncorrected-uncontained": gpu.Reset,
				"xid":                     gpu.Pass, // 13 is an application's
			}[kind.Name]
			require.True(t, known, "what is it to come to?")
			w, id := frozen(t)
			bad := w.next(id)
			params := map[string]map[string]string{"counter-unreadable": {"counter": "remap.uncorrected"}}[kind.Name]
			require.NoError(t, w.gpu[bad.HostID].Inject(t.Context(), bad.UUID, kind.Name, params))
			require.NoError(t, w.do(fleet.Thaw, id))
			inst, err := w.store.Instance(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, fleet.Running, inst.State)
			require.Equal(t, "precious", w.disks[inst.Home.ID])
			has := inst.GPUs[0].ID == bad.ID || inst.GPUs[1].ID == bad.ID
			found := w.diagnoses(bad.ID)
			require.NotEmpty(t, found)
			last := found[0]
			t.Log(last.Verdict.Rule, last.Verdict.Message)
			switch want {
			case gpu.Pass, gpu.Degraded:
				require.True(t, has)
				require.Equal(t, want, last.Verdict.Outcome, last.Verdict.Message)
			case gpu.Reset: // detected, reset, tested again
				require.Equal(t, gpu.Reset, found[1].Verdict.Outcome, found[1].Verdict.Message)
				require.True(t, last.Verdict.Passed(), last.Verdict.Message)
				require.True(t, last.Examination.Retest)
				require.True(t, has)
			default:
				require.Equal(t, want, last.Verdict.Outcome, last.Verdict.Message)
				require.False(t, has)
				require.Equal(t, 1, w.gpus()[fleet.GPUQuarantined])
			}
			require.Zero(t, w.gpus()[fleet.GPUReserved]+w.gpus()[fleet.GPUTesting]+w.gpus()[fleet.GPUScrubbing])
			require.Equal(t, 2, w.gpus()[fleet.GPUAssigned])
		})
	}
}

// A GPU whose trouble is there again after its reset is out.
func TestAResetThatDoesNotHelp(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]gpu.Outcome{"reset-fails": gpu.Reboot, "uncorrected-contained": gpu.Quarantine} {
		w, id := frozen(t)
		bad := w.next(id)
		require.NoError(t, w.gpu[bad.HostID].Inject(t.Context(), bad.UUID, "uncorrected-contained", map[string]string{"times": "9"}))
		if name == "reset-fails" {
			require.NoError(t, w.gpu[bad.HostID].Inject(t.Context(), bad.UUID, name, nil))
		}
		require.NoError(t, w.do(fleet.Thaw, id))
		found := w.diagnoses(bad.ID)
		require.Equal(t, want, found[0].Verdict.Outcome, found[0].Verdict.Message)
		require.Equal(t, 1, w.gpus()[fleet.GPUQuarantined])
		require.Equal(t, 2, w.gpus()[fleet.GPUAssigned])
	}
}

// When no place has GPUs that pass, the instance is as frozen as before.
func TestAThawWithoutAWellGPU(t *testing.T) {
	t.Parallel()
	w, id := frozen(t)
	for host, gpus := range w.gpu {
		for _, g := range declared(host) {
			require.NoError(t, gpus.Inject(t.Context(), g.UUID, "data-mismatch", nil))
		}
	}
	require.ErrorContains(t, w.do(fleet.Thaw, id), "failed their diagnostics in 3 places")
	inst, err := w.store.Instance(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, fleet.Frozen, inst.State)
	require.Equal(t, "precious", w.archive[inst.Snapshot])
	require.Equal(t, 6, w.gpus()[fleet.GPUQuarantined])
	require.Equal(t, 2, w.gpus()[fleet.GPUFree])
}

// Its owner can do without the tests, and that is written down.
func TestAThawWithoutTests(t *testing.T) {
	t.Parallel()
	w, id := frozen(t)
	bad := w.next(id)
	require.NoError(t, w.gpu[bad.HostID].Inject(t.Context(), bad.UUID, "data-mismatch", nil))
	ask := w.ask()
	ask.Params.SkipTests = true
	rec, _, err := w.store.Accept(t.Context(), ask, fleet.KindInstance, id, fleet.Thaw.Name)
	require.NoError(t, err)
	require.NoError(t, w.start(rec))
	inst, err := w.store.Instance(t.Context(), id)
	require.NoError(t, err)
	require.Contains(t, []string{inst.GPUs[0].ID, inst.GPUs[1].ID}, bad.ID)
	require.Equal(t, fleet.DiagnosisSkip, w.diagnoses(bad.ID)[0].Kind)
	require.Zero(t, w.gpus()[fleet.GPUQuarantined])
}

// What a GPU held is gone before it is free, whoever had it: the operation scrubs it, and
// where that did not come to its end, its host does.
func TestGPUsAreScrubbedBeforeTheyAreFree(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.server(fleet.Running)
	inst, err := w.store.Instance(t.Context(), id)
	require.NoError(t, err)
	bad := inst.GPUs[0]
	require.NoError(t, w.gpu[bad.HostID].Inject(t.Context(), bad.UUID, "scrub-fails", nil))
	require.NoError(t, w.do(fleet.Freeze, id))
	gpus, err := w.store.ListGPUs(t.Context(), store.GPUFilter{})
	require.NoError(t, err)
	for _, g := range gpus {
		want := fleet.GPUFree
		if g.ID == bad.ID {
			want = fleet.GPUQuarantined
		}
		require.Equal(t, want, g.State, g.Reason)
	}
}

// frozen is a world with a frozen server.
func frozen(t *testing.T) (*world, string) {
	w := newWorld(t)
	id := w.server(fleet.Frozen)
	w.policy = gpu.DefaultPolicy()
	return w, id
}

// next is a GPU that the next placement of an instance takes: the first where it was.
func (w *world) next(id string) fleet.GPU {
	rec, _, err := w.store.Accept(w.Context(), w.ask(), fleet.KindInstance, id, fleet.Thaw.Name)
	require.NoError(w, err)
	_, _, err = w.store.BeginInstance(w.Context(), rec.ID)
	require.NoError(w, err)
	lease, err := w.store.Place(w.Context(), rec.ID, id)
	require.NoError(w, err)
	gpus, err := w.store.LeasedGPUs(w.Context(), lease.ID)
	require.NoError(w, err)
	require.NoError(w, w.store.ReturnLease(w.Context(), lease.ID))
	require.NoError(w, w.store.EndOperation(w.Context(), store.Ending{OperationID: rec.ID, Outcome: fleet.Undone, Message: "to look"}))
	w.clean()
	return gpus[0]
}

// diagnoses are a GPU's, newest first, without scrubs.
func (w *world) diagnoses(gpuID string) (all []fleet.Diagnosis) {
	found, err := w.store.ListDiagnoses(w.Context(), store.DiagnosisFilter{GPUID: gpuID})
	require.NoError(w, err)
	for _, d := range found {
		if d.Kind != fleet.DiagnosisScrub {
			all = append(all, d)
		}
	}
	return all
}
