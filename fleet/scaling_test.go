package fleet

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatIsKeptForSpotLimitsNothingOnDemand(t *testing.T) {
	t.Parallel()
	s := EndpointSpec{Image: "a:1", ActiveWorkers: 1, MaxWorkers: 2, Spot: SpotSpec{BaseOnDemand: 5}}.Defaults()
	require.NoError(t, s.Validate("chat"))
	s.Spot.Market = Spot
	require.ErrorContains(t, s.Validate("chat"), "body.spot.base_on_demand is out of range")
}
