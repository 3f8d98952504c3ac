package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Cause says what keeps a worker of an endpoint from serving.
type Cause string

// The causes. None of them is ever taken for another: what mends them differs.
const (
	PullError    Cause = "pull_error"    // its image could not be fetched
	NoCapacity   Cause = "no_capacity"   // no host has room for it now
	Crash        Cause = "crash"         // its process ended by itself
	OutOfMemory  Cause = "out_of_memory" // the kernel killed it, or a part of it, for its memory
	FailingProbe Cause = "failing_probe" // it runs, and does not answer
	UnhealthyGPU Cause = "unhealthy_gpu" // the GPUs it was given failed their diagnostics
	HostError    Cause = "host_error"    // its host could not make or start it
)

// Causes are all of them.
var Causes = []Cause{PullError, NoCapacity, Crash, OutOfMemory, FailingProbe, UnhealthyGPU, HostError}

// A Mishap is why a worker did not come up, or ended though nobody asked it to.
type Mishap struct {
	ID         string
	AccountID  string
	EndpointID string
	InstanceID string
	Worker     string // its name
	Revision   int    // of the endpoint's spec that it ran
	Cause      Cause
	Code       Code // of the operation that was to make it; "": it was running
	ExitCode   *int // of its process, if that ended
	Message    string
	LastLines  string        // of its log
	Made       time.Time     // the worker was; zero: nobody knows
	Served     time.Duration // how long it had been running; 0: it never was
	HostID     string
	Operation  string    // ID of the operation that was to make it
	Times      int       // it happened, one after the other, with nothing between
	First      time.Time // that it did
	At         time.Time // that it did last
}

// A Fault is what the one who saw a worker fail knows of it. It travels with an Error.
type Fault struct {
	Cause     Cause  `json:"cause,omitempty"`
	ExitCode  *int   `json:"exit_code,omitempty"`
	Message   string `json:"message,omitempty"` // the error's, without the last lines
	LastLines string `json:"last_lines,omitempty"`
}

// MaxLastLines is how much of a worker's log is kept with a Mishap, in bytes.
const MaxLastLines = 2048

// LastLines is the end of a log as it is kept with a Mishap: text, and whole lines if they
// are not too long.
func LastLines(log string) string {
	log = strings.ToValidUTF8(strings.ReplaceAll(log, "\x00", ""), "")
	log = strings.TrimSpace(log)
	if len(log) <= MaxLastLines {
		return log
	}
	log = log[len(log)-MaxLastLines:]
	if _, rest, ok := strings.Cut(log, "\n"); ok && rest != "" {
		log = rest
	}
	return strings.TrimSpace(strings.ToValidUTF8(log, ""))
}

// ExitCause is why a process ended by itself, by what its engine says of it. The kernel may
// have killed a child for its memory, and the process have ended with a code of its own.
func ExitCause(oomKilled bool) Cause {
	if oomKilled {
		return OutOfMemory
	}
	return Crash
}

// ExitMessage says how a process ended, in words.
func ExitMessage(code int, oomKilled bool) string {
	text := fmt.Sprintf("exit code %d", code)
	if oomKilled {
		return text + ": it used more memory than it may, and was killed"
	}
	switch code {
	case 0:
		text += ": it ended by itself, and is meant to go on"
	case 126:
		text += ": its command cannot be run"
	case 127:
		text += ": its command is not in the image"
	case 134:
		text += ": it aborted"
	case 137:
		text += ": it was killed"
	case 139:
		text += ": it touched memory that is not its own"
	case 143:
		text += ": it was asked to end"
	}
	return text
}

// FaultOf is why a worker's create failed, when nobody who saw it said so: by the step that
// failed, and its code.
func FaultOf(step string, code Code) Cause {
	switch {
	case step == "PullImage":
		return PullError // whatever its code: a full disk is no lack of GPUs
	case step == "ProbeContainer":
		return FailingProbe
	case (step == "PlaceInstance" || step == awaitPlace) && code == Exhausted:
		return NoCapacity
	case code == Unhealthy:
		return UnhealthyGPU
	default:
		return HostError
	}
}

// A pace is how long to hold off after mishaps: first, doubling, at most most.
type pace struct{ first, most time.Duration }

// paceOf is by what can mend the cause: time does not make an image appear, and other
// people's workers go when they go.
func paceOf(c Cause) pace {
	switch c { // the rest is the program's, or the host's
	case PullError:
		return pace{15 * time.Second, 10 * time.Minute}
	case NoCapacity:
		return pace{5 * time.Second, time.Minute}
	default:
		return pace{time.Second, 5 * time.Minute}
	}
}

// kin reports whether mishaps of two causes are counted as one row.
func kin(a, b Cause) bool { return paceOf(a) == paceOf(b) }

func (p pace) after(times int) time.Duration {
	if times == 0 {
		return 0
	}
	return min(p.first<<min(times-1, 20), p.most)
}

// When mishaps are over.
const (
	Steady    = 10 * time.Minute // a worker that has served so long ends the row of mishaps before it
	LoopAfter = 3                // mishaps in a row are a loop
	// Regain is how long after a lack of capacity a place that has become free is tried, at
	// the soonest.
	Regain = 5 * time.Second
)

