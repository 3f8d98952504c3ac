package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// hooked is what is said on the hook: that the host is gone in some time, or at a time.
type hooked struct {
	Kind     fleet.NoticeKind `json:"kind"`
	In       *fleet.Duration  `json:"in"`
	Deadline time.Time        `json:"deadline"`
	ID       string           `json:"id"`
}

// heed serves the hook, for programs of the host that know that it is taken away: a Unix
// socket that only the agent's own user may open.
func (h *herald) heed(ctx context.Context) error {
	path := h.agent.Notices.Hook
	if path == "" {
		return nil
	}
	ln, err := listenUnix(ctx, path)
	if err != nil {
		return fmt.Errorf("listen on the notice socket: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /preempt", h.preempt)
	mux.HandleFunc("DELETE /preempt", func(w http.ResponseWriter, _ *http.Request) {
		h.hear(&h.hooked, nil)
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /preempt", func(w http.ResponseWriter, _ *http.Request) {
		report, sent := h.report()
		reply(w, http.StatusOK, map[string]any{"notice": report.Notice, "reported": sent})
	})
	server := &http.Server{Handler: mux, ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// listenUnix listens on a socket of the agent's user alone. One that is left from an agent
// that died is removed.
func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() == fs.ModeSocket {
		if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
			_ = conn.Close()
			return nil, fmt.Errorf("another agent listens on %s", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		_ = ln.Close()
		return nil, err
	}
	return ln, nil
}

// preempt takes a notice.
func (h *herald) preempt(w http.ResponseWriter, r *http.Request) {
	said := hooked{Kind: fleet.NoticePreempt}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(&said); err != nil && !errors.Is(err, io.EOF) {
		refuse(w, http.StatusBadRequest, "body", "is not what is asked for: "+err.Error(), `{"in": "30s"}, {"deadline": "2026-03-01T12:00:00Z"}, with kind and id if you like`)
		return
	}
	n := &heard{NoticeReport: fleet.NoticeReport{Kind: said.Kind, Source: fleet.NoticeHook, ID: said.ID}}
	switch {
	case said.Kind != fleet.NoticePreempt && said.Kind != fleet.NoticeRebalance:
		refuse(w, http.StatusUnprocessableEntity, "kind", "is not a kind of notice", "preempt, rebalance")
		return
	case len(said.ID) > 256:
		refuse(w, http.StatusUnprocessableEntity, "id", "is too long", "at most 256 bytes")
		return
	case said.In != nil && !said.Deadline.IsZero():
		refuse(w, http.StatusUnprocessableEntity, "in", "goes without deadline", "in or deadline")
		return
	case said.Kind == fleet.NoticeRebalance: // nobody knows when
	case said.In != nil:
		n.until = time.Now().Add(time.Duration(*said.In))
	case !said.Deadline.IsZero():
		n.until = said.Deadline
	default:
		n.until = time.Now().Add(h.agent.Notices.Notice)
	}
	if !n.until.IsZero() && time.Until(n.until).Abs() > fleet.MaxNotice {
		refuse(w, http.StatusUnprocessableEntity, "deadline", "is too far away", "within 24h")
		return
	}
	h.hear(&h.hooked, n)
	reply(w, http.StatusAccepted, map[string]any{"notice": n.NoticeReport, "until": n.until.UTC()})
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // who does not read it is gone
}

func refuse(w http.ResponseWriter, status int, field, message, allowed string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{ // likewise
		"code": fleet.Invalid, "title": "invalid", "status": status, "detail": field + " " + message,
		"errors": []fleet.FieldError{{Field: field, Message: message, Allowed: allowed}},
	})
}
