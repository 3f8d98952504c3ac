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

// wait is how long to hold off after failures: 1 s, doubling, at most a minute.
func (f Failures) wait(now time.Time) time.Duration {
	if f.Count == 0 {
		return 0
	}
	pause := min(time.Second<<min(f.Count-1, 10), time.Minute)
	return max(0, f.Last.Add(pause).Sub(now))
}

// holdoff is the longer of the two, and why.
func (o *Observed) holdoff() (wait time.Duration, why string) {
	wait, why = o.Failures.wait(o.Now), many(o.Failures.Count, "decision")+" could not be carried out"
	if held := o.Holdoff.Until.Sub(o.Now); held > wait {
		wait, why = held, "workers fail: "+o.Holdoff.Why
	}
	return wait, why
}
