package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// RecordDiagnosis writes a diagnosis down, and does with the GPU what its verdict says:
//
//   - pass, pass_degraded: its counters are the new baseline; one that was reset before is on
//     probation. A scrub cleans it, a reset makes it ready to be tested.
//   - reset_and_retest: it is resetting.
//   - inconclusive, of a scrub: it stays dirty.
//   - everything else: it is quarantined.
//
// A GPU that was quarantined stays so. What it is about is taken from GPUID, whose it is from
// OperationID. A scrub counts if it began after the instance got the GPU, and that still has it.
// Recorded again under the same ID it does nothing. NotFound without the GPU, Invalid for
// one that makes no sense.
func (s *Store) RecordDiagnosis(ctx context.Context, d fleet.Diagnosis) error {
	if err := checkDiagnosis(d); err != nil {
		return s.translate("record diagnosis", err)
	}
	return s.write(ctx, "record diagnosis", func(t *tx) error {
		g, err := t.gpu(d.GPUID)
		if err != nil {
			return err
		}
		d := d
		if d.At.IsZero() {
			d.At = t.now
		}
		isNew, err := t.insertDiagnosis(g, d)
		if err != nil || !isNew {
			return err
		}
		return t.judged(g, d)
	})
}

func checkDiagnosis(d fleet.Diagnosis) error {
	switch {
	case d.ID == "" || d.GPUID == "":
		return fleet.Errorf(fleet.Invalid, "a diagnosis has an ID, and is of a GPU")
	case d.Kind == fleet.DiagnosisHand:
		return fleet.Errorf(fleet.Invalid, "what people decide is no diagnosis")
	case d.Kind == fleet.DiagnosisScrub && d.Scrub == nil:
		return fleet.Errorf(fleet.Invalid, "a scrub has a result")
	case d.Kind != fleet.DiagnosisSkip && !slices.Contains(gpu.Outcomes, d.Verdict.Outcome):
		return fleet.Errorf(fleet.Invalid, "a diagnosis has a verdict, not %s", quote(string(d.Verdict.Outcome)))
	}
	return nil
}

// judged does what follows from a diagnosis that has just been written down.
func (t *tx) judged(g fleet.GPU, d fleet.Diagnosis) error {
	if err := t.noteExamined(g, d); err != nil {
		return err
	}
	var then []fleet.Event
	happened := func(name, message string) {
		then = append(then, fleet.Event{
			Name: name, HostID: g.HostID, OperationID: d.OperationID, InstanceID: d.InstanceID, Actor: d.Actor, Message: g.ID + ": " + message,
		})
	}
	v := d.Verdict
	said := fmt.Sprintf("%s (%s): %s", v.Outcome, v.Rule, v.Message)
	happened(map[fleet.DiagnosisKind]string{
		fleet.DiagnosisTest: "gpu.diagnosed", fleet.DiagnosisWatch: "gpu.diagnosed", fleet.DiagnosisScrub: "gpu.scrubbed",
		fleet.DiagnosisReset: "gpu.reset", fleet.DiagnosisSkip: "gpu.test_skipped",
	}[d.Kind], said)
	if x := d.Examination; d.Kind == fleet.DiagnosisTest && d.OperationID != "" && x != nil && x.Retest {
		said := "it was reset, after an earlier verdict"
		if x.ResetError != "" {
			said = "it could not be reset: " + x.ResetError
		}
		happened("gpu.reset", said)
		then[0], then[1] = then[1], then[0]
	}
	var err error
	switch {
	case d.Kind == fleet.DiagnosisSkip:
		then[0].Message = g.ID + ": not tested, as its owner wished"
	case v.Passed() && d.Kind == fleet.DiagnosisScrub:
		err = t.scrubbed(g, d)
	case v.Passed() && d.Kind == fleet.DiagnosisReset:
		err = t.unreset(g)
	case v.Passed() && d.Kind == fleet.DiagnosisTest:
		err = t.passed(g, d, happened)
	case v.Passed():
	case v.Outcome == gpu.Inconclusive && d.Kind == fleet.DiagnosisScrub: // its host tries again
	case v.Outcome == gpu.Reset:
		err = t.toReset(g, d)
	default:
		err = t.fail(g, d)
	}
	for _, e := range then {
		if err == nil {
			err = t.event(e)
		}
	}
	return err
}

