package spot

import (
	"fmt"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// What a spare worker is weighed by.
const (
	// hourMissing is what an hour in which a worker is missing is worth, in hours of an
	// on-demand worker.
	hourMissing = 20
	// expectedLife is how long a spot worker lives where nothing else is known, in hours.
	expectedLife = 4
	// lossesPerScore are losses an hour that keep a score at 1: half-lives an hour * ln 2.
	lossesPerScore = 1.386
)

// spare is how many spot workers to have beyond what is needed, and why. One more costs what
// a spot worker costs, all the time. It saves the time until a lost worker is replaced, as
// far as no notice covers it.
func (d *decision) spare(need int) (int, string) {
	if d.Spec.Spare != nil {
		return *d.Spec.Spare, fmt.Sprintf("%d spare workers, as asked", *d.Spec.Spare)
	}
	gap, where := d.gap()
	if gap <= 0 {
		return 0, "every notice is long enough for a worker to start in: a spare one would save nothing"
	}
	losses := max(float64(need)/expectedLife, d.losses())
	saved := losses * gap.Hours() * hourMissing
	costs := 1 / d.ratio(where)
	note := fmt.Sprintf("%.1f losses an hour are to be expected, each leaves a worker missing for %s: a spare one saves %.2f and costs %.2f on-demand workers", losses, gap, saved, costs)
	if saved > costs {
		return 1, note
	}
	return 0, note
}

// gap is how long a lost worker is missing at the worst, and where.
func (d *decision) gap() (most time.Duration, where Pool) {
	for _, s := range d.places {
		if s.Market != fleet.Spot || s.Free == 0 && s.Workers == 0 {
			continue
		}
		gap := d.startP95(s.Pool, fleet.Spot) - time.Duration(d.Providers.Of(s.Pool.Provider).Notice)
		if gap > most {
			most, where = gap, s.Pool
		}
	}
	return most, where
}

// losses are those of the pools that are used, lately, for an hour.
func (d *decision) losses() float64 {
	var sum Score
	for _, s := range d.places {
		if s.Market == fleet.Spot && s.Workers > 0 {
			sum += s.Score
		}
	}
	return float64(sum) / float64(preemptionWeighs) * lossesPerScore
}

// ratio is what an on-demand worker costs, in spot workers.
func (d *decision) ratio(p Pool) float64 {
	if onDemand, spot := d.price(fleet.OnDemand), d.price(fleet.Spot); onDemand > 0 && spot > 0 {
		return float64(onDemand) / float64(spot)
	}
	return d.Providers.Of(p.Provider).PriceRatio
}
