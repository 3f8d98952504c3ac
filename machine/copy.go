package machine

import (
	"archive/tar"
	"errors"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// PathStat describes a file, folder or link in a container.
type PathStat struct {
	Name     string      `json:"name"` // the last element of its path
	Bytes    int64       `json:"bytes"`
	Mode     fs.FileMode `json:"mode"`
	Modified time.Time   `json:"modified"`
	Link     string      `json:"link,omitempty"` // what a link leads to, from the root
}

// maxPath is the kernel's.
const maxPath = 4096

// CheckPath makes a path in a container canonical; only a slash at its end is kept, for it
// has a meaning. Invalid if it does not begin at the root.
func CheckPath(p string) (string, error) {
	if !path.IsAbs(p) || len(p) > maxPath || strings.ContainsRune(p, 0) {
		return "", fleet.Errorf(fleet.Invalid, "a path in a container begins with / and has at most %d bytes", maxPath)
	}
	clean := path.Clean(p)
	if clean != "/" && (strings.HasSuffix(p, "/") || strings.HasSuffix(p, "/.")) {
		clean += "/"
	}
	return clean, nil
}

// Sift passes a tar stream on without what a container could not make itself: an engine
// unpacks it with more rights than the container has. Devices are Invalid, as are names that
// lead out of the folder and what is no tar at all; extended attributes are left out. An
// error reaches the reader as it is. Close it.
func Sift(from io.Reader) io.ReadCloser {
	out, in := io.Pipe()
	go func() { _ = in.CloseWithError(sift(in, from)) }()
	return out
}

func sift(to io.Writer, from io.Reader) error {
	source := &noted{Reader: from}
	in, out := tar.NewReader(source), tar.NewWriter(to)
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			if source.bytes == 0 {
				return fleet.Errorf(fleet.Invalid, "the archive is empty: it is no tar")
			}
			if err := out.Close(); err != nil {
				return err
			}
			// What pads an archive is read as well, or its sender would see it refused.
			_, err := io.Copy(io.Discard, source)
			return err
		}
		if err != nil {
			return source.why(err)
		}
		if err := keep(h); err != nil {
			return err
		}
		if err := out.WriteHeader(h); err != nil {
			return fleet.Errorf(fleet.Invalid, "the archive has an entry that cannot be: %s", err)
		}
		if _, err := io.Copy(out, in); err != nil {
			return source.why(err)
		}
	}
}

// keep checks an entry and makes it plain.
func keep(h *tar.Header) error {
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeDir, tar.TypeSymlink, tar.TypeLink, tar.TypeFifo:
	default:
		return fleet.Errorf(fleet.Invalid, "the archive has an entry that is no file, folder or link")
	}
	if !inside(h.Name) || h.Typeflag == tar.TypeLink && !inside(h.Linkname) {
		return fleet.Errorf(fleet.Invalid, "the archive has an entry that leads out of the folder")
	}
	h.Format, h.PAXRecords, h.Xattrs = tar.FormatUnknown, nil, nil //nolint:staticcheck // old archives have attributes there, too
	h.AccessTime, h.ChangeTime = time.Time{}, time.Time{}
	return nil
}

// inside reports whether an entry's name stays within the folder. A slash at its beginning
// means the folder, as for tar itself.
func inside(name string) bool {
	return filepath.IsLocal(plain(name)) && !strings.ContainsRune(name, 0)
}

// noted is a reader that notes how it failed: that a tar is no good, or that it did not come.
type noted struct {
	io.Reader
	bytes int64
	err   error
}

func (n *noted) Read(p []byte) (int, error) {
	read, err := n.Reader.Read(p)
	n.bytes += int64(read)
	if err != nil && !errors.Is(err, io.EOF) {
		n.err = err
	}
	return read, err
}

func (n *noted) why(err error) error {
	if n.err != nil {
		return n.err
	}
	if errors.Is(err, io.ErrClosedPipe) {
		return err // nobody wants the rest
	}
	return fleet.Errorf(fleet.Invalid, "the archive is no tar, or is cut off")
}
