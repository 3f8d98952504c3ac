package sim

import (
	"context"
	"sync"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A watcher is one call of Watch. Its queue has no bound: a slow one delays nobody.
type watcher struct {
	hostID string

	mu     sync.Mutex
	leases []string
	broken bool
	news   chan struct{} // holds one token when there is something
}

func newWatcher(hostID string) *watcher {
	return &watcher{hostID: hostID, news: make(chan struct{}, 1)}
}

func (w *watcher) add(leaseID string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.leases = append(w.leases, leaseID)
	w.wake()
}

func (w *watcher) fail() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = true
	w.wake()
}

func (w *watcher) wake() {
	select {
	case w.news <- struct{}{}:
	default:
	}
}

func (w *watcher) take() (leases []string, broken bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	leases, w.leases = w.leases, nil
	return leases, w.broken
}

// changed tells the watchers of a container's host; the caller holds the lock.
func (h *Host) changed(c *container) {
	for w := range h.watchers {
		if w.hostID == c.spec.Lease.HostID {
			w.add(c.spec.Lease.ID)
		}
	}
}

func (h *Host) watch(ctx context.Context, hostID string, changed func(leaseID string)) error {
	w := newWatcher(hostID)
	h.mu.Lock()
	h.watchers[w] = true
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.watchers, w)
	}()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.news:
		}
		leases, broken := w.take()
		for _, lease := range leases {
			changed(lease)
		}
		if broken {
			return fleet.Errorf(fleet.Unavailable, "the engine's stream of events broke")
		}
	}
}
