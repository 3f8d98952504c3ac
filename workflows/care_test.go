package workflows_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/store"
	"github.com/kelvin-gpu/kelvin/workflows"
)

func (h *hosts) ScrubGPU(ctx context.Context, t activities.GPUTest) (fleet.GPUScrubbed, error) {
	return h.scrub(ctx, t.Lease.HostID, t.GPU.UUID)
}

// report has a GPU's driver report something, as its agent tells the server.
func (w *world) report(g fleet.GPU, kind gpu.EventKind, xid int) {
	w.Helper()
	e := gpu.Event{At: w.store.Now(), UUID: g.UUID, Kind: kind, Xid: xid, Source: "simulated"}
	var health []gpu.Health
	if gpu.React(e).Do == gpu.DoRead {
		h, err := w.gpu[g.HostID].Health(w.Context(), g.UUID)
		require.NoError(w, err)
		health = append(health, h)
	}
	_, err := w.store.RecordGPUEvents(w.Context(), g.HostID, []gpu.Event{e}, health...)
	require.NoError(w, err)
}

// inject has something go wrong with a simulated GPU.
func (w *world) inject(g fleet.GPU, fault string, params map[string]string) {
	w.Helper()
	require.NoError(w, w.gpu[g.HostID].Inject(w.Context(), g.UUID, fault, params))
}

// care does what the outbox has done for GPUs, until nothing is left that can be done, and returns how
// often a workflow was started.
func (w *world) care() (started int) {
	w.Helper()
	for range 10 {
		cares, err := w.store.NextCares(w.Context(), 100)
		require.NoError(w, err)
		if len(cares) == 0 {
			break
		}
		for _, c := range cares {
			w.careFor(c)
			started++
		}
	}
	w.clean()
	return started
}

func (w *world) careFor(c fleet.Care) {
	w.Helper()
	env := w.environment(w)
	if w.how == "cancel" {
		w.during = func() {
			_, err := w.store.CancelCare(w.Context(), c.GPUID, "key_test")
			require.NoError(w, err)
			env.CancelWorkflow()
		}
	}
	env.ExecuteWorkflow(workflows.CareForGPU, activities.Caring{CareID: c.ID, GPUID: c.GPUID})
	w.err = workflows.FromTemporal(env.GetWorkflowError())
}

// now is a GPU as the record has it.
func (w *world) now(id string) fleet.GPU {
	w.Helper()
	g, err := w.store.GPU(w.Context(), id)
	require.NoError(w, err)
	return g
}

func (w *world) lastCare(gpuID string) *fleet.Care {
	w.Helper()
	c, err := w.store.LastCare(w.Context(), gpuID)
	require.NoError(w, err)
	return c
}

// happened are the names of the fleet's own events.
func (w *world) happened(account string) (names []string) {
	w.Helper()
	events, err := w.store.ListEvents(w.Context(), account, store.EventFilter{Page: store.Page{Limit: store.MaxLimit}})
	require.NoError(w, err)
	for _, e := range events {
		names = append(names, e.Name)
	}
	return names
}

// A server whose GPU reports an error of its memory that was contained moves to other GPUs; the
// GPU is reset, tested and free again, on probation.
func TestAServerLeavesAGPUThatHasToBeReset(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.server(fleet.Running)
	inst, err := w.store.Instance(t.Context(), id)
	require.NoError(t, err)
	bad := w.now(inst.GPUs[0].ID)
	w.inject(bad, "uncorrected-contained", map[string]string{"when": "now"})
	w.report(bad, gpu.EventUncorrected, 0)
	for _, xid := range []int{48, 63, 94} {
		w.report(bad, gpu.EventXid, xid)
	}
	require.Equal(t, 1, w.care(), "one care for all that was reported")
	require.NoError(t, w.err)

	after, err := w.store.Instance(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, fleet.Running, after.State)
	require.Equal(t, w.other(inst.Home.HostID), after.Home.HostID)
	require.Equal(t, "precious", w.disks[after.Home.ID])
	now := w.now(bad.ID)
	require.Equal(t, fleet.GPUFree, now.State, now.Reason)
	require.True(t, now.Probation.After(w.store.Now()))
	care := w.lastCare(bad.ID)
	require.Equal(t, fleet.CareDone, care.State, care.Message)
	require.Equal(t, "uncorrectable-event", care.Rule)
	require.Contains(t, w.happened(""), "gpu.fault")
	require.Contains(t, w.happened(""), "gpu.probation")
	require.Contains(t, w.happened(w.account), "instance.gpu_fault")
	other := w.now(inst.GPUs[1].ID)
	require.Equal(t, fleet.GPUFree, other.State)
	require.True(t, other.Probation.IsZero())
	require.Zero(t, w.care(), "nothing is left to be done")
}

