package autoscale_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/autoscale"
)

func TestDecideInARollOut(t *testing.T) {
	t.Parallel()
	ready := func(id string, rev int, since time.Duration) autoscale.Worker {
		return autoscale.Worker{ID: id, State: fleet.Running, Revision: rev, Ready: true, Since: noon.Add(-since)}
	}
	leaving := func(w autoscale.Worker) autoscale.Worker {
		w.Leaving = true
		return w
	}
	coming := autoscale.Worker{ID: "n", State: fleet.Provisioning, Revision: 2}
	for name, c := range map[string]struct {
		desired int
		workers []autoscale.Worker
		paused  bool
		shaky   bool
		hold    time.Duration
		create  int
		remove  []string
		rule    autoscale.Rule
		again   time.Duration
	}{
		"what wants more while it rolls gets it":              {desired: 5, workers: []autoscale.Worker{ready("a", 1, time.Hour), ready("b", 1, time.Hour)}, create: 4, rule: autoscale.Surge},
		"what wants less keeps what serves":                   {desired: 1, workers: []autoscale.Worker{ready("a", 1, time.Hour), ready("b", 1, time.Hour), coming}, remove: []string{"b"}, rule: autoscale.Surge},
		"no capacity for the new keeps the old":               {desired: 2, workers: []autoscale.Worker{ready("a", 1, time.Hour), ready("b", 1, time.Hour)}, hold: 5 * time.Second, rule: autoscale.BackOff, again: 5 * time.Second},
		"paused, both serve":                                  {desired: 2, paused: true, workers: []autoscale.Worker{ready("a", 1, time.Hour), ready("b", 2, time.Minute)}, rule: autoscale.Active},
		"paused, a dead one is replaced":                      {desired: 2, paused: true, workers: []autoscale.Worker{ready("a", 1, time.Hour), {ID: "b", State: fleet.Stopped, Revision: 1}}, create: 1, remove: []string{"b"}, rule: autoscale.Active},
		"paused, it grows":                                    {desired: 4, paused: true, workers: []autoscale.Worker{ready("a", 1, time.Hour), ready("b", 2, time.Minute)}, create: 2, rule: autoscale.Active},
		"paused, it shrinks":                                  {desired: 1, paused: true, workers: []autoscale.Worker{ready("a", 1, time.Hour), ready("b", 2, time.Minute)}, remove: []string{"b"}, rule: autoscale.Active},
		"paused, hosts are emptied all the same":              {desired: 2, paused: true, workers: []autoscale.Worker{ready("a", 1, time.Hour), leaving(ready("b", 1, time.Hour))}, create: 1, rule: autoscale.Surge},
		"one that may fall like those before has to prove it": {desired: 2, shaky: true, workers: []autoscale.Worker{ready("a", 1, time.Hour), ready("b", 1, time.Hour), ready("c", 2, 10*time.Second)}, rule: autoscale.Surge, again: 20 * time.Second},
		"and has":                  {desired: 2, shaky: true, workers: []autoscale.Worker{ready("a", 1, time.Hour), ready("b", 1, time.Hour), ready("c", 2, 30*time.Second)}, create: 1, remove: []string{"b"}, rule: autoscale.Surge},
		"without that it need not": {desired: 2, workers: []autoscale.Worker{ready("a", 1, time.Hour), ready("b", 1, time.Hour), ready("c", 2, time.Millisecond)}, create: 1, remove: []string{"b"}, rule: autoscale.Surge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := autoscale.Observed{Now: noon, Active: c.desired, Max: 10, Revision: 2, Workers: c.workers, Paused: c.paused, Shaky: c.shaky}
			if c.hold > 0 {
				o.Holdoff = autoscale.Holdoff{Until: noon.Add(c.hold), Why: "no capacity"}
			}
			d := autoscale.Decide(o)
			require.Equal(t, c.create, d.Create)
			require.Equal(t, c.remove, d.Remove)
			require.Equal(t, c.rule, d.Rule)
			require.Equal(t, c.again, d.Again)
		})
	}
}

