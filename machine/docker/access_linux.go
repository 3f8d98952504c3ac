package docker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// forbidden is why a device node cannot be opened for reading and writing, or "".
func forbidden(path string) string {
	if err := unix.Access(path, unix.R_OK|unix.W_OK); err != nil {
		return err.Error()
	}
	return ""
}

// look says for each device node why the container of that process cannot open it, or "".
func (e *Engine) look(ctx context.Context, pid int, containerID string, names []string) ([]string, error) {
	wrong, err := e.present(pid, names)
	if err != nil {
		return nil, err
	}
	groups, err := groupsOf(pid, containerID)
	if err != nil {
		return nil, err
	}
	blocked, err := e.lookFrom(ctx, groups, e.paths(names))
	if err != nil {
		return nil, err
	}
	for i := range wrong {
		if wrong[i] == "" {
			wrong[i] = blocked[i]
		}
	}
	return wrong, nil
}

// present says for each of the host's device nodes whether it is in the container's /dev.
func (e *Engine) present(pid int, names []string) ([]string, error) {
	root, err := os.OpenRoot(fmt.Sprintf("/proc/%d/root", pid))
	if err != nil {
		return nil, unseen(err)
	}
	defer root.Close()
	wrong := make([]string, len(names))
	for i, name := range names {
		node, err := os.Stat(filepath.Join(e.options.DevDir, name))
		if err != nil || !isNode(node) {
			return nil, fleet.Errorf(fleet.Unavailable, "the host has no device %s", name)
		}
		// No link is followed: it could lead to any device.
		inside, err := root.Lstat("dev/" + name)
		switch {
		case errors.Is(err, os.ErrNotExist):
			wrong[i] = "it is not there"
		case err != nil:
			return nil, unseen(err)
		case !isNode(inside) || numberOf(inside) != numberOf(node):
			wrong[i] = "it is another device"
		}
	}
	return wrong, nil
}

func isNode(f os.FileInfo) bool { return f.Mode()&os.ModeCharDevice != 0 }

func numberOf(f os.FileInfo) uint64 {
	if stat, ok := f.Sys().(*syscall.Stat_t); ok {
		return stat.Rdev
	}
	return 0
}

// lookFrom has the looker join those cgroups, and look.
func (e *Engine) lookFrom(ctx context.Context, groups, paths []string) ([]string, error) {
	question, err := json.Marshal(paths)
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, e.options.Looker[0], e.options.Looker[1:]...)
	var said bytes.Buffer
	command.Stdout, command.Env, command.WaitDelay = &said, []string{}, time.Second
	in, err := command.StdinPipe()
	if err != nil {
		return nil, unseen(err)
	}
	if err := command.Start(); err != nil {
		return nil, unseen(err)
	}
	// It does nothing before it is asked, and ends without a question.
	for _, group := range groups {
		if err = os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte(strconv.Itoa(command.Process.Pid)), 0); err != nil {
			break
		}
	}
	if err == nil {
		_, err = in.Write(question)
	}
	_ = in.Close()
	if ended := command.Wait(); err == nil {
		err = ended
	}
	if err != nil {
		return nil, unseen(err)
	}
	return answer(said.Bytes(), len(paths))
}

// groupsOf are the folders of the cgroups that decide which devices a container's process can
// open: that of v1's devices, and v2's.
func groupsOf(pid int, containerID string) ([]string, error) {
	of, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return nil, unseen(err)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, unseen(err)
	}
	groups := groupDirs(of, mounts)
	if len(groups) == 0 || !bytes.Contains(of, []byte(containerID)) {
		return nil, fleet.Errorf(fleet.Unsupported, "this agent does not see the engine's processes and their device cgroups (in a container: pid and cgroupns host, and /sys/fs/cgroup)")
	}
	return groups, nil
}

// groupDirs finds a process's device cgroups by its /proc/PID/cgroup and a mountinfo. The root
// is none: it forbids nothing.
func groupDirs(cgroup, mountinfo []byte) (dirs []string) {
	for line := range strings.Lines(string(cgroup)) {
		// 5:devices:/docker/0123…, or 0::/system.slice/docker-0123….scope
		part := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(part) != 3 || !path.IsAbs(part[2]) || path.Clean(part[2]) == "/" {
			continue
		}
		kind, option := "", ""
		switch {
		case part[0] == "0" && part[1] == "":
			kind = "cgroup2"
		case slices.Contains(strings.Split(part[1], ","), "devices"):
			kind, option = "cgroup", "devices"
		default:
			continue
		}
		if root, point, ok := groupMount(mountinfo, kind, option); ok {
			inside, ok := strings.CutPrefix(path.Clean(part[2]), strings.TrimSuffix(root, "/"))
			if ok && strings.HasPrefix(inside, "/") {
				dirs = append(dirs, filepath.Join(point, inside))
			}
		}
	}
	return dirs
}

// groupMount finds where a hierarchy of cgroups is mounted, and which of its folders.
func groupMount(mountinfo []byte, kind, option string) (root, point string, ok bool) {
	for line := range strings.Lines(string(mountinfo)) {
		// 36 31 0:33 / /sys/fs/cgroup/devices rw,relatime - cgroup cgroup rw,devices
		before, after, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		if !ok || len(left) < 5 || len(right) < 3 || right[0] != kind {
			continue
		}
		if option == "" || slices.Contains(strings.Split(right[2], ","), option) {
			return left[3], left[4], true
		}
	}
	return "", "", false
}

// unseen is why nobody can tell. The container may have ended meanwhile.
func unseen(err error) error {
	return fleet.Errorf(fleet.Unavailable, "whether a container has its GPUs cannot be seen: %s", err)
}
