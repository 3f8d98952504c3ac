package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// obey starts again what the agent had stopped for want of a lease and should run, and
// removes what has been without a record for too long. One container that is in trouble
// does not hold back the others. orphans are those without a record, and since when.
func (a *Agent) obey(ctx context.Context, order fleet.HostOrder, orphans map[string]time.Time) error {
	a.turning.Lock()
	defer a.turning.Unlock()
	// Never longer than the lease, which this must not outlive, nor than the next renewal.
	l := a.lease.Load()
	ctx, cancel := context.WithTimeout(ctx, min(l.every, time.Until(l.ends)))
	defer cancel()
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
	var errs []error
	there := map[string]bool{}
	for _, c := range containers {
		there[c.LeaseID] = true
		lease, known := leases[c.LeaseID]
		if !known || c.Epoch < lease.Epoch {
			errs = append(errs, a.orphan(ctx, c, time.Duration(order.Grace), orphans))
			continue
		}
		delete(orphans, c.LeaseID)
		if lease.Halt {
			errs = append(errs, a.halt(ctx, c))
			continue
		}
		if fenced[c.LeaseID] {
			errs = append(errs, a.resume(ctx, c, lease.Run))
		}
	}
	for lease := range fenced {
		if !there[lease] {
			errs = append(errs, a.Journal.Unfence(lease))
		}
	}
	for lease := range orphans {
		if !there[lease] {
			delete(orphans, lease)
		}
	}
	return errors.Join(errs...)
}

// halt stops a container whose instance lives elsewhere, at once: every request it answers is
// one too many.
func (a *Agent) halt(ctx context.Context, c machine.Container) error {
	if c.Running {
		if err := a.Machine.Stop(ctx, c.LeaseID, 0); err != nil {
			return fmt.Errorf("stop %s, which lives elsewhere: %w", c.LeaseID, err)
		}
		a.Logger.WarnContext(ctx, "container of an instance that lives elsewhere stopped", "host", a.HostID, "instance", c.InstanceID, "lease", c.LeaseID)
	}
	return a.Journal.Unfence(c.LeaseID)
}

// resume brings a container back that the agent had stopped for want of a lease. One whose
// instance is not to run, or has an operation open, stays as it is.
func (a *Agent) resume(ctx context.Context, c machine.Container, run bool) error {
	if !c.Running {
		if !run {
			return nil
		}
		if err := a.Machine.Start(ctx, c.LeaseID); err != nil {
			return fmt.Errorf("start %s again: %w", c.LeaseID, err)
		}
		a.Logger.InfoContext(ctx, "lease is back: container started again", "host", a.HostID, "instance", c.InstanceID, "lease", c.LeaseID)
	}
	if run {
		go a.serve(context.WithoutCancel(ctx), c)
	}
	return a.Journal.Unfence(c.LeaseID)
}

// serveLimit is how long it may take to start the services of a container again.
const serveLimit = time.Minute

// serve starts the services of a container that was started again. They can take longer than
// the lease may wait, and a container without them is better than none.
func (a *Agent) serve(ctx context.Context, c machine.Container) {
	ctx, cancel := context.WithTimeout(ctx, serveLimit)
	defer cancel()
	steps := activities.Host{Machine: a.Machine, Specs: a.Server.Spec, Logger: a.Logger}
	if err := steps.StartServices(ctx, activities.Container{Lease: fleet.Lease{ID: c.LeaseID}}); err != nil {
		a.Logger.WarnContext(ctx, "services not started", "host", a.HostID, "instance", c.InstanceID, "lease", c.LeaseID, "error", err)
	}
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
	if err := a.Machine.Remove(ctx, c.LeaseID); err != nil {
		return fmt.Errorf("remove the orphan %s: %w", c.LeaseID, err)
	}
	a.metrics.orphans.Inc()
	a.Logger.WarnContext(ctx, "orphan removed", "host", a.HostID, "instance", c.InstanceID, "lease", c.LeaseID, "epoch", c.Epoch)
	return nil
}
