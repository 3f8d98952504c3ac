package spot

import (
	"cmp"
	"slices"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// placesNow scores all places.
func (d *decision) placesNow() {
	held := map[string]int{}
	for _, w := range d.Workers {
		if !w.Doomed && !w.Leaving {
			held[key(w.Pool, w.Market)]++
		}
	}
	for _, p := range d.Places {
		k := key(p.Pool, p.Market)
		m := d.memory.Pools[k]
		s := Scored{Pool: p.Pool, Market: p.Market, Price: p.Price, Free: p.Free, Score: m.now(d.Now), Workers: held[k]}
		s.Cost = cost(p.Price, s.Score)
		switch {
		case p.Market == fleet.Spot && m.risky(d.Now):
			s.Avoid, s.Until = "a loss in the last 3 minutes", m.LossAt.Add(RiskWindow)
		case m.heldOff().After(d.Now):
			s.Avoid, s.Until = "a launch failed there", m.heldOff()
		}
		if p.Free == 0 {
			s.Avoid, s.Until = "no room", time.Time{}
		}
		if !s.Until.IsZero() {
			d.wake(s.Until)
		}
		d.places = append(d.places, s)
	}
	slices.SortStableFunc(d.places, func(a, b Scored) int {
		return cmp.Or(cmp.Compare(a.Market, b.Market), compareScored(a, b))
	})
}

// cost is what a place is worth avoiding by. Where no prices are known all are alike.
func cost(price int64, score Score) int64 {
	if price <= 0 {
		price = 1_000_000
	}
	whole, part := price/1_000_000, price%1_000_000
	return price + whole*int64(score) + part*int64(score)/1_000_000
}

func (d *decision) costOf(w Worker) int64 {
	for _, s := range d.places {
		if s.Pool == w.Pool && s.Market == w.Market {
			return s.Cost
		}
	}
	return cost(0, d.memory.Pools[key(w.Pool, w.Market)].now(d.Now))
}

// price is that of the cheapest place of a market, 0 if none is known.
func (d *decision) price(m fleet.Market) (least int64) {
	for _, p := range d.Places {
		if p.Market == m && p.Price > 0 && (least == 0 || p.Price < least) {
			least = p.Price
		}
	}
	return least
}

// compareScored puts the better of two places of a market first.
func compareScored(a, b Scored) int {
	return cmp.Or(cmp.Compare(a.Cost, b.Cost), cmp.Compare(a.Workers, b.Workers), a.Pool.compare(b.Pool))
}

// room is how many spot workers could be made now.
func (d *decision) room() (n int) {
	for _, s := range d.places {
		if s.Market != fleet.Spot || s.Avoid != "" {
			continue
		}
		if s.Free == Unlimited {
			return int(^uint(0) >> 1)
		}
		n += s.Free
	}
	return n
}

// make plans one worker, and reports whether there is a place for it.
func (d *decision) make(market fleet.Market, rule string) bool {
	candidates := d.candidates(market)
	if len(candidates) == 0 {
		return false
	}
	pools := make([]Pool, len(candidates))
	for i, c := range candidates {
		pools[i] = c.Pool
	}
	first := candidates[0]
	first.Workers++
	if first.Free > 0 {
		if first.Free--; first.Free == 0 {
			first.Avoid = "no room"
		}
	}
	d.plan.Make = append(d.plan.Make, Make{Market: market, Rule: rule, Pools: pools})
	return true
}

// candidates are the places where a worker may be made now, the best first. Spot workers are
// spread: no pool has more than its share and one.
func (d *decision) candidates(market fleet.Market) []*Scored {
	var all []*Scored
	usable := 0
	for i := range d.places {
		if s := &d.places[i]; s.Market == market && s.Free != 0 {
			if s.Avoid == "" {
				all = append(all, s)
			}
			if s.Avoid == "" || s.Workers > 0 {
				usable++
			}
		}
	}
	if len(all) == 0 && market == fleet.Spot && !d.hasStandIns() {
		all = d.lastResort()
	}
	if market == fleet.Spot && len(all) > 0 {
		most := (d.plan.Want+usable-1)/max(1, usable) + 1
		spread := slices.DeleteFunc(slices.Clone(all), func(s *Scored) bool { return s.Workers >= most })
		if len(spread) > 0 {
			all = spread
		}
	}
	slices.SortStableFunc(all, func(a, b *Scored) int { return compareScored(*a, *b) })
	return all
}

// hasStandIns reports whether on-demand workers can stand in for spot workers now.
func (d *decision) hasStandIns() bool {
	return d.standInsOn() && slices.ContainsFunc(d.places, func(s Scored) bool { return s.Market == fleet.OnDemand && s.Free != 0 })
}

// lastResort are pools in their risk window: where nothing stands in for a spot worker, a
// worker that may be lost is better than none.
func (d *decision) lastResort() (all []*Scored) {
	for i := range d.places {
		s := &d.places[i]
		if s.Market == fleet.Spot && s.Free != 0 && !d.memory.Pools[key(s.Pool, s.Market)].heldOff().After(d.Now) {
			all = append(all, s)
		}
	}
	return all
}