// While nobody knows whether a new revision can be ready, the older one is kept up: what it
// loses is replaced by workers of it, and so it grows.
func TestDecideWhileARevisionIsUnproved(t *testing.T) {
	t.Parallel()
	ready := func(id string, rev int) autoscale.Worker {
		return autoscale.Worker{ID: id, State: fleet.Running, Revision: rev, Ready: true, Since: noon.Add(-time.Hour)}
	}
	in := func(id string, rev int, state fleet.State) autoscale.Worker {
		return autoscale.Worker{ID: id, State: state, Revision: rev}
	}
	doomed := func(w autoscale.Worker) autoscale.Worker {
		w.Doomed, w.Cut = true, noon.Add(25*time.Second)
		return w
	}
	leaving := func(w autoscale.Worker) autoscale.Worker {
		w.Leaving = true
		return w
	}
	coming := in("n", 2, fleet.Provisioning)
	for name, c := range map[string]struct {
		desired int
		workers []autoscale.Worker
		hold    time.Duration // of the new
		older   time.Duration // of the older
		create  int
		olds    int
		remove  []string
		rule    autoscale.Rule
		again   time.Duration
	}{
		"one of the new is tried":              {desired: 2, workers: []autoscale.Worker{ready("a", 1), ready("b", 1)}, create: 1, rule: autoscale.Surge},
		"and no other while it comes":          {desired: 2, workers: []autoscale.Worker{ready("a", 1), ready("b", 1), coming}, rule: autoscale.Surge},
		"a lost one is replaced by an older":   {desired: 2, workers: []autoscale.Worker{ready("a", 1), in("b", 1, fleet.Lost), coming}, create: 1, olds: 1, remove: []string{"b"}, rule: autoscale.Surge},
		"all are":                              {desired: 2, workers: []autoscale.Worker{in("a", 1, fleet.Lost), in("b", 1, fleet.Lost)}, create: 3, olds: 2, remove: []string{"a", "b"}, rule: autoscale.Surge},
		"so are doomed ones":                   {desired: 2, workers: []autoscale.Worker{ready("a", 1), doomed(ready("b", 1)), coming}, create: 1, olds: 1, remove: []string{"b"}, rule: autoscale.Notice},
		"who serve until another does":         {desired: 1, workers: []autoscale.Worker{doomed(ready("a", 1)), coming}, create: 1, olds: 1, rule: autoscale.Notice, again: 25 * time.Second},
		"those that come are left alone":       {desired: 2, workers: []autoscale.Worker{ready("a", 1), in("b", 1, fleet.Provisioning), coming}, rule: autoscale.Surge},
		"it grows by older ones":               {desired: 5, workers: []autoscale.Worker{ready("a", 1), ready("b", 1)}, create: 4, olds: 3, rule: autoscale.Surge},
		"it shrinks":                           {desired: 1, workers: []autoscale.Worker{ready("a", 1), ready("b", 1), coming}, remove: []string{"b"}, rule: autoscale.Surge},
		"to nothing":                           {workers: []autoscale.Worker{ready("a", 1), coming}, remove: []string{"n", "a"}, rule: autoscale.Active},
		"a new one that died is tried again":   {desired: 1, workers: []autoscale.Worker{ready("a", 1), in("n", 2, fleet.Failed)}, create: 1, remove: []string{"n"}, rule: autoscale.Surge},
		"not at once":                          {desired: 1, workers: []autoscale.Worker{ready("a", 1)}, hold: 8 * time.Second, rule: autoscale.BackOff, again: 8 * time.Second},
		"which holds no older one up":          {desired: 2, workers: []autoscale.Worker{ready("a", 1)}, hold: 8 * time.Second, create: 1, olds: 1, rule: autoscale.Active, again: 8 * time.Second},
		"older ones that fail wait, too":       {desired: 2, workers: []autoscale.Worker{ready("a", 1), coming}, older: 4 * time.Second, rule: autoscale.BackOff, again: 4 * time.Second},
		"and hold no new one up":               {desired: 2, workers: []autoscale.Worker{ready("a", 1)}, older: 4 * time.Second, create: 1, rule: autoscale.BackOff, again: 4 * time.Second},
		"hosts are emptied first":              {desired: 2, workers: []autoscale.Worker{ready("a", 1), leaving(ready("b", 1))}, create: 1, olds: 1, rule: autoscale.Surge},
		"a new one on such a host goes":        {desired: 1, workers: []autoscale.Worker{ready("a", 1), leaving(coming)}, create: 1, remove: []string{"n"}, rule: autoscale.Surge},
		"as does one whose host is taken away": {desired: 1, workers: []autoscale.Worker{ready("a", 1), doomed(coming)}, create: 1, remove: []string{"n"}, rule: autoscale.Surge},
		"two new ones are one too many":        {desired: 2, workers: []autoscale.Worker{ready("a", 1), ready("b", 1), coming, in("m", 2, fleet.Provisioning)}, remove: []string{"n"}, rule: autoscale.Surge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := autoscale.Observed{Now: noon, Active: c.desired, Max: 10, Revision: 2, Workers: c.workers, Unproved: true}
			if c.hold > 0 {
				o.Holdoff = autoscale.Holdoff{Until: noon.Add(c.hold), Why: "crash"}
			}
			if c.older > 0 {
				o.Older = autoscale.Holdoff{Until: noon.Add(c.older), Why: "no capacity"}
			}
			d := autoscale.Decide(o)
			require.Equal(t, []any{c.create, c.olds}, []any{d.Create, d.Older})
			require.Equal(t, c.remove, d.Remove)
			require.Equal(t, c.rule, d.Rule, d.Reason)
			require.Equal(t, c.again, d.Again)
			require.NotEmpty(t, d.Reason)
		})
	}
}