// What follows from each fault that shows while a GPU is in use.
func TestEveryFaultOfAGPUInUse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		fault string
		param map[string]string
		kind  gpu.EventKind
		xid   int
		moved bool
		state fleet.GPUState
		rule  string // of a quarantine
	}{
		{"an application's Xid", "xid", map[string]string{"xid": "13"}, gpu.EventXid, 13, false, fleet.GPUAssigned, ""},
		{"a page fault", "xid", map[string]string{"xid": "31"}, gpu.EventXid, 31, false, fleet.GPUAssigned, ""},
		{"many corrected errors", "corrected-burst", nil, gpu.EventXid, 92, false, fleet.GPUAssigned, ""},
		{"an uncontained error", "uncorrected-uncontained", map[string]string{"when": "now"}, gpu.EventXid, 95, true, fleet.GPUFree, ""},
		{"an uncontained error, and again", "uncorrected-uncontained", map[string]string{"times": "1000", "when": "now"}, gpu.EventXid, 95, true, fleet.GPUQuarantined, ""},
		{"a remap that failed", "remap-failed", nil, gpu.EventXid, 64, true, fleet.GPUQuarantined, "xid-64"},
		{"a remap that waits", "remap-pending", nil, gpu.EventRetired, 0, false, fleet.GPUAssigned, ""},
		{"past the threshold of SRAM", "sram-threshold", nil, gpu.EventRecovery, 0, true, fleet.GPUQuarantined, "sram-threshold"},
		{"the driver wants a reset", "recovery-action", map[string]string{"action": "4"}, gpu.EventRecovery, 0, true, fleet.GPUFree, ""},
		{"the driver wants a reboot", "recovery-action", map[string]string{"action": "2"}, gpu.EventXid, 154, true, fleet.GPUQuarantined, "recovery-reboot"},
		{"off the bus", "lost", nil, gpu.EventXid, 79, true, fleet.GPUQuarantined, ""},
		{"a reset that is refused", "reset-fails", nil, gpu.EventXid, 119, true, fleet.GPUQuarantined, "reset-failed"},
		{"a driver that hangs", "xid", map[string]string{"xid": "119"}, gpu.EventXid, 119, true, fleet.GPUFree, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.policy.Levels.Release = gpu.ByClass{A100: gpu.LevelQuick, Other: gpu.LevelQuick}
			id := w.server(fleet.Running)
			inst, err := w.store.Instance(t.Context(), id)
			require.NoError(t, err)
			bad := w.now(inst.GPUs[0].ID)
			w.inject(bad, c.fault, c.param)
			w.report(bad, c.kind, c.xid)
			w.care()
			after, err := w.store.Instance(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, fleet.Running, after.State)
			require.Equal(t, "precious", w.disks[after.Home.ID])
			require.Equal(t, c.moved, after.Home.HostID != inst.Home.HostID)
			now := w.now(bad.ID)
			require.Equal(t, c.state, now.State, "%s: %v", now.Reason, w.lastCare(bad.ID))
			if c.rule != "" {
				require.Equal(t, c.rule, now.Rule, now.Reason)
			}
			if !c.moved {
				require.Nil(t, w.lastCare(bad.ID))
			}
		})
	}
}

// A repair that has time waits until the GPU's tenant is gone.
func TestAGPUIsResetWhenItsTenantIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.server(fleet.Running)
	inst, err := w.store.Instance(t.Context(), id)
	require.NoError(t, err)
	bad := w.now(inst.GPUs[0].ID)
	w.inject(bad, "remap-pending", nil)
	w.report(bad, gpu.EventXid, 63)
	require.Zero(t, w.care())
	require.NoError(t, w.do(fleet.Freeze, id))
	require.Equal(t, fleet.GPUResetting, w.now(bad.ID).State, "nobody gets it before")
	require.Equal(t, 1, w.care())
	now := w.now(bad.ID)
	require.Equal(t, fleet.GPUFree, now.State, now.Reason)
	require.True(t, now.Probation.After(w.store.Now()))
	h, err := w.gpu[bad.HostID].Health(t.Context(), bad.UUID)
	require.NoError(t, err)
	require.False(t, gpu.Is(h.Remap.Pending))
	require.Zero(t, w.care(), "once")
}

