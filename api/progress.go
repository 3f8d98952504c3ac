package api

import (
	"context"
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// progressTimeout bounds how long an answer waits for a heartbeat.
const progressTimeout = time.Second

// heartbeatOf is what the running step of an operation reported last; nothing if it says
// nothing, or cannot be asked: it decorates an answer, which is right without it.
func (s *Server) heartbeatOf(ctx context.Context, rec fleet.Record) fleet.Progress {
	if rec.Outcome != fleet.Open || !runs(rec.Steps) {
		return fleet.Progress{}
	}
	ctx, cancel := context.WithTimeout(ctx, progressTimeout)
	defer cancel()
	p, ok, err := s.Operations.Progress(ctx, rec)
	if err != nil || !ok {
		return fleet.Progress{}
	}
	return p
}

func runs(steps []fleet.Step) bool {
	return slices.ContainsFunc(steps, func(st fleet.Step) bool { return st.State == fleet.StepRunning })
}

// showProgress is how far the running step is; nil if it has not said.
func showProgress(rec fleet.Record, p fleet.Progress, now time.Time) *Progress {
	i := slices.IndexFunc(rec.Steps, func(st fleet.Step) bool { return st.State == fleet.StepRunning })
	if p == (fleet.Progress{}) || i < 0 {
		return nil
	}
	out := &Progress{Message: p.Message, Percent: p.Percent, Done: p.Done, Total: p.Total, Rate: p.Rate, Failure: p.Failure}
	if out.Percent == 0 && p.Total > 0 {
		out.Percent = 100 * float64(p.Done) / float64(p.Total)
	}
	if p.Attempt > 1 {
		out.Attempt = p.Attempt
	}
	if out.ETASeconds = int64(time.Duration(p.Left).Seconds() + 0.5); out.ETASeconds == 0 {
		out.ETASeconds = eta(out.Percent, now.Sub(rec.Steps[i].StartedAt))
	}
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

// An outlook is what is to be expected of an operation as a whole.
type outlook struct {
	percent       float64
	eta           fleet.Duration
	stuck, wayOut string
}

func (o outlook) addTo(op *Operation) {
	op.Percent, op.ETA, op.Stuck, op.WayOut = o.percent, o.eta, o.stuck, o.wayOut
}

// look judges an operation by how earlier ones went. Without a history there is less to say.
func (s *Server) look(ctx context.Context, rec fleet.Record, p fleet.Progress, now time.Time) outlook {
	var out outlook
	out.stuck, out.wayOut = rec.Trouble(p, now)
	if rec.Outcome != fleet.Open || !runs(rec.Steps) {
		return out
	}
	history, err := s.history(ctx, rec.Operation())
	if err != nil {
		s.Logger.WarnContext(ctx, "an operation is shown without its outlook", slog.String("operation", rec.ID), slog.Any("error", err))
		return out
	}
	if left, ok := history.Of(rec.ResourceID).Left(rec, p, now); ok {
		out.percent = math.Round(10*fleet.Percent(rec.Elapsed(now), left)) / 10
		out.eta = fleet.Duration(left.Round(time.Second))
	}
	return out
}
