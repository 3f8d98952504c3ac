package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.temporal.io/server/schema/sqlite"
	"golang.org/x/sys/unix"
)

// temporaryPattern names the folders made when none was given.
const temporaryPattern = "kelvin-temporal-*"

// dataDir is the folder of the database, held by this process alone: two
// servers on one file would both believe they own its only shard.
type dataDir struct {
	path      string
	lock      *os.File
	temporary bool
}

// openDataDir makes and locks the folder at path, or a temporary one where
// path is empty.
func openDataDir(path string) (*dataDir, error) {
	temporary := path == ""
	if temporary {
		removeAbandoned(os.TempDir())
		var err error
		if path, err = os.MkdirTemp("", temporaryPattern); err != nil {
			return nil, fmt.Errorf("make a temporary data folder: %w", err)
		}
	} else if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("--data-dir %s: %w", path, reason(err))
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("--data-dir %s: %w", path, err)
	}
	lock, err := lockDir(path)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, fmt.Errorf("--data-dir %s: another kelvin-temporal uses it", path)
	}
	if err != nil {
		return nil, fmt.Errorf("--data-dir %s: not writable: %w", path, reason(err))
	}
	return &dataDir{path: path, lock: lock, temporary: temporary}, nil
}

// database returns the file's path. Temporal cannot migrate SQLite, so the
// schema's version is in the name, and a new version starts with a new file.
func (d *dataDir) database() string {
	return filepath.Join(d.path, "temporal-"+sqlite.Version+".db")
}

// close lets the folder go, and removes it if it was temporary.
func (d *dataDir) close() error {
	if d.temporary {
		if err := os.RemoveAll(d.path); err != nil {
			return fmt.Errorf("remove the temporary data folder: %w", err)
		}
	}
	return d.lock.Close()
}

// lockDir takes the folder's lock, which the kernel releases when the process
// ends in whatever way.
func lockDir(path string) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// removeAbandoned deletes temporary data folders whose process was killed
// before it could do so. A folder younger than a minute may belong to a
// process that has not locked it yet. What cannot be removed, such as another
// user's, is none of our business.
func removeAbandoned(parent string) {
	dirs, _ := filepath.Glob(filepath.Join(parent, temporaryPattern))
	for _, dir := range dirs {
		if info, err := os.Lstat(dir); err != nil || !info.IsDir() || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		if lock, err := lockDir(dir); err == nil {
			_ = os.RemoveAll(dir)
			_ = lock.Close()
		}
	}
}

// reason drops the operation and the path from a file error: the message
// around it names the path once.
func reason(err error) error {
	if pathErr, ok := errors.AsType[*os.PathError](err); ok {
		return pathErr.Err
	}
	return err
}
