package autoscale_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
