package docker

import (
	"errors"

	"golang.org/x/sys/unix"
)

// reach reports whether this process can read and write the files of containers in a folder of
// the engine's, with what overlayfs notes in attributes that only the system's administrator
// sees: others would not be told that they miss something. A mount can be read-only, and root
// in a container is no administrator.
func reach(dir string) bool {
	if unix.Access(dir, unix.R_OK|unix.W_OK|unix.X_OK) != nil {
		return false
	}
	// To replace what is not there changes nothing; the right to do so is asked first.
	err := unix.Setxattr(dir, "trusted.kelvin", []byte("?"), unix.XATTR_REPLACE)
	return errors.Is(err, unix.ENODATA)
}
