package api

import (
	"context"
	"slices"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// progressTimeout bounds how long an answer waits for a heartbeat.
const progressTimeout = time.Second

// progress is how far the running step of an operation is; nil if it says nothing, or
// cannot be asked: it decorates an answer, which is right without it.
func (s *Server) progress(ctx context.Context, rec fleet.Record, now time.Time) *Progress {
	i := slices.IndexFunc(rec.Steps, func(st fleet.Step) bool { return st.State == fleet.StepRunning })
	if rec.Outcome != fleet.Open || i < 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, progressTimeout)
	defer cancel()
	p, ok, err := s.Operations.Progress(ctx, rec)
	if err != nil || !ok {
		return nil
	}
	out := &Progress{Message: p.Message, Percent: p.Percent, Done: p.Done, Total: p.Total}
	if out.Percent == 0 && p.Total > 0 {
		out.Percent = 100 * float64(p.Done) / float64(p.Total)
	}
	out.ETASeconds = eta(out.Percent, now.Sub(rec.Steps[i].StartedAt))
	return out
}

// eta is how many seconds are left, if the rest goes as fast as what is done; 0 if nobody
// can tell.
func eta(percent float64, elapsed time.Duration) int64 {
	if percent <= 0 || percent >= 100 || elapsed <= 0 {
		return 0
	}
	return int64((elapsed.Seconds() * (100 - percent) / percent) + 0.5)
}
