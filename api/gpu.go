package api

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/store"
)

type listGPUsInput struct {
	Host  string         `query:"host" maxLength:"64" pattern:"^hst_" patternDescription:"an ID that begins with hst_" doc:"Only those of this host"`
	State fleet.GPUState `query:"state" doc:"Only those in this state"`
	Type  string         `query:"type" maxLength:"63" doc:"Only those of this type" example:"a100-80gb"`
	Page
}

func (s *Server) listGPUs(ctx context.Context, in *listGPUsInput) (*listed[GPU], error) {
	found, err := s.Store.ListGPUs(ctx, store.GPUFilter{HostID: in.Host, State: in.State, Type: in.Type, Page: in.more()})
	if err != nil {
		return nil, err
	}
	now := s.Store.Now()
	return list(in.Page, found, func(g fleet.GPU) string { return g.ID }, func(g fleet.GPU) GPU { return showGPU(g, now) }), nil
}

func showGPU(g fleet.GPU, now time.Time) GPU {
	out := GPU{
		ID: g.ID, HostID: g.HostID, Index: g.Index, UUID: g.UUID, Serial: g.Serial, Type: g.Type, MemoryMB: g.MemoryMB,
		Product: g.Product, Driver: g.Driver, BusID: g.BusID, State: g.State, Since: g.Since, Score: g.Standing(now), Dirty: g.Dirty,
		Rule: g.Rule, Reason: g.Reason, Simulated: g.Simulated, InstanceID: g.InstanceID,
	}
	if now.Before(g.Probation) {
		out.ProbationUntil = g.Probation
	}
	if g.Parent != "" {
		out.Slice = &GPUSlice{Device: g.Parent, Profile: g.Profile, Start: g.Start, Size: g.Size}
	}
	return out
}

func (s *Server) getGPU(ctx context.Context, in *struct{ GPUPath }) (*shown[GPUDetail], error) {
	g, err := s.Store.GPU(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := GPUDetail{GPU: showGPU(g, s.Store.Now())}
	if out.Health, out.CheckedAt, err = s.Store.GPUHealth(ctx, in.ID); err != nil {
		return nil, err
	}
	history, err := s.Store.GPUHistory(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if history.Certified != nil {
		out.CertifiedAt = history.Certified.At
	}
	out.Uncorrected, out.LinkErrors, out.Unjudged = some(history.Uncorrected), some(history.LinkErrors), some(history.Since)
	care, err := s.Store.LastCare(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if care != nil {
		shown := showCare(*care)
		out.Care = &shown
	}
	return &shown[GPUDetail]{out}, nil
}

// some is a list that is [] in JSON when it is empty.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

type gpuReasonInput struct {
	GPUPath
	Mutation
	Body GPUReason
}

// quarantineGPU answers with the GPU as it is then. It is not an operation: nothing moves.
func (s *Server) quarantineGPU(ctx context.Context, in *gpuReasonInput) (*shown[GPUDetail], error) {
	return s.changedGPU(ctx, in.ID, "quarantined", s.Store.QuarantineByHand(ctx, in.ID, callerOf(ctx).KeyID, in.Body.Reason))
}

func (s *Server) releaseGPU(ctx context.Context, in *gpuReasonInput) (*shown[GPUDetail], error) {
	return s.changedGPU(ctx, in.ID, "released", s.Store.ReleaseGPU(ctx, in.ID, callerOf(ctx).KeyID, in.Body.Reason))
}

func (s *Server) changedGPU(ctx context.Context, id, done string, err error) (*shown[GPUDetail], error) {
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "GPU changed", slog.String("gpu", id), slog.String("now", done), slog.String("actor", callerOf(ctx).KeyID))
	return s.getGPU(ctx, &struct{ GPUPath }{GPUPath{ID: id}})
}

type gpuTestInput struct {
	GPUPath
	Mutation
	Body *GPUTest
}

func (in *gpuTestInput) level(otherwise gpu.Level) gpu.Level {
	if in.Body == nil || in.Body.Level == "" {
		return otherwise
	}
	return in.Body.Level
}

func (s *Server) testGPU(ctx context.Context, in *gpuTestInput) (*shown[GPUCare], error) {
	level := in.level(gpu.LevelStandard)
	if level == gpu.LevelNone {
		return nil, &fleet.Error{Code: fleet.Invalid, Message: "body.level: a test of level none is none", Fields: []fleet.FieldError{
			{Field: "body.level", Message: "is no test", Allowed: "counters, quick, standard, rigorous"},
		}}
	}
	return s.care(ctx, in.ID, fleet.CareTest, level)
}

func (s *Server) resetGPU(ctx context.Context, in *gpuTestInput) (*shown[GPUCare], error) {
	return s.care(ctx, in.ID, fleet.CareReset, in.level(gpu.LevelRigorous))
}

type gpuInput struct {
	GPUPath
	Mutation
}

func (s *Server) scrubGPU(ctx context.Context, in *gpuInput) (*shown[GPUCare], error) {
	return s.care(ctx, in.ID, fleet.CareScrub, gpu.LevelNone)
}

// care takes down what is to be done with a GPU. Whoever cares for GPUs finds it there.
func (s *Server) care(ctx context.Context, id string, what fleet.CareKind, level gpu.Level) (*shown[GPUCare], error) {
	care, err := s.Store.CareForGPU(ctx, id, callerOf(ctx).KeyID, what, level)
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "GPU to be cared for", slog.String("gpu", id), slog.String("what", string(what)), slog.String("actor", callerOf(ctx).KeyID))
	return &shown[GPUCare]{showCare(care)}, nil
}

// cancelCare has what is under way with a GPU end. Its workflow sees that in the record.
func (s *Server) cancelCare(ctx context.Context, in *gpuInput) (*shown[GPUCare], error) {
	care, err := s.Store.CancelCare(ctx, in.ID, callerOf(ctx).KeyID)
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "care of a GPU cancelled", slog.String("gpu", in.ID), slog.String("care", care.ID), slog.String("actor", callerOf(ctx).KeyID))
	return &shown[GPUCare]{showCare(care)}, nil
}

