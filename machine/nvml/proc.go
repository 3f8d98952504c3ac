//go:build cgo && linux

package nvml

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// procfs is the folder /proc.
type procfs string

// nvidiaMajor is the number of the driver's device files; their minors are the GPUs', and the
// last ones its own.
const (
	nvidiaMajor = 195
	maxGPUs     = 128
)

// holders are the processes that the driver has listed, with the memory that they use, and
// those that have the device file of a GPU open, or the file for shared memory and no GPU's
// (then it can be any). A negative minor is no device file.
func (p procfs) holders(minor int, listed map[int]uint64) ([]gpu.Holder, error) {
	entries, err := os.ReadDir(string(p))
	if err != nil {
		return nil, err
	}
	uvm := p.major("nvidia-uvm")
	var held []gpu.Holder
	seen := map[int]bool{}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		memory, isListed := listed[pid]
		open, err := p.opened(pid, uvm)
		if err != nil && !isListed {
			return nil, err
		}
		if isListed || minor >= 0 && open.gpu(minor) {
			h := p.describe(pid)
			h.MemoryBytes = memory
			if h.Monitor = p.monitors(pid, h) && !isListed; h.Monitor && p.ours(pid) {
				continue
			}
			held, seen[pid] = append(held, h), true
		}
	}
	for pid, memory := range listed {
		if !seen[pid] {
			held = append(held, gpu.Holder{PID: pid, Command: "a process that cannot be seen", MemoryBytes: memory})
		}
	}
	return held, nil
}

// opened is which of the driver's files a process has open.
type opened struct {
	minors map[int]bool
	uvm    bool
}

func (o opened) gpu(minor int) bool {
	return o.minors[minor] || o.uvm && len(o.minors) == 0
}

// opened looks at the files of a process. One that is gone, or is a kernel's, has none.
func (p procfs) opened(pid, uvm int) (opened, error) {
	dir := filepath.Join(string(p), strconv.Itoa(pid), "fd")
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) {
		return opened{}, nil
	}
	if err != nil {
		return opened{}, fmt.Errorf("the files of process %d: %w", pid, err)
	}
	o := opened{minors: map[int]bool{}}
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		target, err := os.Readlink(path)
		if err != nil || !strings.HasPrefix(target, "/") {
			continue // closed meanwhile, or a socket or a pipe
		}
		if name, ok := strings.CutPrefix(target, "/dev/nvidia"); ok {
			if n, err := strconv.Atoi(name); err == nil {
				o.minors[n] = true
			}
			o.uvm = o.uvm || name == "-uvm"
			continue
		}
		// A container can make a device file of any name.
		switch major, minor := device(path); {
		case major == nvidiaMajor && minor < maxGPUs:
			o.minors[minor] = true
		case uvm > 0 && major == uvm && minor == 0:
			o.uvm = true
		}
	}
	return o, nil
}

// device is the number of an open device file; -1: it is none. It asks no file system, which
// could be a tenant's and never answer.
func device(path string) (major, minor int) {
	var st unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, unix.AT_STATX_DONT_SYNC, unix.STATX_TYPE, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFCHR {
		return -1, -1
	}
	return int(st.Rdev_major), int(st.Rdev_minor)
}

// major is the number of a driver's device files; 0: it has none.
func (p procfs) major(driver string) int {
	b, err := os.ReadFile(filepath.Join(string(p), "devices"))
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(b) {
		if f := bytes.Fields(line); len(f) == 2 && string(f[1]) == driver {
			n, _ := strconv.Atoi(string(f[0]))
			return n
		}
	}
	return 0
}

// describe is what can be known of a process. What is gone meanwhile is left out.
func (p procfs) describe(pid int) gpu.Holder {
	h := gpu.Holder{PID: pid}
	dir := filepath.Join(string(p), strconv.Itoa(pid))
	if b, err := os.ReadFile(filepath.Join(dir, "comm")); err == nil {
		h.Command = printable(strings.TrimSpace(string(b)))
	}
	if b, err := os.ReadFile(filepath.Join(dir, "cgroup")); err == nil {
		h.Container = containerOf(string(b))
	}
	return h
}

// monitorNames are programs that have GPUs open all the time and use none.
var monitorNames = map[string]bool{
	"nvidia-persistenced": true, "nv-fabricmanager": true, "nv-hostengine": true, "dcgm-exporter": true, "nvidia-smi": true, "kelvin-gpu": true,
}

// monitors reports whether a process of the host only watches. In a container anything can
// have any name; and a memory test of ours is a real use.
func (p procfs) monitors(pid int, h gpu.Holder) bool {
	if h.Container != "" {
		return false
	}
	exe, err := os.Readlink(filepath.Join(string(p), strconv.Itoa(pid), "exe"))
	if err != nil {
		return false
	}
	name := filepath.Base(strings.TrimSuffix(exe, " (deleted)"))
	if name == "kelvin-gpu" {
		verb := p.verb(pid)
		return verb != "test" && verb != "scrub"
	}
	return monitorNames[name]
}

// ours reports whether a process is this program, which ends or is ended soon.
func (p procfs) ours(pid int) bool {
	if pid == os.Getpid() {
		return true
	}
	switch p.verb(pid) {
	case "inventory", "health", "holders":
	default:
		return false
	}
	exe, err := os.Readlink(filepath.Join(string(p), strconv.Itoa(pid), "exe"))
	return err == nil && filepath.Base(strings.TrimSuffix(exe, " (deleted)")) == "kelvin-gpu"
}

// verb is the first argument of a process.
func (p procfs) verb(pid int) string {
	b, err := os.ReadFile(filepath.Join(string(p), strconv.Itoa(pid), "cmdline"))
	if err != nil {
		return ""
	}
	args := strings.Split(string(b), "\x00")
	for _, a := range args[1:] {
		if a != "" && !strings.HasPrefix(a, "-") {
			return a
		}
	}
	return ""
}

// containerOf finds the ID of a container in a process's cgroups: 64 hexadecimal digits, the
// innermost if there are several. Docker and containerd write them in several ways.
func containerOf(cgroups string) string {
	id := ""
	for line := range strings.Lines(cgroups) {
		_, path, _ := strings.Cut(line, "::")
		if path == "" {
			parts := strings.SplitN(line, ":", 3)
			path = parts[len(parts)-1]
		}
		for part := range strings.SplitSeq(strings.TrimSpace(path), "/") {
			part = strings.TrimSuffix(part, ".scope")
			if i := strings.LastIndexAny(part, "-:"); i >= 0 {
				part = part[i+1:]
			}
			if isID(part) {
				id = part
			}
		}
	}
	return id
}

func isID(s string) bool {
	if len(s) != 64 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// printable is a name that a process gave itself, without what could upset a terminal or a log.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '�' {
			return '?'
		}
		return r
	}, s)
}
