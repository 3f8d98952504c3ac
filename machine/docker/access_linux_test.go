package docker_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/docker/docker/api/types/container"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/docker"
)

// nvidiaMajor is the number of NVIDIA's devices. Nobody here answers to it: what is asked is
// whether the kernel would let a container open them.
const nvidiaMajor = 195

// A gpuHost is an engine beside device nodes like those of a GPU host.
type gpuHost struct {
	*docker.Engine
	hostID, devDir string
	asked          atomic.Int32 // how often the driver was
}

// mustGPUHost has GPU A as /dev/nvidia3, and GPU B, which is cut into slices, as /dev/nvidia0.
func mustGPUHost(t *testing.T) *gpuHost {
	t.Helper()
	h := &gpuHost{devDir: t.TempDir()}
	for name, minor := range map[string]uint32{"nvidiactl": 255, "nvidia0": 0, "nvidia3": 3} {
		err := unix.Mknod(filepath.Join(h.devDir, name), unix.S_IFCHR|0o666, int(unix.Mkdev(nvidiaMajor, minor)))
		if err != nil {
			t.Skip("needs to make device nodes, as root: ", err)
		}
	}
	h.Engine, h.hostID = mustHost(t, docker.Options{
		DevDir: h.devDir, Looker: []string{os.Args[0], looker},
		Devices: func(context.Context) ([]gpu.Device, error) {
			h.asked.Add(1)
			return []gpu.Device{{UUID: gpuB, Minor: 0, Slices: []gpu.Slice{{UUID: slice, Profile: "3g.40gb"}}}, {UUID: gpuA, Minor: 3}}, nil
		},
	})
	return h
}

// mustContainer runs a container that has these GPUs, as CDI would hand them over.
func (h *gpuHost) mustContainer(t *testing.T, uuids string, nodes ...string) (leaseID string, pid int) {
	t.Helper()
	c := spec(t, h.hostID)
	devices := []container.DeviceMapping{}
	for _, node := range nodes {
		devices = append(devices, container.DeviceMapping{PathOnHost: filepath.Join(h.devDir, node), PathInContainer: "/dev/" + node, CgroupPermissions: "rwm"})
	}
	made, err := raw.ContainerCreate(t.Context(), &container.Config{Image: testImage, Labels: map[string]string{
		machine.LabelHost: h.hostID, machine.LabelLease: c.Lease.ID, machine.LabelInstance: c.Lease.InstanceID,
		machine.LabelAccount: c.AccountID, machine.LabelEpoch: "1", machine.LabelGPUs: uuids, machine.LabelPretence: "false",
	}}, &container.HostConfig{Resources: container.Resources{Devices: devices}}, nil, nil, "kelvin-"+c.Lease.ID)
	require.NoError(t, err)
	require.NoError(t, h.Start(t.Context(), c.Lease.ID))
	d, err := raw.ContainerInspect(t.Context(), made.ID)
	require.NoError(t, err)
	return c.Lease.ID, d.State.Pid
}

// group is the folder of a process's cgroup.
func group(t *testing.T, pid int, prefix, mounted string) string {
	t.Helper()
	groups, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	require.NoError(t, err)
	for line := range strings.Lines(string(groups)) {
		if _, path, ok := strings.Cut(line, prefix); ok {
			if dir := filepath.Join(mounted, strings.TrimSpace(path)); dir != mounted {
				if _, err := os.Stat(dir); err == nil {
					return dir
				}
			}
		}
	}
	return ""
}

func TestALostDeviceIsNoticedByTheFirstVersionOfControlGroups(t *testing.T) {
	t.Parallel()
	h := mustGPUHost(t)
	lease, pid := h.mustContainer(t, gpuA+","+slice, "nvidiactl", "nvidia0", "nvidia3")
	require.NoError(t, h.GPUsVisible(t.Context(), lease))
	dir := group(t, pid, ":devices:", "/sys/fs/cgroup/devices")
	if dir == "" {
		t.Skip("needs control groups of version 1: this machine's containers have none")
	}
	// What the kernel has left of the devices after a daemon-reload; see NVIDIA's issue 251.
	require.NoError(t, os.WriteFile(filepath.Join(dir, "devices.deny"), []byte("c 195:3 rw"), 0))
	err := h.GPUsVisible(t.Context(), lease)
	require.Equal(t, fleet.Unhealthy, fleet.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, "cannot open /dev/nvidia3: operation not permitted")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "devices.allow"), []byte("c 195:3 rw"), 0))
	require.NoError(t, h.GPUsVisible(t.Context(), lease), "it can again")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "devices.deny"), []byte("c 195:255 w"), 0))
	require.ErrorContains(t, h.GPUsVisible(t.Context(), lease), "/dev/nvidiactl", "to read is not enough")
	require.Equal(t, int32(1), h.asked.Load(), "the driver is asked once in a container's life")

	// The cure is another start, or another container.
	require.NoError(t, h.Stop(t.Context(), lease, time.Second))
	require.Equal(t, fleet.Conflict, fleet.CodeOf(h.GPUsVisible(t.Context(), lease)))
	require.NoError(t, h.Start(t.Context(), lease))
	require.NoError(t, h.GPUsVisible(t.Context(), lease))
	require.Equal(t, int32(2), h.asked.Load())
}

