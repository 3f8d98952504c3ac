package machine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// ExamineOptions say which GPU to examine, how, and what for.
type ExamineOptions struct {
	UUID    string
	Type    string // Kelvin's name for it
	Level   gpu.Level
	Purpose gpu.Purpose
	Retest  bool    // it was reset because of an earlier verdict
	Seed    uint64  // of the patterns
	Seconds float64 // least duration of gpu.LevelRigorous; 0: 60

	// Events are what a watch that is running heard of the GPU since a time. Nil: there is none.
	Events func(uuid string, since time.Time) []gpu.Event

	Answer   time.Duration // how long the driver may take to answer; 0: 10 s
	Deadline time.Duration // how long the memory test may take; 0: by its level
	Settle   time.Duration // between two readings of the counters after it; 0: 500 ms
}

const (
	// tries is how often in a row the driver does not answer before it counts as hung.
	tries = 3

	// readings is how often counters are read after a test until two readings agree.
	readings = 5

	// stopGrace is how long a call may go on after its caller gave up, and endGrace after its time was up:
	// what it started has to be killed then.
	stopGrace = 500 * time.Millisecond
	endGrace  = 10 * time.Second
)

// Examine finds out about a GPU all that a verdict needs: who has it open, its counters,
// what its memory test finds, and the counters once they have settled. Whatever is wrong with
// the GPU, or its driver, is in the Examination and no error; the error is ctx's, and comes
// within a second of its end. Nobody else tests, scrubs or resets the GPU meanwhile if g is an
// Exclusive.
func Examine(ctx context.Context, g GPUs, o ExamineOptions, progress func(gpu.Progress)) (gpu.Examination, error) {
	x := gpu.Examination{
		Schema: gpu.SchemaVersion, UUID: o.UUID, Type: o.Type, Purpose: o.Purpose, Level: o.Level, Retest: o.Retest,
		Simulated: g.Simulated(), StartedAt: time.Now().UTC(),
	}
	if o.Level == gpu.LevelNone {
		x.EndedAt = x.StartedAt
		return x, ctx.Err()
	}
	if progress == nil {
		progress = func(gpu.Progress) {}
	}
	o.Answer, o.Settle = cmp.Or(o.Answer, 10*time.Second), cmp.Or(o.Settle, 500*time.Millisecond)
	o.Deadline = cmp.Or(o.Deadline, deadline(o))
	ctx, release, err := hold(ctx, g, o.UUID)
	if err != nil {
		return x, err
	}
	defer release()
	x.StartedAt = time.Now().UTC()
	e := &examiner{ExamineOptions: o, gpus: g, x: &x, progress: progress}
	e.examine(ctx)
	x.EndedAt = time.Now().UTC()
	if o.Events != nil {
		x.Events = o.Events(o.UUID, x.StartedAt)
	}
	return x, ctx.Err()
}

// deadline is how long a memory test may take: many times what it needs.
func deadline(o ExamineOptions) time.Duration {
	switch o.Level {
	case gpu.LevelQuick:
		return 2 * time.Minute
	case gpu.LevelRigorous:
		return 5*time.Minute + time.Duration(cmp.Or(o.Seconds, 60)*float64(time.Second))
	default:
		return 5 * time.Minute
	}
}

type examiner struct {
	ExamineOptions
	gpus     GPUs
	x        *gpu.Examination
	progress func(gpu.Progress)
}

// examine goes on until there is nothing more to find out.
func (e *examiner) examine(ctx context.Context) {
	e.progress(gpu.Progress{Phase: "processes and counters"})
	if !e.listed(ctx) || !e.holders(ctx) {
		return
	}
	before, ok := e.health(ctx)
	if !ok {
		return
	}
	e.x.Before = &before
	tested := e.Level != gpu.LevelCounters && len(e.x.Holders) == 0 && !before.Lost && !before.ResetRequired
	if tested {
		e.test(ctx)
	}
	after, ok := e.health(ctx)
	for i := 1; ok && tested && !after.Lost && i < readings; i++ {
		e.progress(gpu.Progress{Phase: "counters settle", Percent: 100})
		if pause(ctx, e.Settle) != nil {
			return
		}
		var again gpu.Health
		again, ok = e.health(ctx)
		settled := ok && sameCounters(after, again)
		if after = again; settled {
			break
		}
	}
	if ok {
		e.x.After = &after
	}
}

