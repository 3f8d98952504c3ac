package docker

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	hybrid = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
36 31 0:33 / /sys/fs/cgroup/devices rw,relatime - cgroup cgroup rw,devices
37 31 0:34 / /sys/fs/cgroup/freezer rw,relatime shared:7 - cgroup cgroup rw,freezer
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`
	unified = "29 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
)

func TestDeviceGroupsAreFound(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cgroup, mounts string
		want           []string
	}{
		"version 2":            {"0::/system.slice/docker-ab.scope\n", unified, []string{"/sys/fs/cgroup/system.slice/docker-ab.scope"}},
		"both":                 {"6:freezer:/docker/ab\n5:devices:/docker/ab\n0::/docker/ab\n", hybrid, []string{"/sys/fs/cgroup/devices/docker/ab", "/sys/fs/cgroup/unified/docker/ab"}},
		"two controllers":      {"5:cpu,devices:/docker/ab\n", strings.ReplaceAll(hybrid, "rw,devices", "rw,cpu,devices"), []string{"/sys/fs/cgroup/devices/docker/ab"}},
		"the root":             {"5:devices:/\n0::/\n", hybrid, nil},
		"part of it mounted":   {"0::/pod/docker/ab\n", strings.Replace(unified, " / /sys", " /pod /sys", 1), []string{"/sys/fs/cgroup/docker/ab"}},
		"another part mounted": {"0::/podded/ab\n", strings.Replace(unified, " / /sys", " /pod /sys", 1), nil},
		"not mounted":          {"0::/docker/ab\n", "", nil},
		"a path that climbs":   {"0::/docker/../../ab\n", unified, []string{"/sys/fs/cgroup/ab"}},
		"nonsense":             {"devices\n5:devices\n::\n", hybrid, nil},
	} {
		require.Equal(t, test.want, groupDirs([]byte(test.cgroup), []byte(test.mounts)), name)
	}
}

func FuzzDeviceGroups(f *testing.F) {
	f.Add("5:devices:/docker/ab\n0::/docker/ab\n", hybrid)
	f.Add("0::/../x\n", unified)
	f.Fuzz(func(t *testing.T, cgroup, mounts string) {
		for _, dir := range groupDirs([]byte(cgroup), []byte(mounts)) {
			require.Equal(t, filepath.Clean(dir), dir)
		}
	})
}
