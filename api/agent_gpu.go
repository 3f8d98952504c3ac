package api

import (
	"context"
	"log/slog"
	"strings"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

type scrubsInput struct{ Body []fleet.GPUScrubbed }

// hostScrubbed judges the scrubs that a host did because its order said so. One that counts
// for nothing is no error: the next order says what to do.
func (s *Server) hostScrubbed(ctx context.Context, in *scrubsInput) (*shown[ScrubAnswer], error) {
	const most = 1024 // as many as a host has GPUs
	if len(in.Body) > most {
		return nil, &fleet.Error{Code: fleet.Invalid, Message: "too many scrubs at once", Fields: []fleet.FieldError{{Field: "body", Message: "has too many items", Allowed: "at most 1024"}}}
	}
	out := ScrubAnswer{GPUs: []ScrubbedGPU{}}
	for _, r := range in.Body {
		verdict := gpu.JudgeScrub(r.Result, s.gpuPolicy(r.UUID))
		answer := ScrubbedGPU{UUID: r.UUID, Outcome: verdict.Outcome, Message: verdict.Message}
		var err error
		answer.State, err = s.Store.HostScrubbed(ctx, callerOf(ctx).hostID, r, verdict)
		switch {
		case fleet.Is(err, fleet.NotFound), fleet.Is(err, fleet.Conflict):
			answer.Message = err.Error()
		case err != nil:
			return nil, err
		}
		out.GPUs = append(out.GPUs, answer)
	}
	return &shown[ScrubAnswer]{out}, nil
}

func (s *Server) gpuPolicy(uuid string) gpu.Policy {
	p := gpu.DefaultPolicy()
	if s.GPUPolicy != nil {
		p = *s.GPUPolicy
	}
	if strings.HasPrefix(uuid, "MIG-") {
		p = p.ForSlice()
	}
	return p
}

type gpuReportInput struct{ Body fleet.GPUEvents }

// hostGPUEvents takes down what the drivers of a host's GPUs reported.
func (s *Server) hostGPUEvents(ctx context.Context, in *gpuReportInput) (*shown[EventsAnswer], error) {
	hostID := callerOf(ctx).hostID
	fresh, err := s.Store.RecordGPUEvents(ctx, hostID, in.Body.Events, in.Body.Health...)
	if err != nil {
		return nil, err
	}
	for _, e := range fresh {
		s.Logger.WarnContext(ctx, "a GPU's driver reports", slog.String("host", hostID), slog.String("gpu", e.UUID), slog.String("kind", string(e.Kind)),
			slog.Int("xid", e.Xid), slog.String("message", e.Message), slog.String("source", e.Source))
	}
	return &shown[EventsAnswer]{EventsAnswer{Fresh: len(fresh)}}, nil
}
