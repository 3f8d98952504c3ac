package archive

import (
	"context"
	"errors"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/content"
	"github.com/kopia/kopia/repo/object"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A piece is a part of a file that one worker reads, or writes.
type piece struct {
	tree   *tree
	node   *node
	from   uint32  // its first chunk
	chunks []chunk // what it has, or shall have
	short  int64   // where the file ended, if it was shorter than it should be; else -1
	make   bool    // it is all of a file that is not there yet
}

// A tree is a directory at work.
type tree struct {
	name, dir string
	fd        int
	top       *node
	journal   *journal
}

// openTree opens the directory of a tree that must be there.
func openTree(name, dir string) (int, error) {
	fd, err := openTop(dir)
	if vanished(err) {
		err = fleet.Errorf(fleet.NotFound, "there is no directory for the tree %q", name)
	}
	return fd, err
}

// inParallel runs work on each item, in order, by many workers. Each worker has its own state.
func inParallel[T, W any](ctx context.Context, items []T, start func() W, work func(context.Context, W, T) error, end func(W)) error {
	g, ctx := errgroup.WithContext(ctx)
	next := make(chan T)
	g.Go(func() error {
		defer close(next)
		for _, item := range items {
			select {
			case next <- item:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for range min(workers(), len(items)) {
		g.Go(func() error {
			w := start()
			defer end(w)
			for item := range next {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := work(ctx, w, item); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// A worker holds what one of many needs: the directories it has open, and a buffer.
type worker struct {
	dirs   map[*tree]*dirs
	buffer []byte
}

func newWorker() *worker {
	return &worker{dirs: map[*tree]*dirs{}, buffer: make([]byte, chunkSize)}
}

func (w *worker) close() {
	for _, d := range w.dirs {
		d.close()
	}
}

// dir opens the directory of a node.
func (w *worker) dir(t *tree, n *node) (int, error) {
	d := w.dirs[t]
	if d == nil {
		d = &dirs{top: t.fd}
		w.dirs[t] = d
	}
	return d.open(n)
}

// open opens a regular file for reading, without leaving a trace in its access time.
func (w *worker) open(t *tree, n *node) (int, error) {
	dir, err := w.dir(t, n.parent)
	if err != nil {
		return -1, err
	}
	fd, err := openAt(dir, n.name, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOATIME, 0)
	if errors.Is(err, unix.EPERM) { // another's file, and no privileges
		fd, err = openAt(dir, n.name, unix.O_RDONLY|unix.O_NONBLOCK, 0)
	}
	return fd, err
}

// readFull reads from an offset until the buffer is full or the file ends.
func readFull(fd int, buffer []byte, offset int64) (int, error) {
	n := 0
	for n < len(buffer) {
		m, err := again(func() (int, error) { return unix.Pread(fd, buffer[n:], offset+int64(n)) })
		if err != nil {
			return n, err
		}
		if m == 0 {
			return n, nil
		}
		n += m
	}
	return n, nil
}

// nextData is the offset of the next byte that is not in a hole; false if there is none.
func nextData(fd int, offset int64) (int64, bool, error) {
	at, err := unix.Seek(fd, offset, unix.SEEK_DATA)
	if errors.Is(err, unix.ENXIO) {
		return 0, false, nil
	}
	if errors.Is(err, unix.EINVAL) { // the file system does not know
		return offset, true, nil
	}
	return at, true, err
}

// A chunk is one content, however long.
const wholeSplitter = "FIXED-8M"

var errContent = errors.New("a chunk became more than one content")

// store writes a chunk and returns its hash.
func store(ctx context.Context, w repo.RepositoryWriter, data []byte) (hash, error) {
	o := w.NewObjectWriter(ctx, object.WriterOptions{Splitter: wholeSplitter, Compressor: "s2-default"})
	defer func() { _ = o.Close() }()
	if _, err := o.Write(data); err != nil {
		return hash{}, err
	}
	id, err := o.Result()
	if err != nil {
		return hash{}, err
	}
	c, compressed, whole := id.ContentID()
	if !whole || compressed || c.HasPrefix() || len(c.Hash()) != len(hash{}) {
		return hash{}, errContent
	}
	return hash(c.Hash()), nil
}

// id is the name of a chunk's content in the repository.
func (h hash) id() (content.ID, error) { return content.IDFromHash("", h[:]) }
