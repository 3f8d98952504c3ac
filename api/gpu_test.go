package api

import (
	"crypto/ed25519"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// mustDiagnose records a signed test of the GPU by the operation, with something in it that
// only the fleet's operators may see.
func (w *world) mustDiagnose(op Operation, g fleet.GPU, outcome gpu.Outcome) fleet.Diagnosis {
	w.t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(w.t, err)
	began := time.Now().UTC().Add(-time.Minute)
	d := fleet.Diagnosis{
		ID: fleet.DiagnosisID(op.ID, g.ID, 1), Kind: fleet.DiagnosisTest, GPUID: g.ID, OperationID: op.ID, InstanceID: op.ResourceID,
		Verdict: gpu.Verdict{Outcome: outcome, Rule: "a-rule", Message: "it was seen", Action: "None."},
		Examination: &gpu.Examination{
			Schema: gpu.SchemaVersion, UUID: g.UUID, Level: gpu.LevelRigorous, Purpose: gpu.ForThaw, StartedAt: began, EndedAt: began.Add(time.Minute),
			Before:  &gpu.Health{UUID: g.UUID, At: began},
			After:   &gpu.Health{UUID: g.UUID, At: began.Add(time.Minute), Temperature: gpu.Known(40)},
			Holders: []gpu.Holder{{PID: 7, Command: "python secret.py", Container: "theirs", LeaseID: "op_theirs", MemoryBytes: 5}},
			Result: &gpu.Result{Coverage: 0.97, GBps: 1700, Phases: []gpu.Phase{}, Records: []gpu.Mismatch{
				{Pattern: "audit", XOR: []string{"5ec2e75ec2e75ec2", "0"}, Bits: []int{}}, {Pattern: "hash", XOR: []string{"1", "0"}, Bits: []int{0}},
			}},
		},
	}
	signed, err := gpu.Sign(key, *d.Examination)
	require.NoError(w.t, err)
	d.Signed = &signed
	require.NoError(w.t, w.Store.RecordDiagnosis(w.t.Context(), d))
	return d
}

func TestAGPUShowsItsHealthAndItsHistory(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	op := w.mustServer("bob", "his")
	inst := w.mustRun(op)
	g := inst.GPUs[0]
	fresh := must[EventsAnswer](w, call{as: "host", do: "POST /v1/agent/events", body: map[string]any{"events": []map[string]any{
		{"at": time.Now().Add(-time.Hour), "uuid": g.UUID, "kind": "xid", "xid": 94, "source": "nvml", "of_a_newer_agent": 1},
		{"at": time.Now().Add(-time.Hour), "uuid": "GPU-none", "kind": "xid", "xid": 79, "source": "nvml"},
	}}})
	require.Equal(t, 1, fresh.Fresh)
	path := "GET /v1/gpus/" + g.ID
	before := must[GPUDetail](w, call{as: "viewer", do: path})
	require.Len(t, before.Unjudged, 1)
	require.Nil(t, before.Health)
	require.Equal(t, 100, before.Score)
	require.True(t, before.Dirty)
	require.Equal(t, inst.ID, before.InstanceID)

	d := w.mustDiagnose(op, g, gpu.Pass)
	after := must[GPUDetail](w, call{as: "viewer", do: path})
	require.Empty(t, after.Unjudged)
	require.Len(t, after.Uncorrected, 1)
	require.False(t, after.CertifiedAt.IsZero())
	warm, _ := after.Health.Temperature.Get()
	require.Equal(t, 40, warm)
	list := must[List[Diagnosis]](w, call{as: "viewer", do: path + "/diagnoses?limit=1"})
	require.Equal(t, d.ID, list.Items[0].ID)
	require.InEpsilon(t, 60, list.Items[0].Seconds, 0.01)
	require.True(t, list.Items[0].Signed)
	require.True(t, list.Items[0].Simulated)
	events := must[List[GPUEvent]](w, call{as: "viewer", do: path + "/events"})
	require.Equal(t, d.ID, events.Items[0].DiagnosisID)
	require.Equal(t, 94, events.Items[0].Xid)

	whole := must[DiagnosisReport](w, call{as: "viewer", do: "GET /v1/gpu-diagnoses/" + d.ID})
	require.NoError(t, whole.Signature.Verify(*whole.Examination), "what was signed comes back as it was")
	require.Equal(t, "python secret.py", whole.Examination.Holders[0].Command)
	metrics := string(w.call(call{do: "GET /metrics"}).body)
	for _, want := range []string{
		`kelvin_gpu_verdicts_total{outcome="pass",rule="a-rule"} 1`, `kelvin_gpu_events_total{kind="xid",xid="94"} 1`, `kelvin_gpu_quarantined{type="a100-80gb"} 0`,
	} {
		require.Contains(t, metrics, want)
	}
}

func TestAnOwnerSeesWhatAnOperationExaminedAndNothingOfOthers(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	his, hers := w.mustServer("bob", "his"), w.mustServer("alice", "hers")
	d := w.mustDiagnose(his, w.mustRun(his).GPUs[0], gpu.Pass)
	e := w.mustDiagnose(hers, w.mustRun(hers).GPUs[0], gpu.Pass)
	list := must[List[Diagnosis]](w, call{as: "bob", do: "GET /v1/operations/" + his.ID + "/diagnoses"})
	require.Len(t, list.Items, 1)
	require.Equal(t, d.ID, list.Items[0].ID)
	got := w.call(call{as: "bob", do: "GET /v1/gpu-diagnoses/" + d.ID})
	require.Equal(t, http.StatusOK, got.status)
	for _, secret := range []string{"secret.py", "theirs", "5ec2e7"} {
		require.NotContains(t, string(got.body), secret)
	}
	require.Contains(t, string(got.body), `"redacted":true`)
	require.Contains(t, string(got.body), `"pattern":"hash"`)
	for do, want := range map[string]int{
		"GET /v1/gpu-diagnoses/" + e.ID: 404, "GET /v1/gpu-diagnoses/dgn_none": 404, "GET /v1/operations/" + hers.ID + "/diagnoses": 404,
		"GET /v1/gpu-diagnoses/x": 422, "GET /v1/gpus/" + d.GPUID: 403, "GET /v1/gpus/" + d.GPUID + "/diagnoses": 403, "GET /v1/gpus/" + d.GPUID + "/events": 403,
		"POST /v1/gpus/" + d.GPUID + "/quarantine": 403, "POST /v1/gpus/" + d.GPUID + "/release": 403, "POST /v1/gpus/" + d.GPUID + "/test": 403,
		"POST /v1/gpus/" + d.GPUID + "/scrub": 403, "POST /v1/gpus/" + d.GPUID + "/reset": 403,
	} {
		require.Equal(t, want, w.call(call{as: "bob", do: do, key: "-", body: `{"reason":"x"}`}).status, do)
	}
	require.Equal(t, 403, w.call(call{as: "viewer", do: "POST /v1/gpus/" + d.GPUID + "/scrub", key: "-"}).status, "she only looks")
	for _, as := range []string{"alice", "gateway"} {
		require.Equal(t, 401, w.call(call{as: as, do: "POST /v1/agent/scrubs", body: `[]`}).status)
		require.Equal(t, 401, w.call(call{as: as, do: "POST /v1/agent/events", body: `{"events":[]}`}).status)
	}
}

func TestGPUsAreCaredForByHand(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	inst := w.mustRun(w.mustServer("bob", "his"))
	gpus := must[List[GPU]](w, call{as: "alice", do: "GET /v1/gpus?state=free"}).Items
	g, path := gpus[0], "POST /v1/gpus/"+gpus[0].ID
	care := must[GPUCare](w, call{as: "alice", do: path + "/test", key: "-", body: `{"level":"quick"}`})
	require.Equal(t, fleet.CareAsked, care.State)
	require.Equal(t, gpu.LevelQuick, care.Level)
	require.Equal(t, 202, w.call(call{as: "alice", do: path + "/test", key: "-", body: `{"level":"quick"}`}).status)
	shown := must[GPUDetail](w, call{as: "viewer", do: "GET /v1/gpus/" + g.ID})
	require.Equal(t, fleet.GPUTesting, shown.State)
	require.Equal(t, care.ID, shown.Care.ID)

	busy := w.call(call{as: "alice", do: "POST /v1/gpus/" + inst.GPUs[0].ID + "/reset", key: "-"}).problem(t)
	require.Equal(t, fleet.Conflict, busy.Code)
	require.Contains(t, busy.Detail, inst.ID)
	require.Contains(t, busy.Detail, "migrate")
	require.Equal(t, fleet.Conflict, w.call(call{as: "alice", do: path + "/scrub", key: "-"}).problem(t).Code, "one at a time")
	for body, allowed := range map[string]string{
		`{"level":"deep"}`: "counters, quick, standard", `{"level":"none"}`: "counters, quick, standard, rigorous", `{"depth":1}`: "level",
	} {
		p := w.call(call{as: "alice", do: path + "/test", key: "-", body: body}).problem(t)
		require.Equal(t, 422, p.Status, body)
		require.Contains(t, p.Fields[0].Allowed, allowed, body)
	}
	other := gpus[1]
	for _, body := range []string{`{}`, `{"reason":""}`, fmt.Sprintf(`{"reason":%q}`, strings.Repeat("x", 501))} {
		p := w.call(call{as: "alice", do: "POST /v1/gpus/" + other.ID + "/quarantine", key: "-", body: body}).problem(t)
		require.Equal(t, "body.reason", p.Fields[0].Field)
	}
	out := must[GPUDetail](w, call{as: "alice", do: "POST /v1/gpus/" + other.ID + "/quarantine", key: "-", body: GPUReason{"it smells\x00"}})
	require.Equal(t, fleet.GPUQuarantined, out.State)
	require.Equal(t, "it smells", out.Reason)
	require.Zero(t, out.Score)
	back := must[GPUDetail](w, call{as: "alice", do: "POST /v1/gpus/" + other.ID + "/release", key: "-", body: GPUReason{"no more"}})
	require.Equal(t, fleet.GPUFree, back.State)
	require.Equal(t, fleet.ScoreProbation, back.Score)
	require.Equal(t, fleet.Conflict, w.call(call{as: "alice", do: "POST /v1/gpus/" + other.ID + "/release", key: "-", body: GPUReason{"again"}}).problem(t).Code)
	require.Equal(t, 404, w.call(call{as: "alice", do: "POST /v1/gpus/gpu_none/scrub", key: "-"}).status)
	require.Equal(t, 422, w.call(call{as: "alice", do: "POST /v1/gpus/x/scrub", key: "-"}).status)
}

func TestAnAgentScrubsWhatItIsTold(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	inst := w.mustRun(w.mustServer("bob", "his"))
	g := inst.GPUs[0]
	report := fleet.HostReport{Version: "test", Machine: "sim", Scrubs: true, PortFirst: 20000, PortLast: 20999, GPUs: []fleet.GPUReport{{UUID: g.UUID, Type: g.Type}}}
	report.Health = []gpu.Health{{UUID: g.UUID, Temperature: gpu.Known(33)}}
	require.Empty(t, must[fleet.HostOrder](w, call{as: "host", do: "POST /v1/agent/lease", body: report}).Scrub)
	require.NoError(t, w.Store.ReturnLease(t.Context(), inst.Home.ID))
	order := must[fleet.HostOrder](w, call{as: "host", do: "POST /v1/agent/lease", body: report})
	newer := map[string]any{"version": "2", "scrubs": true, "gpus": report.GPUs, "health": []map[string]any{{"uuid": g.UUID, "of_a_newer_agent": 1, "temperature": map[string]int{"value": 33}}}}
	require.Equal(t, 200, w.call(call{as: "host", do: "POST /v1/agent/lease", body: newer}).status)
	require.Equal(t, []string{g.UUID}, order.Scrub)

	now := time.Now()
	scrubbed := func(r gpu.Result) ScrubbedGPU {
		r.StartedAt, r.EndedAt, r.Usable, r.Moved = now, now.Add(time.Second), 100, 400
		answer := must[ScrubAnswer](w, call{as: "host", do: "POST /v1/agent/scrubs", body: []fleet.GPUScrubbed{{UUID: g.UUID, Result: r}, {UUID: "GPU-none", Result: r}}})
		require.Contains(t, answer.GPUs[1].Message, "there is no GPU")
		return answer.GPUs[0]
	}
	require.Equal(t, fleet.GPUScrubbing, scrubbed(gpu.Result{Seed: 1, Covered: 50, Coverage: 0.5}).State, "too little")
	free := scrubbed(gpu.Result{Seed: 2, Covered: 99, Coverage: 0.99})
	require.Equal(t, fleet.GPUFree, free.State, free.Message)
	require.Equal(t, gpu.Pass, free.Outcome)
	require.Contains(t, string(w.call(call{do: "GET /metrics"}).body), `kelvin_gpu_scrubs_total{outcome="pass"} 1`)
	warm, _ := must[GPUDetail](w, call{as: "viewer", do: "GET /v1/gpus/" + g.ID}).Health.Temperature.Get()
	require.Equal(t, 33, warm)
	require.Equal(t, 422, w.call(call{as: "host", do: "POST /v1/agent/events", body: map[string]any{"events": make([]gpu.Event, 1001)}}).status)
}
