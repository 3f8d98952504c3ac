//go:build unix

package docker

import (
	"strings"

	"golang.org/x/sys/unix"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// local reports whether the engine is on this machine, as far as its address tells.
func (e *Engine) local() bool { return strings.HasPrefix(e.client.DaemonHost(), "unix://") }

// disk measures the file system of a folder; zero if it cannot.
func disk(dir string) fleet.Disk {
	var fs unix.Statfs_t
	if dir == "" || unix.Statfs(dir, &fs) != nil {
		return fleet.Disk{}
	}
	size := uint64(fs.Bsize)
	return fleet.Disk{Total: int64(fs.Blocks * size), Free: int64(fs.Bavail * size)}
}
