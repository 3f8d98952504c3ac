//go:build cgo && linux

package nvml

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

var containerID = strings.Repeat("0123456789abcdef", 4)

// process adds a process to a /proc.
func process(t testing.TB, proc string, pid int, exe, args, cgroup string, files ...string) {
	t.Helper()
	dir := filepath.Join(proc, strconv.Itoa(pid))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "fd"), 0o755))
	require.NoError(t, os.Symlink(exe, filepath.Join(dir, "exe")))
	for name, text := range map[string]string{"comm": filepath.Base(exe) + "\n", "cmdline": strings.ReplaceAll(args, " ", "\x00") + "\x00", "cgroup": cgroup} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	for i, f := range files {
		require.NoError(t, os.Symlink(f, filepath.Join(dir, "fd", strconv.Itoa(i))))
	}
}

func TestProcessesThatHaveADeviceOpen(t *testing.T) {
	t.Parallel()
	proc := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(proc, "devices"), []byte("Character devices:\n  1 mem\n195 nvidia\n511 nvidia-uvm\n"), 0o600))
	process(t, proc, 10, "/usr/bin/python3", "python3 train.py", "0::/system.slice/docker-"+containerID+".scope\n", "/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia3")
	process(t, proc, 11, "/usr/bin/python3", "python3", "", "/dev/nvidia-uvm", "/dev/nvidia4")
	process(t, proc, 12, "/usr/bin/uvm", "uvm", "", "/dev/nvidia-uvm")
	process(t, proc, 13, "/usr/bin/nvidia-persistenced", "nvidia-persistenced", "", "/dev/nvidia3")
	process(t, proc, 14, "/usr/bin/nvidia-persistenced", "nvidia-persistenced", "0::/docker/"+containerID+"\n", "/dev/nvidia3")
	process(t, proc, 15, "/usr/local/bin/kelvin-gpu", "kelvin-gpu watch -kernel /dev/kmsg", "", "/dev/nvidia3")
	process(t, proc, 16, "/usr/local/bin/kelvin-gpu", "kelvin-gpu health GPU-1", "", "/dev/nvidia3")
	process(t, proc, 17, "/usr/local/bin/kelvin-gpu", "kelvin-gpu test --seed 1", "", "/dev/nvidia3")
	process(t, proc, 18, "/usr/bin/bash", "bash", "", "/dev/null", "socket:[12]", "pipe:[13]", "/dev/nvidia33", "/dev/nvidia3x")
	process(t, proc, 19, "/usr/bin/nv-hostengine (deleted)", "nv-hostengine", "", "/dev/nvidia3")
	process(t, proc, 20, "/usr/bin/python3", "python3", "")
	require.NoError(t, os.MkdirAll(filepath.Join(proc, "21"), 0o755)) // ended, or a kernel's

	held, err := procfs(proc).holders(3, map[int]uint64{20: 5, 13: 7, 99: 9})
	require.NoError(t, err)
	require.ElementsMatch(t, []gpu.Holder{
		{PID: 10, Command: "python3", Container: containerID},
		{PID: 12, Command: "uvm"},                                 // of every GPU
		{PID: 13, Command: "nvidia-persistenced", MemoryBytes: 7}, // one that uses memory does more than to watch
		{PID: 14, Command: "nvidia-persistenced", Container: containerID},
		{PID: 15, Command: "kelvin-gpu", Monitor: true},
		{PID: 17, Command: "kelvin-gpu"},
		{PID: 19, Command: "nv-hostengine (deleted)", Monitor: true},
		{PID: 20, Command: "python3", MemoryBytes: 5},
		{PID: 99, Command: "a process that cannot be seen", MemoryBytes: 9},
	}, held)

	held, err = procfs(proc).holders(-1, map[int]uint64{10: 1})
	require.NoError(t, err)
	require.Equal(t, []gpu.Holder{{PID: 10, Command: "python3", MemoryBytes: 1, Container: containerID}}, held, "a slice has no device file")
	_, err = procfs(filepath.Join(proc, "none")).holders(3, nil)
	require.Error(t, err)
}

// A container may make device files, of any name.
func TestADeviceFileOfAnotherNameIsKnown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	node := filepath.Join(dir, "innocent")
	if err := unix.Mknod(node, unix.S_IFCHR|0o600, int(unix.Mkdev(nvidiaMajor, 5))); err != nil {
		t.Skip("device files cannot be made here: ", err)
	}
	process(t, dir, 10, "/usr/bin/miner", "miner", "", node)
	for minor, want := range map[int]int{5: 1, 6: 0} {
		held, err := procfs(dir).holders(minor, nil)
		require.NoError(t, err)
		require.Len(t, held, want)
	}
}

func TestContainersByTheirCgroups(t *testing.T) {
	t.Parallel()
	other := strings.Repeat("f", 64)
	for cgroups, want := range map[string]string{
		"0::/system.slice/docker-" + containerID + ".scope\n":                             containerID,
		"12:devices:/docker/" + containerID + "\n1:name=systemd:/docker/" + containerID:   containerID,
		"0::/docker/" + other + "/docker/" + containerID + "\n":                           containerID,
		"0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-" + containerID + ".scope": containerID,
		"0::/../" + containerID + "/init.scope":                                           containerID,
		"0::/user.slice/user-1000.slice\n":                                                "",
		"0::/docker/" + strings.ToUpper(containerID):                                      "",
		"0::/docker/" + containerID[:63]:                                                  "",
		"":                                                                                "",
	} {
		require.Equal(t, want, containerOf(cgroups), cgroups)
	}
}

func FuzzContainerOf(f *testing.F) {
	f.Add("0::/system.slice/docker-" + containerID + ".scope\n")
	f.Fuzz(func(t *testing.T, cgroups string) {
		if id := containerOf(cgroups); id != "" {
			require.True(t, isID(id))
			require.Contains(t, cgroups, id)
		}
	})
}
