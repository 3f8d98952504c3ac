package autoscale

import (
	"time"
)

// Failures are decisions that could not be carried out, one after the other.
type Failures struct {
	Count int
	Last  time.Time
}

// Holdoff is what the workers' own failures ask for: fleet.Trouble, in short. The pace of each
// cause is there.
type Holdoff struct {
	Until time.Time // no worker is made before it; zero: nothing is wrong
	Why   string    // for people: crash loop, 5 times
}

// Wait is how long to hold off after failures: 1 s, doubling, at most a minute.
func (f Failures) Wait(now time.Time) time.Duration {
	if f.Count == 0 {
		return 0
	}
	pause := min(time.Second<<min(f.Count-1, 10), time.Minute)
	return max(0, f.Last.Add(pause).Sub(now))
}

// prove is how long a worker has to serve before it takes the place of an older one, when
// others like it have failed: what crashes a moment after it was ready never empties an endpoint.
const prove = 30 * time.Second

// probation is how much longer a worker has to serve before it counts as one that does.
func (o *Observed) probation(w Worker) time.Duration {
	if !o.Shaky || o.Paused || w.Leaving || w.Revision != o.Revision {
		return 0
	}
	return max(0, w.Since.Add(prove).Sub(o.Now))
}

// holdoff is the longer of the two, and why.
func (o *Observed) holdoff() (wait time.Duration, why string) {
	wait, why = o.Failures.Wait(o.Now), many(o.Failures.Count, "decision")+" could not be carried out"
	if held := o.Holdoff.Until.Sub(o.Now); held > wait {
		wait, why = held, "workers fail: "+o.Holdoff.Why
	}
	return wait, why
}
