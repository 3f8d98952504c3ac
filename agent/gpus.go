package agent

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine"
)

// A ward is the host's GPUs in the care of its agent: nobody else tests, scrubs or resets one
// at the same time, and what their driver reports is heard.
type ward struct {
	*machine.Exclusive
	agent     *Agent
	inventory atomic.Pointer[[]fleet.GPUReport] // as the driver listed them last

	watching *GPUWatch

	mu     sync.Mutex
	scrubs map[string]time.Time // by UUID: when the next may begin
}

const (
	// listLimit is how long a driver may take to list its GPUs, before each of which it may have to wake up.
	listLimit = 30 * time.Second
	// scrubLimit is how long a scrub may take, and scrubAgain how long after one that proved nothing
	// the next begins.
	scrubLimit = 10 * time.Minute
	scrubAgain = 30 * time.Second
)

func newWard(a *Agent) *ward {
	w := &ward{Exclusive: machine.NewExclusive(a.GPUs), agent: a, scrubs: map[string]time.Time{}}
	w.inventory.Store(&[]fleet.GPUReport{})
	w.watching = &GPUWatch{HostID: a.HostID, GPUs: w.Exclusive, Tell: a.Server.Report, Logger: a.Logger, Registerer: a.Registerer}
	return w
}

// look has the driver list the GPUs anew. Without an answer they are those of before: a driver that hangs
// has not lost them.
func (w *ward) look(ctx context.Context) {
	if w == nil {
		return
	}
	limited, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	devices, err := w.Devices(limited)
	if err != nil {
		if ctx.Err() == nil {
			w.agent.Logger.WarnContext(ctx, "the GPUs' driver does not list them", "host", w.agent.HostID, "error", err)
		}
		return
	}
	reports := reportsOf(devices)
	w.inventory.Store(&reports)
}

// reports are the GPUs as they were listed last.
func (w *ward) reports() []fleet.GPUReport {
	if w == nil {
		return []fleet.GPUReport{}
	}
	return *w.inventory.Load()
}

// reportsOf are devices as what can be handed out: whole ones, and the slices of the others.
func reportsOf(devices []gpu.Device) []fleet.GPUReport {
	reports := []fleet.GPUReport{}
	for _, d := range devices {
		whole := fleet.GPUReport{
			Index: d.Index, UUID: d.UUID, Serial: d.Serial, Type: d.Type, MemoryMB: d.MemoryMB, Product: d.Product, Driver: d.Driver, BusID: d.BusID,
		}
		if len(d.Slices) == 0 {
			reports = append(reports, whole)
			continue
		}
		product := gpu.ProductOf(d.Product, d.MemoryMB)
		for _, s := range d.Slices {
			slice := whole
			slice.UUID, slice.Parent, slice.Profile, slice.Start, slice.Size = s.UUID, d.UUID, s.Profile, s.Start, s.Size
			slice.Type, slice.MemoryMB = product.Sliced(s.Profile, s.MemoryMB).Type, s.MemoryMB
			reports = append(reports, slice)
		}
	}
	return reports
}

// watch hears what the driver reports, and looks at the GPUs, until ctx ends.
func (w *ward) watch(ctx context.Context) error {
	if w == nil {
		return nil
	}
	return w.watching.Run(ctx)
}

// hear takes what the agent itself found.
func (w *ward) hear(ctx context.Context, e gpu.Event) {
	if w != nil {
		w.watching.prepare()
		w.watching.hear(ctx, e)
	}
}

// summaries are what the next renewal tells of the GPUs' health, and shown says that it did.
func (w *ward) summaries() []gpu.Health {
	if w == nil {
		return nil
	}
	return w.watching.Summaries()
}

func (w *ward) shown(all []gpu.Health) {
	if w != nil {
		w.watching.Shown(all)
	}
}

// scrub begins to scrub the GPUs that the server wants scrubbed and that are not being scrubbed, and
// returns at once. Each tells the server what came of it.
func (w *ward) scrub(ctx context.Context, uuids []string, ordered time.Time) {
	for _, uuid := range uuids {
		if w != nil && w.mayScrub(uuid, ordered) {
			go w.scrubOne(ctx, uuid)
		}
	}
}

// mayScrub reserves a scrub. One that was ordered before the last had ended was meant to be that.
func (w *ward) mayScrub(uuid string, ordered time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ordered.Before(w.scrubs[uuid]) {
		return false
	}
	w.scrubs[uuid] = time.Now().Add(2 * scrubLimit) // longer than it can take
	return true
}

func (w *ward) scrubOne(ctx context.Context, uuid string) {
	proven := false
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.scrubs[uuid] = time.Now(); !proven {
			w.scrubs[uuid] = time.Now().Add(scrubAgain)
		}
	}()
	limited, cancel := context.WithTimeout(ctx, scrubLimit)
	defer cancel()
	result, err := w.Scrub(limited, uuid, rand.Uint64(), func(gpu.Progress) {})
	if err == nil {
		scrubbed := w.signScrub(fleet.GPUScrubbed{UUID: uuid, Result: result})
		w.agent.Logger.InfoContext(ctx, "GPU scrubbed", "host", w.agent.HostID, "gpu", uuid, "whole", result.Whole(), "mismatches", result.Mismatches, "remanent", result.Remanent)
		err = w.agent.Server.Scrubbed(limited, []fleet.GPUScrubbed{scrubbed})
		proven = err == nil && result.Whole() && result.Mismatches == 0
	}
	if err != nil && ctx.Err() == nil {
		w.agent.Logger.WarnContext(ctx, "GPU not scrubbed, or nobody told", "host", w.agent.HostID, "gpu", uuid, "error", err)
	}
}

// signScrub signs what is said of a scrub: its GPU and the result, as a gpu.Scrubbed.
func (w *ward) signScrub(s fleet.GPUScrubbed) fleet.GPUScrubbed {
	s.Signed = w.sign(gpu.Scrubbed{Schema: gpu.SchemaVersion, UUID: s.UUID, Result: s.Result})
	return s
}

// sign signs a document. Nil: the host has no key.
func (w *ward) sign(document gpu.Document) *gpu.Signed {
	if len(w.agent.Key) == 0 {
		return nil
	}
	signed, err := gpu.Sign(w.agent.Key, document)
	if err != nil {
		w.agent.Logger.Error("not signed", "host", w.agent.HostID, "error", err)
		return nil
	}
	return &signed
}
