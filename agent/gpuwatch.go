package agent

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine"
)

// A GPUWatch hears what the driver of a host's GPUs reports by itself, looks at their health
// now and then, and tells the server of what is new. The first four fields must be set.
type GPUWatch struct {
	HostID string
	GPUs   machine.GPUs
	Tell   func(context.Context, fleet.GPUEvents) error // the server; see Server.Report
	Logger *slog.Logger

	Look       time.Duration         // how often it looks at the health of each GPU; 0: 30 s
	Summary    time.Duration         // how often a lease's renewal says how a GPU is; 0: a minute
	Registerer prometheus.Registerer // of its metrics; nil: none

	begin    sync.Once
	metrics  *gpuMetrics
	outgoing *outgoing
	now      chan struct{} // look at once: something may have been missed

	mu     sync.Mutex
	states map[string]*watched // by UUID of the device
	device map[string]string   // UUIDs of devices, by those of their slices
}

// watched is what the watch knows of one GPU.
type watched struct {
	health  *gpu.Health // as it was at the last look; nil: there was none
	at      time.Time   // when that was
	rule    string      // of what was last told of its health
	missing bool        // the driver did not list it
	reading bool        // an event asked for a look, which is under way
	heard   []gpu.Event // the last of them, for examinations
	lately  map[same]*quota
	shown   time.Time // when a renewal last told of its health
}

// same is what makes an event the same as another one of its GPU.
type same struct {
	kind gpu.EventKind
	xid  int
}

const (
	lookEvery    = 30 * time.Second // see GPUWatch.Look
	summaryEvery = time.Minute      // see GPUWatch.Summary
	lookLimit    = 10 * time.Second // for one answer of the driver

	// keepHeard and keepHeardFor are how many events of a GPU are kept for an examination, and
	// how long.
	keepHeard    = 256
	keepHeardFor = 2 * time.Hour
)

func (w *GPUWatch) prepare() {
	w.begin.Do(func() {
		w.Look, w.Summary = cmp.Or(w.Look, lookEvery), cmp.Or(w.Summary, summaryEvery)
		w.states, w.device = map[string]*watched{}, map[string]string{}
		w.now = make(chan struct{}, 1)
		w.metrics = newGPUMetrics(w)
		w.outgoing = newOutgoing(w)
	})
}

// Run watches until ctx ends.
func (w *GPUWatch) Run(ctx context.Context) error {
	w.prepare()
	var parts sync.WaitGroup
	parts.Go(func() { w.listen(ctx) })
	parts.Go(func() { w.look(ctx) })
	parts.Go(func() { w.outgoing.run(ctx) })
	parts.Wait()
	return nil
}

// listen hears the driver. A watch that breaks is begun again, and what was missed meanwhile
// shows in the counters.
func (w *GPUWatch) listen(ctx context.Context) {
	for pause := time.Second; ctx.Err() == nil; {
		began := time.Now()
		w.metrics.listening.Set(1)
		err := w.GPUs.Watch(ctx, func(e gpu.Event) { w.hear(ctx, e) })
		w.metrics.listening.Set(0)
		switch {
		case ctx.Err() != nil:
			return
		case fleet.Is(err, fleet.Unsupported):
			w.Logger.InfoContext(ctx, "the driver reports nothing by itself: GPUs are looked at instead", "host", w.HostID, "every", w.Look, "error", err)
			return
		}
		w.metrics.breaks.Inc()
		w.Logger.WarnContext(ctx, "the watch of the GPUs broke off", "host", w.HostID, "error", err)
		if time.Since(began) > time.Minute {
			pause = time.Second
		}
		if !sleep(ctx, pause) {
			return
		}
		pause = min(2*pause, 30*time.Second)
		w.lookNow()
	}
}

// hear takes an event from the driver. What only makes sense with the GPU's health waits for that.
func (w *GPUWatch) hear(ctx context.Context, e gpu.Event) {
	w.mu.Lock()
	s := w.of(e.UUID)
	read := gpu.React(e).Do == gpu.DoRead && !s.reading
	s.reading = s.reading || read
	w.mu.Unlock()
	if !read {
		w.take(e)
		return
	}
	go func() {
		w.lookAt(ctx, e.UUID, &e)
		w.mu.Lock()
		defer w.mu.Unlock()
		s.reading = false
	}()
}

// take remembers an event, and has the server told unless there are too many of its kind.
func (w *GPUWatch) take(e gpu.Event) {
	if e.At.IsZero() {
		e.At = time.Now().UTC()
	}
	w.metrics.count(e)
	w.mu.Lock()
	s := w.of(e.UUID)
	s.heard = append(s.heard, e)
	for len(s.heard) > keepHeard || time.Since(s.heard[0].At) > keepHeardFor && len(s.heard) > 1 {
		s.heard = s.heard[1:]
	}
	key := same{e.Kind, e.Xid}
	if s.lately[key] == nil {
		s.lately[key] = newQuota()
	}
	e, pass := s.lately[key].pass(e, time.Now())
	w.mu.Unlock()
	if !pass {
		w.metrics.dropped.WithLabelValues("rate").Inc()
		return
	}
	w.Logger.Warn("a GPU reports", "host", w.HostID, "gpu", e.UUID, "kind", string(e.Kind), "xid", e.Xid, "message", e.Message, "source", e.Source)
	w.outgoing.put(e)
}

// of is what is known of a GPU; the caller holds the lock.
func (w *GPUWatch) of(uuid string) *watched {
	if d := w.device[uuid]; d != "" {
		uuid = d
	}
	s := w.states[uuid]
	if s == nil {
		s = &watched{lately: map[same]*quota{}}
		w.states[uuid] = s
	}
	return s
}

// Events are what was heard of a GPU, or of the device that it is a slice of, since a time. It
// is for machine.ExamineOptions.
func (w *GPUWatch) Events(uuid string, since time.Time) []gpu.Event {
	w.prepare()
	w.mu.Lock()
	defer w.mu.Unlock()
	var events []gpu.Event
	for _, e := range w.of(uuid).heard {
		if !e.At.Before(since) {
			events = append(events, e)
		}
	}
	return events
}

// Summaries are the last looks at the health of those GPUs of which no renewal has told for a
// while.
func (w *GPUWatch) Summaries() []gpu.Health {
	w.prepare()
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []gpu.Health
	for _, s := range w.states {
		if s.health != nil && s.at.After(s.shown) && time.Since(s.shown) >= w.Summary {
			all = append(all, *s.health)
		}
	}
	return all
}

// Shown says that the server has those summaries.
func (w *GPUWatch) Shown(all []gpu.Health) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range all {
		w.of(all[i].UUID).shown = time.Now()
	}
}

// latest is the last look at the health of a GPU; nil: there was none.
func (w *GPUWatch) latest(uuid string) *gpu.Health {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.of(uuid).health
}

func (w *GPUWatch) lookNow() {
	select {
	case w.now <- struct{}{}:
	default: // it will
	}
}
