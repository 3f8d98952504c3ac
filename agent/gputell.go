package agent

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// outgoing are the events that the server does not have yet, oldest first. They outlive its
// outages, as many as fit.
type outgoing struct {
	watch *GPUWatch
	some  chan struct{}

	mu     sync.Mutex
	events []numbered
	last   int
}

type numbered struct {
	gpu.Event
	n int // one more with each
}

const (
	mostOutgoing = 1000
	mostAtOnce   = 500
	gather       = 250 * time.Millisecond // what comes together goes together
	tellLimit    = 3 * time.Second        // for the server's answer
	tellAgain    = 500 * time.Millisecond // and twice as long each time, up to
	tellSlowly   = 5 * time.Second
)

func newOutgoing(w *GPUWatch) *outgoing { return &outgoing{watch: w, some: make(chan struct{}, 1)} }

// put adds an event. If there are too many, one goes that nothing follows from, or the oldest.
func (o *outgoing) put(e gpu.Event) {
	o.mu.Lock()
	if len(o.events) >= mostOutgoing {
		mild := slices.IndexFunc(o.events, func(old numbered) bool {
			do := gpu.React(old.Event).Do
			return do == gpu.DoNothing || do == gpu.DoNote
		})
		o.events = slices.Delete(o.events, max(0, mild), max(0, mild)+1)
		o.watch.metrics.dropped.WithLabelValues("full").Inc()
	}
	o.last++
	o.events = append(o.events, numbered{e, o.last})
	o.mu.Unlock()
	select {
	case o.some <- struct{}{}:
	default:
	}
}

// run tells the server until ctx ends.
func (o *outgoing) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-o.some:
		}
		if !sleep(ctx, gather) {
			return
		}
		for wait := tellAgain; ctx.Err() == nil; {
			batch, last := o.batch()
			if len(batch) == 0 {
				break
			}
			err := o.tell(ctx, batch)
			if err == nil || fleet.Is(err, fleet.Invalid) { // what it does not take now, it never will
				o.drop(last)
				wait = tellAgain
			}
			if err == nil {
				continue
			}
			o.watch.metrics.failures.Inc()
			if ctx.Err() == nil {
				o.watch.Logger.WarnContext(ctx, "the server was not told of what GPUs report", "host", o.watch.HostID, "events", len(batch), "error", err)
			}
			if !sleep(ctx, wait) {
				return
			}
			wait = min(2*wait, tellSlowly)
		}
	}
}

// tell tells of a batch, with the health of the GPUs whose events say nothing without it.
func (o *outgoing) tell(ctx context.Context, batch []gpu.Event) error {
	body := fleet.GPUEvents{Events: batch}
	seen := map[string]bool{}
	for _, e := range batch {
		if gpu.React(e).Do != gpu.DoRead || seen[e.UUID] {
			continue
		}
		seen[e.UUID] = true
		if h := o.watch.latest(e.UUID); h != nil {
			body.Health = append(body.Health, *h)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, tellLimit)
	defer cancel()
	if err := o.watch.Tell(ctx, body); err != nil {
		return err
	}
	for _, e := range batch {
		o.watch.metrics.delay.Observe(time.Since(e.At).Seconds())
	}
	return nil
}

// batch is what is next, and the number of the last of it.
func (o *outgoing) batch() (batch []gpu.Event, last int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range o.events[:min(len(o.events), mostAtOnce)] {
		batch, last = append(batch, e.Event), e.n
	}
	return batch, last
}

// drop removes what the server has, up to a number.
func (o *outgoing) drop(last int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.events = slices.DeleteFunc(o.events, func(e numbered) bool { return e.n <= last })
}

func (o *outgoing) length() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.events)
}
