package simulate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestCapacityThatComesAlong(t *testing.T) {
	t.Parallel()
	all, err := IncludedSpot()
	require.NoError(t, err)
	peaks := map[string]int{}
	for _, trace := range all {
		peaks[trace.Name] = trace.Pools[0].Peak()
	}
	require.Equal(t, map[string]int{"bamboo-g4dn": 24, "bamboo-p3": 32, "bamboo-gcp-a100": 64, "bamboo-p2-3day": 16}, peaks)

	for _, pools := range []int{1, 2, 3, 9} {
		trace, err := BambooPools(all, 10, pools)
		require.NoError(t, err)
		require.Len(t, trace.Pools, pools)
		require.Equal(t, 38220, trace.Length())
		for _, p := range trace.Pools {
			require.Equal(t, 10, p.Peak())
			require.Zero(t, p.Runs[0].From)
			for i, r := range p.Runs[1:] {
				require.Equal(t, p.Runs[i].To, r.From, p.Name)
			}
		}
	}
}

func TestCapacityFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	const head = "set,pool,start_s,end_s,capacity\n"
	for name, text := range map[string]string{
		"another head":       "a,b\n1,2\n",
		"nothing":            "",
		"a gap":              head + "s,p,0,60,1\ns,p,120,180,1\n",
		"an end before":      head + "s,p,0,0,1\n",
		"a negative number":  head + "s,p,0,60,-1\n",
		"no number":          head + "s,p,0,60,many\n",
		"a column too few":   head + "s,p,0,60\n",
		"longer than a year": head + "s,p,0,40000000,1\n",
	} {
		_, err := ReadCapacity(strings.NewReader(text))
		require.Error(t, err, name)
	}
}

func TestAvailabilityFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	write("b.json", `{"metadata": {"gap_seconds": 300}, "data": [1, 1, 0, 3]}`)
	write("a.json", `{"metadata": {"gap_seconds": 60}, "data": [2]}`)
	trace, err := ReadAvailability(dir, false)
	require.NoError(t, err)
	require.Equal(t, []SpotPool{
		{Name: "a", Runs: []SpotRun{{0, 60, 2}}},
		{Name: "b", Runs: []SpotRun{{0, 600, 1}, {600, 900, 0}, {900, 1200, 3}}},
	}, trace.Pools)
	trace, err = ReadAvailability(dir, true)
	require.NoError(t, err)
	require.Equal(t, manyMachines, trace.Pools[1].Runs[0].Capacity)

	for name, text := range map[string]string{
		"not JSON": "{", "no gap": `{"data":[1]}`, "no data": `{"metadata":{"gap_seconds":60},"data":[]}`,
		"negative": `{"metadata":{"gap_seconds":60},"data":[-1]}`, "too long": `{"metadata":{"gap_seconds":999999999},"data":[1]}`,
	} {
		write("a.json", text)
		_, err := ReadAvailability(dir, false)
		require.Error(t, err, name)
	}
	_, err = ReadAvailability(t.TempDir(), false)
	require.ErrorContains(t, err, "no *.json")
}

func TestTracesAreTurnedScaledAndSpedUp(t *testing.T) {
	t.Parallel()
	p := SpotPool{Name: "p", Runs: []SpotRun{{0, 100, 1}, {100, 300, 8}, {300, 400, 3}}}
	require.Equal(t, []SpotRun{{0, 200, 8}, {200, 300, 3}}, p.FromHalf().Runs)
	require.Equal(t, []SpotRun{{0, 100, 0}, {100, 300, 4}, {300, 400, 1}}, p.Scaled(4).Runs)
	require.Equal(t, []SpotRun{{0, 150, 8}, {150, 250, 3}, {250, 350, 1}, {350, 400, 8}}, p.Shifted(150, "q").Runs)
	require.Equal(t, []SpotRun{{0, 50, 1}, {50, 150, 8}, {150, 200, 3}}, p.Faster(2, 1).Runs)
	require.Equal(t, 8, p.Peak())
	require.Equal(t, int32(3), capacityAt(p, 399))
}

func TestTheLeastAheadIsTheLeastAhead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		series := rapid.SliceOfN(rapid.Int32Range(0, 9), 1, 60).Draw(t, "series")
		ahead := rapid.IntRange(0, 20).Draw(t, "ahead")
		got := leastAhead(series, ahead)
		for i := range series {
			least := series[i]
			for _, v := range series[i:min(len(series), i+ahead+1)] {
				least = min(least, v)
			}
			require.Equal(t, least, got[i])
		}
	})
}

func TestGeneratedPoolsAreTheSameEverywhere(t *testing.T) {
	t.Parallel()
	a, b := generatedPools("x", 1, 3, 100, 1, 8, .5, .8), generatedPools("x", 1, 3, 100, 1, 8, .5, .8)
	require.Equal(t, a, b)
	require.NotEqual(t, a.Pools[0].Runs, a.Pools[1].Runs)
	require.GreaterOrEqual(t, a.Length(), 100*3600)
}