// Whatever becomes of the hosts: a revision that is never ready takes nobody down, and as many
// serve as are wanted once those that start have had the time to.
func TestABrokenRevisionTakesNobodyDown(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.IntRange(1, 5).Draw(t, "want")
		workers := map[string]autoscale.Worker{}
		next := 0
		add := func(rev int, state fleet.State) {
			id := fmt.Sprintf("w%03d", next)
			next++
			workers[id] = autoscale.Worker{ID: id, State: state, Revision: rev, Ready: state == fleet.Running}
		}
		for range want {
			add(1, fleet.Running)
		}
		for range 30 {
			for id, w := range workers { // time passes: the older come up, the new fail
				switch {
				case w.Revision == 2:
					w.State = fleet.Failed
				case w.State == fleet.Provisioning:
					w.State, w.Ready = fleet.Running, true
				}
				workers[id] = w
			}
			for _, id := range slices.Sorted(maps.Keys(workers)) { // and hosts go
				w := workers[id]
				switch rapid.IntRange(0, 6).Draw(t, "what happens to "+id) {
				case 0:
					w.State, w.Ready = fleet.Lost, false
				case 1:
					w.Doomed, w.Cut = true, noon.Add(time.Minute)
				case 2:
					w.Leaving = true
				}
				workers[id] = w
			}
			for range 10 { // until there is nothing more to do
				o := autoscale.Observed{Now: noon, Active: want, Max: 10, Revision: 2, Unproved: true}
				for _, id := range slices.Sorted(maps.Keys(workers)) {
					o.Workers = append(o.Workers, workers[id])
				}
				d := autoscale.Decide(o)
				if !d.Acts() {
					break
				}
				serving := func() (n int) {
					for _, w := range workers {
						if w.Ready {
							n++
						}
					}
					return n
				}
				before := serving()
				for _, id := range d.Remove {
					delete(workers, id)
				}
				if before > 0 {
					require.Positive(t, serving(), "nobody serves any more: %v", d.Reason)
				}
				for i := range d.Create {
					if i < d.Older {
						add(1, fleet.Provisioning)
					} else {
						add(2, fleet.Provisioning)
					}
				}
			}
			older, fresh := 0, 0
			for _, w := range workers {
				switch {
				case w.Revision == 2:
					fresh++
				case !w.Doomed && (w.State == fleet.Running || w.State == fleet.Provisioning):
					older++
				}
			}
			require.GreaterOrEqual(t, older, want)
			require.LessOrEqual(t, older, want+1)
			require.LessOrEqual(t, fresh, 1)
		}
	})
}
