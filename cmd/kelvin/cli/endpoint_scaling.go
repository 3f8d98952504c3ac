package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// scalingFlags are the flags for an endpoint's scaling. A request's options stand for all
// of those there are; a flag means one of them.
type scalingFlags struct {
	policy                                                     string
	upPercent, downCount, downPercent, lowPercent, minArrivals int
	lowHold, zeroHold, queueDrain, cancelAfter                 time.Duration
}

// scalingOptions names the flags.
var scalingOptions = []string{
	"scaling-policy", "up-percent", "down-count", "down-percent", "low-percent", "low-hold", "zero-hold", "queue-drain", "min-arrivals", "cancel-after",
}

func (s *scalingFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.policy, "scaling-policy", "", "How the number of workers follows the load: default (documented limits) or fast (no limit on growth, gives back sooner). Default default")
	f.IntVar(&s.upPercent, "up-percent", 0, "Growth at the most in 60s, in `percent` of the lowest number of workers then, or one more: 1 to 10000, -1: no limit; 0: as the policy has it. Default 200; fast: -1")
	f.IntVar(&s.downCount, "down-count", 0, "`Workers` that leave at a time, 1 to 1000, -1: no limit; 0: as the policy has it. Default 1; fast: -1")
	f.IntVar(&s.downPercent, "down-percent", 0, "Share of the workers that leaves at a time at the most, 1 to 100 `percent`, one may always leave; 0: as the policy has it. Default 100")
	f.IntVar(&s.lowPercent, "low-percent", 0, "Use is low when the load fits on fewer workers at this share of the target, 1 to 100 `percent`; 0: as the policy has it. Default 70; fast: 78")
	f.DurationVar(&s.lowHold, "low-hold", 0, "How long use must be low before a worker leaves, 60s to 24h; 0s: as the policy has it. Default 60s")
	f.DurationVar(&s.zeroHold, "zero-hold", 0, "How long without any request before the last worker leaves, 60s to 24h; 0s: as the policy has it. Default 60s; fast: 2m")
	f.DurationVar(&s.queueDrain, "queue-drain", 0, "Time in which a queue should be gone, 1s to 1h; 0s: as the policy has it. Default 60s; fast: 23s")
	f.IntVar(&s.minArrivals, "min-arrivals", 0, "`Requests` that a rate of arrivals rests on at least, 1 to 1000, -1: no least number; 0: as the policy has it. Default -1; fast: 60")
	f.DurationVar(&s.cancelAfter, "cancel-after", 0, "Starting workers are cancelled that nothing has wanted for so long, 1s to 50s, -1s: never; 0s: as the policy has it. Default -1s; fast: 7s")
	complete(cmd, "scaling-policy", fixed("default", "fast"))
}

// spec is base with what the flags say; nil if they say nothing. 0 stands for the policy's own.
func (s *scalingFlags) spec(cmd *cobra.Command, base fleet.ScalingSpec) *fleet.ScalingSpec {
	if !anyGiven(cmd, scalingOptions...) {
		return nil
	}
	put(cmd, "scaling-policy", &base.Policy, s.policy)
	put(cmd, "up-percent", &base.UpPercent, s.upPercent)
	put(cmd, "down-count", &base.DownCount, s.downCount)
	put(cmd, "down-percent", &base.DownPercent, s.downPercent)
	put(cmd, "low-percent", &base.LowPercent, s.lowPercent)
	put(cmd, "min-arrivals", &base.MinArrivals, s.minArrivals)
	put(cmd, "low-hold", &base.Hold, fleet.Duration(s.lowHold))
	put(cmd, "zero-hold", &base.ZeroHold, fleet.Duration(s.zeroHold))
	put(cmd, "queue-drain", &base.Drain, fleet.Duration(s.queueDrain))
	put(cmd, "cancel-after", &base.CancelAfter, fleet.Duration(s.cancelAfter))
	return &base
}

// scalingFacts says in a line how an endpoint is scaled, where that is not as usual.
func scalingFacts(s fleet.ScalingSpec) string {
	var parts []string
	if s.Policy != "" && s.Policy != "default" {
		parts = append(parts, s.Policy)
	}
	for _, o := range []struct {
		flag  string
		value int
	}{
		{"up-percent", s.UpPercent}, {"down-count", s.DownCount}, {"down-percent", s.DownPercent}, {"low-percent", s.LowPercent}, {"min-arrivals", s.MinArrivals},
	} {
		if o.value != 0 {
			parts = append(parts, fmt.Sprintf("%s %d", o.flag, o.value))
		}
	}
	for _, o := range []struct {
		flag  string
		value fleet.Duration
	}{
		{"low-hold", s.Hold}, {"zero-hold", s.ZeroHold}, {"queue-drain", s.Drain}, {"cancel-after", s.CancelAfter},
	} {
		if o.value != 0 {
			parts = append(parts, o.flag+" "+o.value.String())
		}
	}
	return strings.Join(parts, ", ")
}
