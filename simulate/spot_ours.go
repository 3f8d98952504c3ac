package simulate

import (
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/spot"
)

// ourSpot drives fleet/spot: the function that Kelvin runs.
type ourSpot struct {
	in    spot.In
	again int
	pools map[spot.Pool]int
}

func newOurSpot(spec fleet.SpotSpec) func(*spotSim) spotPolicy {
	return func(s *spotSim) spotPolicy {
		seconds := func(n int) fleet.Duration { return fleet.Duration(time.Duration(n) * time.Second) }
		p := &ourSpot{pools: map[spot.Pool]int{}}
		descriptor := spot.Provider{Notice: seconds(s.Notice), PriceRatio: s.Ratio, LaunchDelay: seconds(s.Cold)}
		p.in = spot.In{Want: s.Want, Spec: spec, Providers: spot.Providers{"traced": descriptor}}
		p.in.Spec.Market = fleet.Spot
		add := func(i int, price float64) {
			p.pools[s.pool(i)] = i
			p.in.Places = append(p.in.Places, spot.Place{
				Pool: s.pool(i), Market: s.market(i), Free: spot.Unlimited,
				Price: int64(price * 1e6), StartP95: time.Duration(s.Cold) * time.Second,
			})
		}
		for i := range s.cap {
			add(i, 1/s.Ratio)
		}
		add(-1, 1)
		return p
	}
}

func (p *ourSpot) step(s *spotSim) (launch, leave []int) {
	for _, w := range s.workers {
		if w.doomed && !w.leaving && s.alive(w) && s.now > w.deadline {
			leave = append(leave, w.id) // its notice is over, and nobody took it
		}
	}
	l, more := p.decide(s)
	return l, append(leave, more...)
}

func (p *ourSpot) decide(s *spotSim) (launch, leave []int) {
	if !s.changed && (p.again == 0 || s.now < p.again) {
		return nil, nil // the evaluator asks when something happens, or when the plan says so
	}
	p.in.Now = spotTime(s.now)
	p.in.Events, s.events = s.events, nil
	p.in.Workers = p.in.Workers[:0]
	for _, w := range s.workers {
		one := spot.Worker{
			ID: spotID(w.id), Pool: s.pool(w.pool), Market: s.market(w.pool),
			Since: spotTime(w.since), Ready: s.now >= w.readyAt && w.failsAt == 0, Doomed: w.doomed, Leaving: w.leaving,
		}
		if one.Ready {
			one.ReadyAt = spotTime(w.readyAt)
		}
		if w.doomed {
			one.Deadline = spotTime(w.deadline)
		}
		p.in.Workers = append(p.in.Workers, one)
	}
	plan, memory := spot.Decide(p.in)
	p.in.Memory = memory
	p.again = 0
	if plan.Again > 0 {
		p.again = s.now + int((plan.Again+time.Second-1)/time.Second)
	}
	for _, m := range plan.Make {
		launch = append(launch, p.pools[m.Pools[0]])
	}
	byID := map[string]int{}
	for _, w := range s.workers {
		byID[spotID(w.id)] = w.id
	}
	for _, l := range plan.Leave {
		if l.Rule != spot.RuleNotice { // it drains until its notice is over
			leave = append(leave, byID[l.ID])
		}
	}
	return launch, leave
}
