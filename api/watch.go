package api

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// How often watches look. The record is asked, not a hub in this process: operations run
// elsewhere, and there may be several servers.
const (
	watchEvery     = 200 * time.Millisecond
	progressEvery  = time.Second
	heartbeatEvery = 15 * time.Second
)

// watchOperation streams an operation: as it is, then whenever it changes, until it has an
// outcome. Who reconnects gets it as it is, so nothing has to be resumed.
func (s *Server) watchOperation(ctx context.Context, in *struct{ OperationPath }) (*huma.StreamResponse, error) {
	who := callerOf(ctx)
	rec, err := s.Store.GetOperation(ctx, who.AccountID, in.ID)
	if err != nil {
		return nil, err
	}
	name, err := s.nameOf(ctx, rec)
	if err != nil {
		return nil, err
	}
	return s.streaming("text/event-stream", func(ctx context.Context, out *stream) { s.followOperation(ctx, out, who, rec, name) }), nil
}

func (s *Server) followOperation(ctx context.Context, out *stream, who caller, rec fleet.Record, name string) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var (
		progress *Progress
		outlook  outlook
		last     []byte
		asked    time.Time // when progress was asked for
		sent     = time.Now()
	)
	for {
		now := time.Now()
		if now.Sub(asked) >= progressEvery {
			p := s.heartbeatOf(ctx, rec)
			progress, outlook, asked = showProgress(rec, p, now), s.look(ctx, rec, p, now), now
		}
		show := s.showOperation(who, rec, name)
		if !show.Ended() {
			show.Progress = progress
			outlook.addTo(&show)
		} else {
			s.look(ctx, rec, fleet.Progress{}, now).addTo(&show)
		}
		body, err := json.Marshal(show)
		if err != nil {
			s.Logger.ErrorContext(ctx, "a watch failed", slog.String("operation", rec.ID), slog.Any("error", err))
			return
		}
		switch {
		case !bytes.Equal(body, last):
			if out.event("", "operation", json.RawMessage(body)) != nil {
				return // the client has gone
			}
			last, sent = body, now
		case now.Sub(sent) >= s.heartbeat():
			if out.heartbeat() != nil {
				return
			}
			sent = now
		}
		if show.Ended() {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if rec, err = s.Store.GetOperation(ctx, who.AccountID, rec.ID); err != nil {
			// The client comes back by itself, and is then told what is wrong.
			if ctx.Err() == nil {
				s.Logger.ErrorContext(ctx, "a watch failed", slog.String("request", requestID(ctx)), slog.Any("error", err))
			}
			return
		}
	}
}

func (s *Server) heartbeat() time.Duration {
	if s.heartbeatEvery > 0 {
		return s.heartbeatEvery
	}
	return heartbeatEvery
}
