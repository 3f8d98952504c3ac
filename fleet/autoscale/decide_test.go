package autoscale_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/autoscale"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestDecide(t *testing.T) {
	t.Parallel()
	ready := func(id string, rev int) autoscale.Worker {
		return autoscale.Worker{ID: id, State: fleet.Running, Revision: rev, Ready: true}
	}
	coming := func(id string, rev int) autoscale.Worker {
		return autoscale.Worker{ID: id, State: fleet.Provisioning, Revision: rev}
	}
	leaving := func(id string) autoscale.Worker {
		w := ready(id, 1)
		w.Leaving = true
		return w
	}
	doomed := func(id string, left time.Duration) autoscale.Worker {
		w := ready(id, 1)
		w.Doomed, w.Cut = true, noon.Add(left)
		return w
	}
	in := func(id string, state fleet.State) autoscale.Worker {
		return autoscale.Worker{ID: id, State: state, Revision: 1}
	}
	for _, c := range []struct {
		name        string
		active, rev int
		workers     []autoscale.Worker
		failures    autoscale.Failures
		create      int
		remove      []string
		rule        string
		again       time.Duration
	}{
		{"makes the first", 2, 1, nil, autoscale.Failures{}, 2, nil, "active", 0},
		{"waits for those that come", 2, 1, []autoscale.Worker{coming("a", 1), coming("b", 1)}, autoscale.Failures{}, 0, nil, "active", 0},
		{"is content", 2, 1, []autoscale.Worker{ready("a", 1), ready("b", 1)}, autoscale.Failures{}, 0, nil, "active", 0},
		{"replaces a dead one", 2, 1, []autoscale.Worker{ready("a", 1), in("b", fleet.Stopped)}, autoscale.Failures{}, 1, []string{"b"}, "active", 0},
		{"replaces a lost one", 1, 1, []autoscale.Worker{in("a", fleet.Lost)}, autoscale.Failures{}, 1, []string{"a"}, "active", 0},
		{"leaves alone what is terminating", 1, 1, []autoscale.Worker{ready("a", 1), in("b", fleet.Terminating)}, autoscale.Failures{}, 0, nil, "active", 0},
		{"removes the one that is not ready first", 1, 1, []autoscale.Worker{ready("a", 1), coming("b", 1)}, autoscale.Failures{}, 0, []string{"b"}, "active", 0},
		{"removes the newest of equals first", 1, 1, []autoscale.Worker{ready("a", 1), ready("b", 1)}, autoscale.Failures{}, 0, []string{"b"}, "active", 0},
		{"removes all at zero", 0, 1, []autoscale.Worker{ready("a", 1)}, autoscale.Failures{}, 0, []string{"a"}, "active", 0},
		{"surges by one", 2, 2, []autoscale.Worker{ready("a", 1), ready("b", 1)}, autoscale.Failures{}, 1, nil, "surge", 0},
		{"waits for the surge", 2, 2, []autoscale.Worker{ready("a", 1), ready("b", 1), coming("c", 2)}, autoscale.Failures{}, 0, nil, "surge", 0},
		{"drops an old one when a new one is ready", 2, 2, []autoscale.Worker{ready("a", 1), ready("b", 1), ready("c", 2)}, autoscale.Failures{}, 1, []string{"b"}, "surge", 0},
		{"drops an old one that never served", 1, 2, []autoscale.Worker{coming("a", 1)}, autoscale.Failures{}, 1, []string{"a"}, "active", 0},
		{"replaces those that leave one at a time", 2, 1, []autoscale.Worker{leaving("a"), leaving("b")}, autoscale.Failures{}, 1, nil, "surge", 0},
		{"lets one leave when another is ready", 2, 1, []autoscale.Worker{ready("a", 1), leaving("b"), ready("c", 1)}, autoscale.Failures{}, 0, []string{"b"}, "active", 0},
		{"keeps one that leaves until then", 1, 1, []autoscale.Worker{leaving("a"), coming("b", 1)}, autoscale.Failures{}, 0, nil, "surge", 0},
		{"replaces those whose host is taken away at once", 3, 1, []autoscale.Worker{ready("a", 1), doomed("b", 25*time.Second), doomed("c", 25*time.Second)}, autoscale.Failures{}, 2, []string{"b", "c"}, "notice", 0},
		{"lets the last ones serve until another is ready", 2, 1, []autoscale.Worker{doomed("a", 25*time.Second), doomed("b", 20*time.Second)}, autoscale.Failures{}, 2, nil, "notice", 20 * time.Second},
		{"while others come, too", 1, 1, []autoscale.Worker{doomed("a", 25*time.Second), coming("b", 1)}, autoscale.Failures{}, 0, nil, "notice", 25 * time.Second},
		{"and then they go", 1, 1, []autoscale.Worker{doomed("a", 25*time.Second), ready("b", 1)}, autoscale.Failures{}, 0, []string{"a"}, "notice", 0},
		{"or when their time is over", 1, 1, []autoscale.Worker{doomed("a", 0), coming("b", 1)}, autoscale.Failures{}, 0, []string{"a"}, "notice", 0},
		{"or when nobody is wanted", 0, 1, []autoscale.Worker{doomed("a", 25*time.Second)}, autoscale.Failures{}, 0, []string{"a"}, "notice", 0},
		{"backs off", 1, 1, nil, autoscale.Failures{Count: 3, Last: noon.Add(-time.Second)}, 0, nil, "back-off", 3 * time.Second},
		{"tries again", 1, 1, nil, autoscale.Failures{Count: 3, Last: noon.Add(-4 * time.Second)}, 1, nil, "active", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := autoscale.Decide(autoscale.Observed{Now: noon, Active: c.active, Max: max(c.active, 1), Revision: c.rev, Workers: c.workers, Failures: c.failures})
			require.Equal(t, c.create, d.Create)
			require.Equal(t, c.remove, d.Remove)
			require.Equal(t, c.rule, d.Rule)
			require.Equal(t, c.again, d.Again)
		})
	}
}

