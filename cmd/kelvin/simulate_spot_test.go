package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSimulateSpot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plot := filepath.Join(dir, "spot.svg")
	out, err := simulated(t, "spot", "--policy", "kelvin,spothedge+1", "--seeds", "2", "--plot", plot)
	require.NoError(t, err)
	require.Equal(t, 5, strings.Count(out, "\n"))
	raw, err := os.ReadFile(plot)
	require.NoError(t, err)
	require.Contains(t, string(raw), "</svg>")

	out, err = simulated(t, "spot", "--workers", "3", "--notice", "30s", "--start", "2m", "--lose-notices", "0.1", "--fail-on-demand", "0.05", "--format", "json", "--policy", "kelvin")
	require.NoError(t, err)
	require.True(t, json.Valid([]byte(out)))

	zones := filepath.Join(dir, "AWS9")
	require.NoError(t, os.Mkdir(zones, 0o700))
	for _, zone := range []string{"a", "b"} {
		require.NoError(t, os.WriteFile(filepath.Join(zones, zone+".json"), []byte(`{"metadata":{"gap_seconds":300},"data":[4,4,2,0,4,4]}`), 0o600))
	}
	out, err = simulated(t, "spot", "--trace", zones, "--scale", "0", "--workers", "2", "--policy", "kelvin", "--format", "csv")
	require.NoError(t, err)
	require.Contains(t, out, "kelvin,AWS9,")

	runs := filepath.Join(dir, "runs.csv")
	require.NoError(t, os.WriteFile(runs, []byte("set,pool,start_s,end_s,capacity\ns,p,0,600,3\ns,p,600,1200,1\n"), 0o600))
	out, err = simulated(t, "spot", "--trace", runs, "--workers", "2", "--policy", "kelvin", "--format", "markdown")
	require.NoError(t, err)
	require.Contains(t, out, "| kelvin | runs.csv |")
}

func TestSimulateSpotRefusesNonsense(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		says string
		args []string
	}{
		{"1 to 1000", []string{"--workers", "0"}},
		{"1 to 9", []string{"--pools", "10"}},
		{"1 to 100", []string{"--ratio", "0.5"}},
		{"0s to 1h", []string{"--notice", "2h"}},
		{"whole seconds", []string{"--start", "1500ms"}},
		{"0 to 0.9", []string{"--fail-on-demand", "NaN"}},
		{"text, markdown, csv, json", []string{"--format", "xml"}},
		{"no spot policy", []string{"--policy", "magic"}},
		{"--trace is", []string{"--trace", "nowhere"}},
		{"AWS1", []string{"--paper", "nowhere"}},
		{"no such file", []string{"--document", "nowhere.md"}},
	} {
		_, err := simulated(t, append([]string{"spot"}, c.args...)...)
		require.ErrorContains(t, err, c.says, "%v", c.args)
	}
}
