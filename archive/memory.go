package archive

import (
	"bufio"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// What a host knows of a directory is a file in the cache: the tree with inodes and change
// times. It is true as long as the machine runs, for a crash may undo what was written, and on
// file systems that tell every change. Whoever has none reads everything once more.

const (
	memorySuffix  = ".tree"
	journalSuffix = ".journal"
)

// leftFor is how long a journal waits for its save to go on.
const leftFor = 7 * 24 * time.Hour

// cleanDir makes one name of a directory's many.
func cleanDir(dir string) (string, error) {
	if dir == "" {
		return "", fleet.Errorf(fleet.Invalid, "a tree needs a directory")
	}
	dir, err := filepath.Abs(dir)
	return dir, failed("find a tree's directory", err)
}

// memoryFile is where a directory is remembered.
func (a *Archive) memoryFile(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	name := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
	return filepath.Join(a.options.CacheDir, "known", name)
}

// tellsChanges reports whether a file on this file system has another change time after every
// change, through a mapping too. A tmpfs, for one, has not.
func tellsChanges(dir string) bool {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return false
	}
	switch int64(st.Type) { //nolint:unconvert // its size depends on the machine
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC, unix.OVERLAYFS_SUPER_MAGIC, zfsMagic:
		return true
	}
	return false
}

const zfsMagic = 0x2fc12fc1

// recall returns what is known of a directory, nil if nothing is.
func (a *Archive) recall(dir string) *node {
	if !tellsChanges(dir) {
		return nil
	}
	f, err := os.Open(a.memoryFile(dir) + memorySuffix)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			a.log.Warn("reading files again", slog.Any("error", err))
		}
		return nil
	}
	defer func() { _ = f.Close() }()
	h, top, err := decodeTree(f)
	if err != nil {
		a.log.Warn("reading files again", slog.Any("error", err))
		return nil
	}
	if h.directory != dir || h.boot == "" || h.boot != bootID() {
		return nil
	}
	return top
}

// remember keeps a tree for recall. Without it things go on, only slower.
func (a *Archive) remember(dir string, top *node) {
	path := a.memoryFile(dir) + memorySuffix
	err := replaceFile(path, func(w io.Writer) error {
		return encodeTree(w, head{directory: dir, boot: bootID()}, top)
	})
	if err != nil {
		a.log.Warn("cannot remember files", slog.Any("error", err))
		_ = os.Remove(path)
	}
}

// forgetGone removes what is remembered of directories that are no more.
func (a *Archive) forgetGone() {
	known := filepath.Join(a.options.CacheDir, "known")
	entries, err := os.ReadDir(known)
	if err != nil {
		return // it only takes space
	}
	for _, e := range entries {
		path := filepath.Join(known, e.Name())
		base, found := strings.CutSuffix(path, memorySuffix)
		if !found { // what a crash left, or a save under way
			if info, err := e.Info(); err == nil && a.now().Sub(info.ModTime()) > leftFor {
				_ = os.Remove(path)
			}
			continue
		}
		f, err := os.Open(path)
		if err != nil {
			continue
		}
		h, err := (&records{r: bufio.NewReader(f)}).head()
		_ = f.Close()
		if err != nil {
			continue
		}
		if _, err := os.Lstat(h.directory); errors.Is(err, fs.ErrNotExist) {
			_ = os.Remove(path)
			_ = os.Remove(base + journalSuffix)
		}
	}
}