// Who goes when the number must fall (D6): those that start first, the newest of them first;
// then the unhealthy, those with the fewest requests, the dearest, the newest.
func TestTheLeastUsefulGoFirst(t *testing.T) {
	t.Parallel()
	workers := []autoscale.Worker{
		{ID: "a", State: fleet.Running, Ready: true, InFlight: 4},
		{ID: "b", State: fleet.Running, Ready: true, InFlight: 2, Price: 100},
		{ID: "c", State: fleet.Running, Ready: true, InFlight: 2, Price: 300},
		{ID: "d", State: fleet.Running, Ready: true, InFlight: 2, Price: 100},
		{ID: "e", State: fleet.Running, Ready: true, InFlight: 9, Unhealthy: true},
		{ID: "f", State: fleet.Running, InFlight: 1}, // has stopped to answer
		{ID: "g", State: fleet.Provisioning, Price: 300},
		{ID: "h", State: fleet.Provisioning, Price: 100},
	}
	order := []string{"h", "g", "f", "e", "c", "d", "b", "a"}
	for n := range workers {
		o := autoscale.Observed{Now: noon, Active: 9, Max: 9, Sizing: &autoscale.Sizing{Total: n, Rule: autoscale.Max, Reason: "because"}, Workers: workers}
		d := autoscale.Decide(o)
		require.Equal(t, order[:len(order)-n], d.Remove)
		require.Zero(t, d.Create)
		require.Equal(t, []any{n, autoscale.Max, "because"}, []any{d.Desired, d.Rule, d.Reason})
	}
}

func TestTheNumberIsThatOfTheSizing(t *testing.T) {
	t.Parallel()
	z := autoscale.Sizing{Total: 4, Rule: autoscale.Growth, Again: fleet.Duration(40 * time.Second)}
	o := autoscale.Observed{Now: noon, Active: 1, Max: 9, Revision: 1, Sizing: &z}
	d := autoscale.Decide(o)
	require.Equal(t, 4, d.Create)
	require.Equal(t, 40*time.Second, d.Again)
	o.Failures = autoscale.Failures{Count: 3, Last: noon.Add(-time.Second)}
	d = autoscale.Decide(o)
	require.Zero(t, d.Create)
	require.Equal(t, autoscale.BackOff, d.Rule)
	require.Equal(t, 3*time.Second, d.Again, "the sooner of the two")
}

// However workers come, die and change revision: it settles at the active workers of the
// newest revision, never has more than one too many, and a roll-out never has fewer ready
// than before it.
func TestItSettlesWithoutAGap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		active := rapid.IntRange(0, 6).Draw(t, "active")
		workers := map[string]autoscale.Worker{}
		for i := range rapid.IntRange(0, 6).Draw(t, "workers") {
			id := fmt.Sprintf("w%02d", i)
			state := rapid.SampledFrom([]fleet.State{fleet.Running, fleet.Provisioning, fleet.Stopped, fleet.Lost}).Draw(t, "state")
			workers[id] = autoscale.Worker{ID: id, State: state, Revision: rapid.IntRange(1, 2).Draw(t, "revision"), Ready: state == fleet.Running}
		}
		next := len(workers)
		serving := func() (n int) {
			for _, w := range workers {
				if w.Ready {
					n++
				}
			}
			return n
		}
		for range 40 {
			o := autoscale.Observed{Now: noon, Active: active, Max: 10, Revision: 2}
			for _, w := range workers {
				o.Workers = append(o.Workers, w)
			}
			before := serving()
			d := autoscale.Decide(o)
			for _, id := range d.Remove {
				delete(workers, id)
			}
			require.GreaterOrEqual(t, serving(), min(before, active), "a removal left too few")
			for range d.Create {
				id := fmt.Sprintf("w%02d", next)
				workers[id] = autoscale.Worker{ID: id, State: fleet.Provisioning, Revision: 2}
				next++
			}
			if !d.Acts() { // time for something to become ready
				for id, w := range workers {
					w.State, w.Ready = fleet.Running, true
					workers[id] = w
				}
			}
		}
		require.Len(t, workers, active)
		for _, w := range workers {
			require.Equal(t, 2, w.Revision)
		}
	})
}
