package autoscale_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/autoscale"
)

func TestOptionsAreWhatTheDocumentsSay(t *testing.T) {
	t.Parallel()
	minute := fleet.Duration(time.Minute)
	documented := autoscale.Options{
		Policy: autoscale.Default, Active: 1, Max: 5, Target: 100, UpPercent: 200, DownCount: 1, DownPercent: 100, LowPercent: 70,
		Hold: minute, ZeroHold: minute, Drain: minute, Fill: 100, Rate: minute / 6,
	}
	require.Equal(t, documented, autoscale.OptionsOf(fleet.EndpointSpec{ActiveWorkers: 1, MaxWorkers: 5}.Defaults()))

	e := spec(2, 5)
	e.Scaling = fleet.ScalingSpec{
		Policy: autoscale.Fast, UpPercent: 50, DownCount: 3, DownPercent: 25, LowPercent: 60, Hold: 2 * minute, ZeroHold: 3 * minute,
		Drain: minute / 6, MinArrivals: autoscale.None, CancelAfter: fleet.Duration(-time.Second),
	}
	require.Equal(t, autoscale.Options{
		Policy: autoscale.Fast, Active: 2, Max: 5, Target: 100, UpPercent: 50, DownCount: 3, DownPercent: 25, LowPercent: 60,
		Hold: 2 * minute, ZeroHold: 3 * minute, Drain: minute / 6, Fill: 85, Rate: minute / 10, Recall: true, Patience: 2,
	}, autoscale.OptionsOf(e), "what a spec says goes before its policy; -1 is off")
}
