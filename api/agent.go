package api

import (
	"context"
	"log/slog"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

type renewLeaseInput struct{ Body fleet.HostReport }

// renewLease answers an agent's report with what belongs on its host, and passes on what
// the report changed elsewhere.
func (s *Server) renewLease(ctx context.Context, in *renewLeaseInput) (*shown[fleet.HostOrder], error) {
	order, changes, err := s.Store.RenewLease(ctx, callerOf(ctx).hostID, in.Body)
	if err != nil {
		return nil, err
	}
	s.announce(ctx, changes)
	return &shown[fleet.HostOrder]{order}, nil
}

// announce wakes the autoscalers that changes concern, and cancels the operations. Both
// are in the record already; who is not reached now finds them there, only later.
func (s *Server) announce(ctx context.Context, changes store.Changes) {
	for _, rec := range changes.Operations {
		s.cancel(ctx, rec)
	}
	for _, id := range changes.Endpoints {
		if err := s.Operations.Wake(ctx, id); err != nil {
			s.Logger.WarnContext(ctx, "autoscaler not woken", slog.String("endpoint", id), slog.Any("error", err))
		}
	}
}

type containerSpecInput struct {
	Lease string `path:"id" maxLength:"64" pattern:"^op_" patternDescription:"an ID that begins with op_" doc:"Of the lease, which is that of the operation that asked for it"`
}

// containerSpec gives an agent what it needs to make a container, secrets included; those
// of its own host only.
func (s *Server) containerSpec(ctx context.Context, in *containerSpecInput) (*shown[fleet.ContainerSpec], error) {
	spec, err := s.Store.ContainerSpec(ctx, callerOf(ctx).hostID, in.Lease)
	if err != nil {
		return nil, err
	}
	return &shown[fleet.ContainerSpec]{spec}, nil
}

// collectArchive answers an agent that offers to clear up its data center's archive.
func (s *Server) collectArchive(ctx context.Context, _ *struct{}) (*shown[fleet.CollectOrder], error) {
	order, err := s.Store.Collect(ctx, callerOf(ctx).hostID)
	if err != nil {
		return nil, err
	}
	return &shown[fleet.CollectOrder]{order}, nil
}
