package agent

import (
	"context"
	"fmt"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine"
)

// look looks at the health of all GPUs until ctx ends. It finds what the driver does not
// report by itself, and what it reported while nobody listened.
func (w *GPUWatch) look(ctx context.Context) {
	for ctx.Err() == nil {
		w.lookAtAll(ctx)
		timer := time.NewTimer(w.Look)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-w.now:
		}
		timer.Stop()
	}
}

func (w *GPUWatch) lookAtAll(ctx context.Context) {
	asking, cancel := context.WithTimeout(ctx, lookLimit)
	devices, err := w.GPUs.Devices(asking)
	cancel()
	if err != nil {
		w.unread(ctx, "", err)
		return
	}
	there := map[string]bool{}
	w.mu.Lock()
	for _, d := range devices {
		there[d.UUID] = true
		for _, s := range d.Slices {
			w.device[s.UUID] = d.UUID
		}
		w.of(d.UUID).missing = false
	}
	var gone []string
	for uuid, s := range w.states {
		if !there[uuid] && !s.missing && s.health != nil {
			s.missing = true
			gone = append(gone, uuid)
		}
	}
	w.mu.Unlock()
	for _, uuid := range gone {
		w.take(gpu.Event{At: time.Now().UTC(), UUID: uuid, Kind: gpu.EventUnavailable, Message: "the driver does not list it any more", Source: bySelf})
	}
	for _, d := range devices {
		if ctx.Err() == nil {
			w.lookAt(ctx, d.UUID, nil)
		}
	}
}

// bySelf is the source of what the agent found out.
const bySelf = "agent"

// lookAt looks at the health of one GPU, and tells of what is new. If an event asks for it, that is
// told in any case, with the health as it is then. A GPU that is being examined or reset is
// left alone: whoever does that sees it all.
func (w *GPUWatch) lookAt(ctx context.Context, uuid string, because *gpu.Event) {
	health, ok := w.read(ctx, uuid, because != nil)
	health.UUID = uuid
	if !ok {
		if because != nil {
			w.take(*because)
		}
		return
	}
	w.mu.Lock()
	s := w.of(uuid)
	events := differences(s, health, because)
	s.health, s.at, s.rule = &health, time.Now(), gpu.ReactHealth(health).Rule
	w.mu.Unlock()
	var own []gpu.Event
	for _, e := range events {
		if e.Source == bySelf {
			own = append(own, e)
		} else {
			w.take(e)
		}
	}
	if len(own) == 0 {
		return
	}
	// The driver's own word may be on its way, and says more.
	time.AfterFunc(grace, func() {
		for _, e := range own {
			w.mu.Lock()
			told := w.of(uuid).told(e.Kind)
			w.mu.Unlock()
			if !told && ctx.Err() == nil {
				w.take(e)
			}
		}
	})
}

// grace is how long the driver may take to report what its counters show already.
const grace = 500 * time.Millisecond

// read asks the driver.
func (w *GPUWatch) read(ctx context.Context, uuid string, anyway bool) (gpu.Health, bool) {
	if e, ok := w.GPUs.(*machine.Exclusive); ok && !anyway {
		release, free := e.TryHold(uuid)
		if !free {
			return gpu.Health{}, false
		}
		defer release()
	}
	asking, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	health, err := w.GPUs.Health(asking, uuid)
	if err != nil {
		w.unread(ctx, uuid, err)
		return gpu.Health{}, false
	}
	return health, true
}

func (w *GPUWatch) unread(ctx context.Context, uuid string, err error) {
	if ctx.Err() != nil {
		return
	}
	w.metrics.unread.Inc()
	w.Logger.WarnContext(ctx, "the driver does not say how a GPU is", "host", w.HostID, "gpu", uuid, "error", err)
}

// differences are what a look at a GPU shows that was not known before: each is told once, and
// not at all if the driver has told it by itself. because is the event that asked for the
// look; it is among them.
func differences(s *watched, now gpu.Health, because *gpu.Event) (events []gpu.Event) {
	add := func(kind gpu.EventKind, message string) {
		events = append(events, gpu.Event{At: now.At, UUID: now.UUID, Kind: kind, Message: message, Source: bySelf})
	}
	if because != nil {
		events = append(events, *because)
	}
	r := gpu.ReactHealth(now)
	if r.Rule != s.rule && r.Do != gpu.DoNothing {
		switch kind := kindOf(now); {
		case kind == gpu.EventRecovery && because != nil: // it is told with this health
		case s.told(kind):
		default:
			add(kind, r.Message)
		}
	}
	if s.health == nil {
		return events
	}
	if n, ok := gpu.Rise(s.health.Volatile.Uncorrected, now.Volatile.Uncorrected).Get(); ok && n > 0 && !s.told(gpu.EventUncorrected) {
		add(gpu.EventUncorrected, fmt.Sprintf("%d more errors of its memory were not corrected", n))
	}
	if n, ok := gpu.Rise(s.health.Volatile.Corrected, now.Volatile.Corrected).Get(); ok && n > 0 && !s.told(gpu.EventCorrected) {
		add(gpu.EventCorrected, fmt.Sprintf("%d more errors of its memory were corrected", n))
	}
	return events
}

// kindOf is the kind of event that says what is wrong with the health of a GPU.
func kindOf(h gpu.Health) gpu.EventKind {
	switch {
	case h.Lost:
		return gpu.EventUnavailable
	case gpu.Is(h.Remap.Failed):
		return gpu.EventRetireFailed
	case gpu.ReactHealth(h).Later:
		return gpu.EventRetired
	default:
		return gpu.EventRecovery
	}
}

// tells are the Xids that say the same as an event of a kind.
var tells = map[gpu.EventKind][]int{
	gpu.EventUncorrected:  {48, 94, 95, 140, 171, 172},
	gpu.EventRetired:      {63},
	gpu.EventRetireFailed: {64},
	gpu.EventUnavailable:  {79},
}

// told reports whether the driver has said so since the last look, or just before that: its
// counters lag.
func (s *watched) told(kind gpu.EventKind) bool {
	for _, e := range s.heard {
		if e.At.Before(s.at.Add(-lag)) {
			continue
		}
		if e.Kind == kind || kind == gpu.EventCorrected && e.Kind == gpu.EventCorrectedStorm {
			return true
		}
		for _, xid := range tells[kind] {
			if e.Kind == gpu.EventXid && e.Xid == xid {
				return true
			}
		}
	}
	return false
}

// lag is how long a counter may take to show what was reported.
const lag = 5 * time.Second
