package simulate

import (
	"bytes"
	"compress/gzip"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestTracesAreThePublishedFiles(t *testing.T) {
	t.Parallel()
	for path := range trackedFiles {
		_, err := Included(path)
		require.NoError(t, err)
	}
	require.ErrorContains(t, tracked{sum: "0123456789abcdef"}.check("x", []byte("changed")), "is not the published file")
	_, err := Included("bamboo/none.csv")
	require.True(t, fleet.Is(err, fleet.NotFound))
}

func TestAFileWithMissingRowsIsRefused(t *testing.T) {
	t.Parallel()
	r, err := included("mooncake/conversation_trace.csv.gz")
	require.NoError(t, err)
	r.want++
	_, err = readMooncake(r)
	require.ErrorContains(t, err, "has 12031 rows, not 12032")
}

func TestAzureIsReadToTheLastRow(t *testing.T) {
	t.Parallel()
	r, err := included("azure_llm_2023/AzureLLMInferenceTrace_code.csv.gz")
	require.NoError(t, err)
	requests, err := readAzure(r)
	require.NoError(t, err)
	require.Len(t, requests, 8819)
	require.Equal(t, Request{At: 0, Tokens: 10}, requests[0])
	require.Equal(t, Request{At: int64(52 * time.Millisecond), Tokens: 8}, requests[1])
	require.InDelta(t, 57, time.Duration(requests[8818].At).Minutes(), 1)
}

// A window gets as many requests as its rate says, and their gaps are as scattered.
func TestServeGenKeepsRateAndScatter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		window rate
		cv     float64
	}{
		{rate{perS: 50, shape: .3}, 1 / math.Sqrt(.3)},
		{rate{perS: 50, shape: 2}, 1 / math.Sqrt(2)},
		{rate{perS: 50, shape: 1, weibull: true}, 1},
	} {
		g := &renewal{windows: []rate{c.window}, span: window, random: NewRandom(1, "window")}
		requests, until := g.Next()
		require.Equal(t, window, until)
		require.Len(t, requests, 30_000)
		var sum, squares float64
		for i := 1; i < len(requests); i++ {
			gap := float64(requests[i].At - requests[i-1].At)
			require.GreaterOrEqual(t, gap, 0.)
			sum, squares = sum+gap, squares+gap*gap
		}
		n := float64(len(requests) - 1)
		require.InEpsilon(t, c.cv, math.Sqrt(squares/n-sum/n*sum/n)/(sum/n), .05)
	}
	// Few are drawn: their number varies about the rate.
	total := 0
	for seed := range 300 {
		g := &renewal{windows: []rate{{perS: 10. / 600, shape: 1}}, span: window, random: NewRandom(uint64(seed), "window")}
		requests, _ := g.Next()
		total += len(requests)
	}
	require.InDelta(t, 3000, total, 200)
}

func TestAnyFileOfAFormatLoads(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string, packed bool) string {
		var out bytes.Buffer
		if packed {
			z := gzip.NewWriter(&out)
			_, err := z.Write([]byte(text))
			require.NoError(t, err)
			require.NoError(t, z.Close())
		} else {
			out.WriteString(text)
		}
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, out.Bytes(), 0o600))
		return path
	}
	const azure, mooncake, servegen = "TIMESTAMP,ContextTokens,GeneratedTokens\r\n", "timestamp_ms,input_length,output_length\n", "client,t_s,rate_rps,iat_cv,pattern,param1,param2\n"
	for _, c := range []struct {
		name string
		file File
		want int // requests
	}{
		{"azure", File{Path: write("a.csv.gz", azure+"2024-01-01 00:00:00.0000000,1,2\r\n2024-01-01 00:10:30.5000000,3,4", true)}, 2},
		{"azure, copies", File{Path: write("b.csv", azure+"2024-01-01 00:00:00.0000000,1,2\r\n", false), Copies: 5}, 5},
		{"mooncake", File{Path: write("c.csv", mooncake+"0,1,2\n3000,1,2\n", false)}, 2},
		{"servegen", File{Path: write("d.csv", servegen+"7,0,1,1,Gamma,1,1\n7,86400,2,1,Weibull,1,1\n", false), Client: 7, Share: 1}, 1800},
		{"servegen, a day", File{Path: write("e.csv", servegen+"7,0,1,1,Gamma,1,1\n7,86400,2,1,Weibull,1,1\n", false), Client: 7, From: 1, To: 2, Share: .5}, 600},
	} {
		w, err := c.file.Workload(Exponential(time.Second))
		require.NoError(t, err, c.name)
		w.Warm = 0
		r := mustRun(t, w, 1, "default", Usual())[0]
		require.Equal(t, c.want, r.All.Requests, c.name)
	}
	for _, c := range []struct {
		text, problem string
		client        int
	}{
		{"a,b,c\n1,2,3\n", "of no known format", 0},
		{"", "has no head", 0},
		{azure, "has no rows", 0},
		{azure + "yesterday,1,2\n", "row 1: TIMESTAMP must look like", 0},
		{azure + "2024-01-01 00:00:00.0000000,1,-2\n", "row 1: GeneratedTokens", 0},
		{azure + "2024-01-01 00:00:01.0000000,1,2\n2024-01-01 00:00:00.0000000,1,2\n", "row 2: earlier", 0},
		{mooncake + "1,2,3\n-1,2,3\n", "row 2: timestamp_ms", 0},
		{mooncake + "1,2\n", "wrong number of fields", 0},
		{servegen + "7,0,1,1,Pareto,1,1\n", "pattern must be Gamma or Weibull", 7},
		{servegen + "7,0,NaN,1,Gamma,1,1\n", "rate_rps", 7},
		{servegen + "7,0,1,1,Gamma,0,1\n", "param1", 7},
		{servegen + "7,0,1,1,Gamma,1,1\n", "name one of them with --client", -1},
		{servegen + "7,0,1,1,Gamma,1,1\n", "no client 8 in the trace: it has [7]", 8},
	} {
		_, err := File{Path: write("bad.csv", c.text, false), Client: c.client, Share: 1}.Workload(Exponential(time.Second))
		require.ErrorContains(t, err, c.problem)
		require.True(t, fleet.Is(err, fleet.Invalid))
	}
	_, err := File{Path: filepath.Join(dir, "none.csv")}.Workload(Exponential(time.Second))
	require.True(t, fleet.Is(err, fleet.NotFound))
}

func TestWorkloadsAreAsTheirTracesSay(t *testing.T) {
	t.Parallel()
	for name, rps := range map[string][2]float64{
		"azure": {150, 160}, "mooncake": {66, 68}, "m-small-9": {.2, 3}, "constant": {19, 21}, "impulse": {10.6, 11.1},
	} {
		offered, err := offer(mustFind(t, name), 1)
		require.NoError(t, err)
		got := float64(offered.Requests) / float64(len(offered.PerSecond))
		require.Greater(t, got, rps[0], name)
		require.Less(t, got, rps[1], name)
	}
}
