package spot_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/spot"
)

func TestWhatIsKnownOfProviders(t *testing.T) {
	t.Parallel()
	all := spot.DefaultProviders()
	require.Equal(t, []string{"aws", "azure", "gcp", "none", "runpod"}, all.Names())
	require.Equal(t, fleet.Duration(2*time.Minute), all.Of("aws").Notice)
	require.Less(t, all.Of("gcp").Notice, fleet.Duration(31*time.Second))
	require.Equal(t, 1.6, all.Of("runpod").PriceRatio)
	require.False(t, all.Of("runpod").CanStop)
	require.True(t, all.Of("runpod").StopReleases)
}

func TestOfAnUnknownProviderTheWorstIsAssumed(t *testing.T) {
	t.Parallel()
	p := spot.DefaultProviders().Of("corner-shop")
	require.Zero(t, p.Notice)
	require.False(t, p.CanStop)
	require.Equal(t, fleet.Duration(time.Minute), p.MinBilling)
	require.Equal(t, spot.ChannelNone, p.Channel)
}

func TestProvidersAreConfiguration(t *testing.T) {
	t.Parallel()
	all, err := spot.ParseProviders([]byte(`{"corner-shop": {"notice": "45s", "channel": "http", "can_stop": true, "price_ratio": 5}, "aws": {}}`))
	require.NoError(t, err)
	require.Equal(t, fleet.Duration(45*time.Second), all.Of("corner-shop").Notice)
	require.Zero(t, all.Of("aws").Notice, "what is given replaces what was there")
	require.Equal(t, fleet.Duration(25*time.Second), all.Of("gcp").Notice, "the others stay")

	for _, c := range []struct{ name, given, says string }{
		{"no object", `[]`, "not an object"},
		{"something after it", `{} {}`, "after their end"},
		{"an unknown field", `{"a": {"notices": "2m"}}`, "notices"},
		{"a notice that is none", `{"a": {"notice": "soon"}}`, "30s or 1h30m"},
		{"a notice that nobody hears", `{"a": {"notice": "2m"}}`, "channel"},
		{"a negative notice", `{"a": {"notice": "-2m", "channel": "http"}}`, "0s to 1h"},
		{"an unknown channel", `{"a": {"channel": "pigeon"}}`, "aws, gcp, azure, http, none"},
		{"a price ratio below one", `{"a": {"price_ratio": 0.5}}`, "1 to 100"},
		{"a bad name", `{"A b": {}}`, "lower-case"},
		{"all that is wrong at once", `{"A b": {"price_ratio": 0.5}}`, "1 to 100"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := spot.ParseProviders([]byte(c.given))
			require.ErrorContains(t, err, c.says)
			require.True(t, fleet.Is(err, fleet.Invalid))
		})
	}
}
