package simulate

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// The same trace and seed give the same bytes: report, decisions and plot.
func TestTheSameSeedGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	all := func(seed uint64, parallel int) string {
		var out bytes.Buffer
		decisions := map[string][]Decision{}
		plan := Plan{
			Workloads: []*Workload{mustFind(t, "impulse"), mustFind(t, "square-300")}, Seeds: []uint64{seed},
			Contenders: mustContend(t, "default,fast,"+strings.Join(Names()[2:], ",")), Options: Usual(), Against: "knative", Parallel: parallel,
			Watch: func(w *Workload, _ uint64) Watch {
				if w.Name != "impulse" {
					return Watch{}
				}
				return Watch{Line: true, Log: func(d Decision) { decisions[d.Policy] = append(decisions[d.Policy], d) }}
			},
		}
		report, err := plan.Run(t.Context())
		require.NoError(t, err)
		for _, format := range ReportFormats {
			require.NoError(t, report.Write(&out, format))
		}
		require.NoError(t, json.NewEncoder(&out).Encode(decisions))
		require.NoError(t, PlotOf(report.Results[:len(plan.Contenders)]).SVG(&out))
		require.NotEmpty(t, decisions["default"])
		require.NotNil(t, decisions["default"][0].Why)
		return out.String()
	}
	first := all(1, 1)
	require.Equal(t, first, all(1, 2))
	require.NotEqual(t, first, all(2, 1))
}

func TestAPlotIsXML(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := Plot{Title: "a <b> & c", Panels: []Panel{{Label: "empty"}, {Label: "one", Lines: []Line{{"x", 1, []float64{0, 3, 1}}}}}}
	require.NoError(t, p.SVG(&out))
	in := xml.NewDecoder(&out)
	for {
		_, err := in.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
	}
}

// Two policies that are one have no difference, and an interval holds its value.
func TestAComparisonWithItself(t *testing.T) {
	t.Parallel()
	twin := mustContend(t, "knative")[0]
	twin.Name = "twin"
	plan := Plan{
		Workloads: []*Workload{mustFind(t, "square-300")}, Seeds: []uint64{1, 2, 3, 4, 5}, Options: Usual(), Against: "knative",
		Contenders: append(mustContend(t, "knative,fast"), twin),
	}
	report, err := plan.Run(t.Context())
	require.NoError(t, err)
	require.Len(t, report.Rows, 3)
	require.Nil(t, report.Rows[0].Against)
	require.Equal(t, Interval{}, report.Rows[2].Against.Billed)
	require.Equal(t, [len(Thresholds)]Interval{}, report.Rows[2].Against.Delayed)
	for _, row := range report.Rows {
		require.True(t, row.Ratio.Holds(row.Ratio.Value))
		require.Less(t, row.Ratio.Low, row.Ratio.High)
	}
}

func TestARunCanBeStopped(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := (&Plan{Workloads: []*Workload{mustFind(t, "impulse")}, Seeds: []uint64{1}, Contenders: mustContend(t, "fast"), Options: Usual()}).Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "exponential", "exponential:0s", "exponential:-1s", "fixed:1y", "tokens:1s", "tokens:0s+0s", "normal:1s"} {
		_, err := ParseService(s)
		require.True(t, fleet.Is(err, fleet.Invalid), s)
		require.ErrorContains(t, err, Services)
	}
	for _, s := range []string{"", "fixed", "fixed:-1s", "uniform:60s-30s", "uniform:30s", "measured:3s", "cold"} {
		_, err := ParseColdStart(s)
		require.True(t, fleet.Is(err, fleet.Invalid), s)
		require.ErrorContains(t, err, ColdStarts)
	}
	for _, s := range []string{"", "knatve", "knative:hold=60s", "fast,", "fast:hold", "fast:hold=x", "fast:tick=500ms", "fast:speed=9", `fast:hold":1,"x=3`} {
		_, err := ParseContenders(s, nil)
		require.True(t, fleet.Is(err, fleet.Invalid), "%s: %v", s, err)
	}
	_, err := Find("m-small-99")
	require.ErrorContains(t, err, "it must be a file, or one of azure, ")
}

func TestWhatIsRead(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"exponential:20s", "fixed:1ms", "tokens:500ms+40ms"} {
		v, err := ParseService(s)
		require.NoError(t, err)
		require.Equal(t, s, v.String())
	}
	for _, s := range []string{"fixed:0s", "uniform:30s-1m0s", "measured", "queued"} {
		v, err := ParseColdStart(s)
		require.NoError(t, err)
		require.Equal(t, s, v.String())
	}
	scaling, err := Scaling(fleet.ScalingSpec{Policy: "fast"}, []string{"up_percent=-1", "hold=90s", "min_arrivals=7"})
	require.NoError(t, err)
	require.Equal(t, fleet.ScalingSpec{Policy: "fast", UpPercent: -1, Hold: fleet.Duration(90 * time.Second), MinArrivals: 7}, scaling)
}

// What was kept is what was found.
func TestKeptResults(t *testing.T) {
	t.Parallel()
	plan := Plan{
		Workloads: []*Workload{mustFind(t, "impulse")}, Seeds: []uint64{1, 2}, Options: Usual(), Against: "knative",
		Contenders: mustContend(t, "default,knative,kubeai"),
	}
	var want bytes.Buffer
	report, err := plan.Run(t.Context())
	require.NoError(t, err)
	require.NoError(t, report.Write(&want, "csv"))
	plan.Keep = t.TempDir()
	for range 2 {
		var got bytes.Buffer
		report, err := plan.Run(t.Context())
		require.NoError(t, err)
		require.NoError(t, report.Write(&got, "csv"))
		require.Equal(t, want.String(), got.String())
		files, err := os.ReadDir(plan.Keep)
		require.NoError(t, err)
		require.Len(t, files, 6)
	}
	plan.Options.ColdStart = Fixed(10 * time.Second) // another world
	report, err = plan.Run(t.Context())
	require.NoError(t, err)
	var other bytes.Buffer
	require.NoError(t, report.Write(&other, "csv"))
	require.NotEqual(t, want.String(), other.String())
}
