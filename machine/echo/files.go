package echo

import (
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"time"
)

// Files keeps the workload's files, under plain names without folders.
type Files interface {
	// Create makes a file, or empties the one there is.
	Create(name string) (io.WriteCloser, error)
	// Open reads one. fs.ErrNotExist if there is none.
	Open(name string) (io.ReadCloser, error)
	// List says which there are, by name.
	List() ([]File, error)
}

// A File is one file.
type File struct {
	Name     string    `json:"name"`
	Bytes    int64     `json:"bytes"`
	Modified time.Time `json:"modified"`
}

const maxFile = 64 << 30

// fileName is what can be a file: no folders, nothing hidden.
var fileName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

func (w *Workload) listFiles(rw http.ResponseWriter, _ *http.Request) {
	files, err := w.Files.List()
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(rw, files)
}

func (w *Workload) readFile(rw http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if !fileName.MatchString(name) {
		http.NotFound(rw, r)
		return
	}
	f, err := w.Files.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		http.NotFound(rw, r)
		return
	}
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	defer f.Close()
	rw.Header().Set("Content-Type", "application/octet-stream")
	_, _ = io.Copy(rw, f) // the caller has gone
}

// writeFile takes ?bytes of noise that depends on the name only, so that a copy can be
// checked and does not compress; or, without ?bytes, the request's body.
func (w *Workload) writeFile(rw http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	if !fileName.MatchString(name) {
		http.Error(rw, "name is letters, digits and . _ -, at most 128", http.StatusBadRequest)
		return
	}
	from := io.Reader(http.MaxBytesReader(rw, r.Body, maxFile))
	if v := r.URL.Query().Get("bytes"); v != "" {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 0 || n > maxFile {
			http.Error(rw, "bytes is a number, at most 64 GiB", http.StatusBadRequest)
			return
		}
		var seed [32]byte
		copy(seed[:], name)
		from = io.LimitReader(rand.NewChaCha8(seed), n)
	}
	n, err := w.store(name, from)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInsufficientStorage)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(http.StatusCreated)
	answer(rw, File{Name: name, Bytes: n, Modified: time.Now().UTC()})
}

func (w *Workload) store(name string, from io.Reader) (int64, error) {
	f, err := w.Files.Create(name)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(f, from)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return n, err
}

// Dir keeps files in a folder of the operating system. Links in it do not lead out.
type Dir string

// Create implements Files.
func (d Dir) Create(name string) (io.WriteCloser, error) {
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.Create(name)
}

// Open implements Files.
func (d Dir) Open(name string) (io.ReadCloser, error) {
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.Open(name)
}

// List implements Files.
func (d Dir) List() ([]File, error) {
	entries, err := os.ReadDir(string(d))
	if err != nil {
		return nil, err
	}
	files := []File{}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() || !fileName.MatchString(entry.Name()) {
			continue // not one of ours, or just removed
		}
		files = append(files, File{Name: entry.Name(), Bytes: info.Size(), Modified: info.ModTime().UTC()})
	}
	return files, nil
}
