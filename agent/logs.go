package agent

import (
	"cmp"
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/kelvin-gpu/kelvin/archive"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// Logs say how an agent keeps what containers write, in the archive.
type Logs struct {
	Archive   *archive.Logs
	Retention time.Duration // how long
	Rate      int64         // bytes a second of one container, on average; 0: no limit
	Size      int64         // bytes in the archive of one instance; 0: no limit
	Every     time.Duration // how soon it is in the archive; 0: shipEvery
}

const (
	// shipEvery is how old a line is at the most that a lost host takes with it.
	shipEvery = 30 * time.Second

	// shipBurst is for how many seconds of its rate a container may write at once.
	shipBurst = 10

	// lastWords is how long a container that is about to be removed waits for its log to be in
	// the archive.
	lastWords = 10 * time.Second
)

// A keeper has what each container writes shipped to the archive.
type keeper struct {
	Logs
	agent *Agent

	mu       sync.Mutex
	ctx      context.Context // of the shippers
	stop     context.CancelFunc
	shippers map[string]*shipper // by lease
	running  sync.WaitGroup
}

func newKeeper(a *Agent, l Logs) *keeper {
	l.Every = cmp.Or(l.Every, shipEvery)
	ctx, stop := context.WithCancel(context.Background())
	return &keeper{Logs: l, agent: a, ctx: ctx, stop: stop, shippers: map[string]*shipper{}}
}

// run ends the shippers when ctx ends, and waits until they have shipped what they have.
func (k *keeper) run(ctx context.Context) error {
	<-ctx.Done()
	k.mu.Lock()
	k.stop() // from here on there is no new one
	k.mu.Unlock()
	k.running.Wait()
	return nil
}

// see takes care of the containers that there are.
func (k *keeper) see(containers []machine.Container) {
	if k == nil {
		return
	}
	there := map[string]bool{}
	for _, c := range containers {
		there[c.LeaseID] = true
		if s := k.shipper(c); s != nil {
			s.look(c)
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, s := range k.shippers {
		if !there[id] {
			s.stop()
			delete(k.shippers, id)
		}
	}
}

// shipper is that of a container; nil if it has never run, and so has no log.
func (k *keeper) shipper(c machine.Container) *shipper {
	if c.StartedAt.IsZero() {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.shippers[c.LeaseID]
	if s == nil && k.ctx.Err() == nil {
		s = k.newShipper(fleet.Lease{ID: c.LeaseID, InstanceID: c.InstanceID, Epoch: c.Epoch})
		k.shippers[c.LeaseID] = s
		k.running.Go(s.run)
	}
	return s
}

// lag is the age of the oldest line that is not in the archive.
func (k *keeper) lag() time.Duration {
	if k == nil {
		return 0
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	var most time.Duration
	for _, s := range k.shippers {
		if since := s.waiting.Load(); since != nil {
			most = max(most, time.Since(*since))
		}
	}
	return most
}

// finish has all that a container wrote in the archive before it is removed. It is killed
// first, so that it can write no more.
func (k *keeper) finish(ctx context.Context, m machine.Machine, leaseID string) error {
	c, err := m.Inspect(ctx, leaseID)
	if err != nil {
		return err
	}
	s := k.shipper(c)
	if s == nil {
		return nil
	}
	if err := m.Stop(ctx, leaseID, 0); err != nil {
		return err
	}
	limit := lastWords
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)/2) // the rest is for the removal
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return s.finish(ctx)
}

// keeping is a machine whose containers leave their logs behind.
type keeping struct {
	machine.Machine
	keeper *keeper
}

// Remove implements machine.Machine.
func (m keeping) Remove(ctx context.Context, leaseID string) error {
	err := m.keeper.finish(ctx, m.Machine, leaseID)
	if err != nil && m.keeper.ctx.Err() != nil {
		return fleet.Errorf(fleet.Unavailable, "the agent is about to end")
	}
	if err != nil && ctx.Err() == nil && !fleet.Is(err, fleet.NotFound) {
		// What was asked for is that the container goes.
		m.keeper.agent.Logger.WarnContext(ctx, "the end of a log is lost", "host", m.keeper.agent.HostID, "lease", leaseID, "error", err)
		m.keeper.agent.metrics.logsCut.Inc()
	}
	return m.Machine.Remove(ctx, leaseID)
}

// limiter lets a container write so much, by the times of its own lines: who catches up after
// a pause is not taken for a flood.
func (k *keeper) limiter() *rate.Limiter {
	if k.Rate <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(k.Rate), int(k.Rate*shipBurst))
}

// prune removes what is too old or too much from the archive.
func (k *keeper) prune(ctx context.Context) error {
	done, err := k.Archive.Prune(ctx, time.Now().Add(-k.Retention), k.Size)
	if err == nil {
		k.agent.Logger.InfoContext(ctx, "logs pruned", "host", k.agent.HostID, "result", done)
	}
	return err
}
