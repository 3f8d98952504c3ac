package spot

import (
	"fmt"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const (
	// hedgeFrom is how many spot workers one more is spread over before it pays by default.
	hedgeFrom = 5
)

// spare is how many spot workers to have beyond what is needed, and why. One more costs what
// a spot worker costs, all the time. It saves the time until a lost worker is replaced, as
// far as no notice covers it.
func (d *decision) spare(need int) (int, string) {
	if d.Spec.Spare != nil {
		return *d.Spec.Spare, fmt.Sprintf("%d spare workers, as asked", *d.Spec.Spare)
	}
	if need < hedgeFrom {
		return 0, fmt.Sprintf("a spare worker beside %d costs more than it saves", need)
	}
	for _, s := range d.Places {
		if s.Market != fleet.Spot || s.Free == 0 && !d.holds(s.Pool) {
			continue
		}
		notice := time.Duration(d.Providers.Of(s.Pool.Provider).Notice)
		start := d.startP95(s.Pool, fleet.Spot)
		if notice < start {
			return 1, fmt.Sprintf("the notice of %s in %s is shorter than a start of %s", notice, s.Pool, start)
		}
	}
	return 0, "every notice is long enough for a worker to start in"
}

func (d *decision) holds(p Pool) bool {
	for _, w := range d.spot {
		if w.Pool == p {
			return true
		}
	}
	return false
}