// Trouble is what the mishaps of an endpoint's workers come to.
type Trouble struct {
	Cause Cause     // of the last one
	Times int       // in a row, of its kind; those side by side are one
	Since time.Time // the first of the row
	Last  Mishap
	// Longer says that the last one made the row longer: it was not beside the one before.
	Longer bool
	Until  time.Time // no worker is made before it
	// Capacity says that nothing but a lack of capacity holds workers up: they may be made as
	// soon as there is some.
	Capacity bool
}

// Loop reports whether the same goes on and on.
func (t *Trouble) Loop() bool { return t.Times >= LoopAfter && t.Cause != NoCapacity }

// Word is the trouble for people: crash loop, no capacity.
func (t *Trouble) Word() string { return t.Cause.Word(t.Loop()) }

// Word is the cause for people.
func (c Cause) Word(loop bool) string {
	word := map[Cause]string{
		PullError: "pull error", NoCapacity: "no capacity", Crash: "crash", OutOfMemory: "out of memory",
		FailingProbe: "failing probe", UnhealthyGPU: "unhealthy GPU", HostError: "host error",
	}[c]
	if loop && c == Crash {
		return "crash loop"
	}
	return cmp.Or(word, string(c))
}

// A row counts mishaps, oldest first. One makes it longer only if its worker was made after the
// one before: whoever made it knew of that. Those side by side are one, however many workers
// were made at once.
type row struct {
	times int
	last  time.Time // the one that made it longer
}

func (r *row) add(m Mishap) (longer bool) {
	if r.times > 0 && !m.Made.IsZero() && !m.Made.After(r.last) {
		return false
	}
	r.times, r.last = r.times+max(m.Times, 1), m.At
	return true
}

// TroubleOf adds mishaps up, those of workers that are as the endpoint wants them now.
// Workers are its present ones. It is nil when all is well.
func TroubleOf(mishaps []Mishap, workers []Instance, now time.Time) *Trouble {
	steady, placed := mended(workers, now)
	var t *Trouble
	rows := map[pace][]Mishap{} // the newest first
	capacity, rest := time.Time{}, time.Time{}
	ordered := slices.Clone(mishaps)
	slices.SortStableFunc(ordered, func(a, b Mishap) int { return b.At.Compare(a.At) })
	over := map[pace]bool{} // rows that do not go back any further
	for _, m := range ordered {
		p := paceOf(m.Cause)
		if over[p] || m.Cause == NoCapacity && !m.At.After(placed) || !m.At.After(steady) {
			over[p] = true
			continue
		}
		if t == nil {
			t = &Trouble{Cause: m.Cause, Last: m}
		}
		rows[p] = append(rows[p], m)
		if kin(m.Cause, t.Cause) {
			t.Since = m.First
			if t.Since.IsZero() {
				t.Since = m.At
			}
		}
		over[p] = m.Served >= Steady
		if m.Cause != NoCapacity {
			over[paceOf(NoCapacity)] = true // what failed so had found a place
		}
	}
	if t == nil {
		return nil
	}
	for p, all := range rows {
		var r row
		longer := false
		for _, m := range slices.Backward(all) {
			longer = r.add(m)
		}
		if p == paceOf(t.Cause) {
			t.Times, t.Longer = r.times, longer
		}
		until := all[0].At.Add(p.after(r.times))
		if p == paceOf(NoCapacity) {
			capacity = until
		} else if until.After(rest) {
			rest = until
		}
	}
	t.Until = rest
	if capacity.After(rest) {
		t.Until = capacity
	}
	t.Capacity = capacity.After(now) && !rest.After(now)
	return t
}

// Hopeless is the error of an operation whose workers fail for a reason that waiting does not
// mend: at once, if the same would happen again and again for certain; else once it has
// happened three times, one after the other. Nil: go on. Mishaps are since the operation began,
// oldest first.
func Hopeless(mishaps []Mishap) error {
	var failures row
	for _, m := range mishaps {
		if m.Cause == NoCapacity {
			continue // somebody else's worker may go, or a host may come
		}
		failures.add(m)
		certain := m.Cause == FailingProbe || m.Cause == UnhealthyGPU ||
			m.Cause != Crash && m.Cause != OutOfMemory && !m.Code.Retryable() && m.Code != ""
		if !certain && failures.times < LoopAfter {
			continue
		}
		code := m.Code
		if code == "" || code.Retryable() {
			code = Unhealthy
		}
		f := &Fault{Cause: m.Cause, ExitCode: m.ExitCode, Message: m.Message, LastLines: m.LastLines}
		return &Error{Code: code, Message: fmt.Sprintf("workers do not start (%s): %s", m.Cause.Word(!certain), f.inOneLine()), Fault: f}
	}
	return nil
}

// inOneLine is the message with the end of the last line of the log.
func (f *Fault) inOneLine() string {
	lines := strings.Split(f.LastLines, "\n")
	last := strings.TrimSpace(lines[len(lines)-1])
	if last == "" || strings.Contains(f.Message, last) {
		return f.Message
	}
	return f.Message + "; its last words: " + last[max(0, len(last)-256):]
}

// mended are the times before which mishaps do not count any more: when the newest worker
// was made that has served long enough, and when the newest was that found a place.
func mended(workers []Instance, now time.Time) (steady, placed time.Time) {
	for i := range workers {
		w := &workers[i]
		if w.State != Running {
			continue
		}
		if w.CreatedAt.After(placed) {
			placed = w.CreatedAt
		}
		if w.Ready && now.Sub(w.Since) >= Steady && w.CreatedAt.After(steady) {
			steady = w.CreatedAt
		}
	}
	return steady, placed
}