// noteExamined keeps the newest health, and takes the events that were there then as judged.
func (t *tx) noteExamined(g fleet.GPU, d fleet.Diagnosis) error {
	x := d.Examination
	if x == nil {
		return nil
	}
	if h := newestOf(x); h != nil {
		if err := t.keepHealth(g.ID, document(h)); err != nil {
			return err
		}
	}
	if g.Parent != "" { // its device has others, which have not been examined
		return nil
	}
	until := d.At
	if !x.EndedAt.IsZero() {
		until = x.EndedAt
	}
	_, err := t.exec(`UPDATE gpu_events SET judged = ? WHERE device = ? AND judged = '' AND at <= ?`, d.ID, g.Device(), micros(until))
	return err
}

func newestOf(x *gpu.Examination) *gpu.Health {
	if x.After != nil {
		return x.After
	}
	return x.Before
}

// passed makes what was found the GPU's baseline.
func (t *tx) passed(g fleet.GPU, d fleet.Diagnosis, happened func(name, message string)) error {
	score, until := fleet.ScoreFull, g.Probation
	if d.Verdict.Outcome == gpu.Degraded {
		score = fleet.ScoreDegraded
		happened("gpu.degraded", d.Verdict.Message)
	}
	if d.Score > 0 {
		score = min(d.Score, fleet.ScoreFull)
	}
	if x := d.Examination; x != nil && x.Retest {
		until = t.now.Add(cmp.Or(d.Probation, fleet.Probation))
		happened("gpu.probation", "it was reset, and is well again")
	}
	if _, err := t.exec(`UPDATE gpus SET score = ?, probation_until = ?, reset_later = (reset_later AND ?) WHERE id = ?`,
		score, micros(until), d.Examination == nil || !d.Examination.Retest, g.ID); err != nil {
		return err
	}
	if err := t.keepBaseline(g, d); err != nil {
		return err
	}
	if g.LeaseID != "" && g.State == fleet.GPUResetting {
		return t.setGPU(g.ID, fleet.GPUTesting)
	}
	return t.settleGPU(g)
}

// settleGPU gives a GPU back that nobody has and nobody cares for any more.
func (t *tx) settleGPU(g fleet.GPU) error {
	if g.LeaseID != "" || g.State != fleet.GPUTesting && g.State != fleet.GPUResetting {
		return nil
	}
	var cares int
	if err := t.get(&cares, `SELECT COUNT(*) FROM gpu_cares WHERE gpu_id = ? AND ended_at = 0`, g.ID); err != nil || cares > 0 {
		return err
	}
	if err := t.setGPU(g.ID, fleet.GPUTesting); err != nil { // what is resetting would stay so
		return err
	}
	_, err := t.exec(`UPDATE gpus SET state = `+whenReturned+`, since = ? WHERE id = ?`, micros(t.now), g.ID)
	return err
}

// unreset makes a GPU that was reset ready to be tested.
func (t *tx) unreset(g fleet.GPU) error {
	if _, err := t.exec(`UPDATE gpus SET reset_later = ? WHERE id = ?`, false, g.ID); err != nil || g.State != fleet.GPUResetting {
		return err
	}
	return t.setGPU(g.ID, fleet.GPUTesting)
}

// toReset has a GPU reset. What another instance has come to use meanwhile is left to it.
func (t *tx) toReset(g fleet.GPU, d fleet.Diagnosis) error {
	if g.State == fleet.GPUQuarantined || g.State == fleet.GPULost || g.LeaseID != "" && g.InstanceID != d.InstanceID {
		return nil
	}
	return t.setGPU(g.ID, fleet.GPUResetting)
}

// fail quarantines a GPU, with all of its device if that is what is bad.
func (t *tx) fail(g fleet.GPU, d fleet.Diagnosis) error {
	reason, identity := d.Verdict.Message, g.Device()
	switch d.Verdict.Outcome { //nolint:exhaustive // the rest is what it says
	case gpu.Lost, gpu.Hung, gpu.Reboot:
		reason += "; its node needs a reboot"
	case gpu.Inconclusive:
		identity = g.Identity()
	}
	if g.State == fleet.GPUQuarantined {
		return nil
	}
	return t.quarantine(g, identity, d.Verdict.Rule, reason, d.Actor)
}

// scrubbed cleans a GPU, and makes it free if nobody has it. It has no effect on one that
// somebody may have used since.
func (t *tx) scrubbed(g fleet.GPU, d fleet.Diagnosis) error {
	if isStale, err := t.stale(g, d); err != nil || isStale {
		return err
	}
	if _, err := t.exec(`UPDATE gpus SET dirty = FALSE WHERE id = ?`, g.ID); err != nil {
		return err
	}
	switch {
	case g.State == fleet.GPUQuarantined, g.State == fleet.GPUResetting:
		return nil
	case g.LeaseID != "":
		return t.setGPU(g.ID, fleet.GPUScrubbing)
	case g.State == fleet.GPUScrubbing:
		return t.freeUnlessCared(g)
	}
	return nil
}

