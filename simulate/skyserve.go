package simulate

import (
	"math"
	"time"
)

// SkyServe is the request-rate autoscaler of SkyPilot's serve (sky/serve/autoscalers.py): the
// mean rate of 60 s, looked at every 20 s (5 s at zero), and as many equal votes as fill
// 300 s before it goes up and 1,200 s before it goes down.
type SkyServe struct {
	Setting
	arrived  series
	up, down int
	target   int
	begun    bool
}

// NewSkyServe makes one.
func NewSkyServe(s Setting) *SkyServe { return &SkyServe{Setting: s, arrived: newSeries(60)} }

// Restart forgets the votes and the requests.
func (s *SkyServe) Restart(o Observed) {
	s.arrived.reset()
	s.up, s.down, s.target, s.begun = 0, 0, o.Total(), true
}

// Decide votes.
func (s *SkyServe) Decide(o Observed) Choice {
	total := o.Total()
	if !s.begun {
		s.begun, s.target = true, total
	}
	if o.Wake || !o.Whole {
		return Choice{Total: total, Rule: "no data"}
	}
	s.arrived.add(float64(o.Arrived))
	period := 20 * time.Second
	if total == 0 {
		period = 5 * time.Second
	}
	if o.At%period != 0 {
		return Choice{Total: total, Rule: "between"}
	}
	perWorker := usual * float64(s.Target) / s.Service.Seconds()
	want := clip(int(math.Ceil(s.arrived.sum(60)/60/perWorker)), s.Active, s.Max)
	switch {
	case s.target == 0:
		s.target, s.up, s.down = want, 0, 0
	case want > s.target:
		s.up, s.down = s.up+1, 0
		if s.up >= 15 {
			s.target, s.up = want, 0
		}
	case want < s.target:
		s.up, s.down = 0, s.down+1
		if s.down >= 60 {
			s.target, s.down = want, 0
		}
	default:
		s.up, s.down = 0, 0
	}
	return Choice{Total: s.target, Rule: "votes"}
}
