package nvidia

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"strconv"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// Watch implements machine.GPUs. It rests while a GPU is reset: the driver wants no client
// then, and the kernel's log tells what happened meanwhile. A driver that has nothing to tell
// is no error: it waits for ctx.
func (g *GPUs) Watch(ctx context.Context, event func(gpu.Event)) error {
	for {
		if err := g.awake(ctx); err != nil {
			return err
		}
		err := g.watchOnce(ctx, event)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errRest):
		case fleet.Is(err, fleet.Unsupported):
			g.o.Logger.WarnContext(ctx, "the GPUs' events are not watched", "error", err)
			<-ctx.Done()
			return ctx.Err()
		case fleet.Is(err, fleet.Unavailable):
			return err
		default:
			return fleet.Errorf(fleet.Unavailable, "the events of the GPUs broke off: %v", err)
		}
	}
}

// errRest is that of a watch that was ended for a reset.
var errRest = errors.New("the watch rests")

// awake waits until no reset wants the watch to rest.
func (g *GPUs) awake(ctx context.Context) error {
	for {
		g.mu.Lock()
		resume := g.resume
		if g.pauses == 0 {
			resume = nil
		}
		g.mu.Unlock()
		if resume == nil {
			return ctx.Err()
		}
		select {
		case <-resume:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// rest ends the watch, and keeps it ended until it is called again.
func (g *GPUs) rest() (resume func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.pauses++; g.pauses == 1 {
		g.resume = make(chan struct{})
	}
	for _, stop := range g.stops {
		stop()
	}
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.pauses--; g.pauses == 0 {
			close(g.resume)
		}
	}
}

// watchOnce is one process that watches, to its end.
func (g *GPUs) watchOnce(ctx context.Context, event func(gpu.Event)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	g.mu.Lock()
	if g.pauses > 0 {
		g.mu.Unlock()
		return errRest
	}
	g.last++
	number := g.last
	g.stops[number] = func() { cancel(errRest) }
	args := []string{"watch", "-kernel", g.o.Kernel, "-boot", g.mark.Boot, "-after", strconv.FormatUint(g.mark.Sequence, 10)}
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.stops, number)
	}()

	lines, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	defer lines.Close()
	cmd := g.command(args...)
	cmd.Stdout = theirs
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		if err := g.listen(ctx, lines, event); err != nil {
			cancel(err) // it is silent, or talks nonsense
		}
	}()
	said, err := g.run(ctx, cmd, forever)
	_ = theirs.Close()
	_ = lines.SetReadDeadline(time.Now().Add(time.Second)) // whoever else has the pipe is not listened to
	<-heard
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, context.Canceled) {
		return cause
	}
	if chosen := refusal(err, said.String()); chosen != nil {
		return chosen
	}
	return fleet.Errorf(fleet.Unavailable, "kelvin-gpu watch ended (%v): %s", err, said.String())
}

// forever is the limit of a process that has none.
const forever = 100 * 365 * 24 * time.Hour

// listen takes in what the process tells, until it is silent for too long.
func (g *GPUs) listen(ctx context.Context, lines *os.File, event func(gpu.Event)) error {
	scanner := bufio.NewScanner(lines)
	scanner.Buffer(nil, maxSeen)
	told := ""
	for {
		if err := lines.SetReadDeadline(time.Now().Add(g.o.Silence)); err != nil {
			return err
		}
		if !scanner.Scan() {
			break
		}
		line := bytes.TrimSpace(scanner.Bytes())
		if len(line) == 0 {
			continue
		}
		s, err := parseSeen(line)
		if err != nil {
			return err
		}
		if w := s.Watching; w != nil && w.Why != told {
			told = w.Why
			g.o.Logger.WarnContext(ctx, "not all events of the GPUs are watched", "gpus", w.GPUs, "kernel", w.Kernel, "why", w.Why)
		}
		if s.Event != nil {
			event(*s.Event)
		}
		if s.Mark != nil {
			g.setMark(*s.Mark)
		}
	}
	if err := scanner.Err(); errors.Is(err, os.ErrDeadlineExceeded) {
		return fleet.Errorf(fleet.Unavailable, "the watch of the GPUs hangs: it said nothing for %s", g.o.Silence)
	} else if err != nil {
		return nonsense(err)
	}
	return nil
}
