package machine

import (
	"archive/tar"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Pack writes a file of root, or a folder with all that is in it, as a tar stream whose names
// begin with as ("." for what is in the folder only). Links are packed as links. What is no
// file, folder or link is left out, and told to skipped, which may be nil.
func Pack(to io.Writer, root *os.Root, name, as string, skipped func(name string)) error {
	out := tar.NewWriter(to)
	info, err := root.Lstat(name)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		err = packOne(out, root, name, as, fs.FileInfoToDirEntry(info), skipped)
	} else {
		err = fs.WalkDir(root.FS(), name, func(at string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			rest := strings.TrimPrefix(at, name)
			if name == "." {
				rest = at
			}
			return packOne(out, root, at, path.Join(as, rest), entry, skipped)
		})
	}
	if err != nil {
		return err
	}
	return out.Close()
}

func packOne(out *tar.Writer, root *os.Root, name, as string, entry fs.DirEntry, skipped func(string)) error {
	info, err := entry.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it has just gone
	}
	if err != nil {
		return err
	}
	h := &tar.Header{Name: as, Mode: int64(info.Mode().Perm()), ModTime: info.ModTime()}
	for bit, in := range map[fs.FileMode]int64{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if info.Mode()&bit != 0 {
			h.Mode |= in
		}
	}
	switch {
	case info.IsDir():
		h.Typeflag, h.Name = tar.TypeDir, as+"/"
	case info.Mode()&fs.ModeSymlink != 0:
		h.Typeflag = tar.TypeSymlink
		if h.Linkname, err = root.Readlink(name); err != nil {
			return err
		}
	case info.Mode().IsRegular():
		h.Typeflag, h.Size = tar.TypeReg, info.Size()
	default:
		if skipped != nil {
			skipped(name)
		}
		return nil
	}
	if err := out.WriteHeader(h); err != nil || h.Typeflag != tar.TypeReg {
		return err
	}
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	n, err := io.Copy(out, io.LimitReader(f, h.Size))
	if err == nil && n < h.Size {
		return fleet.Errorf(fleet.Conflict, "%s became shorter while it was read", name)
	}
	return err
}

// Unpack writes a tar stream into root, with modes and times, and nowhere else: whatever the
// stream says, names and links in it do not lead out. rename says what an entry is called
// there; an error of it ends the work. Files that are there are replaced, folders are filled.
// What is no file, folder or link is left out, as are the bits that lend a file's owner. What
// cannot be is Invalid; errors of from, rename and the system are returned as they are.
func Unpack(root *os.Root, from io.Reader, rename func(name string) (string, error)) error {
	in := tar.NewReader(from)
	u := &unpacking{root: root, in: in}
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return u.finish()
		}
		if err == nil {
			err = u.one(h, rename)
		}
		if err != nil {
			return errors.Join(err, u.finish())
		}
	}
}

// unpacking is what Unpack does. Folders get their modes and times at the end, since they
// have to be written to, and writing changes their times.
type unpacking struct {
	root    *os.Root
	in      *tar.Reader
	folders []*tar.Header
}

func (u *unpacking) one(h *tar.Header, rename func(string) (string, error)) error {
	if !inside(h.Name) {
		return fleet.Errorf(fleet.Invalid, "the archive has an entry that leads out of the folder: %q", h.Name)
	}
	name, err := rename(plain(h.Name))
	if err != nil {
		return err
	}
	h.Name = name
	if dir := path.Dir(name); dir != "." {
		if err := u.root.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	switch h.Typeflag {
	case tar.TypeDir:
		return u.folder(h)
	case tar.TypeReg:
		return u.file(h)
	case tar.TypeSymlink:
		if err := u.clear(name); err != nil {
			return err
		}
		return u.root.Symlink(h.Linkname, name)
	case tar.TypeLink:
		return u.link(h, rename)
	}
	return nil
}

// plain is an entry's name without what is before and after it.
func plain(name string) string { return path.Clean("./" + strings.TrimLeft(name, "/")) }

func (u *unpacking) folder(h *tar.Header) error {
	if h.Name != "." {
		if err := u.root.Mkdir(h.Name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if info, err := u.root.Stat(h.Name); err != nil || !info.IsDir() {
			return fleet.Errorf(fleet.Invalid, "%s is there, and is no folder", h.Name)
		}
	}
	u.folders = append(u.folders, h)
	return nil
}

// clear makes room for what is no folder. What is there is never written through: it may be
// a link, or another's as well.
func (u *unpacking) clear(name string) error {
	info, err := u.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.IsDir() {
		return fleet.Errorf(fleet.Invalid, "%s is there, and is a folder", name)
	}
	return u.root.Remove(name)
}

func (u *unpacking) file(h *tar.Header) error {
	if err := u.clear(h.Name); err != nil {
		return err
	}
	f, err := u.root.OpenFile(h.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, u.in)
	if err == nil {
		err = f.Chmod(fs.FileMode(h.Mode).Perm()) //nolint:gosec // Perm cuts it
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return u.touch(h)
}

func (u *unpacking) link(h *tar.Header, rename func(string) (string, error)) error {
	if !inside(h.Linkname) {
		return fleet.Errorf(fleet.Invalid, "the archive has a link that leads out of the folder: %q", h.Linkname)
	}
	to, err := rename(plain(h.Linkname))
	if err != nil {
		return err
	}
	if err := u.clear(h.Name); err != nil {
		return err
	}
	return u.root.Link(to, h.Name)
}

func (u *unpacking) touch(h *tar.Header) error {
	if h.ModTime.IsZero() || h.ModTime.Equal(time.Unix(0, 0)) {
		return nil
	}
	return u.root.Chtimes(h.Name, h.ModTime, h.ModTime)
}

// finish gives folders their modes and times, the inner ones first.
func (u *unpacking) finish() error {
	var errs []error
	for _, h := range slices.Backward(u.folders) {
		errs = append(errs, u.root.Chmod(h.Name, fs.FileMode(h.Mode).Perm()), u.touch(h)) //nolint:gosec // Perm cuts it
	}
	return errors.Join(errs...)
}
