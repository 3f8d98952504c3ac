package workflows

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// Monitor watches the hosts' leases. When one expires, its workers are replaced at once
// and the operations open on it are cancelled. It looks after hosts that are taken away, too, and
// wakes the endpoints whose workers found no place, when there is one again. Any number of processes may run one.
type Monitor struct {
	Store  *store.Store
	Client *Client
	Logger *slog.Logger
	Every  time.Duration // between two looks; default 1 s

	woken map[string]time.Time // endpoints with workers on hosts that are taken away
	saved map[string]bool      // servers there that were moved, or saved
}

// Run looks until ctx ends.
func (m *Monitor) Run(ctx context.Context) {
	every := m.Every
	if every == 0 {
		every = time.Second
	}
	// While nobody served, no host could renew its lease: all of them get the time to. Those that
	// are taken away have none.
	for began := time.Now(); ctx.Err() == nil; {
		look := m.Look
		if time.Since(began) < fleet.LeaseTTL+fleet.LeaseGrace {
			look = m.doomed
		}
		if err := look(ctx); err != nil && ctx.Err() == nil {
			m.Logger.WarnContext(ctx, "lease monitor", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(every):
		}
	}
}

// Look expires leases, and acts on what that changed.
func (m *Monitor) Look(ctx context.Context) error {
	lost, err := m.Store.ExpireHosts(ctx)
	if err != nil {
		return err
	}
	for _, host := range lost.Hosts {
		m.Logger.WarnContext(ctx, "host lost", "host", host)
	}
	m.Client.Follow(ctx, lost)
	back, err := m.Store.CapacityBack(ctx)
	m.Client.Follow(ctx, store.Changes{Endpoints: back})
	return errors.Join(err, m.spare(ctx), m.doomed(ctx))
}

// Follow does what a change on a host asks for: autoscalers look again, and operations on
// a lost host are cancelled. What fails here is caught by the autoscaler's own timer and
// by the operation's next question for the lease.
func (c *Client) Follow(ctx context.Context, ch store.Changes) {
	for _, endpoint := range ch.Endpoints {
		if err := c.Wake(ctx, endpoint); err != nil {
			c.Logger.WarnContext(ctx, "autoscaler not woken", "endpoint", endpoint, "error", err)
		}
	}
	for _, rec := range ch.Operations {
		if err := c.Cancel(ctx, rec); err != nil {
			c.Logger.WarnContext(ctx, "operation on a lost host not cancelled", "operation", rec.ID, "error", err)
		}
	}
}