func showCare(c fleet.Care) GPUCare {
	return GPUCare{
		ID: c.ID, GPUID: c.GPUID, What: c.What, Level: c.Level, Actor: c.Actor, State: c.State, Phase: c.Phase, Percent: c.Percent,
		Message: c.Message, DiagnosisID: c.Diagnosis, AskedAt: c.AskedAt, EndedAt: c.EndedAt,
		Drains: c.Drains, Rule: c.Rule, Reason: c.Reason, CancelledAt: c.CancelledAt,
	}
}

type gpuEventsInput struct {
	GPUPath
	Page
}

func (s *Server) gpuEvents(ctx context.Context, in *gpuEventsInput) (*listed[GPUEvent], error) {
	found, err := s.Store.GPUEvents(ctx, in.ID, in.more())
	if err != nil {
		return nil, err
	}
	return list(in.Page, found, func(e store.GPUEvent) string { return e.ID }, func(e store.GPUEvent) GPUEvent {
		return GPUEvent{Event: e.Event, ID: e.ID, HostID: e.HostID, Count: e.Count, LastAt: e.LastAt, DiagnosisID: e.Judged}
	}), nil
}

func (s *Server) gpuDiagnoses(ctx context.Context, in *gpuEventsInput) (*listed[Diagnosis], error) {
	found, err := s.Store.ListDiagnoses(ctx, store.DiagnosisFilter{GPUID: in.ID, Page: in.more()})
	if err != nil {
		return nil, err
	}
	return list(in.Page, found, func(d fleet.Diagnosis) string { return d.ID }, showDiagnosis), nil
}

func (s *Server) operationDiagnoses(ctx context.Context, in *struct{ OperationPath }) (*listed[Diagnosis], error) {
	found, err := s.Store.OperationDiagnoses(ctx, callerOf(ctx).AccountID, in.ID)
	if err != nil {
		return nil, err
	}
	return all(found, showDiagnosis), nil
}

// getDiagnosis shows an account its own, and the fleet's operators all. What it says of
// others on the host is for these only.
func (s *Server) getDiagnosis(ctx context.Context, in *struct{ DiagnosisPath }) (*shown[DiagnosisReport], error) {
	who := callerOf(ctx)
	d, err := s.Store.Diagnosis(ctx, in.ID)
	if err == nil && !who.Fleet && (d.AccountID == "" || d.AccountID != who.AccountID) {
		err = fleet.Errorf(fleet.NotFound, "there is no diagnosis %q", in.ID)
	}
	if err != nil {
		return nil, err
	}
	out := DiagnosisReport{Diagnosis: showDiagnosis(d), Verdict: d.Verdict, Examination: d.Examination, Scrub: d.Scrub, Signature: d.Signed}
	if !who.Fleet {
		out.forOwner()
	}
	return &shown[DiagnosisReport]{out}, nil
}

// forOwner leaves out who else had the GPU open, and what others left in its memory.
func (r *DiagnosisReport) forOwner() {
	if r.Examination != nil {
		x := *r.Examination
		x.Holders = slices.Clone(x.Holders)
		for i, h := range x.Holders {
			x.Holders[i], r.Redacted = gpu.Holder{MemoryBytes: h.MemoryBytes}, true
		}
		x.Result = r.ownResult(x.Result)
		r.Examination = &x
	}
	r.Scrub = r.ownResult(r.Scrub)
}

func (r *DiagnosisReport) ownResult(result *gpu.Result) *gpu.Result {
	if result == nil {
		return nil
	}
	own := *result
	own.Records = slices.DeleteFunc(slices.Clone(own.Records), func(m gpu.Mismatch) bool { return m.Pattern == "audit" })
	r.Redacted = r.Redacted || len(own.Records) < len(result.Records)
	return &own
}

func showDiagnosis(d fleet.Diagnosis) Diagnosis {
	out := Diagnosis{
		ID: d.ID, Kind: d.Kind, GPUID: d.GPUID, UUID: d.UUID, Serial: d.Serial, HostID: d.HostID, OperationID: d.OperationID, InstanceID: d.InstanceID,
		Actor: d.Actor, Outcome: string(d.Verdict.Outcome), Rule: d.Verdict.Rule, Message: d.Verdict.Message, Action: d.Verdict.Action,
		Signed: d.Signed != nil, Simulated: d.Simulated, At: d.At,
	}
	result := d.Scrub
	if x := d.Examination; x != nil {
		out.Level, out.Retest, result = string(x.Level), x.Retest, x.Result
		out.Seconds = seconds(x.StartedAt, x.EndedAt)
	}
	if result != nil {
		out.Coverage, out.GBps = result.Coverage, result.GBps
		if out.Seconds == 0 {
			out.Seconds = seconds(result.StartedAt, result.EndedAt)
		}
	}
	return out
}

func seconds(from, to time.Time) float64 {
	if from.IsZero() || to.Before(from) {
		return 0
	}
	return to.Sub(from).Round(time.Millisecond).Seconds()
}
