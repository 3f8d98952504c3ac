package api

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// startTimeout bounds how long an answer waits for Temporal. The outbox does what did not
// happen in time.
const startTimeout = 2 * time.Second

// accepted answers a request for an operation: 202, and where to follow it.
type accepted struct {
	Location string `header:"Location" doc:"The operation"`
	Body     Operation
}

// accept has the store accept an operation and starts it. ask is all but the Actor's part.
func (s *Server) accept(ctx context.Context, key, digest string, do func(store.Ask) (fleet.Record, bool, error)) (*accepted, error) {
	who := callerOf(ctx)
	rec, repeated, err := do(store.Ask{AccountID: who.AccountID, Actor: who.KeyID, Key: key, Digest: digest})
	if err != nil {
		return nil, err
	}
	if !repeated {
		s.Logger.InfoContext(ctx, "operation accepted", slog.String("operation", rec.ID), slog.String("name", rec.Name),
			slog.String(string(rec.Kind), rec.ResourceID), slog.String("actor", rec.Actor))
		s.start(ctx, rec)
	}
	return &accepted{Location: "/v1/operations/" + rec.ID, Body: s.asAccepted(who, rec)}, nil
}

// start starts an accepted operation, even if its caller has gone meanwhile. The record is
// written: what cannot be started now is the outbox's, so an error is none of the caller's.
func (s *Server) start(ctx context.Context, rec fleet.Record) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), startTimeout)
	defer cancel()
	if err := s.Operations.Start(ctx, rec); err != nil {
		s.Logger.WarnContext(ctx, "operation not started yet", slog.String("operation", rec.ID), slog.Any("error", err))
	}
}

// cancel tells the workflow of an operation that it is to be undone. The record says so
// already, and the workflow reads it before its commit; this makes it sooner.
func (s *Server) cancel(ctx context.Context, rec fleet.Record) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), startTimeout)
	defer cancel()
	if err := s.Operations.Cancel(ctx, rec); err != nil {
		s.Logger.WarnContext(ctx, "operation not cancelled yet", slog.String("operation", rec.ID), slog.Any("error", err))
	}
}

// supports reports whether this server can run an operation.
func (s *Server) supports(op fleet.Operation) bool {
	return s.Supported == nil || slices.ContainsFunc(s.Supported, func(o fleet.Operation) bool { return o.Kind == op.Kind && o.Name == op.Name })
}

// legal are the operations among names that can be asked for here.
func (s *Server) legal(kind fleet.Kind, names []string) []string {
	out := make([]string, 0, len(names))
	for _, name := range names {
		if op, ok := fleet.FindOperation(kind, name); ok && s.supports(op) {
			out = append(out, name)
		}
	}
	return out
}
