package workflows

import (
	"context"
	"fmt"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

const (
	// rewakeDoomed is how often an autoscaler is reminded of workers whose host is taken
	// away: it has heard of them once already.
	rewakeDoomed = 5 * time.Second

	// enoughToMove is how long a host must still be there for its servers to be moved. With
	// less, a snapshot is tried: what does not end in time is as if it had not begun.
	enoughToMove = time.Minute
)

// spare takes back the notices of hosts that are there long after.
func (m *Monitor) spare(ctx context.Context) error {
	spared, err := m.Store.SpareHosts(ctx)
	m.Client.Follow(ctx, spared)
	return err
}

// doomed looks after what runs on hosts that are taken away: autoscalers are reminded of
// their workers, servers are moved or saved.
func (m *Monitor) doomed(ctx context.Context) error {
	doomed, err := m.Store.DoomedInstances(ctx)
	if err != nil {
		return err
	}
	if m.woken == nil {
		m.woken, m.saved = map[string]time.Time{}, map[string]bool{}
	}
	now := m.Store.Now()
	there := map[string]bool{}
	for _, d := range doomed {
		if d.EndpointID != "" {
			there[d.EndpointID] = true
			if now.Sub(m.woken[d.EndpointID]) >= rewakeDoomed {
				m.woken[d.EndpointID] = now
				m.Client.Follow(ctx, store.Changes{Endpoints: []string{d.EndpointID}})
			}
			continue
		}
		there[d.InstanceID] = true
		m.rescue(ctx, d, now)
	}
	for id := range m.woken {
		if !there[id] {
			delete(m.woken, id)
		}
	}
	for id := range m.saved {
		if !there[id] {
			delete(m.saved, id)
		}
	}
	return nil
}

// rescue moves a server off a host that is taken away, if there is time; otherwise it takes
// a snapshot, from which the server is recovered later. Once each: what fails now does not
// go better a second later.
func (m *Monitor) rescue(ctx context.Context, d store.Doomed, now time.Time) {
	if d.Open || m.saved[d.InstanceID] || !now.Before(d.Notice.Cut()) || d.State != fleet.Running && d.State != fleet.Stopped {
		return
	}
	m.saved[d.InstanceID] = true
	var err error
	switch {
	case d.Notice.Deadline.Sub(now) >= enoughToMove:
		ask := store.Ask{
			AccountID: d.AccountID, Actor: "monitor",
			Key: fmt.Sprintf("preempt:%s:%s:%d", d.HostID, d.InstanceID, d.Notice.At.UnixMicro()),
		}
		var rec fleet.Record
		var repeated bool
		rec, repeated, err = m.Store.Accept(ctx, ask, fleet.KindInstance, d.InstanceID, fleet.Migrate.Name)
		if err == nil && !repeated {
			err = m.Client.Start(ctx, rec)
		}
	case d.Snapshots:
		snap := fleet.Snapshot{ID: fleet.NewID(fleet.SnapshotPrefix, now), AccountID: d.AccountID, InstanceID: d.InstanceID, Kind: fleet.SnapshotAuto}
		err = m.Client.Snapshot(ctx, snap)
	}
	if err != nil && !fleet.Is(err, fleet.Unavailable) && !fleet.Is(err, fleet.Conflict) {
		m.Logger.WarnContext(ctx, "server not rescued", "instance", d.InstanceID, "host", d.HostID, "error", err)
	}
}
