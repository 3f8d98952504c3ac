package sim

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine"
)

// GPUOptions describe simulated GPUs.
type GPUOptions struct {
	Devices []gpu.Device // see DevicesOf
	// File keeps what has become of them, and their faults, over a restart; "": nothing does.
	File string
	// Seconds are how long a rigorous memory test takes; others take less, in proportion. 0: 1.
	Seconds float64
}

// GPUs are the GPUs of one host, simulated: their counters, their memory (of which some words
// are really written and read), what their driver says, and what is wrong with them (see
// GPUFaults). What a sequence of calls leaves behind is as on a real one: an error that could
// not be corrected is counted, has a row remapped by the next reset, and stays in the counters
// of the GPU's life. Safe for concurrent use.
type GPUs struct {
	options GPUOptions

	mu       sync.Mutex
	cards    []*card             // in the driver's order
	leases   map[string][]string // UUIDs, by the lease whose container has them
	machine  machine.Machine     // which runs those containers; nil: none does
	watchers map[chan gpu.Event]bool
}

var _ machine.GPUs = (*GPUs)(nil)

// NewGPUs makes the GPUs, as an earlier one of the same file left them.
func NewGPUs(o GPUOptions) (*GPUs, error) {
	o.Seconds = cmp.Or(o.Seconds, 1)
	g := &GPUs{options: o, leases: map[string][]string{}, watchers: map[chan gpu.Event]bool{}}
	for _, d := range o.Devices {
		g.cards = append(g.cards, newCard(d))
	}
	return g, g.load()
}

// Devices implements machine.GPUs.
func (g *GPUs) Devices(ctx context.Context) ([]gpu.Device, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	devices := []gpu.Device{}
	for _, c := range g.cards {
		if f := c.fault("lost"); f != nil && f.flag("missing") {
			continue
		}
		devices = append(devices, c.describe(len(devices)))
	}
	return devices, ctx.Err()
}

// Health implements machine.GPUs.
func (g *GPUs) Health(ctx context.Context, uuid string) (gpu.Health, error) {
	if err := g.answer(ctx, uuid); err != nil {
		return gpu.Health{}, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	c, err := g.find(uuid)
	if err != nil {
		return gpu.Health{}, err
	}
	return c.health(), nil
}

// Holders implements machine.GPUs. A container of ours that runs on the GPU is one.
func (g *GPUs) Holders(ctx context.Context, uuid string) ([]gpu.Holder, error) {
	if err := g.answer(ctx, uuid); err != nil {
		return nil, err
	}
	g.mu.Lock()
	c, err := g.find(uuid)
	if err != nil {
		g.mu.Unlock()
		return nil, err
	}
	holders := []gpu.Holder{}
	if f := c.fault("stray-holder"); f != nil {
		holders = append(holders, gpu.Holder{PID: f.number("pid"), Command: f.text("command"), MemoryBytes: 1 << 30})
	}
	g.mu.Unlock()
	return append(holders, g.tenants(ctx, uuid)...), ctx.Err()
}

// Watch implements machine.GPUs. Only what happens from now on is told, as a real driver does.
func (g *GPUs) Watch(ctx context.Context, event func(gpu.Event)) error {
	heard := make(chan gpu.Event, 256)
	g.mu.Lock()
	g.watchers[heard] = true
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.watchers, heard)
	}()
	for {
		select {
		case e := <-heard:
			event(e)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Simulated implements machine.GPUs.
func (g *GPUs) Simulated() bool { return true }

// Close implements machine.GPUs.
func (g *GPUs) Close() error { return nil }

// find is a GPU by its UUID, or by that of a slice of it; the caller holds the lock.
func (g *GPUs) find(uuid string) (*card, error) {
	for i, c := range g.cards {
		if c.UUID == uuid || slices.ContainsFunc(c.describe(i).Slices, func(s gpu.Slice) bool { return s.UUID == uuid }) {
			if f := c.fault("lost"); f != nil && f.flag("missing") {
				break
			}
			return c, nil
		}
	}
	return nil, fleet.Errorf(fleet.NotFound, "there is no GPU %s here", uuid)
}

// answer waits as long as the driver does not answer for a GPU.
func (g *GPUs) answer(ctx context.Context, uuid string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g.mu.Lock()
	hangs := false
	if c, err := g.find(uuid); err == nil {
		if f := c.fault("nvml-hang"); f != nil {
			hangs = true
			if f.number("calls") > 0 {
				g.strike(c, f)
			}
		}
	}
	g.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

// tell has everybody who watches hear an event; the caller holds the lock. Who has not listened to
// the last 256 misses it.
func (g *GPUs) tell(c *card, kind gpu.EventKind, xid int, message string) {
	e := gpu.Event{At: now(), UUID: c.UUID, Kind: kind, Xid: xid, Message: message, Source: "simulated"}
	for w := range g.watchers {
		select {
		case w <- e:
		default:
		}
	}
}

// xids tells of some in a row.
func (g *GPUs) xids(c *card, numbers ...int) {
	for _, n := range numbers {
		g.tell(c, gpu.EventXid, n, "")
	}
}

// Reset implements machine.GPUs.
func (g *GPUs) Reset(ctx context.Context, uuid string) error {
	release, err := g.take(ctx, uuid)
	if err != nil {
		return err
	}
	defer release()
	if err := sleep(ctx, resetTime); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	c, err := g.find(uuid)
	switch {
	case err != nil:
		return err
	case c.lost():
		return fleet.Errorf(fleet.Unhealthy, "GPU %s cannot be reset: it is lost", uuid)
	case c.fault("reset-fails") != nil:
		return fleet.Errorf(fleet.Unhealthy, "the reset of GPU %s failed (simulated fault)", uuid)
	case c.UUID != uuid:
		return fleet.Errorf(fleet.Unsupported, "%s is a slice: only the whole GPU can be reset", uuid)
	}
	c.reset()
	for _, other := range g.cards {
		if f := other.fault("reordered-uuids"); f != nil {
			slices.Reverse(g.cards)
			g.strike(other, f)
			break
		}
	}
	return g.save()
}

// resetTime is how long a reset takes: some seconds, on a real one.
const resetTime = 50 * time.Millisecond

// take has a GPU to oneself. Conflict if anybody has it open.
func (g *GPUs) take(ctx context.Context, uuid string) (release func(), err error) {
	holders, err := g.Holders(ctx, uuid)
	if err != nil {
		return nil, err
	}
	if len(holders) > 0 {
		return nil, fleet.Errorf(fleet.Conflict, "GPU %s is in use by process %d (%s)", uuid, holders[0].PID, holders[0].Command)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	c, err := g.find(uuid)
	if err != nil {
		return nil, err
	}
	if c.taken {
		return nil, fleet.Errorf(fleet.Conflict, "GPU %s is being tested, scrubbed or reset", uuid)
	}
	c.taken = true
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		c.taken = false
	}, nil
}
