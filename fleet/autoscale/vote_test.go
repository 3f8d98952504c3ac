package autoscale_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet/autoscale"
)

// What a decision says of itself, word for word: why 3 and not 5?
func TestADecisionSaysWhy(t *testing.T) {
	t.Parallel()
	cancelling := known(80, 0)
	cancelling.Need = 80_000
	for _, c := range []struct {
		name   string
		state  autoscale.State
		load   autoscale.Load
		count  autoscale.Count
		policy string
		say    string
	}{
		{
			"growth", after(1, time.Hour), rated(known(100, 380), 480, 10*time.Second), autoscale.Count{Ready: 1}, autoscale.Default, `
3: 100 requests, and 380 waiting: 6 wanted, 3 workers for now (growth: +200 % of 1, the lowest number of the last 60 s, or one more)
again in 1m0s
active 0: never fewer than 0 active workers
max 9: never more than 9 workers
concurrency 6: 100 requests, and 380 waiting for 1 ready worker; 48.0 arrive per second and take 10s: 6 workers at 100 each
growth 3: growth: +200 % of 1, the lowest number of the last 60 s, or one more
low-use 7: the most in the last 60s was 480 requests at once: 7 workers at 70 % of 100 each`,
		},
		{
			"hold", after(3, 20*time.Second), known(40, 0), autoscale.Count{Ready: 3}, autoscale.Default, `
3: low use, but nobody leaves until 60s after the last change, which was 20s ago
again in 40s
active 0: never fewer than 0 active workers
max 9: never more than 9 workers
concurrency 3: 40 requests for 3 ready workers, no more than 100 each
growth 9: growth: +200 % of 3, the lowest number of the last 60 s, or one more
low-use 1: the most in the last 60s was 40 requests at once: 1 worker at 70 % of 100 each
step 2: at the most 1 worker may leave at a time
hold 3: the last change was 20s ago: nobody leaves before 60s`,
		},
		{
			"cancel", after(5, 20*time.Second), cancelling, autoscale.Count{Ready: 1, Starting: 4}, autoscale.Fast, `
2: some of the starting workers are not wanted any more: 2 workers in all
active 0: never fewer than 0 active workers
max 9: never more than 9 workers
concurrency 5: 80 requests for 1 ready worker, no more than 85 % of 100 each
growth 9: growth has no limit of its own`,
		},
		{
			"zero", after(1, time.Hour), idle(known(0, 0), time.Hour), autoscale.Count{Ready: 1}, autoscale.Default, `
0: no request in the last 60s`,
		},
		{
			"wake", after(0, time.Hour), known(0, 3), autoscale.Count{}, autoscale.Default, `
1: the first worker, for 3 requests
active 0: never fewer than 0 active workers
max 9: never more than 9 workers
wake 1: no worker, and 3 requests
growth 1: growth: +200 % of 0, the lowest number of the last 60 s, or one more`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := spec(0, 9)
			e.Scaling.Policy = c.policy
			z, _ := autoscale.Size(autoscale.OptionsOf(e), c.state, c.load, c.count, noon)
			said := fmt.Sprintf("\n%d: %s", z.Total, z.Reason)
			if z.Again > 0 {
				said += fmt.Sprintf("\nagain in %s", z.Again)
			}
			for _, v := range z.Votes {
				said += fmt.Sprintf("\n%s %d: %s", v.Rule, v.Total, v.Note)
			}
			require.True(t, strings.HasPrefix(said, c.say), said)
		})
	}
}
