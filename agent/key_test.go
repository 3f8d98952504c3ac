package agent

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAHostsKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key.pem")
	key, err := LoadKey(path)
	require.NoError(t, err)
	again, err := LoadKey(path)
	require.NoError(t, err)
	require.Equal(t, key, again)
	is, err := os.Stat(path)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, is.Mode().Perm())

	require.NoError(t, os.WriteFile(path, []byte("nothing"), 0o600))
	_, err = LoadKey(path)
	require.ErrorContains(t, err, path)
	require.NoError(t, os.WriteFile(path, []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), 0o600))
	_, err = LoadKey(path)
	require.ErrorContains(t, err, "Ed25519")
	_, err = LoadKey(filepath.Join(path, "below-a-file"))
	require.Error(t, err)
}
