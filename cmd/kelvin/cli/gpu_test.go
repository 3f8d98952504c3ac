package cli

import (
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

func badGPU() api.GPUDetail {
	return api.GPUDetail{
		GPU: api.GPU{
			ID: id("gpu_", 1), HostID: id("hst_", 1), UUID: "GPU-abcdef01-1111", Serial: "1650", Type: "a100-80gb", MemoryMB: 81920, Product: "NVIDIA A100-SXM4-80GB",
			Driver: "580.65.06", State: fleet.GPUQuarantined, Since: testNow.Add(-time.Hour), Rule: "remap-failed", Reason: "a row could not be replaced", Dirty: true,
			ProbationUntil: testNow.Add(24 * time.Hour), Simulated: true,
		},
		Health: &gpu.Health{
			ECCCurrent: gpu.Known(true), Volatile: gpu.Errors{Corrected: gpu.Known[uint64](3)}, Remap: gpu.Remap{Failed: gpu.Known(true)},
			Temperature: gpu.Known(41), MemoryTemperature: gpu.Unsupported[int](),
		},
		CheckedAt: testNow.Add(-time.Minute), CertifiedAt: testNow.Add(-48 * time.Hour), Uncorrected: []time.Time{testNow.Add(-2 * time.Hour)},
		Unjudged: []gpu.Event{{At: testNow.Add(-time.Minute), Kind: gpu.EventXid, Xid: 48, Message: "DBE\n"}},
		Care:     &api.GPUCare{ID: id("car_", 1), What: fleet.CareTest, State: fleet.CareRunning, Actor: "key_ann", Phase: "hash", Percent: 40, AskedAt: testNow.Add(-30 * time.Second)},
	}
}

func diagnosed() api.Diagnosis {
	return api.Diagnosis{
		ID: id("dgn_", 1), Kind: fleet.DiagnosisTest, GPUID: id("gpu_", 1), UUID: "GPU-abcdef01-1111", HostID: id("hst_", 1), OperationID: id("op_", 7), Outcome: "pass",
		Rule: "well", Message: "nothing was found", Level: "rigorous", Seconds: 61.5, Coverage: 0.973, Simulated: true, At: testNow.Add(-2 * time.Hour),
	}
}

func quarantined() api.Diagnosis {
	return api.Diagnosis{
		ID: id("dgn_", 2), Kind: fleet.DiagnosisHand, GPUID: id("gpu_", 1), UUID: "GPU-abcdef01-1111", HostID: id("hst_", 1), Actor: "key_ann", Outcome: "quarantine",
		Message: "it smells", At: testNow.Add(-time.Minute),
	}
}

func xid48() api.GPUEvent {
	return api.GPUEvent{
		ID: id("gev_", 1), HostID: id("hst_", 1), Count: 3, LastAt: testNow,
		Event: gpu.Event{At: testNow.Add(-time.Hour), UUID: "GPU-abcdef01-1111", Kind: gpu.EventXid, Xid: 48, Message: "DBE", Source: "nvml"},
	}
}

func reported() api.DiagnosisReport {
	h := &gpu.Health{UUID: "GPU-abcdef01-1111", Serial: "1650", Product: "NVIDIA A100-SXM4-80GB"}
	return api.DiagnosisReport{
		Diagnosis:   diagnosed(),
		Verdict:     gpu.Verdict{Outcome: gpu.Pass, Rule: "well", Message: "nothing was found", Action: "It is handed out."},
		Examination: &gpu.Examination{Schema: gpu.SchemaVersion, UUID: "GPU-abcdef01-1111", Level: gpu.LevelRigorous, Purpose: gpu.ForThaw, Simulated: true, Before: h, After: h},
	}
}

func TestGPUsAreCaredFor(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	path := "POST /v1/gpus/" + id("gpu_", 1)
	care := api.GPUCare{ID: id("car_", 1), GPUID: id("gpu_", 1), What: fleet.CareTest, State: fleet.CareAsked, AskedAt: testNow}
	w.answers(path+"/test", 202, care)
	w.answers(path+"/quarantine", 200, badGPU())
	require.Equal(t, "test of GPU "+id("gpu_", 1)+": asked\n", w.mustRun("gpu", "test", "GPU-abcdef01", "--level", "quick"))
	last := w.asked[len(w.asked)-1]
	require.Equal(t, path+`/test {"level":"quick"}`, last.String())
	require.NotEmpty(t, last.key)
	require.Equal(t, "GPU "+id("gpu_", 1)+": quarantined\n", w.mustRun("gpu", "quarantine", id("gpu_", 1), "--reason", "it smells"))
	require.Equal(t, path+`/quarantine {"reason":"it smells"}`, w.asked[len(w.asked)-1].String())

	for _, c := range []struct {
		args []string
		exit int
		says string
	}{
		{[]string{"test", "GPU-abcdef"}, exitConflict, "2 GPUs begin with"},
		{[]string{"test", "GPU-zzzzzzzz"}, exitNotFound, "there is no GPU"},
		{[]string{"test", "x", "--level", "none"}, exitUsage, "allowed: counters"},
		{[]string{"test", "x", "y"}, exitUsage, "name one GPU"},
		{[]string{"test", "x", "--timeout", "1m"}, exitUsage, "--timeout goes with --wait"},
		{[]string{"reset", "x", "--level", "deep"}, exitUsage, "allowed: counters"},
		{[]string{"quarantine", "x"}, exitUsage, "--reason"},
		{[]string{"release", "x", "--reason", "y", "--idempotency-key", "ü"}, exitUsage, "idempotency-key"},
	} {
		r := w.run(append([]string{"gpu"}, c.args...)...)
		require.Equal(t, c.exit, r.exit, "%v: %s", c.args, r.err)
		require.Contains(t, r.err, c.says)
	}
}

func TestACareIsFollowedToItsVerdict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	gpuPath := "/v1/gpus/" + id("gpu_", 1)
	care := api.GPUCare{ID: id("car_", 1), GPUID: id("gpu_", 1), What: fleet.CareTest, State: fleet.CareAsked, AskedAt: testNow}
	w.answers("POST "+gpuPath+"/test", 202, care)
	looks := 0
	w.mux.HandleFunc("GET "+gpuPath, func(rw http.ResponseWriter, _ *http.Request) {
		now := badGPU()
		now.Care = &care
		if looks++; looks > 2 {
			care.State, care.EndedAt, care.DiagnosisID = fleet.CareDone, testNow, id("dgn_", 1)
		} else if looks == 2 {
			care.State, care.Phase, care.Percent = fleet.CareRunning, "hash", 40
		}
		_ = json.NewEncoder(rw).Encode(now)
	})
	bad := reported()
	bad.Verdict = gpu.Verdict{Outcome: gpu.Quarantine, Rule: "remap-failed", Message: "a row could not be replaced"}
	w.answers("GET /v1/gpu-diagnoses/"+id("dgn_", 1), 200, bad)
	r := w.run("gpu", "test", id("gpu_", 1), "--wait")
	require.Equal(t, exitFailed, r.exit)
	require.Contains(t, r.err, "hash 40%")
	require.Contains(t, r.err, "the GPU did not pass: a row could not be replaced (remap-failed)")
	care.State, care.EndedAt, looks = fleet.CareAsked, time.Time{}, -1000
	r = w.run("gpu", "test", id("gpu_", 1), "--wait", "--timeout", "5s")
	require.Equal(t, exitTimeout, r.exit)
	require.Contains(t, r.err, "It goes on")
}

