package agent

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	"golang.org/x/sync/errgroup"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/worker"
)

// An Agent runs one host. All fields but GPUs, Key, Archive, Logs, Registerer and Started must be set.
type Agent struct {
	HostID       string
	Version      string
	Address      string // where gateways reach the containers' ports
	ProbeAddress string // where the agent itself reaches them
	PortFirst    int    // the range of ports that containers are published on
	PortLast     int
	GPUs         machine.GPUs       // nil: it has none
	Key          ed25519.PrivateKey // it signs what it finds out about them; nil: nothing is signed
	Server       *Server
	Temporal     client.Client
	Machine      machine.Machine
	Archive      activities.Archive // nil: none
	Logs         *Logs              // how it keeps what containers write; nil: not at all
	Journal      *Journal
	Logger       *slog.Logger
	Registerer   prometheus.Registerer // of its metrics; nil: none
	Started      func()                // called once the first lease is there and steps are taken

	Market   fleet.Market // empty: on-demand
	Provider string       // who sells the host; empty: not said
	Zone     string       // of the provider
	Notices  Notices      // how it hears that the host is taken away

	AccessEvery time.Duration // how often it looks whether containers have their GPUs; 0: 5 s

	info    atomic.Pointer[machine.Info] // as it was when the machine last told
	lease   atomic.Pointer[lease]        // as it was granted last
	changed chan struct{}                // a container started or ended
	metrics *metrics
	access  access
	words   finalWords
	keeper  *keeper // of logs; nil: none
	ward    *ward   // its GPUs; nil: none

	faulting sync.Once
	faults   *faulty    // its GPUs, if they are simulated and somebody has asked; see faulty
	turning  sync.Mutex // held by obey or fence: what one starts, the other must not take for its own
}

// Run renews the lease and takes steps until ctx ends. Containers go on running: the next
// agent finds them. It returns an error only if it cannot begin.
func (a *Agent) Run(ctx context.Context) error {
	if a.Logs != nil {
		a.keeper = newKeeper(a, *a.Logs)
		a.Machine = keeping{a.Machine, a.keeper}
	}
	a.words = finalWords{}
	a.changed, a.metrics = make(chan struct{}, 1), newMetrics(a)
	a.lease.Store(&lease{ends: time.Now(), ttl: fleet.LeaseTTL, every: fleet.LeaseEvery})
	info, err := a.Machine.Info(ctx)
	if err != nil {
		return err
	}
	a.info.Store(&info)
	if a.GPUs != nil {
		a.ward = newWard(a)
		a.ward.look(ctx)
	}
	a.sayAccess(ctx, nil)
	group, ctx := errgroup.WithContext(ctx)
	leased := make(chan struct{})
	group.Go(func() error { return a.keepLease(ctx, leased) })
	group.Go(func() error { return a.keepFence(ctx) })
	group.Go(func() error { return a.watch(ctx) })
	group.Go(func() error { return a.ward.watch(ctx) })
	group.Go(func() error { return a.describe(ctx) })
	group.Go(func() error { return a.tunnel(ctx) })
	group.Go(func() error { return a.collect(ctx) })
	group.Go(func() error { return a.keepAccess(ctx) })
	herald := newHerald(a)
	group.Go(func() error { return herald.tell(ctx) })
	group.Go(func() error { return herald.listen(ctx) })
	group.Go(func() error { return herald.heed(ctx) })
	if a.keeper != nil {
		group.Go(func() error { return a.keeper.run(ctx) })
	}
	group.Go(func() error { return a.takeSteps(ctx, leased) })
	return group.Wait()
}

// takeSteps runs the host's workers, from the first lease on.
func (a *Agent) takeSteps(ctx context.Context, leased <-chan struct{}) error {
	select {
	case <-leased:
	case <-ctx.Done():
		return nil
	}
	steps := &activities.Host{
		Machine: a.Machine, Specs: a.Server.Spec, Address: a.ProbeAddress, Logger: a.Logger,
		Archive: a.Archive,
		Probe:   &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	if a.ward != nil {
		steps.GPUs = examiner{a.ward}
	}
	guard, metrics := &Guard{Journal: a.Journal, Leased: a.Leased}, worker.NewMetrics(a.Registerer)
	stop := worker.Start(ctx, a.Logger, func() []sdkworker.Worker {
		return worker.Host(a.Temporal, a.HostID, steps, metrics, guard)
	})
	if stop == nil {
		return nil
	}
	defer stop()
	info := a.info.Load()
	a.Logger.InfoContext(ctx, "agent takes steps", "host", a.HostID, "machine", info.Driver, "gpus", len(a.ward.reports()), "simulated", a.simulates())
	if a.Started != nil {
		a.Started()
	}
	<-ctx.Done()
	return nil
}

// simulates reports whether the host's GPUs are simulated.
func (a *Agent) simulates() bool { return a.GPUs != nil && a.GPUs.Simulated() }

// describe keeps what is known of the machine and its GPUs fresh. An engine can take seconds to say how
// it is, and the lease must not wait for that.
func (a *Agent) describe(ctx context.Context) error {
	for sleep(ctx, describeEvery) {
		a.ward.look(ctx)
		asking, cancel := context.WithTimeout(ctx, describeEvery)
		info, err := a.Machine.Info(asking)
		cancel()
		if err == nil {
			a.sayAccess(ctx, a.info.Swap(&info))
		} else if ctx.Err() == nil {
			a.Logger.WarnContext(ctx, "the machine does not answer", "host", a.HostID, "error", err)
		}
	}
	return nil
}

const describeEvery = 30 * time.Second

// watch has the lease renewed at once when a container starts or ends.
func (a *Agent) watch(ctx context.Context) error {
	for ctx.Err() == nil {
		err := a.Machine.Watch(ctx, func(string) { a.reportSoon() })
		if err != nil && ctx.Err() == nil {
			a.Logger.WarnContext(ctx, "the machine's events broke off", "host", a.HostID, "error", err)
			sleep(ctx, time.Second)
		}
	}
	return nil
}

// sleep waits. It is false when ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