// listed reports whether the driver lists the GPU, or the MIG slice.
func (e *examiner) listed(ctx context.Context) bool {
	devices, ok := ask(ctx, e, "list the GPUs", e.gpus.Devices)
	if !ok {
		return false
	}
	for _, d := range devices {
		if d.UUID == e.UUID {
			e.x.Type = cmp.Or(e.x.Type, d.Type)
			return true
		}
		for _, s := range d.Slices {
			if s.UUID == e.UUID {
				return true
			}
		}
	}
	e.x.Missing = true
	return false
}

func (e *examiner) holders(ctx context.Context) bool {
	holders, ok := ask(ctx, e, "look who has it open", func(ctx context.Context) ([]gpu.Holder, error) { return e.gpus.Holders(ctx, e.UUID) })
	e.x.Holders = holders
	return ok
}

func (e *examiner) health(ctx context.Context) (gpu.Health, bool) {
	return ask(ctx, e, "read its counters", func(ctx context.Context) (gpu.Health, error) { return e.gpus.Health(ctx, e.UUID) })
}

// test tests the memory. A test that did not end in time was killed, or is even past that.
func (e *examiner) test(ctx context.Context) {
	began := time.Now().UTC()
	result, err := within(ctx, e.Deadline, endGrace, func(ctx context.Context) (gpu.Result, error) {
		return e.gpus.Test(ctx, gpu.Test{UUID: e.UUID, Level: e.Level, Seed: e.Seed, Seconds: e.Seconds}, e.progress)
	})
	switch {
	case ctx.Err() != nil:
		return
	case errors.Is(err, errGoesOn), errors.Is(err, context.DeadlineExceeded):
		result = gpu.Result{
			Level: e.Level, Seed: e.Seed, StartedAt: began, EndedAt: time.Now().UTC(), Killed: true, Hung: errors.Is(err, errGoesOn),
			Error: fmt.Sprintf("the test did not end within %s", e.Deadline),
		}
	case fleet.Is(err, fleet.NotFound):
		e.x.Missing = true
		return
	case fleet.Is(err, fleet.Conflict):
		e.holders(ctx) // who has come since
		e.x.Error = cmp.Or(e.x.Error, err.Error())
		return
	case err != nil:
		e.x.Error = fmt.Sprintf("test its memory: %v", err)
		return
	}
	e.x.Result = &result
}

// ask puts a question to the driver, and repeats it when there is no answer. Without one, the
// examination says why.
func ask[T any](ctx context.Context, e *examiner, what string, question func(context.Context) (T, error)) (T, bool) {
	var none T
	var err error
	for range tries {
		var v T
		if v, err = within(ctx, e.Answer, stopGrace, question); err == nil {
			return v, true
		}
		if ctx.Err() != nil {
			return none, false
		}
		if !fleet.Is(err, fleet.Unavailable) && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, errGoesOn) {
			if e.x.Missing = fleet.Is(err, fleet.NotFound); !e.x.Missing {
				e.x.Error = fmt.Sprintf("%s: %v", what, err)
			}
			return none, false
		}
	}
	e.x.Hung, e.x.Error = true, fmt.Sprintf("%s: no answer, %d times: %v", what, tries, err)
	return none, false
}

// errGoesOn is of a call that went on although its context had ended.
var errGoesOn = errors.New("it did not stop when told to")

// within calls f, and does not wait for it longer than limit and then grace, or stopGrace when ctx
// ends, whether or not f listens to its context.
func within[T any](ctx context.Context, limit, grace time.Duration, f func(context.Context) (T, error)) (T, error) {
	type answer struct {
		v   T
		err error
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answered := make(chan answer, 1)
	go func() {
		v, err := f(limited)
		answered <- answer{v, err}
	}()
	var none T
	select {
	case a := <-answered:
		return a.v, a.err
	case <-limited.Done():
	}
	if ctx.Err() != nil {
		grace = stopGrace
	}
	late := time.NewTimer(grace)
	defer late.Stop()
	select {
	case a := <-answered:
		return a.v, a.err
	case <-late.C:
		return none, errGoesOn
	}
}

// sameCounters reports whether two readings differ in nothing but what changes all the time.
func sameCounters(a, b gpu.Health) bool { return reflect.DeepEqual(steady(a), steady(b)) }

func steady(h gpu.Health) gpu.Health {
	h.At, h.Memory = time.Time{}, gpu.Memory{}
	h.Temperature, h.MemoryTemperature, h.Power = gpu.Reading[int]{}, gpu.Reading[int]{}, gpu.Reading[float64]{}
	h.Clock, h.MemoryClock, h.Throttle = gpu.Reading[int]{}, gpu.Reading[int]{}, gpu.Counter{}
	return h
}

// pause waits, or returns ctx's error.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
