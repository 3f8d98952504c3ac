package fleet

import (
	"slices"
	"time"
)

// A Timing is how long an operation took that is done.
type Timing struct {
	ResourceID string
	Took       time.Duration // since it began, without waiting for a place
	Downtime   time.Duration
	Moved      int64 // bytes
	Steps      []Step
}

// A History is how long operations of one name took lately, the newest first. It says what
// to expect of the next one.
type History []Timing

// An Estimate is how long something is expected to last. Measured is how many earlier
// operations it comes from; 0 says that there was none, and it is a default.
type Estimate struct {
	Duration time.Duration
	Measured int
}

// What is expected where nothing has been measured yet.
const (
	DefaultCopyRate = 100 << 20        // bytes a second, with all that is done to each byte
	DefaultOverhead = 10 * time.Second // of an operation, besides copying
	DefaultPause    = 5 * time.Second  // of a migration
)

// muchData is how much an operation must move to tell of the speed of copying; what moves
// less tells of the rest.
const muchData = 64 << 20

// Of is the history of one resource, or all of it if that has none.
func (h History) Of(resourceID string) History {
	own := slices.DeleteFunc(slices.Clone(h), func(t Timing) bool { return t.ResourceID != resourceID })
	if len(own) == 0 {
		return h
	}
	return own
}

// Total is how long an operation is expected to take that moves so many bytes; false when
// nobody knows how many (a negative number) and none has been done before.
func (h History) Total(bytes int64) (Estimate, bool) {
	var all, small []time.Duration
	var rates []float64
	for _, t := range h {
		all = append(all, t.Took)
		if t.Moved >= muchData && t.Took > 0 {
			rates = append(rates, float64(t.Moved)/t.Took.Seconds())
		} else {
			small = append(small, t.Took)
		}
	}
	if bytes < 0 {
		return Estimate{median(all), len(all)}, len(all) > 0
	}
	rest := Estimate{DefaultOverhead, 0}
	if len(small) > 0 {
		rest = Estimate{median(small), len(small)}
	}
	if bytes == 0 {
		return rest, true
	}
	if len(rates) == 0 {
		copying := seconds(float64(bytes) / DefaultCopyRate)
		if bytes >= muchData {
			rest.Measured = 0 // what matters most is a default
		}
		return Estimate{rest.Duration + copying, rest.Measured}, true
	}
	copying := seconds(float64(bytes) / median(rates)) // with all that is done besides
	if copying > rest.Duration {
		return Estimate{copying, len(rates)}, true
	}
	return rest, true
}

// Pause is how long an instance is expected not to run meanwhile.
func (h History) Pause() Estimate {
	var all []time.Duration
	for _, t := range h {
		if t.Downtime > 0 {
			all = append(all, t.Downtime)
		}
	}
	if len(all) == 0 {
		return Estimate{DefaultPause, 0}
	}
	return Estimate{median(all), len(all)}
}

// Steps whose time goes with the amount of data, the first time that an operation does them.
var copySteps = []string{"SaveSnapshot", "VerifySnapshot", "RestoreSnapshot", "CheckRestored"}

// Left is how long an open operation is expected to go on: the rest of its running step, by
// its own rate where it says so, and what came after that step in earlier operations, scaled
// to the amount of data. False when nobody can tell: it waits, is being undone, or none has
// come that far yet.
func (h History) Left(r Record, p Progress, now time.Time) (time.Duration, bool) {
	i := running(r.Steps)
	if i < 0 || r.Outcome != Open || !r.CancelledAt.IsZero() || r.Steps[i].Undo || r.Steps[i].Name == awaitPlace {
		return 0, false
	}
	step, nth := r.Steps[i], nthOf(r.Steps, i)
	var after, lasted []time.Duration
	for _, t := range h {
		j := findStep(t.Steps, step.Name, nth)
		if j < 0 {
			continue
		}
		lasted = append(lasted, t.Steps[j].took(t.end()))
		after = append(after, t.after(j, p.Total))
	}
	if len(after) == 0 {
		return 0, false
	}
	rest := max(median(lasted)-now.Sub(step.StartedAt), 0)
	if p.Left > 0 {
		rest = time.Duration(p.Left)
	}
	return rest + median(after), true
}

// Percent is how far an operation is that began so long ago and goes on for so long.
func Percent(elapsed, left time.Duration) float64 {
	if elapsed <= 0 || left < 0 {
		return 0
	}
	return min(99, 100*elapsed.Seconds()/(elapsed+left).Seconds())
}

// Elapsed is how long the operation has been at work, without waiting for a place.
func (r *Record) Elapsed(now time.Time) time.Duration {
	if r.BegunAt.IsZero() {
		return 0
	}
	if !r.EndedAt.IsZero() {
		now = r.EndedAt
	}
	return max(now.Sub(r.BegunAt)-waited(r.Steps, now), 0)
}

// Timing is what the operation adds to the history once it is done.
func (r *Record) Timing() Timing {
	return Timing{ResourceID: r.ResourceID, Took: r.Elapsed(r.EndedAt), Downtime: r.Downtime, Moved: r.Moved, Steps: r.Steps}
}

// awaitPlace is the step that waits in the queue.
const awaitPlace = "AwaitPlace"

func waited(steps []Step, now time.Time) (d time.Duration) {
	for _, s := range steps {
		if s.Name == awaitPlace {
			d += s.took(now)
		}
	}
	return d
}

func (s Step) took(now time.Time) time.Duration {
	if !s.EndedAt.IsZero() {
		now = s.EndedAt
	}
	return max(now.Sub(s.StartedAt), 0)
}

// running is the newest step that runs; -1 without one.
func running(steps []Step) int {
	for i := len(steps) - 1; i >= 0; i-- {
		if steps[i].State == StepRunning {
			return i
		}
	}
	return -1
}

// nthOf is how often the name of step i has come up to there, itself included.
func nthOf(steps []Step, i int) (n int) {
	for _, s := range steps[:i+1] {
		if s.Name == steps[i].Name && s.Undo == steps[i].Undo {
			n++
		}
	}
	return n
}

func findStep(steps []Step, name string, nth int) int {
	for i, s := range steps {
		if s.Name == name && !s.Undo && nthOf(steps, i) == nth {
			return i
		}
	}
	return -1
}

// end is when the last step ended.
func (t Timing) end() (end time.Time) {
	for _, s := range t.Steps {
		if s.EndedAt.After(end) {
			end = s.EndedAt
		}
	}
	return end
}

// after is how long the operation went on after its step i, as it would with so much data
// (0: as much as it had).
func (t Timing) after(i int, bytes int64) time.Duration {
	from := t.Steps[i].EndedAt
	left := max(t.end().Sub(from), 0)
	for _, s := range t.Steps {
		if s.Name == awaitPlace && !s.StartedAt.Before(from) {
			left -= s.took(s.EndedAt)
		}
	}
	if bytes <= 0 || t.Moved <= 0 {
		return max(left, 0)
	}
	scale := min(max(float64(bytes)/float64(t.Moved), 0.01), 100)
	for j, s := range t.Steps {
		if slices.Contains(copySteps, s.Name) && !s.Undo && nthOf(t.Steps, j) == 1 && !s.StartedAt.Before(from) {
			left += time.Duration(float64(s.took(s.EndedAt)) * (scale - 1))
		}
	}
	return max(left, 0)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func median[T int64 | float64 | time.Duration](all []T) T {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
