package api

import (
	"context"
	"net/url"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

type listOperationsInput struct {
	Resource string `query:"resource" maxLength:"64" pattern:"^(ins|ep)_" patternDescription:"an ID that begins with ins_ or ep_" doc:"Only those on this instance or endpoint"`
	Open     bool   `query:"open" doc:"Only those without an outcome"`
	Page
}

func (s *Server) listOperations(ctx context.Context, in *listOperationsInput) (*listed[Operation], error) {
	who := callerOf(ctx)
	found, err := s.Store.ListOperations(ctx, who.AccountID, store.OperationFilter{ResourceID: in.Resource, Open: in.Open, Page: in.more()})
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(found))
	for i, r := range found {
		ids[i] = r.ResourceID
	}
	names, err := s.Store.ResourceNames(ctx, who.AccountID, ids)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return list(in.Page, found, func(r fleet.Record) string { return r.ID }, func(r fleet.Record) Operation {
		out := s.showOperation(who, r, names[r.ResourceID])
		s.look(ctx, r, fleet.Progress{}, now).addTo(&out)
		out.Steps = []Step{} // there may be many
		return out
	}), nil
}

func (s *Server) getOperation(ctx context.Context, in *struct{ OperationPath }) (*shown[Operation], error) {
	who := callerOf(ctx)
	rec, err := s.Store.GetOperation(ctx, who.AccountID, in.ID)
	if err != nil {
		return nil, err
	}
	name, err := s.nameOf(ctx, rec)
	if err != nil {
		return nil, err
	}
	out, now := s.showOperation(who, rec, name), time.Now()
	p := s.heartbeatOf(ctx, rec)
	out.Progress = showProgress(rec, p, now)
	s.look(ctx, rec, p, now).addTo(&out)
	return &shown[Operation]{out}, nil
}

type cancelInput struct {
	OperationPath
	Mutation
}

func (s *Server) cancelOperation(ctx context.Context, in *cancelInput) (*accepted, error) {
	who := callerOf(ctx)
	rec, err := s.Store.RequestCancel(ctx, who.AccountID, in.ID)
	if err != nil {
		return nil, err
	}
	if rec.Outcome == fleet.Open {
		s.cancel(ctx, rec)
	}
	name, err := s.nameOf(ctx, rec)
	if err != nil {
		return nil, err
	}
	return &accepted{Location: "/v1/operations/" + rec.ID, Body: s.showOperation(who, rec, name)}, nil
}

// asAccepted is an operation as it was accepted. A repeated request has this answer too,
// byte for byte, however far the operation is: so its resource's name, which can change,
// is not in it.
func (s *Server) asAccepted(who caller, rec fleet.Record) Operation {
	return Operation{
		ID: rec.ID, Kind: rec.Kind, ResourceID: rec.ResourceID, Name: rec.Name, Params: rec.Params, Actor: rec.Actor, State: OperationPending,
		Steps: []Step{}, AcceptedAt: rec.AcceptedAt, Deadline: rec.Deadline, TemporalURL: s.temporalURL(who, rec),
	}
}

func (s *Server) showOperation(who caller, rec fleet.Record, resource string) Operation {
	out := s.asAccepted(who, rec)
	out.ResourceName, out.Phase = resource, rec.Phase
	for _, step := range rec.Steps {
		shown := Step{Step: step}
		if !step.EndedAt.IsZero() {
			shown.Duration = fleet.Duration(step.EndedAt.Sub(step.StartedAt).Round(time.Millisecond))
		}
		out.Steps = append(out.Steps, shown)
	}
	out.QueuePosition, out.Downtime, out.MovedBytes = rec.Place, fleet.Duration(rec.Downtime.Round(time.Millisecond)), rec.Moved
	out.Code, out.Message = rec.Code, rec.Message
	out.BegunAt, out.EndedAt, out.CancelRequested = rec.BegunAt, rec.EndedAt, !rec.CancelledAt.IsZero()
	switch {
	case rec.Outcome != fleet.Open:
		out.State = OperationState(rec.Outcome)
	case !rec.BegunAt.IsZero():
		out.State = OperationRunning
	}
	return out
}

// temporalURL finds the operation's workflow in Temporal's UI. Only the fleet's operators
// get it: that UI knows no accounts.
func (s *Server) temporalURL(who caller, rec fleet.Record) string {
	if s.TemporalUI == "" || !who.Fleet {
		return ""
	}
	query := url.Values{"query": {`WorkflowId="` + rec.ResourceID + `"`}}
	return s.TemporalUI + "/namespaces/" + url.PathEscape(s.TemporalNamespace) + "/workflows?" + query.Encode()
}

// nameOf is the name of a record's resource.
func (s *Server) nameOf(ctx context.Context, rec fleet.Record) (string, error) {
	names, err := s.Store.ResourceNames(ctx, rec.AccountID, []string{rec.ResourceID})
	return names[rec.ResourceID], err
}