func TestACertificateIsVerified(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	d := reported()
	signed, err := gpu.Sign(key, *d.Examination)
	require.NoError(t, err)
	d.Signature = &signed
	file := filepath.Join(t.TempDir(), "report.json")
	write := func(d api.DiagnosisReport) {
		text, err := json.Marshal(d)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, text, 0o600))
	}
	write(d)
	require.Equal(t, "valid: key "+signed.Key+" signed this test of GPU-abcdef01-1111, which is simulated\n", w.mustRun("gpu", "verify-certificate", file))
	require.Contains(t, w.mustRun("gpu", "verify-certificate", file, "--key", strings.ToUpper(signed.Key), "-o", "json"), `"valid": true`)
	refused := func(says string, args ...string) {
		t.Helper()
		r := w.run(append([]string{"gpu", "verify-certificate", file}, args...)...)
		require.Equal(t, exitFailed, r.exit, r.err)
		require.Contains(t, r.err, says)
	}
	refused("not with 00", "--key", "00")
	scrub := d
	result := gpu.Result{Seed: 7, Coverage: 0.5}
	scrub.Kind, scrub.Examination, scrub.Scrub = fleet.DiagnosisScrub, nil, &result
	write(scrub)
	refused("is not of this scrub")
	other, err := gpu.Sign(key, gpu.Scrubbed{Schema: gpu.SchemaVersion, UUID: d.UUID, Result: result})
	require.NoError(t, err)
	scrub.Signature = &other
	write(scrub)
	require.Contains(t, w.mustRun("gpu", "verify-certificate", file), "signed this scrub")
	worse := d
	x := *d.Examination
	worse.Examination, x.Level = &x, gpu.LevelQuick
	write(worse)
	refused("is not of this examination")
	moved := d
	moved.UUID = "GPU-2"
	write(moved)
	refused("the examination is of GPU-abcdef01-1111")
	unsigned, redacted := d, d
	unsigned.Signature, redacted.Redacted = nil, true
	write(unsigned)
	refused("is not signed")
	write(redacted)
	refused("was left out of it")
	require.NoError(t, os.WriteFile(file, []byte("{"), 0o600))
	require.Equal(t, exitUsage, w.run("gpu", "verify-certificate", file).exit)
	require.Equal(t, exitUsage, w.run("gpu", "verify-certificate", file+".none").exit)
}
