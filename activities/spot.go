package activities

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/spot"
	"github.com/kelvin-gpu/kelvin/store"
)

// A Make is where one worker is made.
type Make struct {
	Market fleet.Market
	Pools  []string // that its host may come from, the best first; empty: any
}

// observeSpot looks at the pools that an endpoint may use, for package spot. It is nil for an
// endpoint that has nothing to do with spot hosts.
func (c *Control) observeSpot(ctx context.Context, ep fleet.Endpoint, workers []fleet.Instance, inFlight map[string]int) (*spot.In, error) {
	if ep.Spec.Spot.Market != fleet.Spot && !slices.ContainsFunc(workers, func(w fleet.Instance) bool { return w.Market == fleet.Spot }) {
		return nil, nil //nolint:nilnil // as above
	}
	places, err := c.Store.PoolPlaces(ctx, ep.Spec.DataCenter, ep.Spec.GPUType, ep.Spec.GPUsPerWorker)
	if err != nil {
		return nil, err
	}
	events, err := c.Store.PoolEvents(ctx, ep.Spec.DataCenter)
	if err != nil {
		return nil, err
	}
	start, err := c.Store.WorkerStart(ctx, ep.ID)
	if err != nil {
		return nil, err
	}
	in := &spot.In{Spec: ep.Spec.Spot, Memory: recall(events, c.Store.Now()), Providers: spot.Providers{}}
	known := c.Providers
	if known == nil {
		known = spot.DefaultProviders()
	}
	for _, p := range places {
		pool := poolOf(p.Pool)
		in.Places = append(in.Places, spot.Place{Pool: pool, Market: p.Market, Free: p.Free, StartP95: start})
		in.Providers[pool.Provider] = known.Of(pool.Provider)
	}
	for _, w := range workers {
		if w.State != fleet.Running && w.State != fleet.Provisioning && w.State != fleet.Terminating {
			continue // dead: it is replaced, not counted
		}
		pool := poolOf(w.Pool)
		if pool.Provider != "" {
			in.Providers[pool.Provider] = known.Of(pool.Provider)
		}
		in.Workers = append(in.Workers, spot.Worker{
			ID: w.ID, Pool: pool, Market: cmp.Or(w.Market, fleet.OnDemand), Since: w.CreatedAt, Ready: w.Ready, ReadyAt: w.Since,
			Doomed: w.Notice.Preempts(), Deadline: w.Notice.Deadline,
			Leaving: w.State == fleet.Terminating || w.NextID != "", Old: !ep.Runs(&w) && ep.PausedAt.IsZero() || w.Leaving, InFlight: inFlight[w.ID],
		})
	}
	return in, nil
}

// recall is what package spot remembers of a data center's pools. It is made anew each time
// from what is in the record, so that all endpoints remember the same, over restarts.
func recall(events []store.PoolEvent, now time.Time) spot.Memory {
	in := spot.In{Now: now}
	for _, e := range events {
		kind := spot.Preempted
		switch e.Kind {
		case store.PoolPreempted:
		case store.PoolLaunchFailed:
			kind = spot.LaunchFailed
		case store.PoolLaunched:
			kind = spot.Launched
		}
		in.Events = append(in.Events, spot.Event{At: e.At, Kind: kind, Pool: poolOf(e.Pool), Market: e.Market, Worker: e.ID})
	}
	_, m := spot.Decide(in)
	m.Told = nil // nothing is told twice: it begins with nothing
	return m
}

// poolOf is a pool by its name.
func poolOf(name string) spot.Pool {
	parts := append(strings.SplitN(name, "/", 3), "", "", "")
	return spot.Pool{Provider: parts[0], GPUType: parts[1], Zone: parts[2]}
}
