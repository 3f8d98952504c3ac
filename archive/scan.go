package archive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// slack is more than the kernel's clock for files is behind, and than its steps: what changed
// within it may have changed twice with the same time.
const slack = 50 * time.Millisecond

// A scan looks at every name of a directory. What it knows of files that have not changed comes
// from a memory, all else (but the content) from the disk.
type scan struct {
	top     int
	settled stamp // what changed before this has a change time of its own
	meter   *meter
	group   *errgroup.Group
	missed  counter // names that vanished meanwhile
}

// scanTree returns the tree of an open directory. Files that have not changed since they were
// remembered have their chunks, others do not.
func scanTree(ctx context.Context, fd int, known *node, begin time.Time, m *meter) (top *node, missed int64, err error) {
	if top, err = statOf(fd); err != nil {
		return nil, 0, err
	}
	settled := begin.Add(-slack)
	s := &scan{top: fd, settled: stamp{settled.Unix(), int64(settled.Nanosecond())}, meter: m}
	if err := s.describe(fd, ".", top, known); err != nil {
		return nil, 0, err
	}
	s.group, ctx = errgroup.WithContext(ctx)
	s.group.SetLimit(workers())
	s.group.Go(func() error { return s.read(ctx, top, known) })
	if err := s.group.Wait(); err != nil {
		return nil, 0, err
	}
	top.joinLinks()
	return top, s.missed.Load(), nil
}

// read fills a directory's children in, and goes on with those that are directories.
func (s *scan) read(ctx context.Context, n, known *node) error {
	if err := s.list(ctx, n, known); err != nil {
		return err
	}
	for _, c := range n.children {
		if !c.isDir() {
			continue
		}
		was := c.other
		c.other = nil
		deeper := func() error { return s.read(ctx, c, was) }
		if s.group.TryGo(deeper) {
			continue
		}
		if err := deeper(); err != nil {
			return err
		}
	}
	return nil
}

func (s *scan) list(ctx context.Context, n, known *node) error {
	d := dirs{top: s.top}
	defer d.close()
	fd, err := d.open(n)
	if err == nil {
		fd, err = openAt(fd, ".", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	}
	if vanished(err) {
		s.missed.Add(1)
		return ctx.Err()
	}
	if err != nil {
		return about("open", n, err)
	}
	file := os.NewFile(uintptr(fd), n.name)
	defer func() { _ = file.Close() }()
	names, err := file.Readdirnames(-1)
	if err != nil && !vanished(err) {
		return about("list", n, err)
	}
	slices.Sort(names)
	i := 0
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		var was *node
		if known != nil {
			for i < len(known.children) && known.children[i].name < name {
				i++
			}
			if i < len(known.children) && known.children[i].name == name {
				was = known.children[i]
			}
		}
		c, err := statAt(fd, name)
		if err == nil {
			c.parent = n
			err = s.describe(fd, name, c, was)
		}
		if vanished(err) {
			s.missed.Add(1)
			continue
		}
		if err != nil {
			return about("look at", &node{name: name, parent: n}, err)
		}
		n.children = append(n.children, c)
		s.meter.files.Add(1)
	}
	return nil
}

// describe adds what stat does not tell.
func (s *scan) describe(dir int, name string, n, known *node) (err error) {
	if known != nil && known.isDir() && n.isDir() {
		n.other = known
	}
	if known != nil && known.inode == n.inode && known.changed == n.changed && known.mode == n.mode && known.size == n.size && known.mtime == n.mtime {
		n.attributes, n.target, n.checked, n.chunks = known.attributes, known.target, known.checked, known.chunks
		if known.first != nil {
			n.chunks, n.checked = known.first.chunks, known.first.checked
		}
		return nil
	}
	if n.kind() == unix.S_IFLNK {
		if n.target, err = linkTarget(dir, name); err != nil {
			return err
		}
	}
	n.stale, n.fresh = true, !n.changed.before(s.settled)
	n.attributes, err = attributesOf(at(dir, name))
	return err
}

// about says which name an error is about. Names are a tenant's: they are quoted.
func about(doing string, n *node, err error) error {
	return fmt.Errorf("%s %q: %w", doing, n.path(), err)
}

// vanished reports that a name is not there, or not what it was.
func vanished(err error) bool {
	return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP)
}
