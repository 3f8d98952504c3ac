package agent

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	"golang.org/x/sync/errgroup"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/worker"
)

// An Agent runs one host. All fields but Started must be set.
type Agent struct {
	HostID       string
	Version      string
	Address      string // where gateways reach the containers' ports
	ProbeAddress string // where the agent itself reaches them
	PortFirst    int    // the range of ports that containers are published on
	PortLast     int
	GPUs         []fleet.GPUReport
	Simulated    bool // the GPUs are declared, not found
	Server       *Server
	Temporal     client.Client
	Machine      machine.Machine
	Journal      *Journal
	Logger       *slog.Logger
	Started      func() // called once the first lease is there and steps are taken

	info    atomic.Pointer[machine.Info] // as it was when the machine last told
	expires atomic.Int64                 // when the lease ends, in nanoseconds since began
	began   time.Time                    // monotonic: leases are measured in durations, not by wall clocks
	changed chan struct{}
}

// Run renews the lease and takes steps until ctx ends. Containers go on running: the next
// agent finds them. It returns an error only if it cannot begin.
func (a *Agent) Run(ctx context.Context) error {
	a.began, a.changed = time.Now(), make(chan struct{}, 1)
	steps := &activities.Host{
		Machine: a.Machine, Specs: a.Server.Spec, Address: a.ProbeAddress, Logger: a.Logger,
		Probe: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	info, err := a.Machine.Info(ctx)
	if err != nil {
		return err
	}
	a.info.Store(&info)
	group, ctx := errgroup.WithContext(ctx)
	leased := make(chan struct{})
	group.Go(func() error { return a.keepLease(ctx, leased) })
	group.Go(func() error { return a.watch(ctx) })
	group.Go(func() error { return a.describe(ctx) })
	group.Go(func() error { return a.tunnel(ctx) })
	group.Go(func() error {
		select {
		case <-leased:
		case <-ctx.Done():
			return nil
		}
		stop := worker.Start(ctx, a.Logger, func() []sdkworker.Worker {
			return worker.Host(a.Temporal, a.HostID, steps, &Guard{Journal: a.Journal, Leased: a.Leased})
		})
		if stop == nil {
			return nil
		}
		defer stop()
		a.Logger.InfoContext(ctx, "agent takes steps", "host", a.HostID, "machine", info.Driver, "gpus", len(a.GPUs), "simulated", a.Simulated)
		if a.Started != nil {
			a.Started()
		}
		<-ctx.Done()
		return nil
	})
	return group.Wait()
}

// Leased reports whether the host has its lease.
func (a *Agent) Leased() bool { return time.Since(a.began) < time.Duration(a.expires.Load()) }

// describe keeps what is known of the machine fresh. An engine can take seconds to say how
// it is, and the lease must not wait for that.
func (a *Agent) describe(ctx context.Context) error {
	for ctx.Err() == nil {
		info, err := a.Machine.Info(ctx)
		if err == nil {
			a.info.Store(&info)
		} else if ctx.Err() == nil {
			a.Logger.WarnContext(ctx, "the machine does not answer", "host", a.HostID, "error", err)
		}
		sleep(ctx, describeEvery)
	}
	return nil
}

const describeEvery = 30 * time.Second

// watch has the lease renewed at once when a container starts or ends.
func (a *Agent) watch(ctx context.Context) error {
	for ctx.Err() == nil {
		err := a.Machine.Watch(ctx, func(string) {
			select {
			case a.changed <- struct{}{}:
			default: // it will be renewed anyway
			}
		})
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
