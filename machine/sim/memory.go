package sim

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"slices"
	"sync"

	"github.com/kelvin-gpu/kelvin/machine/echo"
)

// limit is what one simulated disk holds: it is in this process's memory.
const limit = 256 << 20

// memory keeps a container's files; it is its disk, a network volume, or what it wrote to
// its root filesystem.
type memory struct {
	mu    sync.Mutex
	files map[string]*stored
	bytes int64
}

type stored struct {
	echo.File
	data []byte
}

func newMemory() *memory { return &memory{files: map[string]*stored{}} }

// Create implements echo.Files.
func (m *memory) Create(name string) (io.WriteCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old := m.files[name]; old != nil {
		m.bytes -= old.Bytes
	}
	f := &stored{File: echo.File{Name: name, Modified: now()}}
	m.files[name] = f
	return &open{memory: m, file: f}, nil
}

// Open implements echo.Files.
func (m *memory) Open(name string) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.files[name]
	if f == nil {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(f.data)), nil
}

// List implements echo.Files.
func (m *memory) List() ([]echo.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	files := []echo.File{}
	for _, name := range slices.Sorted(maps.Keys(m.files)) {
		files = append(files, m.files[name].File)
	}
	return files, nil
}

// open is a file that is being written.
type open struct {
	memory *memory
	file   *stored
}

func (o *open) Write(p []byte) (int, error) {
	o.memory.mu.Lock()
	defer o.memory.mu.Unlock()
	if o.memory.files[o.file.Name] != o.file {
		return len(p), nil // another one has taken its place; it is unlinked, not gone
	}
	if o.memory.bytes+int64(len(p)) > limit {
		return 0, errors.New("no space left on device")
	}
	o.file.data = append(o.file.data, p...)
	o.file.Bytes += int64(len(p))
	o.memory.bytes += int64(len(p))
	o.file.Modified = now()
	return len(p), nil
}

func (o *open) Close() error { return nil }
