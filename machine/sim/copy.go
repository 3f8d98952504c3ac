package sim

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// StatPath implements machine.Machine.
func (m *Machine) StatPath(ctx context.Context, leaseID, p string) (found machine.PathStat, err error) {
	err = m.call(ctx, "StatPath", leaseID, "", func() error {
		at, err := m.place(leaseID, p)
		if err != nil {
			return err
		}
		defer at.root.Close()
		found, err = at.stat()
		return err
	})
	return found, err
}

// CopyTo implements machine.Machine. Everything belongs to whom this process belongs to.
func (m *Machine) CopyTo(ctx context.Context, leaseID, dir string, from io.Reader) error {
	return m.call(ctx, "CopyTo", leaseID, "", func() error {
		at, err := m.place(leaseID, strings.TrimRight(dir, "/")+"/")
		if err != nil {
			return err
		}
		defer at.root.Close()
		if _, err := at.stat(); err != nil {
			return err
		}
		if at.readOnly {
			return fleet.Errorf(fleet.Invalid, "the container's root file system is read-only")
		}
		sifted := machine.Sift(from)
		defer sifted.Close()
		defer context.AfterFunc(ctx, func() { _ = sifted.Close() })()
		err = machine.Unpack(at.root, sifted, func(name string) (string, error) { return path.Join(at.name, name), nil })
		return at.why(ctx, err)
	})
}

// CopyFrom implements machine.Machine.
func (m *Machine) CopyFrom(ctx context.Context, leaseID, p string) (out io.ReadCloser, err error) {
	err = m.call(ctx, "CopyFrom", leaseID, "", func() error {
		at, err := m.place(leaseID, p)
		if err != nil {
			return err
		}
		found, err := at.stat()
		if err != nil {
			at.root.Close()
			return err
		}
		if found.Name == "/" {
			found.Name = "."
		}
		if at.folder { // also by a link
			root, err := at.root.OpenRoot(at.name)
			at.root.Close()
			if err != nil {
				return broken(err)
			}
			at.root, at.name = root, "."
		}
		read, in := io.Pipe()
		ctx, cancel := context.WithCancel(ctx)
		context.AfterFunc(ctx, func() { _ = in.CloseWithError(ctx.Err()) })
		go func() {
			defer cancel()
			defer at.root.Close()
			err := machine.Pack(in, at.root, at.name, found.Name, nil)
			_ = in.CloseWithError(at.why(ctx, err)) // nil is the end
		}()
		out = &stream{PipeReader: read, cancel: cancel}
		return nil
	})
	return out, err
}

// A place is a path in a container: where it is in one of its folders.
type place struct {
	path     string // in the container
	root     *os.Root
	name     string
	folder   bool // it has to be one
	readOnly bool
}

// place finds a path in the container of a lease. Its root is the caller's to close.
func (m *Machine) place(leaseID, p string) (place, error) {
	p, err := machine.CheckPath(p)
	if err != nil {
		return place{}, err
	}
	m.host.mu.Lock()
	defer m.host.mu.Unlock()
	c, err := m.find(leaseID)
	if err != nil {
		return place{}, err
	}
	dir, name := c.tree.find(p)
	root, err := os.OpenRoot(dir)
	if err != nil {
		return place{}, broken(err)
	}
	return place{
		path: p, root: root, name: name, folder: strings.HasSuffix(p, "/"),
		readOnly: c.spec.Spec.ReadOnly && dir == c.tree.root,
	}, nil
}

func (at place) stat() (machine.PathStat, error) {
	look := at.root.Lstat
	if at.folder {
		look = at.root.Stat
	}
	info, err := look(at.name)
	if err != nil {
		return machine.PathStat{}, at.why(context.Background(), err)
	}
	if at.folder && !info.IsDir() {
		return machine.PathStat{}, fleet.Errorf(fleet.Invalid, "%s is no folder in the container", at.path)
	}
	found := machine.PathStat{Name: path.Base(at.path), Bytes: info.Size(), Mode: info.Mode(), Modified: info.ModTime().UTC()}
	if info.Mode()&fs.ModeSymlink != 0 {
		if to, err := at.root.Readlink(at.name); err == nil {
			found.Link = to
			if !path.IsAbs(to) {
				found.Link = path.Join(path.Dir(at.path), to)
			}
		}
	}
	return found, nil
}

// why is an error of this machine's files as one of a container's.
func (at place) why(ctx context.Context, err error) error {
	var known *fleet.Error
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, fs.ErrNotExist):
		return fleet.Errorf(fleet.NotFound, "there is no %s in the container", at.path)
	case errors.Is(err, syscall.ENOSPC):
		return fleet.Errorf(fleet.Exhausted, "no space left on device")
	}
	var inside *fs.PathError
	if errors.As(err, &inside) {
		return fleet.Errorf(fleet.Invalid, "%s: %s", path.Base(inside.Path), inside.Err)
	}
	return err
}
