package gpu_test

import (
	"crypto/ed25519"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

func TestAnExaminationIsSignedAsItIs(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	other, _, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	x := gpu.Examination{
		Schema: gpu.SchemaVersion, UUID: "GPU-1", Level: gpu.LevelQuick, StartedAt: time.Now().UTC(), Before: &gpu.Health{UUID: "GPU-1"},
		After:  &gpu.Health{Volatile: gpu.Errors{Corrected: gpu.Known[uint64](3), Uncorrected: gpu.Unreadable[uint64]("a < b & c")}},
		Result: &gpu.Result{Coverage: 0.97123456789, GBps: 1814.71, Records: []gpu.Mismatch{{Offset: 1 << 60, XOR: []string{"1", "0"}}}},
	}
	s, err := gpu.Sign(private, x)
	require.NoError(t, err)
	require.NoError(t, s.Verify(public, x))
	require.Equal(t, gpu.KeyID(public), s.Key)

	// It is passed on as JSON, and more than once.
	again := x
	for range 2 {
		text, err := json.Marshal(again)
		require.NoError(t, err)
		again = gpu.Examination{}
		require.NoError(t, json.Unmarshal(text, &again))
		require.NoError(t, s.Verify(public, again))
		require.NoError(t, s.Verify(public, &again))
	}

	again.Result.Mismatches = 1
	require.ErrorContains(t, s.Verify(public, again), "not what was signed")
	require.ErrorContains(t, s.Verify(other, x), "another key")
	require.Error(t, s.Verify(nil, x))
	for name, spoil := range map[string]func(*gpu.Signed){
		"of":     func(s *gpu.Signed) { s.Algorithm = "none" },
		"base64": func(s *gpu.Signed) { s.Signature = "?" },
		"signed": func(s *gpu.Signed) { s.Signature = "" },
	} {
		spoiled := *s
		spoil(&spoiled)
		require.ErrorContains(t, spoiled.Verify(public, x), name)
	}
	_, err = gpu.Sign(nil, x)
	require.Error(t, err)
}
