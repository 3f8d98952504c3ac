package activities

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/store"
)

// A Caring names a care.
type Caring struct {
	CareID string
	GPUID  string
}

// A Care is what must be known to care for a GPU. Its container is none: a lease in the name
// of the care, with an epoch of its own, stands for the GPU that nobody has.
type Care struct {
	Container
	Over    bool // it has ended
	What    fleet.CareKind
	Drains  bool // what runs on the GPU is to be moved away first
	GPU     GPU
	Device  string // UUID of what is reset: the whole GPU
	Purpose gpu.Purpose
}

// A Vacated GPU is how far what ran on it has been moved away.
type Vacated struct {
	Empty bool
	Over  bool // there is nothing more to do: the care has ended, or its host is lost
}

// A CareReset is how resetting the GPU of a care went.
type CareReset struct {
	Caring
	Try     int
	Refused string // why it could not be reset; empty: it was
}

// A CareEnd is how a care ended; see store.CareEnding.
type CareEnd struct {
	Caring
	Diagnosis string
	Failed    string
	Message   string
}

// A CarePhase is what is done in a care now.
type CarePhase struct {
	Caring
	Phase string
}

// BeginCare says what is to be done in a care. One that was cancelled before it began ends
// here.
func (c *Control) BeginCare(ctx context.Context, in Caring) (Care, error) {
	care, err := c.Store.Care(ctx, in.CareID)
	if err != nil {
		return Care{}, err
	}
	if care.EndedAt.IsZero() && !care.CancelledAt.IsZero() {
		return Care{Over: true}, c.EndCare(ctx, CareEnd{Caring: in})
	}
	g, err := c.Store.GPU(ctx, care.GPUID)
	if err != nil {
		return Care{}, err
	}
	if err := c.Store.SaveCare(ctx, care.ID, "looking at the GPU", 0); err != nil {
		return Care{}, err
	}
	p := c.policy()
	out := Care{
		Over: !care.EndedAt.IsZero(), What: care.What, Drains: care.Drains, Device: g.Device(), Purpose: gpu.ForHand,
		GPU:       GPU{ID: g.ID, UUID: g.UUID, Type: g.Type, Level: care.Level, Seconds: p.RigorousSeconds},
		Container: Container{Lease: fleet.Lease{ID: care.ID, InstanceID: g.ID, HostID: g.HostID, Epoch: care.AskedAt.UnixMicro()}},
	}
	if care.Rule == "" && care.Actor != store.Watchman {
		return out, nil
	}
	out.Purpose = gpu.ForRelease
	if care.Level == gpu.LevelRigorous {
		product, _ := gpu.ProductOfType(g.Type)
		out.GPU.Level = p.LevelFor(gpu.ForRelease, product)
	}
	return out, nil
}

// VacateGPU has what runs on a GPU leave it: servers migrate, and workers are replaced. It
// answers when nobody has the GPU any more, or after DrainShift.
func (c *Control) VacateGPU(ctx context.Context, in Caring) (Vacated, error) {
	woken := map[string]time.Time{} // by endpoint
	for began := time.Now(); time.Since(began) < DrainShift; {
		care, drain, err := c.Store.CareTenants(ctx, in.CareID)
		switch {
		case err != nil:
			return Vacated{}, err
		case !care.EndedAt.IsZero():
			return Vacated{Over: true}, nil
		case !care.CancelledAt.IsZero():
			return Vacated{Over: true}, c.EndCare(ctx, CareEnd{Caring: in})
		case len(drain.Left) == 0:
			return Vacated{Empty: true}, nil
		}
		if stranded, err := c.Store.CareStranded(ctx, in.CareID); err != nil || stranded {
			return Vacated{Over: true}, err // it goes on when its host is back
		}
		if by, err := c.Store.CareSettled(ctx, in.CareID); err != nil || by != "" {
			if err == nil {
				err = c.EndCare(ctx, CareEnd{Caring: in, Diagnosis: by, Message: "an operation that had just got it has had it examined since: it is well"})
			}
			return Vacated{Over: true}, err
		}
		for _, o := range drain.Next(c.Store.Now()) {
			if err := c.evictFrom(ctx, care, o); err != nil {
				return Vacated{}, err
			}
			delete(woken, o.EndpointID)
		}
		if err := c.remind(ctx, drain, woken); err != nil {
			return Vacated{}, err
		}
		phase := leaving(drain, c.Store.Now())
		if err := c.Store.SaveCare(ctx, care.ID, phase, 0); err != nil {
			return Vacated{}, err
		}
		Report(ctx, fleet.Progress{Message: phase})
		if err := pause(ctx, 10*pollEvery); err != nil {
			return Vacated{}, err
		}
	}
	return Vacated{}, nil
}

