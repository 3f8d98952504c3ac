package agent

import (
	"context"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A lease is what the server granted last.
type lease struct {
	ends  time.Time // compared by its monotonic reading: leases do not depend on wall clocks
	ttl   time.Duration
	every time.Duration // how often to renew
}

// pause is how long to wait before trying again what did not work.
func (l *lease) pause() time.Duration { return min(time.Second, l.ttl/4) }

// Leased reports whether the host has its lease.
func (a *Agent) Leased() bool {
	l := a.lease.Load()
	return l != nil && time.Until(l.ends) > 0
}

// keepLease renews the lease until ctx ends, and does what the server answers. leased is
// closed at the first renewal.
func (a *Agent) keepLease(ctx context.Context, leased chan<- struct{}) error {
	orphans := map[string]time.Time{}
	for wait := time.Duration(0); ; {
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		case <-a.changed:
			timer.Stop()
		}
		asked := time.Now()
		order, err := a.renew(ctx)
		if err != nil {
			wait = a.lease.Load().pause()
			if ctx.Err() == nil {
				a.Logger.WarnContext(ctx, "lease not renewed", "host", a.HostID, "error", err, "leased", a.Leased())
			}
			continue
		}
		wait = a.lease.Load().every
		if leased != nil {
			close(leased)
			leased = nil
		}
		a.ward.scrub(ctx, order.Scrub, asked)
		if err := a.obey(ctx, order, orphans); err != nil && ctx.Err() == nil {
			a.Logger.WarnContext(ctx, "containers not as they should be", "host", a.HostID, "error", err)
		}
	}
}

// renew reports what the host has, and extends the lease from the moment before it asked:
// the server, which counts from when it answers, gives up later than the agent does.
func (a *Agent) renew(ctx context.Context) (fleet.HostOrder, error) {
	// What hangs, such as a connection that nobody answers on, is tried again before the lease
	// has ended.
	ctx, cancel := context.WithTimeout(ctx, a.lease.Load().ttl/3)
	defer cancel()
	report, err := a.report(ctx)
	if err != nil {
		return fleet.HostOrder{}, err
	}
	asked := time.Now()
	order, err := a.Server.Renew(ctx, report)
	if err != nil {
		return fleet.HostOrder{}, err
	}
	a.ward.shown(report.Health)
	next := &lease{ends: asked.Add(time.Duration(order.TTL)), ttl: time.Duration(order.TTL), every: time.Duration(order.Every)}
	if next.every <= 0 {
		next.every = fleet.LeaseEvery
	}
	a.lease.Store(next)
	return order, nil
}

func (a *Agent) report(ctx context.Context) (fleet.HostReport, error) {
	containers, err := a.Machine.List(ctx)
	if err != nil {
		return fleet.HostReport{}, err
	}
	fenced, err := a.Journal.Fenced()
	if err != nil {
		return fleet.HostReport{}, err
	}
	info := a.info.Load()
	r := fleet.HostReport{
		Version: a.Version, Machine: info.Driver, Simulated: a.simulates(), Address: a.Address,
		PortFirst: a.PortFirst, PortLast: a.PortLast, Disk: info.Disk, GPUs: a.offered(), GPUAccess: a.gpuAccess(), Scrubs: a.ward != nil, CertificateKey: a.publicKey(),
		Volumes: info.Volumes, Archives: a.Archive != nil && info.Archives, Health: a.ward.summaries(),
		Containers: []fleet.ContainerReport{},
		Market:     a.Market, Provider: a.Provider, Zone: a.Zone,
	}
	a.words.of(ctx, a.Machine, containers)
	for _, c := range containers {
		r.Containers = append(r.Containers, fleet.ContainerReport{
			LeaseID: c.LeaseID, InstanceID: c.InstanceID, Epoch: c.Epoch, Running: c.Running,
			ExitCode: c.ExitCode, OOMKilled: c.OOMKilled, LastLines: a.words[c.LeaseID].lines, Fenced: fenced[c.LeaseID] && !c.Running, AccessLost: a.access.is(c),
		})
	}
	a.metrics.count(containers)
	a.keeper.see(containers)
	return r, nil
}
