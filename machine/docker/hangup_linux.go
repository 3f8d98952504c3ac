package docker

import (
	"bytes"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// hangUp sends SIGHUP to a container's process and its group, as the end of a terminal does
// to the session it leads. A process of that number that is none of the container's (it has
// ended, or this program sees other processes than the engine) is left alone.
func hangUp(pid int, containerID string) {
	groups, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil || !bytes.Contains(groups, []byte(containerID)) {
		return
	}
	if group, err := unix.Getpgid(pid); err == nil && group == pid {
		pid = -pid
	}
	// Nobody is left to be told that it could not be; a stopped one must go on to hear of it.
	_ = unix.Kill(pid, unix.SIGHUP)
	_ = unix.Kill(pid, unix.SIGCONT)
}