func TestALostDeviceIsNoticedByTheSecondVersionOfControlGroups(t *testing.T) {
	t.Parallel()
	h := mustGPUHost(t)
	lease, pid := h.mustContainer(t, gpuA, "nvidiactl", "nvidia3")
	require.NoError(t, h.GPUsVisible(t.Context(), lease))
	dir := group(t, pid, "0::", "/sys/fs/cgroup/unified")
	if dir == "" {
		dir = group(t, pid, "0::", "/sys/fs/cgroup")
	}
	if dir == "" {
		t.Skip("needs control groups of version 2: this machine's containers have none")
	}
	mustForbid(t, dir, nvidiaMajor)
	err := h.GPUsVisible(t.Context(), lease)
	require.Equal(t, fleet.Unhealthy, fleet.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, "cannot open /dev/nvidiactl: operation not permitted")
}

func TestAContainerThatNeverGotItsDevices(t *testing.T) {
	t.Parallel()
	h := mustGPUHost(t)
	without, _ := h.mustContainer(t, gpuA)
	require.ErrorContains(t, h.GPUsVisible(t.Context(), without), "/dev/nvidiactl: it is not there")
	another, pid := h.mustContainer(t, gpuA, "nvidiactl", "nvidia0")
	err := h.GPUsVisible(t.Context(), another)
	require.Equal(t, fleet.Unhealthy, fleet.CodeOf(err))
	require.ErrorContains(t, err, "/dev/nvidia3: it is not there")
	// A tenant's links lead nobody anywhere.
	require.NoError(t, os.Symlink("/dev/null", fmt.Sprintf("/proc/%d/root/dev/nvidia3", pid)))
	require.ErrorContains(t, h.GPUsVisible(t.Context(), another), "/dev/nvidia3: it is another device")
}

func TestWhetherGPUsAreThereIsNotAlwaysKnown(t *testing.T) {
	t.Parallel()
	h := mustGPUHost(t)
	require.Equal(t, fleet.NotFound, fleet.CodeOf(h.GPUsVisible(t.Context(), "op_none")))
	plain := mustStart(t, h.Engine, h.hostID, nil)
	require.NoError(t, h.GPUsVisible(t.Context(), plain.Lease.ID), "it has no GPU")
	strange, _ := h.mustContainer(t, "GPU-nobody-knows", "nvidiactl")
	require.Equal(t, fleet.Unavailable, fleet.CodeOf(h.GPUsVisible(t.Context(), strange)))
	paused, _ := h.mustContainer(t, gpuA, "nvidiactl", "nvidia3")
	require.NoError(t, h.Pause(t.Context(), paused))
	require.Equal(t, fleet.Conflict, fleet.CodeOf(h.GPUsVisible(t.Context(), paused)))

	for name, o := range map[string]docker.Options{
		"no looker":                {DevDir: h.devDir},
		"a looker that is no good": {DevDir: h.devDir, Looker: []string{"true"}},
		"a looker that hangs":      {DevDir: h.devDir, Looker: []string{"sleep", "1000"}},
		"no such looker":           {DevDir: h.devDir, Looker: []string{"/no/such/looker"}},
		"no driver":                {DevDir: t.TempDir(), Looker: []string{os.Args[0], looker}},
	} {
		o.HostID = h.hostID
		o.Devices = func(context.Context) ([]gpu.Device, error) { return []gpu.Device{{UUID: gpuA, Minor: 3}}, nil }
		e, err := docker.New(o)
		require.NoError(t, err)
		lease, _ := h.mustContainer(t, gpuA, "nvidiactl", "nvidia3")
		began := time.Now()
		code := fleet.CodeOf(e.GPUsVisible(t.Context(), lease))
		require.Contains(t, []fleet.Code{fleet.Unsupported, fleet.Unavailable}, code, name)
		require.Less(t, time.Since(began), 10*time.Second, name)
		require.NoError(t, e.Close())
	}
}

// mustForbid puts a program on a cgroup that refuses devices of a major number, as an engine's
// or systemd's does.
func mustForbid(t *testing.T, dir string, major uint32) {
	t.Helper()
	insn := func(code, regs byte, off int16, imm int32) uint64 {
		// As little-endian machines have it, which all of ours are.
		return uint64(code) | uint64(regs)<<8 | uint64(uint16(off))<<16 | uint64(uint32(imm))<<32
	}
	program := []uint64{
		insn(0x61, 0x12, 4, 0),            // r2 = major
		insn(0xb7, 0x00, 0, 1),            // r0 = 1: allowed
		insn(0x55, 0x02, 1, int32(major)), // if r2 != major goto exit
		insn(0xb7, 0x00, 0, 0),            // r0 = 0
		insn(0x95, 0x00, 0, 0),            // exit
	}
	license := []byte("GPL\x00")
	load := struct {
		kind, insns    uint32
		code, license  uint64
		level, logSize uint32
		log            uint64
		kernel, flags  uint32
	}{kind: unix.BPF_PROG_TYPE_CGROUP_DEVICE, insns: uint32(len(program)), code: uint64(uintptr(unsafe.Pointer(&program[0]))), license: uint64(uintptr(unsafe.Pointer(&license[0])))}
	fd, _, errno := unix.Syscall(unix.SYS_BPF, unix.BPF_PROG_LOAD, uintptr(unsafe.Pointer(&load)), unsafe.Sizeof(load))
	if errno != 0 {
		t.Skip("needs a kernel that takes programs for control groups: ", errno)
	}
	defer unix.Close(int(fd))
	target, err := os.Open(dir)
	require.NoError(t, err)
	defer target.Close()
	attach := struct{ target, program, kind, flags, replace uint32 }{uint32(target.Fd()), uint32(fd), unix.BPF_CGROUP_DEVICE, unix.BPF_F_ALLOW_MULTI, 0}
	_, _, errno = unix.Syscall(unix.SYS_BPF, unix.BPF_PROG_ATTACH, uintptr(unsafe.Pointer(&attach)), unsafe.Sizeof(attach))
	require.Zero(t, errno, errno.Error())
}
