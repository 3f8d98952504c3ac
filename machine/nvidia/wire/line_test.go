package wire

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

func TestParseRefusesWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ line, want string }{
		"nothing":                {"  \n", "no message"},
		"no JSON":                {"CUDA says hello", "not a message"},
		"no object":              {"[]", "not a message"},
		"an empty object":        {"{}", "0 messages"},
		"an unknown message":     {`{"sorry":{}}`, "0 messages"},
		"two messages":           {`{"hello":{},"alloc":{}}`, "2 messages"},
		"a number below zero":    {`{"progress":{"percent":-1}}`, "number -1"},
		"more than all":          {`{"progress":{"percent":101}}`, "101 percent"},
		"an absurd number":       {`{"hello":{"peak_gbps":1e300}}`, "number 1e+300"},
		"a number that is none":  {`{"alloc":{"covered_bytes":-5}}`, "not a message"},
		"a bit too far":          {`{"mismatch":{"bits":[128]}}`, "bits [128]"},
		"bits in disorder":       {`{"mismatch":{"bits":[5,4]}}`, "bits [5 4]"},
		"the same bit twice":     {`{"mismatch":{"again":[5,5]}}`, "bits [5 5]"},
		"too many halves":        {`{"mismatch":{"xor":["1","2","3"]}}`, "3 halves"},
		"an unknown level":       {`{"result":{"level":"thorough"}}`, `level "thorough"`},
		"a phase out of time":    {`{"result":{"phases":[{"seconds":-1}]}}`, "number -1"},
		"too many phases":        {`{"result":{"phases":[` + strings.Repeat(`{},`, 64) + `{}]}}`, "65 phases"},
		"too many records":       {`{"result":{"records":[` + strings.Repeat(`{},`, 64) + `{}]}}`, "65 records"},
		"a record that is wrong": {`{"result":{"records":[{"bits":[-1]}]}}`, "bits [-1]"},
		"too long":               {strings.Repeat(" ", maxLine+1), "bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(c.line))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestParseCleansText(t *testing.T) {
	t.Parallel()
	l, err := Parse([]byte(`{"result":{"error":"\u001b[2Jgone` + strings.Repeat("x", 500) + `"}}`))
	require.NoError(t, err)
	require.Equal(t, "?[2Jgone"+strings.Repeat("x", maxText-8), l.Result.Error)
}

func TestReaderStopsAtWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	r := NewReader(strings.NewReader("{\"alloc\":{\"covered_bytes\":7}}\n\n{\"progress\":{\"percent\":1}}\nrubbish\n"))
	l, err := r.Next()
	require.NoError(t, err)
	require.EqualValues(t, 7, l.Alloc.Covered)
	l, err = r.Next()
	require.NoError(t, err)
	require.NotNil(t, l.Progress)
	_, err = r.Next()
	require.ErrorContains(t, err, "not a message")

	_, err = NewReader(strings.NewReader(`{"result":{}`)).Next()
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	_, err = NewReader(strings.NewReader("")).Next()
	require.ErrorIs(t, err, io.EOF)
	_, err = NewReader(strings.NewReader(strings.Repeat("x", 2*maxLine))).Next()
	require.ErrorContains(t, err, "more than")

	talk := NewReader(endless{})
	for err = nil; err == nil; {
		_, err = talk.Next()
	}
	require.ErrorContains(t, err, "in all")
}

// endless says the same for ever.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	return copy(p, strings.Repeat("{\"progress\":{\"phase\":\""+strings.Repeat("a", 4000)+"\"}}\n", 1)), nil
}

func FuzzParse(f *testing.F) {
	for _, l := range []Line{
		{Hello: &Hello{Version: Version, UUID: "GPU-1"}},
		{Alloc: &Alloc{Covered: 1 << 40, Chunks: 9}},
		{Progress: &gpu.Progress{Phase: "hash", Percent: 50}},
		{Mismatch: &gpu.Mismatch{Bits: []int{1, 2}, XOR: []string{"6", "0"}}},
		{Result: &gpu.Result{Level: gpu.LevelQuick, Phases: []gpu.Phase{{Name: "audit"}}}},
	} {
		line, err := json.Marshal(l)
		require.NoError(f, err)
		f.Add(line)
	}
	f.Add([]byte(`{"result":null}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		l, err := Parse(line)
		if err != nil {
			require.Zero(t, l)
			return
		}
		again, err := json.Marshal(l)
		require.NoError(t, err)
		twice, err := Parse(again)
		require.NoError(t, err)
		last, err := json.Marshal(twice)
		require.NoError(t, err)
		require.JSONEq(t, string(again), string(last))
	})
}
