package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// A GPU is one that a lease has, and how thoroughly it is to be examined before it is used.
type GPU struct {
	ID      string
	UUID    string
	Type    string
	Level   gpu.Level
	Seconds float64 // least duration of the rigorous level
}

// A GPUTest is one GPU of a lease to be examined.
type GPUTest struct {
	Container
	GPU     GPU
	Purpose gpu.Purpose
	Reset   bool // it is to be reset first
	Retest  bool // it was reset for what an earlier test found
}

// Examined is one GPU and what was found, as its host signed it.
type Examined struct {
	GPU         GPU
	Examination gpu.Examination
	Signed      *gpu.Signed
}

// A Judging is what the examinations of a lease's GPUs are judged by.
type Judging struct {
	Claim    Claim
	Lease    fleet.Lease
	Try      int // from 1: each is a diagnosis of its own
	Examined []Examined
}

// A Judged GPU has its verdict, which may be to test it again: after a reset, or after a
// while.
type Judged struct {
	GPU     GPU
	Verdict gpu.Verdict
	Again   bool
	Reset   bool
	After   time.Duration
}

// A Clearing is a place whose GPUs go back, and how scrubbing them went.
type Clearing struct {
	Container
	Claim    Claim
	Scrubbed []fleet.GPUScrubbed
}

// An Examiner looks into the GPUs of a host: the agent does. Only one of its calls is at a
// GPU at any time.
type Examiner interface {
	// Examine finds out how a GPU is. What is wrong with it is the answer, and no error.
	Examine(ctx context.Context, t GPUTest, progress func(fleet.Progress)) (Examined, error)
	// Reset resets a GPU. The answer says why it could not be; empty: it was.
	Reset(ctx context.Context, g GPU) (refused string, err error)
	// Scrub overwrites the memory of GPUs that nobody uses any more, side by side.
	Scrub(ctx context.Context, uuids []string, progress func(fleet.Progress)) ([]fleet.GPUScrubbed, error)
}

// TestGPU examines one GPU of the lease.
func (h *Host) TestGPU(ctx context.Context, in GPUTest) (Examined, error) {
	if h.GPUs == nil {
		return Examined{}, fleet.Errorf(fleet.Unsupported, "host %s has no GPUs", in.Lease.HostID)
	}
	return h.GPUs.Examine(ctx, in, func(p fleet.Progress) { Report(ctx, p) })
}

// ResetGPU resets one GPU of the lease. The answer says why it could not be; empty: it was.
func (h *Host) ResetGPU(ctx context.Context, in GPUTest) (string, error) {
	if h.GPUs == nil {
		return "", fleet.Errorf(fleet.Unsupported, "host %s has no GPUs", in.Lease.HostID)
	}
	Report(ctx, fleet.Progress{Message: "resetting GPU " + in.GPU.UUID})
	return h.GPUs.Reset(ctx, in.GPU)
}

// ScrubGPUs overwrites the memory of the lease's GPUs, which nobody uses any more.
func (h *Host) ScrubGPUs(ctx context.Context, in Container) ([]fleet.GPUScrubbed, error) {
	spec, err := h.Specs(ctx, in.Lease.ID)
	if fleet.Is(err, fleet.NotFound) {
		return nil, nil // it was given back meanwhile
	}
	if err != nil {
		return nil, fmt.Errorf("ask for the lease's GPUs: %w", err)
	}
	if h.GPUs == nil || len(spec.GPUs) == 0 {
		return nil, nil
	}
	var uuids []string
	for _, g := range spec.GPUs {
		uuids = append(uuids, g.UUID)
	}
	return h.GPUs.Scrub(ctx, uuids, func(p fleet.Progress) { Report(ctx, p) })
}

// JudgeGPUs judges what was found, with what is remembered of each GPU, and writes it down.
// One that failed is quarantined, unless it is to be tested once more first.
func (c *Control) JudgeGPUs(ctx context.Context, in Judging) ([]Judged, error) {
	policy := c.policy()
	var all []Judged
	for _, e := range in.Examined {
		history, err := c.Store.GPUHistory(ctx, e.GPU.ID)
		if err != nil {
			return nil, err
		}
		j := Judged{GPU: e.GPU, Verdict: gpu.Decide(e.Examination, history, policy)}
		switch {
		case j.Verdict.Outcome == gpu.Reset && !e.Examination.Retest:
			j.Again, j.Reset = true, true
		case j.Verdict.Outcome == gpu.Inconclusive && in.Try <= policy.Retries:
			j.Again, j.After = true, time.Duration(policy.RetryAfter)
		}
		all = append(all, j)
		if j.Again && !j.Reset {
			continue // it says nothing yet
		}
		d := fleet.Diagnosis{
			ID: fleet.DiagnosisID(in.Lease.ID, e.GPU.ID, in.Try), Kind: fleet.DiagnosisTest, GPUID: e.GPU.ID, HostID: in.Lease.HostID,
			OperationID: in.Claim.OperationID, InstanceID: in.Claim.ResourceID, AccountID: in.Claim.AccountID,
			Examination: &e.Examination, Verdict: j.Verdict, Signed: e.Signed, Probation: time.Duration(policy.Probation),
		}
		if e.Examination.Level == gpu.LevelNone {
			d.Kind = fleet.DiagnosisSkip
		}
		if err := c.Store.RecordDiagnosis(ctx, d); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// RecordScrubs writes down how scrubbing went: what is proven clean is free as soon as its
// lease is returned. What is not, its host scrubs until it is.
func (c *Control) RecordScrubs(ctx context.Context, in Clearing) error {
	for _, s := range in.Scrubbed {
		if err := c.Store.ScrubbedGPU(ctx, in.Lease.HostID, s, gpu.JudgeScrub(s.Result, c.policy())); err != nil && !fleet.Is(err, fleet.NotFound) {
			return err
		}
	}
	return nil
}

func (c *Control) policy() gpu.Policy {
	if c.GPUPolicy == nil {
		return gpu.DefaultPolicy()
	}
	return *c.GPUPolicy
}

// tested is a GPU that was just placed, with how thoroughly it is to be tested.
func (c *Control) tested(in Placing, g fleet.GPU) GPU {
	p := c.policy()
	product, _ := gpu.ProductOfType(g.Type)
	level := p.LevelFor(in.Purpose, product)
	if in.SkipTests {
		level = gpu.LevelNone
	}
	return GPU{ID: g.ID, UUID: g.UUID, Type: g.Type, Level: level, Seconds: p.RigorousSeconds}
}
