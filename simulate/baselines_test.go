package simulate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// demand answers a demand of 1, then 10, then 1 worker, with workers that appear at once: how
// many seconds until there are 10, and how many worker-seconds too many afterwards.
func demand(p Policy, perWorker float64, s time.Duration) (up int, idle int) {
	const begin, fall, end = 7200, 14400, 21600
	total := 1
	for at := 1; at <= end; at++ {
		load := perWorker
		if at > begin && at <= fall {
			load = 10 * perWorker
		}
		arrived := load / s.Seconds()
		whole := int(arrived*float64(at)) - int(arrived*float64(at-1))
		o := Observed{At: time.Duration(at) * time.Second, Ready: total, InFlight: int(load), Mean: load, Peak: int(load), Arrived: whole, Ended: whole, Busy: time.Duration(whole) * s, Whole: true}
		total = p.Decide(o).Total
		if total >= 10 && up == 0 && at > begin {
			up = at - begin
		}
		if at > fall {
			idle += total - 1
		}
	}
	return up, idle
}

// The delays that the published defaults come to, without those of workers.
func TestTheDelaysOfPolicies(t *testing.T) {
	t.Parallel()
	setting := Setting{Target: 100, Active: 1, Max: 100, Service: 10 * time.Second}
	for _, c := range []struct {
		policy        Policy
		load          float64
		up, idle      int
		within, wider float64
	}{
		{NewKnative(setting), 70, 6, 306, 3, 60},
		{NewSkyServe(setting), 70, 300, 10800, 25, 300},
		{NewDstack(setting), 70, 305, 4890, 60, 1500},
		{NewKubeAI(setting), 70, 530, 3210, 80, 700},
		{NewRayServe(setting), 70, 40, 5400, 12, 300},
	} {
		up, idle := demand(c.policy, c.load, setting.Service)
		require.InDelta(t, c.up, up, c.within, "%T up", c.policy)
		require.InDelta(t, c.idle, idle, c.wider, "%T idle", c.policy)
	}
}

func TestOneContraryVoteStopsSkyServe(t *testing.T) {
	t.Parallel()
	p := NewSkyServe(Setting{Target: 100, Active: 1, Max: 100, Service: 10 * time.Second})
	total := 1
	for at := 1; at <= 3600; at++ { // 200 s of load, 100 s of none
		arrived := 0
		if at%300 < 200 {
			arrived = 100
		}
		total = p.Decide(Observed{At: time.Duration(at) * time.Second, Ready: total, Arrived: arrived, Whole: true}).Total
		require.Equal(t, 1, total)
	}
}
