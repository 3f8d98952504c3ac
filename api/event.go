package api

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

type listEventsInput struct {
	Resource string `query:"resource" maxLength:"64" pattern:"^(ins|ep|hst|op|sch)_" patternDescription:"an ID that begins with ins_, ep_, hst_, op_ or sch_" doc:"Only those of this instance, endpoint, host, operation or schedule"`
	Page
}

func (s *Server) listEvents(ctx context.Context, in *listEventsInput) (*listed[Event], error) {
	account := callerOf(ctx).AccountID
	if callerOf(ctx).Fleet && strings.HasPrefix(in.Resource, fleet.HostPrefix) {
		account = "" // the fleet's own: hosts belong to nobody
	}
	found, err := s.Store.ListEvents(ctx, account, store.EventFilter{ResourceID: in.Resource, Page: in.more()})
	if err != nil {
		return nil, err
	}
	return list(in.Page, found, func(e fleet.Event) string { return e.ID }, showEvent), nil
}

func showEvent(e fleet.Event) Event {
	return Event{
		ID: e.ID, Name: e.Name, InstanceID: e.InstanceID, EndpointID: e.EndpointID, HostID: e.HostID, OperationID: e.OperationID, ScheduleID: e.ScheduleID,
		Actor: e.Actor, Message: e.Message, At: e.At,
	}
}

type watchEventsInput struct {
	Last string `header:"Last-Event-ID" maxLength:"64" pattern:"^evt_" patternDescription:"the id of an event" doc:"The last event that was received. Without it, events from now on"`
}

// watchEvents streams the account's events as they happen, from Last-Event-ID on.
func (s *Server) watchEvents(ctx context.Context, in *watchEventsInput) (*huma.StreamResponse, error) {
	account, after := callerOf(ctx).AccountID, in.Last
	if after == "" {
		newest, err := s.Store.ListEvents(ctx, account, store.EventFilter{Page: store.Page{Limit: 1}})
		if err != nil {
			return nil, err
		}
		if len(newest) > 0 {
			after = newest[0].ID
		}
	}
	return s.streaming("text/event-stream", func(ctx context.Context, out *stream) { s.followEvents(ctx, out, account, after) }), nil
}

func (s *Server) followEvents(ctx context.Context, out *stream, account, after string) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	wrote := time.Now()
	for {
		events, err := s.Store.EventsSince(ctx, account, after, store.MaxLimit)
		if err != nil {
			// The client comes back by itself, from where it was.
			if ctx.Err() == nil {
				s.Logger.ErrorContext(ctx, "a watch failed", slog.String("request", requestID(ctx)), slog.Any("error", err))
			}
			return
		}
		for _, e := range events {
			if out.event(e.ID, "event", showEvent(e)) != nil {
				return // the client has gone
			}
			after, wrote = e.ID, time.Now()
		}
		if time.Since(wrote) >= s.heartbeat() {
			if out.heartbeat() != nil {
				return
			}
			wrote = time.Now()
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
