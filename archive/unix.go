package archive

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// replaceFile writes a file of this host at once, or not at all.
func replaceFile(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new") // nobody else may read it
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	err = write(w)
	if err == nil {
		err = w.Flush()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// again repeats a system call that a signal interrupted.
func again[T any](call func() (T, error)) (T, error) {
	for {
		v, err := call()
		if !errors.Is(err, unix.EINTR) {
			return v, err
		}
	}
}

// openTop opens the directory of a tree.
func openTop(dir string) (int, error) {
	return again(func() (int, error) {
		return unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
}

// openAt opens a name in a directory, never what a symbolic link points at.
func openAt(dir int, name string, flags int, mode uint32) (int, error) {
	return again(func() (int, error) {
		return unix.Openat(dir, name, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)
	})
}

// dirs opens directories of a tree one name after the other, so that no symbolic link leads out
// of it, whoever changes it meanwhile. It keeps the last ones open: the next is mostly near.
type dirs struct {
	top   int
	stack []opened // each in the one before it
}

type opened struct {
	node  *node
	depth int
	fd    int
}

// keepOpen is how many directories stay open.
const keepOpen = 32

func (d *dirs) close() {
	for len(d.stack) > 0 {
		d.pop()
	}
}

func (d *dirs) pop() {
	last := len(d.stack) - 1
	_ = unix.Close(d.stack[last].fd)
	d.stack = d.stack[:last]
}

// open returns the directory; it stays open until the next call.
func (d *dirs) open(n *node) (int, error) {
	if n.parent == nil {
		return d.top, nil
	}
	if len(d.stack) > 0 && d.stack[len(d.stack)-1].node == n {
		return d.stack[len(d.stack)-1].fd, nil
	}
	var way []*node // from the one below the top
	for at := n; at.parent != nil; at = at.parent {
		way = append(way, at)
	}
	slices.Reverse(way)
	for len(d.stack) > 0 {
		last := d.stack[len(d.stack)-1]
		if last.depth < len(way) && way[last.depth] == last.node {
			break
		}
		d.pop()
	}
	from, depth := d.top, 0
	if len(d.stack) > 0 {
		last := d.stack[len(d.stack)-1]
		from, depth = last.fd, last.depth+1
	}
	for ; depth < len(way); depth++ {
		fd, err := openAt(from, way[depth].name, unix.O_PATH|unix.O_DIRECTORY, 0)
		if err != nil {
			return -1, err
		}
		if len(d.stack) == keepOpen {
			_ = unix.Close(d.stack[0].fd)
			d.stack = slices.Delete(d.stack, 0, 1)
		}
		d.stack = append(d.stack, opened{way[depth], depth, fd})
		from = fd
	}
	return from, nil
}

// at is a path by which system calls without a directory argument reach a name. The kernel
// goes to the directory that is open, not by its name.
func at(dir int, name string) string { return "/proc/self/fd/" + strconv.Itoa(dir) + "/" + name }

// statAt describes a name, not what it points at.
func statAt(dir int, name string) (*node, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return nil, err
	}
	return fromStat(name, &st), nil
}

func statOf(fd int) (*node, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	return fromStat("", &st), nil
}

func fromStat(name string, st *unix.Stat_t) *node {
	n := &node{
		name: name, mode: st.Mode, uid: st.Uid, gid: st.Gid, mtime: stamp{st.Mtim.Sec, st.Mtim.Nsec},
		inode: st.Ino, changed: stamp{st.Ctim.Sec, st.Ctim.Nsec}, names: uint64(st.Nlink), //nolint:unconvert // its size depends on the machine
	}
	switch n.kind() {
	case unix.S_IFREG:
		n.size = st.Size
		n.blocks = min(st.Blocks*512, st.Size)
		n.sparse = n.blocks < st.Size
	case unix.S_IFCHR, unix.S_IFBLK:
		n.device = st.Rdev
	}
	return n
}

// kept are the extended attributes that belong to a file. Others belong to the host it is on,
// such as the labels of SELinux.
func kept(name string) bool {
	return strings.HasPrefix(name, "user.") || strings.HasPrefix(name, "trusted.") ||
		strings.HasPrefix(name, "system.posix_acl_") || name == "security.capability"
}

// attributesOf reads the extended attributes of a name, sorted.
func attributesOf(path string) ([]attribute, error) {
	names, err := grown(func(b []byte) (int, error) { return unix.Llistxattr(path, b) })
	if errors.Is(err, unix.ENOTSUP) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []attribute
	for name := range strings.SplitSeq(string(names), "\x00") {
		if !kept(name) {
			continue
		}
		value, err := grown(func(b []byte) (int, error) { return unix.Lgetxattr(path, name, b) })
		if errors.Is(err, unix.ENODATA) {
			continue // removed meanwhile
		}
		if err != nil {
			return nil, err
		}
		found = append(found, attribute{name, string(value)})
	}
	slices.SortFunc(found, func(a, b attribute) int { return strings.Compare(a.name, b.name) })
	return found, nil
}

// grown calls with a buffer that is large enough.
func grown(call func([]byte) (int, error)) ([]byte, error) {
	var small [256]byte
	buffer := small[:]
	for {
		n, err := call(buffer)
		if err == nil {
			return buffer[:n], nil
		}
		if !errors.Is(err, unix.ERANGE) || len(buffer) > 1<<20 {
			return nil, err
		}
		buffer = make([]byte, 4*len(buffer))
	}
}

// linkTarget reads a symbolic link.
func linkTarget(dir int, name string) (string, error) {
	for size := 256; ; size *= 4 {
		buffer := make([]byte, size)
		n, err := unix.Readlinkat(dir, name, buffer)
		if err != nil || n < size {
			return string(buffer[:max(n, 0)]), err
		}
	}
}

// syncTree puts the file system of a directory on the disk. It may take long, so it ends early
// when it is cancelled.
func syncTree(ctx context.Context, dir string) error {
	fd, err := openTop(dir)
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		defer func() { _ = unix.Close(fd) }()
		done <- unix.Syncfs(fd)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// workers is how many work on files at once: reading, hashing and writing take turns.
func workers() int { return min(16, max(4, 2*runtime.GOMAXPROCS(0))) }

// bootID tells the starts of this machine apart.
func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

// counter counts from many goroutines.
type counter = atomic.Int64
