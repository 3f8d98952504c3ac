package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/autoscale"
	"github.com/kelvin-gpu/kelvin/fleet/spot"
	"github.com/kelvin-gpu/kelvin/workflows"
)

// Package spot says where the workers are made while a revision is tried out, and not how many
// of it: one, beside the older.
func TestOneOfARevisionIsTriedOnSpotToo(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	near := spot.Pool{Provider: "aws", GPUType: "a100-80gb", Zone: "near"}
	for name, c := range map[string]struct {
		serve, doomed, fresh  int // workers
		free                  int // places
		held                  bool
		create, older, remove int
	}{
		"one is tried":                         {serve: 3, free: spot.Unlimited, create: 1},
		"while it comes there is no other":     {serve: 3, fresh: 1, free: spot.Unlimited},
		"those that are lost are made up for":  {serve: 1, free: spot.Unlimited, create: 3, older: 2},
		"those that go soon, too":              {serve: 1, doomed: 2, fresh: 1, free: spot.Unlimited, create: 2, older: 2, remove: 2},
		"none that fails is made again yet":    {serve: 1, fresh: 1, free: spot.Unlimited, held: true},
		"two of it are one too many":           {serve: 3, fresh: 2, free: spot.Unlimited, remove: 1},
		"so are four of what served":           {serve: 4, fresh: 1, free: spot.Unlimited, remove: 1},
		"without a place there is nobody made": {serve: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := &spot.In{Spec: fleet.SpotSpec{Market: fleet.Spot}, Providers: spot.DefaultProviders()}
			in.Memory.FailedAt = now.Add(-time.Second) // so on-demand workers stand in, and it wants more than are missing
			in.Places = []spot.Place{{Pool: near, Market: fleet.Spot, Free: c.free}, {Pool: near, Market: fleet.OnDemand, Free: c.free}}
			seen := activities.Observation{Started: true, Spot: in}
			seen.Now, seen.Active, seen.Max, seen.Revision, seen.Unproved = now, 3, 5, 2, true
			if c.held {
				seen.Older = autoscale.Holdoff{Until: now.Add(time.Minute), Why: "crash"}
			}
			add := func(id string, n int, w autoscale.Worker) {
				for i := range n {
					w.ID, w.Since = id+string(rune('a'+i)), now.Add(-time.Hour)
					seen.Workers = append(seen.Workers, w)
					in.Workers = append(in.Workers, spot.Worker{
						ID: w.ID, Pool: near, Market: fleet.Spot, Since: w.Since, ReadyAt: w.Since, Ready: w.Ready, Doomed: w.Doomed, Deadline: w.Cut, Old: w.Revision == 1,
					})
				}
			}
			add("serves ", c.serve, autoscale.Worker{State: fleet.Running, Revision: 1, Ready: true})
			add("doomed ", c.doomed, autoscale.Worker{State: fleet.Running, Revision: 1, Ready: true, Doomed: true, Cut: now.Add(time.Minute)})
			add("fresh ", c.fresh, autoscale.Worker{State: fleet.Provisioning, Revision: 2})
			create, older, remove := workflows.Mixed(seen)
			require.Equal(t, []int{c.create, c.older, c.remove}, []int{create, older, remove})
		})
	}
}
