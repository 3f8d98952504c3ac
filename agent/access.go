package agent

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine"
)

const (
	// accessEvery is how often an agent looks whether containers still have their GPUs.
	accessEvery = 5 * time.Second
	// accessAgain is when it looks once more at one that seems to have lost them.
	accessAgain = 500 * time.Millisecond
)

// access is what is known of containers that cannot open their GPUs any more.
type access struct {
	mu   sync.Mutex
	lost map[string]time.Time // by lease: when the life began in which they were lost
	mute bool                 // it has been said that nobody can tell
}

// is reports whether a container has lost its GPUs in the life that it has now.
func (a *access) is(c machine.Container) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	began, ok := a.lost[c.LeaseID]
	return ok && c.Running && began.Equal(c.StartedAt)
}

// set notes how it is, and reports whether that is new.
func (a *access) set(c machine.Container, lost bool) (changed bool) {
	was := a.is(c)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.lost == nil {
		a.lost = map[string]time.Time{}
	}
	if delete(a.lost, c.LeaseID); lost {
		a.lost[c.LeaseID] = c.StartedAt
	}
	return was != lost
}

// keepAccess looks, now and then, whether containers still have their GPUs, until ctx ends.
// What is done about one that has not is decided elsewhere: the next report says so.
func (a *Agent) keepAccess(ctx context.Context) error {
	for sleep(ctx, cmp.Or(a.AccessEvery, accessEvery)) {
		containers, err := a.Machine.List(ctx)
		if err != nil {
			continue // the lease is renewed with the same list, and says so
		}
		for _, c := range containers {
			if c.Running && !c.Paused && len(c.GPUs) > 0 {
				a.lookAtAccess(ctx, c)
			}
		}
	}
	return nil
}

// lookAtAccess looks at one container, and twice if it seems to have lost its GPUs: it could be
// just ending.
func (a *Agent) lookAtAccess(ctx context.Context, c machine.Container) {
	err := a.Machine.GPUsVisible(ctx, c.LeaseID)
	if fleet.Is(err, fleet.Unhealthy) && !a.access.is(c) {
		if !sleep(ctx, accessAgain) {
			return
		}
		now, gone := a.Machine.Inspect(ctx, c.LeaseID)
		if gone != nil || !now.Running || now.Paused || !now.StartedAt.Equal(c.StartedAt) {
			return
		}
		err = a.Machine.GPUsVisible(ctx, c.LeaseID)
	}
	switch {
	case err == nil:
		if a.access.set(c, false) {
			a.Logger.InfoContext(ctx, "container can open its GPUs again", "host", a.HostID, "instance", c.InstanceID, "lease", c.LeaseID)
			a.reportSoon()
		}
	case fleet.Is(err, fleet.Unhealthy):
		if a.access.set(c, true) {
			a.accessLost(ctx, c, err)
			a.reportSoon()
		}
	case fleet.Is(err, fleet.Unsupported):
		a.access.mu.Lock()
		said := a.access.mute
		a.access.mute = true
		a.access.mu.Unlock()
		if !said {
			a.Logger.WarnContext(ctx, "nobody looks whether containers still have their GPUs", "host", a.HostID, "error", err)
		}
	}
	// Otherwise nobody can tell now, as when it has just ended.
}

// accessLost tells of a container that has lost its GPUs.
func (a *Agent) accessLost(ctx context.Context, c machine.Container, why error) {
	a.Logger.ErrorContext(ctx, "container has lost its GPUs", "host", a.HostID, "instance", c.InstanceID, "lease", c.LeaseID, "error", why)
	a.metrics.accessLost.Inc()
	source := "agent"
	if c.Simulated {
		source = "simulated"
	}
	for _, uuid := range c.GPUs {
		a.ward.hear(ctx, gpu.Event{At: time.Now().UTC(), UUID: uuid, Kind: gpu.EventAccessLost, LeaseID: c.LeaseID, Message: why.Error(), Source: source})
	}
}

// reportSoon has the lease renewed at once.
func (a *Agent) reportSoon() {
	select {
	case a.changed <- struct{}{}:
	default: // it will be anyway
	}
}

// gpuAccess is how containers get GPUs here.
func (a *Agent) gpuAccess() fleet.GPUAccess {
	if a.simulates() {
		return fleet.AccessSimulated
	}
	return a.info.Load().GPUAccess
}

// offered are the GPUs that containers can have.
func (a *Agent) offered() []fleet.GPUReport {
	if a.gpuAccess() == fleet.AccessNone {
		return []fleet.GPUReport{}
	}
	return a.ward.reports()
}

// sayAccess says how containers get GPUs if that is not as it was. Before the first time old
// is nil.
func (a *Agent) sayAccess(ctx context.Context, old *machine.Info) {
	now := a.info.Load()
	gpus := len(a.ward.reports())
	if a.simulates() || gpus == 0 || old != nil && old.GPUAccess == now.GPUAccess {
		return
	}
	switch now.GPUAccess {
	case fleet.AccessCDI:
		a.Logger.InfoContext(ctx, "containers get GPUs by CDI", "host", a.HostID, "gpus", gpus, "how", now.GPUNote)
	case fleet.AccessHook:
		a.Logger.WarnContext(ctx, "containers get GPUs by NVIDIA's hook, and can lose them", "host", a.HostID, "gpus", gpus, "how", now.GPUNote)
	case fleet.AccessNone:
		a.Logger.WarnContext(ctx, "GPUs are not offered: containers cannot get them", "host", a.HostID, "gpus", gpus, "why", now.GPUNote)
	case fleet.AccessSimulated: // of a simulated machine
	}
}
