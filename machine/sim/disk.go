package sim

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/kelvin-gpu/kelvin/machine/echo"
)

// limit is what a workload can write to one simulated disk.
const limit = 256 << 20

// A disk keeps a workload's files in a folder: its container's disk, a network volume, or
// /tmp.
type disk struct {
	dir string

	mu    sync.Mutex
	bytes int64 // that workloads have written
}

// Create implements echo.Files.
func (d *disk) Create(name string) (io.WriteCloser, error) {
	if err := os.MkdirAll(d.dir, 0o755); err != nil { //nolint:gosec // as a container would
		return nil, err
	}
	old, _ := os.Lstat(filepath.Join(d.dir, name)) // nil if it is new
	f, err := echo.Dir(d.dir).Create(name)
	if err != nil {
		return nil, err
	}
	if old != nil {
		d.mu.Lock()
		d.bytes = max(0, d.bytes-old.Size())
		d.mu.Unlock()
	}
	return &open{WriteCloser: f, disk: d}, nil
}

// Open implements echo.Files.
func (d *disk) Open(name string) (io.ReadCloser, error) { return echo.Dir(d.dir).Open(name) }

// List implements echo.Files.
func (d *disk) List() ([]echo.File, error) { return echo.Dir(d.dir).List() }

// open is a file that is being written.
type open struct {
	io.WriteCloser
	disk *disk
}

func (o *open) Write(p []byte) (int, error) {
	o.disk.mu.Lock()
	full := o.disk.bytes+int64(len(p)) > limit
	if !full {
		o.disk.bytes += int64(len(p))
	}
	o.disk.mu.Unlock()
	if full {
		return 0, errors.New("no space left on device")
	}
	return o.WriteCloser.Write(p)
}
