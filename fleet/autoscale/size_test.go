package autoscale_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/autoscale"
)

func spec(active, most int) fleet.EndpointSpec {
	return fleet.EndpointSpec{ActiveWorkers: active, MaxWorkers: most, TargetConcurrency: 100}
}

// after is a state in which a total has been in force for so long.
func after(total int, since time.Duration) autoscale.State {
	return autoscale.State{Total: total, Changed: noon.Add(-since)}
}

// known is a load of which the last ten minutes are known.
func known(inflight, queued int) autoscale.Load {
	return autoscale.Load{At: noon, Since: noon.Add(-10 * time.Minute), InFlight: inflight, Queued: queued, Over: fleet.Duration(10 * time.Second), LastRequest: noon}
}

func peaking(l autoscale.Load, peak int) autoscale.Load {
	l.Peak = peak
	return l
}

func rated(l autoscale.Load, perTenSeconds int, service time.Duration) autoscale.Load {
	l.Arrived, l.Service = perTenSeconds, fleet.Duration(service)
	return l
}

func idle(l autoscale.Load, since time.Duration) autoscale.Load {
	l.LastRequest = noon.Add(-since)
	return l
}

// Each rule of the reference by itself.
func TestSize(t *testing.T) {
	t.Parallel()
	const long = time.Hour
	blind := known(0, 0)
	blind.Since = noon.Add(-59 * time.Second)
	broken := known(0, 0)
	broken.Since = time.Time{}
	stale := known(0, 0)
	stale.At = noon.Add(-4 * time.Second)
	for _, c := range []struct {
		name  string
		spec  fleet.EndpointSpec
		state autoscale.State
		load  autoscale.Load
		count autoscale.Count
		total int
		rule  autoscale.Rule
	}{
		{"R1 at the target", spec(1, 9), after(1, long), known(100, 0), autoscale.Count{Ready: 1}, 1, autoscale.Steady},
		{"R1 above the target", spec(1, 9), after(1, long), known(101, 0), autoscale.Count{Ready: 1}, 2, autoscale.Concurrency},
		{"R1 a target of its own", fleet.EndpointSpec{ActiveWorkers: 1, MaxWorkers: 9, TargetConcurrency: 10}, after(1, long), known(11, 0), autoscale.Count{Ready: 1}, 2, autoscale.Concurrency},
		{"R3 from 1 to 3", spec(1, 99), after(1, long), known(100, 900), autoscale.Count{Ready: 1}, 3, autoscale.Growth},
		{"R3 from 0 to 1", spec(0, 99), after(0, long), known(0, 900), autoscale.Count{}, 1, autoscale.Wake},
		{"R4 D3 at 70 %", spec(1, 9), after(3, long), peaking(known(0, 0), 140), autoscale.Count{Ready: 3}, 2, autoscale.LowUse},
		{"R4 D3 above 70 %", spec(1, 9), after(3, long), peaking(known(0, 0), 141), autoscale.Count{Ready: 3}, 3, autoscale.Steady},
		{"R5 one at a time", spec(1, 9), after(5, long), known(0, 0), autoscale.Count{Ready: 5}, 4, autoscale.Step},
		{"R6 the floor", spec(2, 9), after(2, long), known(0, 0), autoscale.Count{Ready: 2}, 2, autoscale.Active},
		{"R6 the floor at once", spec(4, 9), after(1, 0), known(0, 0), autoscale.Count{Ready: 1}, 4, autoscale.Active},
		{"R6 the ceiling", spec(1, 2), after(1, long), known(100, 900), autoscale.Count{Ready: 1}, 2, autoscale.Max},
		{"R6 the ceiling at once", spec(1, 2), after(5, 0), known(500, 0), autoscale.Count{Ready: 5}, 2, autoscale.Max},
		{"R7 not with active workers", spec(1, 9), after(1, long), idle(known(0, 0), long), autoscale.Count{Ready: 1}, 1, autoscale.Active},
		{"R7 after a minute", spec(0, 9), after(1, long), idle(known(0, 0), time.Minute), autoscale.Count{Ready: 1}, 0, autoscale.LowUse},
		{"R7 not before", spec(0, 9), after(1, long), idle(known(0, 0), 59*time.Second), autoscale.Count{Ready: 1}, 1, autoscale.ZeroHold},
		{"R7 stays there", spec(0, 9), after(0, long), idle(known(0, 0), long), autoscale.Count{}, 0, autoscale.Zero},
		{"D2 starting workers count", spec(1, 99), after(3, time.Second), rated(known(100, 100), 100, 20*time.Second), autoscale.Count{Ready: 1, Starting: 2}, 3, autoscale.Concurrency},
		{"D4 not before 60 s", spec(1, 9), after(3, 59*time.Second), known(0, 0), autoscale.Count{Ready: 3}, 3, autoscale.Hold},
		{"D5 not while one starts", spec(1, 9), after(3, long), known(0, 0), autoscale.Count{Ready: 2, Starting: 1}, 3, autoscale.Starting},
		{"D5 but past its deadline", spec(1, 9), after(3, long), known(0, 0), autoscale.Count{Ready: 2}, 2, autoscale.Step},
		{"D7 the queue is bounded", spec(1, 99), after(10, long), rated(known(1000, 6000), 50, 10*time.Second), autoscale.Count{Ready: 10}, 11, autoscale.Concurrency},
		{"D8 arrivals", spec(1, 99), after(10, long), rated(known(1000, 60), 1990, 10*time.Second), autoscale.Count{Ready: 10}, 20, autoscale.Concurrency},
		{"D8 one more for a queue", spec(1, 99), after(10, long), rated(known(1000, 1), 5, 10*time.Second), autoscale.Count{Ready: 10}, 11, autoscale.Concurrency},
		{"D8 in flight is a floor", spec(1, 99), after(3, long), rated(known(900, 0), 10, 10*time.Second), autoscale.Count{Ready: 3}, 9, autoscale.Concurrency},
		{"D8 and stays one when more waits", spec(1, 99), after(3, long), rated(known(900, 1), 10, 10*time.Second), autoscale.Count{Ready: 2, Starting: 1}, 9, autoscale.Growth},
		{"D9 young data", spec(1, 9), after(3, long), blind, autoscale.Count{Ready: 3}, 3, autoscale.Data},
		{"D9 a gateway is silent", spec(1, 9), after(3, long), broken, autoscale.Count{Ready: 3}, 3, autoscale.Data},
		{"D9 stale data", spec(1, 9), after(3, long), stale, autoscale.Count{Ready: 3}, 3, autoscale.Data},
		{"D9 no data at all", spec(0, 9), after(3, long), autoscale.Load{}, autoscale.Count{Ready: 3}, 3, autoscale.Data},
		{"D10 no state: as it is", spec(1, 9), autoscale.State{}, known(0, 0), autoscale.Count{Ready: 3}, 3, autoscale.Hold},
		{"D11 the first workers", spec(5, 9), autoscale.State{}, autoscale.Load{}, autoscale.Count{}, 5, autoscale.Active},
		{"D11 a lost worker", spec(1, 9), after(3, long), peaking(known(100, 0), 200), autoscale.Count{Ready: 1}, 3, autoscale.Steady},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := autoscale.OptionsOf(c.spec)
			s, next := autoscale.Size(o, c.state, c.load, c.count, noon)
			require.Equal(t, c.total, s.Total, s.Reason)
			require.Equal(t, c.rule, s.Rule, s.Reason)
			require.Equal(t, c.total, next.Total)
			require.NotEmpty(t, s.Reason)
			total, same := autoscale.Total(o, c.state, c.load, c.count, noon)
			require.Equal(t, c.total, total)
			require.Equal(t, next, same)
		})
	}
}
