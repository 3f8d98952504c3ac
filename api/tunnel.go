package api

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/hashicorp/yamux"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// tunnelKeepAlive is how often a tunnel is tried; one that is dead is noticed that soon.
const tunnelKeepAlive = 10 * time.Second

type tunnelInput struct {
	Upgrade string `header:"Upgrade" required:"true" pattern:"(?i)^websocket$" patternDescription:"websocket" doc:"websocket"`
}

// openTunnel turns an agent's request into a tunnel: a WebSocket, with yamux in it. Hosts
// accept no connections from outside, so it is the agent that connects, and the server
// that then opens streams to the agent's HTTP handler.
func (s *Server) openTunnel(ctx context.Context, _ *tunnelInput) (*huma.StreamResponse, error) {
	hostID := callerOf(ctx).hostID
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		c := humagin.Unwrap(hctx)
		ws, err := websocket.Accept(c.Writer, c.Request, nil)
		if err != nil {
			return // Accept has answered
		}
		defer ws.CloseNow()
		ctx, cancel := s.untilClosed(context.WithoutCancel(ctx)) // a hijacked request's context says nothing
		defer cancel()
		config := yamux.DefaultConfig()
		config.KeepAliveInterval, config.LogOutput = tunnelKeepAlive, io.Discard
		session, err := yamux.Server(websocket.NetConn(ctx, ws, websocket.MessageBinary), config)
		if err != nil {
			s.Logger.ErrorContext(ctx, "tunnel failed", slog.String("host", hostID), slog.Any("error", err))
			return
		}
		defer session.Close()
		defer s.tunnels.add(hostID, session)()
		s.Logger.InfoContext(ctx, "tunnel open", slog.String("host", hostID))
		select {
		case <-session.CloseChan():
		case <-ctx.Done():
		}
		s.Logger.InfoContext(ctx, "tunnel closed", slog.String("host", hostID))
	}}, nil
}

// tunnels are the open tunnels by host: a host's newest. The zero value is ready.
type tunnels struct {
	mu   sync.Mutex
	open map[string]*yamux.Session
}

// add makes session the host's tunnel, until the function it returns is called.
func (t *tunnels) add(hostID string, session *yamux.Session) (remove func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open == nil {
		t.open = map[string]*yamux.Session{}
	}
	if old := t.open[hostID]; old != nil {
		defer old.Close() // the agent came back before we noticed that it had gone
	}
	t.open[hostID] = session
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.open[hostID] == session {
			delete(t.open, hostID)
		}
	}
}

func (t *tunnels) find(hostID string) *yamux.Session {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.open[hostID]
}

// cut ends a host's tunnel. None is no error.
func (t *tunnels) cut(hostID string) {
	if session := t.find(hostID); session != nil {
		_ = session.Close() // it is dead then, too
	}
}

func (t *tunnels) connected(hostID string) bool { return t.find(hostID) != nil }

func (t *tunnels) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.open)
}

// client speaks HTTP with a host's agent through its tunnel. Unavailable if there is none.
func (t *tunnels) client(hostID string) (*http.Client, error) {
	session := t.find(hostID)
	if session == nil {
		return nil, fleet.Errorf(fleet.Unavailable, "host %s is not connected", hostID)
	}
	return &http.Client{Transport: &http.Transport{
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return session.Open() },
		DisableKeepAlives: true, // a stream costs nothing
	}}, nil
}

// get asks a host's agent. Unavailable if there is no tunnel, or it breaks; otherwise what
// the agent says is wrong. The body is the caller's to close.
func (t *tunnels) get(ctx context.Context, hostID, path string) (io.ReadCloser, error) {
	return t.ask(ctx, hostID, http.MethodGet, path, http.NoBody)
}

// put sends body to a host's agent. Errors as get's.
func (t *tunnels) put(ctx context.Context, hostID, path string, body io.Reader) error {
	answer, err := t.ask(ctx, hostID, http.MethodPut, path, body)
	if err != nil {
		return err
	}
	return answer.Close()
}

func (t *tunnels) ask(ctx context.Context, hostID, method, path string, body io.Reader) (io.ReadCloser, error) {
	return t.askKeyed(ctx, hostID, method, path, body, "")
}

// askKeyed is ask for what is done once under a key, if there is one.
func (t *tunnels) askKeyed(ctx context.Context, hostID, method, path string, body io.Reader, key string) (io.ReadCloser, error) {
	client, err := t.client(hostID)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://agent"+path, body)
	if err != nil {
		return nil, fleet.Errorf(fleet.Internal, "ask host %s: %v", hostID, err)
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	answer, err := client.Do(req)
	if err != nil {
		return nil, fleet.Errorf(fleet.Unavailable, "host %s does not answer", hostID)
	}
	if answer.StatusCode < 300 {
		return answer.Body, nil
	}
	defer answer.Body.Close()
	return nil, agentError(hostID, answer)
}

// dialTimeout is how long an agent may take to begin.
const dialTimeout = 15 * time.Second

// dial opens a WebSocket to a host's agent. Errors as get's.
func (t *tunnels) dial(ctx context.Context, hostID, path string) (*websocket.Conn, error) {
	client, err := t.client(hostID)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(ctx, dialTimeout) // for the handshake only
	defer stop()
	ws, answer, err := websocket.Dial(ctx, "ws://agent"+path, &websocket.DialOptions{HTTPClient: client})
	if err == nil {
		return ws, nil
	}
	if answer == nil || answer.StatusCode < 300 {
		return nil, fleet.Errorf(fleet.Unavailable, "host %s does not answer", hostID)
	}
	return nil, agentError(hostID, answer)
}

// agentError is what an agent says went wrong: it answers with problems, as we do.
func agentError(hostID string, answer *http.Response) error {
	var p Problem
	if strings.HasPrefix(answer.Header.Get("Content-Type"), "application/problem+json") &&
		decode(answer.Body, &p) == nil && statuses[p.Code] != 0 && p.Code != fleet.Internal {
		return &fleet.Error{Code: p.Code, Message: p.Detail, Fields: p.Fields}
	}
	if answer.StatusCode == http.StatusNotFound {
		return fleet.Errorf(fleet.NotFound, "host %s has no such container", hostID)
	}
	return fleet.Errorf(fleet.Unavailable, "host %s answered %d", hostID, answer.StatusCode)
}
