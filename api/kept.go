package api

import (
	"context"
	"log/slog"
)

type releaseKeptInput struct {
	InstancePath
	Lease string `path:"lease" maxLength:"64" pattern:"^op_" patternDescription:"a lease_id of the instance's kept" doc:"The lease under which it is kept"`
	Mutation
}

// releaseKept lets go of what an old host keeps of an instance. It is no operation: the
// host's agent removes what no record names.
func (s *Server) releaseKept(ctx context.Context, in *releaseKeptInput) (*struct{}, error) {
	who := callerOf(ctx)
	if err := s.Store.ReleaseKept(ctx, who.AccountID, who.KeyID, in.ID, in.Lease); err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "kept data released", slog.String("instance", in.ID), slog.String("lease", in.Lease), slog.String("actor", who.KeyID))
	return nil, nil //nolint:nilnil // nothing to say is 204
}