// stale reports whether a scrub began before whoever has the GPU got it, or before it was
// given back. That of a lease is judged strictly: if clocks disagree, its host scrubs again.
func (t *tx) stale(g fleet.GPU, d fleet.Diagnosis) (bool, error) {
	if g.LeaseID == "" {
		return d.Scrub.StartedAt.Before(g.Since.Add(-scrubSkew)), nil
	}
	if g.InstanceID != d.InstanceID {
		return true, nil
	}
	var leased int64
	err := t.get(&leased, `SELECT created_at FROM leases WHERE id = ?`, g.LeaseID)
	if errors.Is(err, sql.ErrNoRows) {
		err = errAgain // it is being returned, and the GPU is quarantined: nothing else would wait for us
	}
	return micros(d.Scrub.StartedAt) < leased, err
}

func (t *tx) freeUnlessCared(g fleet.GPU) error {
	_, err := t.exec(`UPDATE gpus SET state = `+whenReturned+`, since = ? WHERE id = ?
		AND NOT EXISTS (SELECT 1 FROM gpu_cares c WHERE c.gpu_id = gpus.id AND c.ended_at = 0)`, micros(t.now), g.ID)
	return err
}

// scrubSkew is by how much a host's clock may be wrong.
const scrubSkew = 5 * time.Minute

// ScrubbedGPU takes down how a host scrubbed a GPU: one that a lease still has is free as soon
// as that is returned, one that nobody has is free now. What could not be proved stays dirty,
// and its host scrubs it until it can; what is broken is quarantined. A scrub that began
// before the lease, or that was taken down already, has no effect. NotFound if the host has no
// such GPU.
func (s *Store) ScrubbedGPU(ctx context.Context, hostID string, r fleet.GPUScrubbed, v gpu.Verdict) error {
	return s.write(ctx, "record scrub", func(t *tx) error {
		g, d, err := t.scrub(hostID, r, v)
		if err != nil {
			return err
		}
		return t.recordScrub(g, d)
	})
}

// HostScrubbed is ScrubbedGPU for a host that was told to scrub a GPU that nobody has, and
// answers what the GPU's state is then. Conflict if somebody has it.
func (s *Store) HostScrubbed(ctx context.Context, hostID string, r fleet.GPUScrubbed, v gpu.Verdict) (state fleet.GPUState, err error) {
	err = s.write(ctx, "record scrub", func(t *tx) error {
		g, d, err := t.scrub(hostID, r, v)
		if err != nil {
			return err
		}
		if g.LeaseID != "" {
			return fleet.Errorf(fleet.Conflict, "GPU %s is not being scrubbed, but %s: this scrub counts for nothing", g.ID, g.State)
		}
		if err := t.recordScrub(g, d); err != nil {
			return err
		}
		return t.get(&state, `SELECT state FROM gpus WHERE id = ?`, g.ID)
	})
	return state, err
}

// scrub locks the GPU that a host scrubbed, and makes a diagnosis of the scrub. Its ID is that
// of this scrub, and no other.
func (t *tx) scrub(hostID string, r fleet.GPUScrubbed, v gpu.Verdict) (g fleet.GPU, d fleet.Diagnosis, err error) {
	var id string
	if err := t.get(&id, `SELECT id FROM gpus WHERE host_id = ? AND uuid = ?`, hostID, r.UUID); err != nil {
		return g, d, missing(err, "GPU", r.UUID)
	}
	if g, err = t.gpu(id); err != nil {
		return g, d, err
	}
	d = fleet.Diagnosis{
		ID:   fleet.DiagnosisID(fmt.Sprintf("%s/%d/%d", hostID, r.Result.Seed, r.Result.StartedAt.UnixNano()), id, 0),
		Kind: fleet.DiagnosisScrub, GPUID: id, InstanceID: g.InstanceID, Scrub: &r.Result, Verdict: v, Signed: r.Signed, At: t.now,
	}
	if g.LeaseID != "" { // the operation that gives it back, if it is one
		err = t.get(&d.OperationID, `SELECT COALESCE(operation_id, '') FROM instances WHERE id = ?`, g.InstanceID)
	}
	return g, d, err
}

func (t *tx) recordScrub(g fleet.GPU, d fleet.Diagnosis) error {
	if err := checkDiagnosis(d); err != nil {
		return err
	}
	isNew, err := t.insertDiagnosis(g, d)
	if err != nil || !isNew {
		return err
	}
	return t.judged(g, d)
}