// A worker on a GPU that has to be reset is replaced before it goes; one whose GPU has failed it
// goes at once.
func TestAWorkerOfABadGPUIsReplaced(t *testing.T) {
	t.Parallel()
	for xid, first := range map[int]bool{94: true, 95: false} {
		t.Run(fmt.Sprint(xid), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ep := w.endpoint(fleet.Running)
			before, err := w.store.Workers(t.Context(), ep)
			require.NoError(t, err)
			victim, err := w.store.Instance(t.Context(), before[0].ID)
			require.NoError(t, err)
			bad := w.now(victim.GPUs[0].ID)
			w.report(bad, gpu.EventXid, xid)
			require.Equal(t, 1, w.care())
			workers, err := w.store.Workers(t.Context(), ep)
			require.NoError(t, err)
			require.Len(t, workers, 2)
			for _, worker := range workers {
				require.True(t, worker.Ready)
				require.NotEqual(t, victim.ID, worker.ID)
			}
			require.Equal(t, fleet.GPUFree, w.now(bad.ID).State, w.now(bad.ID).Reason)
			ops, err := w.store.ListOperations(t.Context(), w.account, store.OperationFilter{Page: store.Page{Limit: 100}})
			require.NoError(t, err)
			var order []string // newest first
			for _, op := range ops {
				if op.Kind == fleet.KindInstance && (op.Name == fleet.Create.Name || op.ResourceID == victim.ID) {
					order = append(order, op.Name)
				}
			}
			replaced := slices.Index(order, fleet.Terminate.Name) < slices.Index(order, fleet.Create.Name)
			require.Equal(t, first, replaced, "%v", order)
		})
	}
}

// What an operator asks for takes the same way, without a drain.
func TestOperatorsCareForGPUs(t *testing.T) {
	t.Parallel()
	for what, kind := range map[fleet.CareKind]fleet.DiagnosisKind{
		fleet.CareTest: fleet.DiagnosisTest, fleet.CareReset: fleet.DiagnosisReset, fleet.CareScrub: fleet.DiagnosisScrub,
	} {
		t.Run(string(what), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			g := w.free()
			care, err := w.store.CareForGPU(t.Context(), g.ID, "key_test", what, gpu.LevelQuick)
			require.NoError(t, err)
			require.Equal(t, 1, w.care())
			require.NoError(t, w.err)
			last := w.lastCare(g.ID)
			require.Equal(t, care.ID, last.ID)
			require.Equal(t, fleet.CareDone, last.State, last.Message)
			require.Equal(t, fleet.GPUFree, w.now(g.ID).State)
			found, err := w.store.ListDiagnoses(t.Context(), store.DiagnosisFilter{GPUID: g.ID})
			require.NoError(t, err)
			require.True(t, slices.ContainsFunc(found, func(d fleet.Diagnosis) bool { return d.Kind == kind && d.Verdict.Passed() }))
		})
	}
}

// free is a GPU that nobody has.
func (w *world) free() fleet.GPU {
	w.Helper()
	gpus, err := w.store.ListGPUs(w.Context(), store.GPUFilter{})
	require.NoError(w, err)
	for _, g := range gpus {
		if g.State == fleet.GPUFree {
			return g
		}
	}
	require.Fail(w, "no GPU is free")
	return fleet.GPU{}
}

// An operation that had just got the GPU has it examined itself: what it found well needs no
// care any more.
func TestACareEndsWhenAnOperationHasExaminedItsGPU(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.server(fleet.Running)
	inst, err := w.store.Instance(t.Context(), id)
	require.NoError(t, err)
	bad := w.now(inst.GPUs[0].ID)
	w.report(bad, gpu.EventXid, 94)
	w.skew.Add(int64(time.Second))
	h, err := w.gpu[bad.HostID].Health(t.Context(), bad.UUID)
	require.NoError(t, err)
	require.NoError(t, w.store.RecordDiagnosis(t.Context(), fleet.Diagnosis{
		ID: "dgn_test", Kind: fleet.DiagnosisTest, GPUID: bad.ID, InstanceID: id,
		Examination: &gpu.Examination{After: &h, Retest: true}, Verdict: gpu.Verdict{Outcome: gpu.Pass, Rule: "pass"},
	}))
	require.Equal(t, 1, w.care())
	require.Equal(t, inst.Home.HostID, w.home(id), "it stays")
	require.Equal(t, "dgn_test", w.lastCare(bad.ID).Diagnosis)
}

