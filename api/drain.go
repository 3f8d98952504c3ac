package api

import (
	"context"
	"log/slog"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

type drainInput struct {
	HostPath
	Mutation
	Body *HostDrain
}

// drainHost has a host emptied. It is not an operation: the moves are, each of its own.
func (s *Server) drainHost(ctx context.Context, in *drainInput) (*shown[Host], error) {
	parallel := fleet.DefaultDrainParallel
	if in.Body != nil && in.Body.Parallel != 0 {
		parallel = in.Body.Parallel
	}
	if err := s.Store.StartDrain(ctx, in.ID, callerOf(ctx).KeyID, parallel); err != nil {
		return nil, err
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), startTimeout)
	defer cancel()
	if err := s.Operations.StartDrain(within, in.ID); err != nil { // the outbox does, soon
		s.Logger.WarnContext(ctx, "drain not started yet", slog.String("host", in.ID), slog.Any("error", err))
	}
	return s.changedHost(ctx, in.ID, "draining", nil)
}

func (s *Server) cancelDrain(ctx context.Context, in *hostInput) (*shown[Host], error) {
	changes, err := s.Store.CancelDrain(ctx, in.ID, callerOf(ctx).KeyID)
	if err == nil {
		s.announce(ctx, changes)
	}
	return s.changedHost(ctx, in.ID, "not drained any more", err)
}

type retireInput struct {
	HostPath
	Mutation
	Body *HostRetire
}

func (s *Server) retireHost(ctx context.Context, in *retireInput) (*shown[Host], error) {
	how := store.KeepNothing
	if in.Body != nil && in.Body.DiscardKept {
		how = store.DiscardKept
	}
	err := s.Store.RetireHost(ctx, in.ID, callerOf(ctx).KeyID, how)
	if err == nil {
		s.tunnels.cut(in.ID)
	}
	return s.changedHost(ctx, in.ID, "retired", err)
}

// mostOccupants are how many are shown of what is left on a host.
const mostOccupants = 200

// showDrain is nothing for a host that nobody wants empty.
func showDrain(d fleet.HostDrain, now time.Time) *Drain {
	if d.StartedAt.IsZero() {
		return nil
	}
	out := &Drain{StartedAt: d.StartedAt, EndedAt: d.EndedAt, Actor: d.Actor, Parallel: d.Parallel, Total: d.Total, Left: []Occupant{}}
	for _, o := range d.Left {
		if !o.Kept {
			out.Remaining++
		}
		if len(out.Left) < mostOccupants {
			out.Left = append(out.Left, Occupant{
				InstanceID: o.InstanceID, AccountID: o.AccountID, EndpointID: o.EndpointID, Name: o.Name, State: o.State,
				Kept: o.Kept, OperationID: o.OperationID, Reason: o.Reason(now),
			})
		}
	}
	return out
}
