package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// marketFlags say which of an endpoint's workers may be on hosts that can be taken away.
type marketFlags struct {
	market      string
	base, spare int
	fallback    bool
}

func (m *marketFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&m.market, "market", "", "Hosts of its workers: on-demand, or spot, cheaper ones that their provider may take away. Default "+string(fleet.OnDemand))
	f.IntVar(&m.base, "base-on-demand", 0, "With --market spot: workers that are on on-demand hosts always, 0 to --max. Default 0")
	f.IntVar(&m.spare, "spare", 0, "With --market spot: spot workers beyond what is wanted, 0 to 100. Default: as many as pay")
	f.BoolVar(&m.fallback, "dynamic-fallback", true, "With --market spot: on-demand workers stand in for spot workers that are missing. Default true")
	complete(cmd, "market", fixed(string(fleet.OnDemand), string(fleet.Spot)))
}

// spec is base as the flags change it; nil if none was given.
func (m *marketFlags) spec(cmd *cobra.Command, base fleet.SpotSpec) *fleet.SpotSpec {
	if !anyGiven(cmd, "market", "base-on-demand", "spare", "dynamic-fallback") {
		return nil
	}
	if v := given(cmd, "market", &m.market); v != nil {
		base.Market = fleet.Market(*v)
	}
	if v := given(cmd, "base-on-demand", &m.base); v != nil {
		base.BaseOnDemand = *v
	}
	if v := given(cmd, "spare", &m.spare); v != nil {
		base.Spare = v
	}
	if v := given(cmd, "dynamic-fallback", &m.fallback); v != nil {
		base.DynamicFallback = v
	}
	return &base
}

// marketOf says how an endpoint uses spot hosts.
func marketOf(s fleet.SpotSpec) string {
	if s.Market != fleet.Spot {
		return ""
	}
	text := "spot"
	if s.BaseOnDemand > 0 {
		text += fmt.Sprintf(", %d on-demand always", s.BaseOnDemand)
	}
	if s.DynamicFallback != nil && !*s.DynamicFallback {
		text += ", nothing stands in"
	}
	if s.Spare != nil {
		text += fmt.Sprintf(", %d spare", *s.Spare)
	}
	return text
}
