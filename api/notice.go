package api

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

type hostNoticeInput struct{ Body fleet.HostNotice }

// hostNotice takes down what an agent says of its host's notice, and has replacements
// started: nothing waits for the next renewal of its lease.
func (s *Server) hostNotice(ctx context.Context, in *hostNoticeInput) (*struct{}, error) {
	hostID := callerOf(ctx).hostID
	n := in.Body.Notice
	if n == nil {
		changes, err := s.Store.WithdrawNotice(ctx, hostID)
		if err == nil {
			s.announce(ctx, changes)
		}
		return nil, err
	}
	if n.Source == fleet.NoticeOperator {
		return nil, fleet.Errorf(fleet.Invalid, "an agent is no operator")
	}
	changes, err := s.Store.NoteNotice(ctx, hostID, "", *n)
	if err != nil {
		return nil, err
	}
	s.announce(ctx, changes)
	s.Logger.WarnContext(ctx, "notice", slog.String("host", hostID), slog.String("kind", string(n.Kind)), slog.String("source", string(n.Source)), slog.Duration("left", time.Duration(n.Left)))
	return nil, nil
}

type preemptInput struct {
	HostPath
	Mutation
	Body *HostPreempt
}

// preemptHost treats a host as one that its provider takes away.
func (s *Server) preemptHost(ctx context.Context, in *preemptInput) (*shown[Host], error) {
	n := fleet.NoticeReport{Kind: fleet.NoticePreempt, Source: fleet.NoticeOperator, Left: fleet.Duration(30 * time.Second)}
	if b := in.Body; b != nil {
		if b.In < 0 || time.Duration(b.In) > fleet.MaxNotice {
			return nil, &fleet.Error{Code: fleet.Invalid, Message: "body.in is out of range", Fields: []fleet.FieldError{{Field: "body.in", Message: "is out of range", Allowed: "0s to 24h"}}}
		}
		if b.In != 0 {
			n.Left = b.In
		}
		if b.Kind != "" {
			n.Kind = b.Kind
		}
	}
	changes, err := s.Store.NoteNotice(ctx, in.ID, callerOf(ctx).KeyID, n)
	if err == nil {
		s.announce(ctx, changes)
	}
	return s.changedHost(ctx, in.ID, "preempted", err)
}

// spareHost lifts the notice that a host was given.
func (s *Server) spareHost(ctx context.Context, in *hostInput) (*shown[Host], error) {
	changes, err := s.Store.LiftNotice(ctx, in.ID, callerOf(ctx).KeyID)
	if err == nil {
		s.announce(ctx, changes)
	}
	return s.changedHost(ctx, in.ID, "spared", err)
}

// actions are the times from notices to replacements, as a histogram.
func actions(tallies []store.GPUTally) prometheus.Metric {
	counted := map[string]uint64{}
	var count uint64
	sum := 0.0
	for _, t := range tallies {
		switch t.Metric {
		case store.TallyActions:
			counted[t.One] = uint64(max(t.Count, 0))
			count += uint64(max(t.Count, 0))
		case store.TallyActionTime:
			sum = float64(t.Count) / 1000
		}
	}
	buckets, below := map[float64]uint64{}, uint64(0)
	for _, b := range store.NoticeBuckets {
		below += counted[b.Label]
		buckets[b.Seconds] = below
	}
	return prometheus.MustNewConstHistogram(actionDesc, count, sum, buckets)
}
