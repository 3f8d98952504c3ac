package agent

import (
	"context"
	"sync"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// fenceGrace is how long a container may take to end when the host fences itself. Others
// take over fleet.LeaseGrace after the lease; by then it must be over.
const fenceGrace = 2 * time.Second

// keepLease renews the lease until ctx ends, and stops everything when it cannot in time.
// leased is closed at the first renewal.
func (a *Agent) keepLease(ctx context.Context, leased chan<- struct{}) error {
	orphans := map[string]time.Time{}
	for first, every := true, time.Duration(0); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(every):
		case <-a.changed:
		}
		every = fleet.LeaseEvery
		order, err := a.renew(ctx)
		if err != nil {
			if ctx.Err() == nil {
				a.Logger.WarnContext(ctx, "lease not renewed", "host", a.HostID, "error", err, "leased", a.Leased())
			}
			if every = time.Second; !a.Leased() {
				a.fence(ctx)
			}
			continue
		}
		if order.Every > 0 {
			every = time.Duration(order.Every)
		}
		if first {
			first = false
			close(leased)
		}
		if err := a.obey(ctx, order, orphans); err != nil && ctx.Err() == nil {
			a.Logger.WarnContext(ctx, "containers not as they should be", "host", a.HostID, "error", err)
		}
	}
}

// renew reports what the host has, and extends the lease from the moment before it asked:
// the server, which counts from when it answers, gives up later than the agent does.
func (a *Agent) renew(ctx context.Context) (fleet.HostOrder, error) {
	// A machine or a server that hangs must not keep the agent from fencing itself; one that
	// is slow should not make it.
	ctx, cancel := context.WithTimeout(ctx, 2*fleet.LeaseEvery)
	defer cancel()
	report, err := a.report(ctx)
	if err != nil {
		return fleet.HostOrder{}, err
	}
	asked := time.Since(a.began)
	order, err := a.Server.Renew(ctx, report)
	if err != nil {
		return fleet.HostOrder{}, err
	}
	a.expires.Store(int64(asked + time.Duration(order.TTL)))
	return order, nil
}

func (a *Agent) report(ctx context.Context) (fleet.HostReport, error) {
	info := a.info.Load()
	containers, err := a.Machine.List(ctx)
	if err != nil {
		return fleet.HostReport{}, err
	}
	fenced, err := a.Journal.Fenced()
	if err != nil {
		return fleet.HostReport{}, err
	}
	r := fleet.HostReport{
		Version: a.Version, Machine: info.Driver, Simulated: a.Simulated, Address: a.Address,
		PortFirst: a.PortFirst, PortLast: a.PortLast, Disk: info.Disk, GPUs: a.GPUs,
		Containers: []fleet.ContainerReport{},
	}
	for _, c := range containers {
		r.Containers = append(r.Containers, fleet.ContainerReport{
			LeaseID: c.LeaseID, InstanceID: c.InstanceID, Epoch: c.Epoch, Running: c.Running,
			ExitCode: c.ExitCode, OOMKilled: c.OOMKilled, Fenced: fenced[c.LeaseID] && !c.Running,
		})
	}
	return r, nil
}

// fence stops what others may take over.
func (a *Agent) fence(ctx context.Context) {
	containers, err := a.Machine.List(ctx)
	if err != nil {
		a.Logger.ErrorContext(ctx, "cannot fence: the machine does not answer", "host", a.HostID, "error", err)
		return
	}
	var group sync.WaitGroup
	for _, c := range containers {
		if !c.Running {
			continue
		}
		group.Go(func() {
			a.Logger.WarnContext(ctx, "no lease: container stopped", "host", a.HostID, "instance", c.InstanceID, "lease", c.LeaseID)
			if err := a.Journal.Fence(c.LeaseID); err != nil {
				a.Logger.ErrorContext(ctx, "journal", "host", a.HostID, "error", err) // it is stopped all the same
			}
			if err := a.Machine.Stop(ctx, c.LeaseID, fenceGrace); err != nil {
				a.Logger.ErrorContext(ctx, "container not stopped", "host", a.HostID, "lease", c.LeaseID, "error", err)
			}
		})
	}
	group.Wait()
}

// obey starts again what the agent had stopped for want of a lease and should run, and
// removes what has been without a record for too long.
func (a *Agent) obey(ctx context.Context, order fleet.HostOrder, orphans map[string]time.Time) error {
	leases := map[string]fleet.LeaseOrder{}
	for _, l := range order.Leases {
		leases[l.LeaseID] = l
	}
	fenced, err := a.Journal.Fenced()
	if err != nil {
		return err
	}
	containers, err := a.Machine.List(ctx)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, c := range containers {
		there[c.LeaseID] = true
		lease, known := leases[c.LeaseID]
		if !known || lease.Epoch != c.Epoch {
			if err := a.orphan(ctx, c, time.Duration(order.Grace), orphans); err != nil {
				return err
			}
			continue
		}
		delete(orphans, c.LeaseID)
		if fenced[c.LeaseID] && lease.Run && !c.Running {
			if err := a.Machine.Start(ctx, c.LeaseID); err != nil {
				return err
			}
			a.Logger.InfoContext(ctx, "lease is back: container started again", "host", a.HostID, "instance", c.InstanceID, "lease", c.LeaseID)
		}
		if fenced[c.LeaseID] && lease.Run {
			if err := a.Journal.Unfence(c.LeaseID); err != nil {
				return err
			}
		}
	}
	for lease := range fenced {
		if !there[lease] {
			if err := a.Journal.Unfence(lease); err != nil {
				return err
			}
		}
	}
	for lease := range orphans {
		if !there[lease] {
			delete(orphans, lease)
		}
	}
	return nil
}

// orphan removes a container without a record, once it has been one for the grace: its
// record may be on the way.
func (a *Agent) orphan(ctx context.Context, c machine.Container, grace time.Duration, orphans map[string]time.Time) error {
	since, seen := orphans[c.LeaseID]
	if !seen {
		orphans[c.LeaseID] = time.Now()
		return nil
	}
	if time.Since(since) < grace {
		return nil
	}
	a.Logger.WarnContext(ctx, "orphan removed", "host", a.HostID, "instance", c.InstanceID, "lease", c.LeaseID, "epoch", c.Epoch)
	return a.Machine.Remove(ctx, c.LeaseID)
}
