package agent

import (
	"context"
	"sync"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

const (
	// fenceGrace is how long a container may take to end when the host fences itself. Others
	// take over fleet.LeaseGrace after the lease; by then it must be over.
	fenceGrace = 2 * time.Second

	// firstChance is how long a new agent tries to get a lease before it stops what it found.
	// Its predecessor may have had one until just now: this and fenceGrace fit into
	// fleet.LeaseGrace.
	firstChance = 2 * time.Second
)

// keepFence stops everything as soon as the lease has ended, and again what starts later,
// until there is a lease again. It waits for no one: a server or a machine that hangs while
// the lease is renewed is what it is there for.
func (a *Agent) keepFence(ctx context.Context) error {
	for wait := firstChance; sleep(ctx, wait); {
		l := a.lease.Load()
		if wait = time.Until(l.ends); wait > 0 {
			continue
		}
		a.fence(ctx)
		wait = l.pause()
	}
	return nil
}

// fence stops what others may take over.
func (a *Agent) fence(ctx context.Context) {
	a.turning.Lock()
	defer a.turning.Unlock()
	ctx, cancel := context.WithTimeout(ctx, fleet.LeaseGrace) // what hangs is tried again
	defer cancel()
	containers, err := a.Machine.List(ctx)
	if err != nil {
		a.Logger.ErrorContext(ctx, "cannot fence: the machine does not answer", "host", a.HostID, "error", err)
		return
	}
	var group sync.WaitGroup
	for _, c := range containers {
		if c.Running {
			group.Go(func() { a.fenceContainer(ctx, c) })
		}
	}
	group.Wait()
}

func (a *Agent) fenceContainer(ctx context.Context, c machine.Container) {
	logger := a.Logger.With("host", a.HostID, "instance", c.InstanceID, "lease", c.LeaseID)
	// First the journal: who reports that it does not run must know why.
	if err := a.Journal.Fence(c.LeaseID); err != nil {
		logger.ErrorContext(ctx, "journal not written", "error", err) // it is stopped all the same
	}
	if err := a.Machine.Stop(ctx, c.LeaseID, fenceGrace); err != nil {
		logger.ErrorContext(ctx, "no lease, and the container is not stopped", "error", err)
		return
	}
	a.metrics.fenced.Inc()
	logger.WarnContext(ctx, "no lease: container stopped")
}
