package agent

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/hashicorp/yamux"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// tunnel keeps a connection to the server over which the server asks the agent for logs
// and statistics, runs commands and copies files. The agent dials; nothing listens on the host.
func (a *Agent) tunnel(ctx context.Context) error {
	for wait := 100 * time.Millisecond; ctx.Err() == nil; {
		opened := time.Now()
		err := a.serveTunnel(ctx)
		if ctx.Err() != nil {
			break
		}
		if wait = min(2*wait, 5*time.Second); time.Since(opened) > time.Minute {
			wait = 100 * time.Millisecond
		}
		a.Logger.DebugContext(ctx, "tunnel broke off", "host", a.HostID, "error", err)
		sleep(ctx, wait)
	}
	return nil
}

func (a *Agent) serveTunnel(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	url := "ws" + strings.TrimPrefix(a.Server.URL, "http") + "/v1/agent/tunnel"
	dialling, stop := context.WithTimeout(ctx, 10*time.Second) // for the handshake only
	conn, _, err := websocket.Dial(dialling, url, &websocket.DialOptions{
		HTTPClient: a.Server.HTTP, HTTPHeader: http.Header{"Authorization": {"Bearer " + a.Server.Token}},
	})
	stop()
	if err != nil {
		return err
	}
	conn.SetReadLimit(-1) // yamux has its own window
	settings := yamux.DefaultConfig()
	settings.LogOutput = io.Discard
	session, err := yamux.Client(websocket.NetConn(ctx, conn, websocket.MessageBinary), settings)
	if err != nil {
		return err
	}
	defer session.Close()
	server := &http.Server{Handler: a.handler(), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return server.Serve(session)
}

// handler is what the server can ask: it has checked who may.
func (a *Agent) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/leases/{lease}/logs", a.containerLogs)
	mux.HandleFunc("POST /v1/logs", a.archivedLogs)
	mux.HandleFunc("GET /v1/leases/{lease}/stats", a.stats)
	mux.HandleFunc("GET /v1/leases/{lease}/exec", a.exec)
	mux.HandleFunc("GET /v1/leases/{lease}/path", a.statPath)
	mux.HandleFunc("GET /v1/leases/{lease}/files", a.copyFrom)
	mux.HandleFunc("PUT /v1/leases/{lease}/files", a.copyTo)
	mux.HandleFunc("GET /v1/faults", a.listFaults)
	mux.HandleFunc("POST /v1/faults", a.addFault)
	mux.HandleFunc("DELETE /v1/faults", a.heal)
	return mux
}

func (a *Agent) stats(w http.ResponseWriter, r *http.Request) {
	stats, err := a.Machine.Stats(r.Context(), r.PathValue("lease"))
	if err != nil {
		answerError(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(stats)
}

// answerError sends what the server's client turns back into the same error.
func answerError(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	if fleet.Is(err, fleet.NotFound) {
		status = http.StatusNotFound
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	problem := map[string]any{"code": fleet.CodeOf(err), "detail": err.Error(), "status": status}
	if known, ok := errors.AsType[*fleet.Error](err); ok && len(known.Fields) > 0 {
		problem["fields"] = known.Fields
	}
	_ = json.NewEncoder(w).Encode(problem)
}
