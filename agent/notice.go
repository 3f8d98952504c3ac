package agent

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Notices say how an agent hears that its host is taken away.
type Notices struct {
	Source fleet.NoticeSource // aws, gcp or azure, whose instance metadata is asked; empty: none is
	Base   string             // where that is; empty: where the provider has it
	Notice time.Duration      // that the provider promises, where its metadata do not say
	Every  time.Duration      // between two questions; 0: 2 s
	Hook   string             // Unix socket on which others say so; empty: none
}

// noticeEvery is how often the metadata is asked.
const noticeEvery = 2 * time.Second

// A herald tells the server of the notice of its host, at once, and until it has heard. The
// renewals of the lease do not wait for it, nor it for them.
type herald struct {
	agent   *Agent
	changed chan struct{}

	mu     sync.Mutex
	asked  *heard // by the metadata
	hooked *heard // by whoever called the hook
	sent   bool   // the server knows of it as it is
}

func newHerald(a *Agent) *herald {
	return &herald{agent: a, changed: make(chan struct{}, 1)}
}

// current is the notice that counts: the one with the earlier end.
func (h *herald) current() *heard {
	switch {
	case h.asked == nil:
		return h.hooked
	case h.hooked == nil:
		return h.asked
	case h.asked.Kind != h.hooked.Kind:
		if h.asked.Kind == fleet.NoticePreempt {
			return h.asked
		}
		return h.hooked
	case h.hooked.until.Before(h.asked.until):
		return h.hooked
	default:
		return h.asked
	}
}

// hear takes down what one of the two says.
func (h *herald) hear(where **heard, n *heard) {
	h.mu.Lock()
	defer h.mu.Unlock()
	was := *where
	if was == nil && n == nil || was != nil && n != nil && was.Kind == n.Kind && was.ID == n.ID && was.until.Equal(n.until) {
		return
	}
	if n != nil && n.until.IsZero() && n.Left > 0 { // it said how long, not until when
		if was != nil && was.Kind == n.Kind && was.ID == n.ID {
			return
		}
		n.until = time.Now().Add(time.Duration(n.Left))
	}
	*where, h.sent = n, false
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

// report is what the server is to know now, and whether it knows.
func (h *herald) report() (fleet.HostNotice, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asIs(), h.sent
}

// take is report for whoever tells the server, and counts as sent from here on: what is heard
// while it is under way is sent after it.
func (h *herald) take() (fleet.HostNotice, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	sent := h.sent
	h.sent = true
	return h.asIs(), sent
}

func (h *herald) asIs() fleet.HostNotice {
	n := h.current()
	if n == nil {
		return fleet.HostNotice{}
	}
	r := n.NoticeReport
	r.Left = 0
	if !n.until.IsZero() {
		r.Left = fleet.Duration(max(0, time.Until(n.until)))
	}
	return fleet.HostNotice{Notice: &r}
}

// tell tells the server whenever something changes, and once at the beginning: the machine
// may be another one than the last agent's.
func (h *herald) tell(ctx context.Context) error {
	for ctx.Err() == nil {
		report, sent := h.take()
		if sent {
			select {
			case <-ctx.Done():
			case <-h.changed:
			}
			continue
		}
		sending, cancel := context.WithTimeout(ctx, noticeEvery)
		err := h.agent.Server.Notice(sending, report)
		cancel()
		switch {
		case err == nil:
			if report.Notice != nil {
				h.agent.Logger.WarnContext(ctx, "the host is taken away", "host", h.agent.HostID, "kind", report.Notice.Kind, "source", report.Notice.Source, "left", time.Duration(report.Notice.Left))
			}
		case fleet.Is(err, fleet.NotFound), fleet.Is(err, fleet.Unsupported), fleet.Is(err, fleet.Invalid): // an older server; saying it again does not help
			h.agent.Logger.WarnContext(ctx, "the server does not take notices", "host", h.agent.HostID, "error", err)
		case ctx.Err() == nil:
			h.unsent()
			if report.Notice != nil {
				h.agent.Logger.WarnContext(ctx, "notice not reported", "host", h.agent.HostID, "error", err)
			}
			sleep(ctx, 250*time.Millisecond)
		}
	}
	return nil
}

func (h *herald) unsent() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sent = false
}

// listen asks the provider's metadata until ctx ends.
func (h *herald) listen(ctx context.Context) error {
	n := h.agent.Notices
	if n.Source == "" {
		return nil
	}
	provider, err := newMetadata(n.Source, n.Base, n.Notice)
	if err != nil {
		return err
	}
	every := n.Every
	if every <= 0 {
		every = noticeEvery
	}
	failing := false
	for began := time.Now(); ctx.Err() == nil; began = time.Now() {
		notice, err := provider.look(ctx)
		switch {
		case err == nil:
			failing = false
			h.hear(&h.asked, notice)
		case ctx.Err() == nil && !failing: // once, not every two seconds
			failing = true
			h.agent.Logger.WarnContext(ctx, "the instance metadata does not answer", "host", h.agent.HostID, "provider", n.Source, "error", err)
		}
		h.agent.metrics.asked(err)
		if !sleep(ctx, max(time.Until(began.Add(every)), 0)) {
			break
		}
	}
	return nil
}

// Notice tells what notice the host was given.
func (s *Server) Notice(ctx context.Context, n fleet.HostNotice) error {
	return s.do(ctx, http.MethodPost, "/v1/agent/notice", n, nil)
}
