package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/kelvin-gpu/kelvin/api"
)

const frame = 100 * time.Millisecond

var spinner = []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}

// A progress shows how far an operation is: on a terminal as one line that moves and is
// gone at the end, elsewhere as a line for each phase.
type progress struct {
	out      io.Writer
	terminal *os.File // nil: plain lines
	now      func() time.Time
	stop     chan struct{}
	stopped  sync.WaitGroup

	mu    sync.Mutex
	op    api.Operation
	phase string // the last one told in a plain line
	stuck string // what was told of that
	frame int
}

func (s *session) progress(op api.Operation) *progress {
	p := &progress{out: s.err, now: s.now, op: op, stop: make(chan struct{})}
	if terminal, ok := terminalOf(s.err); ok && s.getenv("TERM") != "dumb" {
		p.terminal = terminal
		p.stopped.Go(p.spin)
	}
	return p
}

func (p *progress) spin() {
	tick := time.NewTicker(frame)
	defer tick.Stop()
	for {
		p.mu.Lock()
		p.draw()
		p.frame++
		p.mu.Unlock()
		select {
		case <-p.stop:
			return
		case <-tick.C:
		}
	}
}

// show takes a newer state of the operation.
func (p *progress) show(op api.Operation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.op = op
	if op.Stuck != p.stuck && !op.Ended() {
		if p.stuck = op.Stuck; op.Stuck != "" {
			p.clear()
			fmt.Fprintln(p.out, clean(fmt.Sprintf("It is stuck: %s. The way out: %s.", op.Stuck, op.WayOut)))
		}
	}
	if p.terminal != nil {
		p.draw()
		return
	}
	if phase := phaseOf(op); phase != p.phase && !op.Ended() {
		p.phase = phase
		outlook := outlookOf(op)
		if outlook != "" {
			outlook = " " + outlook
		}
		fmt.Fprintln(p.out, clean(fmt.Sprintf("%s: %s%s (%s)", title(op), phase, outlook, short(elapsed(op, p.now())))))
	}
}

// say prints a line above the moving one.
func (p *progress) say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprintln(p.out, clean(text))
	p.draw()
}

// end takes the line away. Nothing is shown after it.
func (p *progress) end() {
	close(p.stop)
	p.stopped.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

func (p *progress) clear() {
	if p.terminal != nil {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}

func (p *progress) draw() {
	if p.terminal == nil {
		return
	}
	// One column stays free: some terminals wrap when the last one is written.
	fmt.Fprint(p.out, "\r\x1b[K"+progressLine(p.op, spinner[p.frame%len(spinner)], elapsed(p.op, p.now()), width(p.terminal)-1))
}

// progressLine is the line for an operation, at most columns wide: the phase is what gives
// way first.
func progressLine(op api.Operation, spin string, took time.Duration, columns int) string {
	head := spin + " " + clean(title(op)) + ": "
	var tail strings.Builder
	if outlook := outlookOf(op); outlook != "" {
		tail.WriteString(" " + outlook)
	} else if p := op.Progress; p != nil && !op.Ended() {
		if p.Percent > 0 {
			fmt.Fprintf(&tail, " %.0f%%", p.Percent)
		}
		if p.ETASeconds > 0 {
			fmt.Fprintf(&tail, ", %s left", short(time.Duration(p.ETASeconds)*time.Second))
		}
	}
	fmt.Fprintf(&tail, " (%s)", short(took))
	phase := clean(phaseOf(op))
	room := columns - displayWidth(head) - displayWidth(tail.String())
	return cut(head+cut(phase, max(room, 1))+tail.String(), columns)
}

// title says what an operation does: stop endpoint llama.
func title(op api.Operation) string {
	return fmt.Sprintf("%s %s %s", op.Name, op.Kind, firstOf(op.ResourceName, op.ResourceID))
}

func phaseOf(op api.Operation) string {
	phase := firstOf(op.Phase, string(op.State))
	switch {
	case op.State == api.OperationPending:
		phase = "waiting to begin"
	case op.State == api.OperationRunning && op.Phase == "":
		phase = "under way"
	}
	if op.QueuePosition > 0 && !op.Ended() {
		phase += fmt.Sprintf(", number %d in the queue", op.QueuePosition)
	}
	if op.CancelRequested && !op.Ended() {
		phase = "taking it back: " + phase
	}
	return phase
}

// elapsed is how long an operation has been open, or was.
func elapsed(op api.Operation, now time.Time) time.Duration {
	if !op.EndedAt.IsZero() {
		now = op.EndedAt
	}
	if op.AcceptedAt.IsZero() {
		return 0
	}
	return max(now.Sub(op.AcceptedAt), 0) // two clocks
}
