package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func simulated(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	root := newRoot()
	root.SetArgs(append([]string{"simulate"}, args...))
	root.SetOut(&out)
	root.SetErr(&out)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

func TestSimulate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plot, decisions := filepath.Join(dir, "plot.svg"), filepath.Join(dir, "decisions.jsonl")
	out, err := simulated(t, "--trace", "impulse", "--policy", "default,fast:low_percent=80,knative", "--seeds", "2", "--plot", plot, "--decisions", decisions)
	require.NoError(t, err)
	require.Contains(t, out, "fast:low_percent=80")
	require.Equal(t, 4, strings.Count(out, "\n"))

	raw, err := os.ReadFile(decisions)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	require.Greater(t, len(lines), 10)
	for _, line := range lines {
		var d struct{ Policy, Rule string }
		require.NoError(t, json.Unmarshal([]byte(line), &d))
		require.NotEmpty(t, d.Policy)
		require.NotEmpty(t, d.Rule)
	}
	raw, err = os.ReadFile(plot)
	require.NoError(t, err)
	require.Contains(t, string(raw), "</svg>")

	again, err := simulated(t, "--trace", "impulse", "--policy", "default,fast:low_percent=80,knative", "--seeds", "2")
	require.NoError(t, err)
	require.Equal(t, out, again)

	out, err = simulated(t, "--trace", "impulse", "--format", "json", "--policy", "fast,knative", "--target", "50", "--cold-start", "measured", "--crash-every", "10m", "--lose-metrics", "31m-33m")
	require.NoError(t, err)
	require.True(t, json.Valid([]byte(out)))

	file := filepath.Join(dir, "mine.csv")
	require.NoError(t, os.WriteFile(file, []byte("client,t_s,rate_rps,iat_cv,pattern,param1,param2\n3,0,2,1,Gamma,1,1\n3,600,9,1,Gamma,1,1\n"), 0o600))
	out, err = simulated(t, "--trace", file, "--client", "3", "--policy", "fast", "--format", "csv")
	require.NoError(t, err)
	require.Contains(t, out, file+",fast,")

	out, err = simulated(t, "ls")
	require.NoError(t, err)
	require.Contains(t, out, "m-small-26")
}

func TestSimulateRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, problem string }{
		{"", "--trace is missing"},
		{"--trace nothing", "it must be a file, or one of"},
		{"--trace impulse --policy best", "it must be one of default, fast, knative"},
		{"--trace impulse --option hold", "name=value"},
		{"--trace impulse --option hold=soon", "a duration such as 60s"},
		{"--trace impulse --seeds 0", "--seeds is 1 to 1000"},
		{"--trace impulse --service long", "it must be exponential:20s"},
		{"--trace impulse --cold-start never", "it must be fixed:30s"},
		{"--trace impulse --format xml", "--format is one of text, markdown, csv, json"},
		{"--trace impulse --slowdown NaN", "--slowdown is 0 to 10"},
		{"--trace impulse --fail-launches 1", "--fail-launches is 0 to 0.9"},
		{"--trace impulse --crash-every 1s", "--crash-every is at least 1m"},
		{"--trace impulse --lose-metrics 5m", "--lose-metrics is from-to"},
		{"--trace impulse --days 3", "--days is from-to"},
		{"--trace impulse --copies 0", "--copies is 1 to 1000"},
		{"--trace impulse --share 0", "--share is above 0"},
		{"--trace impulse --warm-up 1ms", "--warm-up is whole seconds"},
		{"--trace impulse --active 9 --max 3", "--active is 0 to --max, which is 3"},
		{"--trace impulse --against dstack", "--against is one of the policies"},
		{"--trace impulse --target -1", "1 to 100000"},
	} {
		_, err := simulated(t, strings.Fields(c.args)...)
		require.ErrorContains(t, err, c.problem, c.args)
	}
}