// Where nothing fits, the care waits and says so; when there is room, it goes on.
func TestACareWaitsForRoom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.server(fleet.Running)
	inst, err := w.store.Instance(t.Context(), id)
	require.NoError(t, err)
	require.NoError(t, w.store.Cordon(t.Context(), w.other(inst.Home.HostID), "key_test"))
	bad := w.now(inst.GPUs[0].ID)
	w.report(bad, gpu.EventXid, 94)
	said, control := "", &activities.Control{Store: w.store, Operations: &endpoints{w}}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 200 {
			if c := w.lastCare(bad.ID); strings.Contains(c.Phase, "its move failed") {
				said = c.Phase
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		stop()
	}()
	care := w.lastCare(bad.ID)
	_, err = control.VacateGPU(ctx, activities.Caring{CareID: care.ID, GPUID: bad.ID})
	require.Error(t, err)
	<-done
	require.Contains(t, said, id)
	require.Equal(t, fleet.GPUAssigned, w.now(bad.ID).State)
	require.Equal(t, fleet.Running, func() fleet.State {
		i, err := w.store.Instance(t.Context(), id)
		require.NoError(t, err)
		return i.State
	}())

	_, err = w.store.Uncordon(t.Context(), w.other(inst.Home.HostID), "key_test")
	require.NoError(t, err)
	w.skew.Add(int64(time.Minute)) // a move that failed is tried again after a while
	w.renew(w.hosts[0])
	w.renew(w.hosts[1])
	require.Equal(t, 1, w.care())
	require.NotEqual(t, inst.Home.HostID, w.home(id))
	require.Equal(t, fleet.GPUFree, w.now(bad.ID).State)
}

// Whatever goes wrong with a care, at whichever step: its server runs, the GPU is well again or nobody
// gets it, and nothing is left open once the outbox has looked again.
func TestEveryCareAtEveryStep(t *testing.T) {
	t.Parallel()
	begin := func(t *testing.T) (*world, string, fleet.GPU) {
		w := newWorld(t)
		id := w.server(fleet.Running)
		inst, err := w.store.Instance(t.Context(), id)
		require.NoError(t, err)
		bad := w.now(inst.GPUs[0].ID)
		w.inject(bad, "uncorrected-contained", map[string]string{"when": "now"})
		w.report(bad, gpu.EventXid, 94)
		w.calls = nil
		return w, id, bad
	}
	w, _, _ := begin(t)
	require.Equal(t, 1, w.care())
	t.Log(w.story())
	calls := w.calls
	require.GreaterOrEqual(t, len(calls), 8)
	for n := range calls {
		for _, how := range []string{"before", "after", "answer lost", "busy", "cancel", "host lost"} {
			t.Run(fmt.Sprintf("%02d %s %s", n+1, strings.Fields(calls[n])[0], how), func(t *testing.T) {
				t.Parallel()
				w, id, bad := begin(t)
				w.at, w.how = n+1, how
				if how == "host lost" {
					w.during = func() { w.lose(bad.HostID) }
				}
				cares, err := w.store.NextCares(t.Context(), 100)
				require.NoError(t, err)
				require.Len(t, cares, 1)
				w.careFor(cares[0])
				if w.at, w.how, w.during = 0, "", nil; w.lost != "" { // it comes back
					w.lost = ""
					w.renew(bad.HostID)
				}
				w.clean()
				w.care()
				inst, err := w.store.Instance(t.Context(), id)
				require.NoError(t, err)
				require.Contains(t, []fleet.State{fleet.Running, fleet.Lost}, inst.State)
				require.False(t, inst.State == fleet.Lost && how != "host lost")
				now, care := w.now(bad.ID), w.lastCare(bad.ID)
				t.Log(now.State, now.Rule, now.Reason, care.State, care.Message)
				if now.LeaseID != "" { // it was cancelled before anything had moved
					require.True(t, how == "cancel" || how == "host lost" || care.State == fleet.CareFailed)
					return
				}
				require.NotEqual(t, fleet.CareAsked, care.State)
				require.NotEqual(t, fleet.CareRunning, care.State)
				switch now.State {
				case fleet.GPUQuarantined:
					require.NotEqual(t, fleet.CareDone, care.State, "it failed before its end")
				case fleet.GPUFree:
					h, err := w.gpu[bad.HostID].Health(t.Context(), bad.UUID)
					require.NoError(t, err)
					require.False(t, gpu.Is(h.Remap.Pending), "nobody gets it as it was")
				default:
					require.Fail(t, "it is in nobody's hands", "%s", now.State)
				}
			})
		}
	}
}
