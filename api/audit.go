package api

import (
	"context"
	"log/slog"

	"github.com/kelvin-gpu/kelvin/fleet"
)

var errNoAuditor = fleet.Errorf(fleet.Unsupported, "this server does not audit")

func (s *Server) audit(ctx context.Context, _ *struct{}) (*shown[Audit], error) {
	if s.Auditor == nil {
		return nil, errNoAuditor
	}
	return s.audited(s.Auditor.Audit(ctx))
}

func (s *Server) repair(ctx context.Context, _ *struct{ Mutation }) (*shown[Audit], error) {
	if s.Auditor == nil {
		return nil, errNoAuditor
	}
	audit, err := s.Auditor.Repair(ctx)
	for _, f := range audit.Findings {
		if f.Repaired {
			s.Logger.InfoContext(ctx, "finding repaired", slog.String("kind", string(f.Kind)), slog.String("resource", f.Resource), slog.String("actor", callerOf(ctx).KeyID))
		}
	}
	return s.audited(audit, err)
}

func (s *Server) audited(audit fleet.Audit, err error) (*shown[Audit], error) {
	if err != nil {
		return nil, err
	}
	return &shown[Audit]{ShowAudit(audit)}, nil
}
