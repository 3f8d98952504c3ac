package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
)

// Two servers mount one volume at a time; it outlives both, and its files are gone when it is
// deleted.
func TestAVolumeIsSharedAndOutlivesItsUsers(t *testing.T) {
	s := newStack(t)
	require.NoError(t, os.Mkdir(filepath.Join(s.dir, "volumes"), 0o755)) // its operator's; a missing one may be one that is not mounted
	out, err := s.kelvin("instance", "create", "one", "--image", "kelvin/echo:latest", "--gpus", "0", "--volume", "models", "--mount-path", "/data")
	require.Error(t, err)
	require.Contains(t, out, "--volume: is not known; allowed: none yet")

	require.Equal(t, "volume models in us-east: ready\n", s.must("volume", "create", "models"))
	for _, name := range []string{"one", "two"} {
		s.must("instance", "create", name, "--image", "kelvin/echo:latest", "--gpus", "0", "--volume", "models", "--mount-path", "/data", "--wait")
	}
	file := filepath.Join(t.TempDir(), "weights")
	require.NoError(t, os.WriteFile(file, []byte("of gold"), 0o600))
	s.must("instance", "cp", file, "one:/data/weights")
	s.must("instance", "cp", "two:/data/weights", file+".back")
	back, err := os.ReadFile(file + ".back")
	require.NoError(t, err)
	require.Equal(t, "of gold", string(back))

	out, err = s.kelvin("volume", "rm", "models", "--yes")
	require.Error(t, err)
	require.Contains(t, out, "mounted by one, two")
	for _, name := range []string{"one", "two"} {
		s.must("instance", "rm", name, "--yes", "--wait")
	}
	var all api.List[api.Volume]
	require.NoError(t, s.get("/v1/volumes", &all))
	require.Len(t, all.Items, 1)
	folder := filepath.Join(s.dir, "volumes", s.account, "models")
	require.FileExists(t, filepath.Join(folder, "weights"), "it outlives them")

	require.Equal(t, "volume models: deleting\n", s.must("volume", "rm", "models", "--yes"))
	require.Eventually(t, func() bool { return s.must("volume", "ls", "-o", "name") == "" }, time.Minute, 100*time.Millisecond)
	require.NoDirExists(t, folder)
}