// evictFrom has one instance leave a GPU.
func (c *Control) evictFrom(ctx context.Context, care fleet.Care, o fleet.Occupant) error {
	if o.EndpointID != "" && !care.Broken {
		return c.Store.LeaveGPU(ctx, care.ID, o.InstanceID)
	}
	if o.EndpointID != "" { // it serves nobody any more: its endpoint makes another at once
		gone := fleet.Instance{ID: o.InstanceID, AccountID: o.AccountID, Life: fleet.Life{State: o.State, Since: o.Since}}
		if err := c.terminate(ctx, care.ID, gone); err != nil {
			return err
		}
		return c.Operations.Wake(ctx, o.EndpointID)
	}
	key := fmt.Sprintf("%s:%s:%d", care.ID, o.InstanceID, o.Since.UnixMicro())
	rec, repeated, err := c.Store.Accept(ctx, store.Ask{AccountID: o.AccountID, Actor: fleet.CareActor(care.GPUID), Key: key}, fleet.KindInstance, o.InstanceID, fleet.Migrate.Name)
	if fleet.Is(err, fleet.Conflict) || fleet.Is(err, fleet.NotFound) {
		return nil // it changed meanwhile: the next look sees how
	}
	if err == nil && !repeated {
		c.start(ctx, rec)
	}
	return err
}

// leaving says for people who has yet to leave, and why they have not.
func leaving(d fleet.HostDrain, now time.Time) string {
	var said []string
	for i := range d.Left {
		o := &d.Left[i]
		if len(said) == 3 {
			said = append(said, fmt.Sprintf("%d more", len(d.Left)-3))
			break
		}
		said = append(said, fmt.Sprintf("%s: %s", o.InstanceID, o.Reason(now)))
	}
	return "moving away what runs on it: " + strings.Join(said, "; ")
}

// ShowCare tells people what is done in a care now.
func (c *Control) ShowCare(ctx context.Context, in CarePhase) error {
	return c.Store.SaveCare(ctx, in.CareID, in.Phase, 0)
}

// RecordReset writes down how resetting a GPU went that nobody has. One that could not be
// reset is quarantined.
func (c *Control) RecordReset(ctx context.Context, in CareReset) error {
	care, err := c.Store.Care(ctx, in.CareID)
	if err != nil {
		return err
	}
	d := fleet.Diagnosis{
		ID: fleet.DiagnosisID(in.CareID+"/reset", in.GPUID, in.Try), Kind: fleet.DiagnosisReset, GPUID: in.GPUID, HostID: care.HostID, Actor: care.Actor,
		Verdict: gpu.Verdict{Outcome: gpu.Pass, Rule: "reset", Message: "it was reset", Action: "It is tested now."},
	}
	if in.Refused != "" {
		x := gpu.Examination{Schema: gpu.SchemaVersion, UUID: care.UUID, Purpose: gpu.ForRelease, Level: gpu.LevelNone, ResetError: in.Refused}
		d.Verdict = gpu.Decide(x, gpu.History{}, c.policy())
	}
	return c.Store.RecordDiagnosis(ctx, d)
}

// RecordCareScrub writes down how scrubbing a GPU went that nobody has, and returns why it is
// not proven clean; empty: it is.
func (c *Control) RecordCareScrub(ctx context.Context, in CareScrub) (string, error) {
	v := gpu.JudgeScrub(in.Scrubbed.Result, c.policy())
	if err := c.Store.ScrubbedGPU(ctx, in.HostID, in.Scrubbed, v); err != nil {
		return "", err
	}
	if v.Passed() {
		return "", nil
	}
	return v.Message, nil
}

// A CareScrub is how scrubbing the GPU of a care went.
type CareScrub struct {
	Caring
	HostID   string
	Scrubbed fleet.GPUScrubbed
}

// EndCare ends a care. One that somebody cancelled failed for that.
func (c *Control) EndCare(ctx context.Context, in CareEnd) error {
	care, err := c.Store.Care(ctx, in.CareID)
	if err != nil {
		return err
	}
	if !care.CancelledAt.IsZero() && in.Message == "" {
		in.Failed = "cancelled"
	}
	return c.Store.EndCare(ctx, store.CareEnding{ID: in.CareID, Diagnosis: in.Diagnosis, Failed: in.Failed, Message: in.Message})
}

// ScrubGPU overwrites the memory of one GPU that nobody has.
func (h *Host) ScrubGPU(ctx context.Context, in GPUTest) (fleet.GPUScrubbed, error) {
	if h.GPUs == nil {
		return fleet.GPUScrubbed{}, fleet.Errorf(fleet.Unsupported, "host %s has no GPUs", in.Lease.HostID)
	}
	scrubbed, err := h.GPUs.Scrub(ctx, []string{in.GPU.UUID}, func(p fleet.Progress) { Report(ctx, p) })
	if err != nil {
		return fleet.GPUScrubbed{}, err
	}
	if len(scrubbed) != 1 {
		return fleet.GPUScrubbed{}, fleet.Errorf(fleet.Unavailable, "GPU %s was not scrubbed", in.GPU.UUID)
	}
	return scrubbed[0], nil
}
