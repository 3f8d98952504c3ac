package agent

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

func TestASigningKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gpu.key")
	keys := make([]string, 8)
	var all sync.WaitGroup
	for i := range keys {
		all.Go(func() {
			key, err := SigningKey(path)
			if err == nil {
				keys[i] = string(key)
			}
		})
	}
	all.Wait()
	for _, key := range keys {
		require.Equal(t, keys[0], key)
		require.NotEmpty(t, key)
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1)

	key, err := SigningKey(path)
	require.NoError(t, err)
	s, err := gpu.Sign(key, gpu.Examination{UUID: "GPU-1"})
	require.NoError(t, err)
	require.NoError(t, s.Verify(gpu.Examination{UUID: "GPU-1"}))
}

func TestASigningKeyThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, want := range map[string]string{
		"nothing": "is not PEM",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n": "is not an Ed25519 key",
	} {
		path := filepath.Join(dir, "bad")
		require.NoError(t, os.WriteFile(path, []byte(name), 0o600))
		_, err := SigningKey(path)
		require.ErrorContains(t, err, want)
	}
	path := filepath.Join(dir, "open")
	_, err := SigningKey(path)
	require.NoError(t, err)
	require.NoError(t, os.Chmod(path, 0o640))
	_, err = SigningKey(path)
	require.ErrorContains(t, err, "chmod 600")
	_, err = SigningKey(filepath.Join(dir, "no", "such"))
	require.Error(t, err)
}
