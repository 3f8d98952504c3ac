package archive

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/time/rate"
)

// Restoring says where to restore a snapshot to, and how.
type Restoring struct {
	Trees     Trees // all of the snapshot's trees, or some; directories that are not there are made
	RateLimit int64 // bytes of files per second; 0: only the archive's own limit
	Progress  func(Progress)
}

// Restored says what a restore did.
type Restored struct {
	Bytes        int64         `json:"bytes"`         // content of all files, holes left out
	Files        int64         `json:"files"`         // everything with a name
	BytesFetched int64         `json:"bytes_fetched"` // what was read from the archive
	FilesChanged int64         `json:"files_changed"` // made, written, changed or removed
	Took         time.Duration `json:"took"`
}

// A restore makes one directory equal to a tree of a snapshot.
type restore struct {
	*Archive
	*tree

	want, have *node
	limiter    *rate.Limiter
	meter      *meter
	fetched    counter
	changed    counter

	mu    sync.Mutex
	open  map[*node]int  // pieces to go of files that are being written
	wrote map[*node]bool // files whose content or size is not what it was
}

// Restore makes the directories equal to the snapshot: only what differs is written, and what
// the snapshot does not have is deleted. Nothing may use the directories meanwhile. It never
// follows a link out of them.
func (a *Archive) Restore(ctx context.Context, id string, o Restoring) (Restored, error) {
	begin := a.now()
	names, err := o.Trees.names()
	if err != nil {
		return Restored{}, err
	}
	m := newMeter("scanning", o.Progress)
	defer m.end()
	r, err := a.find(ctx, id)
	if err != nil {
		return Restored{}, err
	}
	var done Restored
	var all []*restore
	defer func() {
		for _, t := range all {
			_ = unix.Close(t.fd)
		}
	}()
	limiter := newLimiter(o.RateLimit)
	for _, name := range names {
		want, err := a.readTree(ctx, r, name)
		if err != nil {
			return Restored{}, err
		}
		t := &restore{Archive: a, tree: &tree{name: name}, want: want, limiter: limiter, meter: m, open: map[*node]int{}, wrote: map[*node]bool{}}
		if err := t.scan(ctx, o.Trees[name]); err != nil {
			return Restored{}, failed("restore "+name, err)
		}
		all = append(all, t)
		bytes, files := want.count()
		done.Bytes, done.Files = done.Bytes+bytes, done.Files+files
	}
	var pieces []*piece
	for _, t := range all {
		todo, err := t.prepare(ctx)
		if err != nil {
			return Restored{}, failed("restore "+t.name, err)
		}
		pieces = append(pieces, todo...)
	}
	var bytes int64
	files := map[*node]bool{}
	of := map[*tree]*restore{}
	for _, p := range pieces {
		files[p.node] = true
		for _, c := range p.chunks {
			bytes += p.node.length(c.index)
		}
	}
	for _, t := range all {
		of[t.tree] = t
	}
	m.begin("restoring", bytes, int64(len(files)))
	ahead := a.readAhead(ctx, pieces, limiter)
	defer ahead.Wait()
	err = inParallel(ctx, pieces, newWorker, func(ctx context.Context, w *worker, p *piece) error {
		return of[p.tree].writePiece(ctx, w, p)
	}, (*worker).close)
	if err != nil {
		return Restored{}, failed("restore the snapshot", err)
	}
	for _, t := range all {
		if err := t.finish(ctx); err != nil {
			return Restored{}, failed("restore "+t.name, err)
		}
		done.BytesFetched += t.fetched.Load()
		done.FilesChanged += t.changed.Load()
	}
	done.Took = a.now().Sub(begin)
	return done, nil
}

// scan looks at what is there.
func (t *restore) scan(ctx context.Context, dir string) (err error) {
	if t.dir, err = cleanDir(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(t.dir, 0o700); err != nil {
		return err
	}
	if t.fd, err = openTop(t.dir); err != nil {
		return err
	}
	t.have, _, err = scanTree(ctx, t.fd, t.recall(t.dir), t.now(), t.meter)
	return err
}

// prepare removes what is not wanted, makes what has no content, and returns what is to be
// written. From here on the directory is not what is remembered; the change times say so.
func (t *restore) prepare(ctx context.Context) ([]*piece, error) {
	pair(t.want, t.have)
	t.dismiss()
	w := newWorker()
	defer w.close()
	err := t.have.leave(func(n *node) error {
		if n.other != nil {
			return ctx.Err()
		}
		t.changed.Add(1)
		return t.remove(w, n)
	})
	if err != nil {
		return nil, err
	}
	var pieces []*piece
	t.want.walk(func(n *node) {
		if err != nil || n.parent == nil || n.first != nil {
			return
		}
		if err = ctx.Err(); err != nil {
			return
		}
		switch {
		case n.isRegular():
			var more []*piece
			more, err = t.begin(w, n)
			pieces = append(pieces, more...)
		case n.other == nil:
			err = t.make(w, n)
		}
		if err != nil {
			err = about("restore", n, err)
		}
	})
	return pieces, err
}

// dismiss parts the wanted from what cannot become it: another kind of thing, or a file with
// other names, in the tree or out of it, which must not change with this one.
func (t *restore) dismiss() {
	part := func(n *node) {
		if n.other != nil {
			n.other.other, n.other = nil, nil
		}
	}
	wanted, there := t.want.links(), t.have.links()
	t.want.walk(func(n *node) {
		o := n.other
		if o == nil {
			return
		}
		if n.kind() != o.kind() || n.target != o.target || n.device != o.device {
			n.walk(part)
		}
	})
	var parted []*node
	t.want.walk(func(n *node) {
		if n.other == nil || n.isDir() {
			return
		}
		group := wanted[n]
		if n.first != nil {
			group = wanted[n.first]
		}
		if !sameLinks(n, group, there) {
			parted = append(parted, n)
		}
	})
	for _, n := range parted {
		part(n)
	}
}

func (t *restore) remove(w *worker, n *node) error {
	dir, err := w.dir(t.tree, n.parent)
	if err == nil {
		flags := 0
		if n.isDir() {
			flags = unix.AT_REMOVEDIR
		}
		err = unix.Unlinkat(dir, n.name, flags)
	}
	if err != nil && !errors.Is(err, unix.ENOENT) {
		return about("remove", n, err)
	}
	return nil
}

// make creates what has no content.
func (t *restore) make(w *worker, n *node) error {
	dir, err := w.dir(t.tree, n.parent)
	if err != nil {
		return err
	}
	t.changed.Add(1)
	switch n.kind() {
	case unix.S_IFDIR:
		return unix.Mkdirat(dir, n.name, 0o700) // the rest when it is full
	case unix.S_IFLNK:
		err = unix.Symlinkat(n.target, dir, n.name)
	default:
		err = unix.Mknodat(dir, n.name, n.kind()|0o600, int(n.device))
	}
	if err != nil {
		return err
	}
	return t.describe(dir, n.name, n)
}

// begin makes a file ready to be written, and returns the pieces that may differ.
func (t *restore) begin(w *worker, n *node) ([]*piece, error) {
	o := n.other
	if o != nil && !o.stale && o.size == n.size && sameChunks(o.chunks, n.chunks) {
		return nil, nil
	}
	if o == nil && n.size <= pieceChunks*chunkSize {
		t.open[n], t.wrote[n] = 1, true
		return []*piece{{tree: t.tree, node: n, chunks: n.chunks, make: true}}, nil
	}
	dir, err := w.dir(t.tree, n.parent)
	if err != nil {
		return nil, err
	}
	flags := unix.O_WRONLY
	if o == nil {
		flags |= unix.O_CREAT | unix.O_EXCL
	}
	fd, err := openAt(dir, n.name, flags, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(fd) }()
	if o == nil || o.size != n.size {
		t.wrote[n] = true
		if err := unix.Ftruncate(fd, n.size); err != nil {
			return nil, err
		}
	}
	if o != nil && n.sparse {
		if err := t.punchBetween(fd, n); err != nil {
			return nil, err
		}
	}
	var pieces []*piece
	for _, c := range t.differing(n) {
		from := c.index / pieceChunks * pieceChunks
		if len(pieces) == 0 || pieces[len(pieces)-1].from != from {
			pieces = append(pieces, &piece{tree: t.tree, node: n, from: from})
		}
		last := pieces[len(pieces)-1]
		last.chunks = append(last.chunks, c)
	}
	t.open[n] = len(pieces)
	if len(pieces) == 0 {
		return nil, t.complete(dir, n)
	}
	return pieces, nil
}

func sameChunks(a, b []chunk) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// differing are the chunks that are not known to be on the disk.
func (t *restore) differing(n *node) []chunk {
	o := n.other
	if o == nil || o.stale {
		return n.chunks
	}
	var differing []chunk
	i := 0
	for _, c := range n.chunks {
		for i < len(o.chunks) && o.chunks[i].index < c.index {
			i++
		}
		// The length counts, too: the last chunk of a file that grew or shrank.
		if i < len(o.chunks) && o.chunks[i] == c && o.length(c.index) == n.length(c.index) {
			continue
		}
		differing = append(differing, c)
	}
	return differing
}

// punchBetween makes holes of what is to be holes.
func (t *restore) punchBetween(fd int, n *node) error {
	end := int64(0)
	for _, c := range append(n.chunks[:len(n.chunks):len(n.chunks)], chunk{index: uint32((n.size + chunkSize - 1) / chunkSize)}) {
		offset := min(int64(c.index)*chunkSize, n.size)
		if offset > end {
			at, more, err := nextData(fd, end)
			if err != nil {
				return err
			}
			if more && at < offset {
				t.wrote[n] = true
				if err := punch(fd, end, offset-end); err != nil {
					return err
				}
			}
		}
		end = int64(c.index+1) * chunkSize
	}
	return nil
}

// punch makes a hole, or zeros where the file system has no holes.
func punch(fd int, offset, length int64) error {
	err := unix.Fallocate(fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, offset, length)
	if !errors.Is(err, unix.EOPNOTSUPP) {
		return err
	}
	for ; length > 0; length -= chunkSize {
		if err := writeFull(fd, zeros[:min(length, chunkSize)], offset); err != nil {
			return err
		}
		offset += chunkSize
	}
	return nil
}

var zeros = make([]byte, chunkSize)

func writeFull(fd int, data []byte, offset int64) error {
	for len(data) > 0 {
		n, err := again(func() (int, error) { return unix.Pwrite(fd, data, offset) })
		if err != nil {
			return err
		}
		data, offset = data[n:], offset+int64(n)
	}
	return nil
}

// writePiece writes the chunks of a piece, and what describes the file if it was the last one.
func (t *restore) writePiece(ctx context.Context, w *worker, p *piece) error {
	n := p.node
	dir, err := w.dir(t.tree, n.parent)
	if err != nil {
		return about("restore", n, err)
	}
	flags := unix.O_RDWR
	if p.make {
		flags |= unix.O_CREAT | unix.O_EXCL
	}
	fd, err := openAt(dir, n.name, flags, 0o600)
	if err != nil {
		return about("restore", n, err)
	}
	if p.make && n.sparse {
		err = unix.Ftruncate(fd, n.size)
	}
	for _, c := range p.chunks {
		if err == nil {
			err = t.writeChunk(ctx, w, fd, n, c)
		}
	}
	if closed := unix.Close(fd); err == nil {
		err = closed
	}
	if err != nil {
		return about("restore", n, err)
	}
	t.mu.Lock()
	t.open[n]--
	last := t.open[n] == 0
	t.mu.Unlock()
	if !last {
		return nil
	}
	t.meter.files.Add(1)
	if err := t.complete(dir, n); err != nil {
		return about("restore", n, err)
	}
	return nil
}

// complete describes a file that has its content, unless it is as it was.
func (t *restore) complete(dir int, n *node) error {
	t.mu.Lock()
	wrote := t.wrote[n]
	t.mu.Unlock()
	if !wrote && sameDescription(n, n.other) {
		return nil
	}
	t.changed.Add(1)
	return t.describe(dir, n.name, n)
}

func (t *restore) writeChunk(ctx context.Context, w *worker, fd int, n *node, c chunk) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	offset, length := int64(c.index)*chunkSize, n.length(c.index)
	if n.other != nil {
		got, err := readFull(fd, w.buffer[:length], offset)
		if err != nil {
			return err
		}
		if int64(got) == length && t.hash(w.buffer[:length]) == c.hash {
			t.meter.bytes.Add(length)
			return nil
		}
	}
	if err := wait(ctx, int(length), t.Archive.limiter, t.limiter); err != nil {
		return err
	}
	data, err := t.fetch(ctx, c.hash, length)
	if err != nil {
		return err
	}
	t.fetched.Add(length)
	t.meter.bytes.Add(length)
	t.mu.Lock()
	t.wrote[n] = true
	t.mu.Unlock()
	if !n.sparse {
		return writeFull(fd, data, offset)
	}
	if n.other != nil {
		if err := punch(fd, offset, length); err != nil {
			return err
		}
	}
	return writeSparse(fd, data, offset)
}

// writeSparse leaves blocks of zeros out.
func writeSparse(fd int, data []byte, offset int64) error {
	const block = 4096
	for at := 0; at < len(data); {
		end := at
		for end < len(data) && !isZero(data[end:min(end+block, len(data))]) {
			end = min(end+block, len(data))
		}
		if err := writeFull(fd, data[at:end], offset+int64(at)); err != nil {
			return err
		}
		at = end
		for at < len(data) && isZero(data[at:min(at+block, len(data))]) {
			at = min(at+block, len(data))
		}
	}
	return nil
}

func isZero(b []byte) bool { return string(b) == string(zeros[:len(b)]) }

// describe sets all but the content of a name that is not a directory, or of one that is full.
func (t *restore) describe(dir int, name string, n *node) error {
	path := at(dir, name)
	now, err := statAt(dir, name)
	if err != nil {
		return err
	}
	if now.uid != n.uid || now.gid != n.gid {
		if err := unix.Fchownat(dir, name, int(n.uid), int(n.gid), unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return err
		}
		now.mode &^= unix.S_ISUID | unix.S_ISGID // the kernel may have
	}
	// Attributes after the owner, who takes capabilities away; before the mode, which an access
	// list changes.
	if err := setAttributes(path, n.attributes); err != nil {
		return err
	}
	if n.kind() != unix.S_IFLNK {
		if err := unix.Fchmodat(dir, name, n.mode&^unix.S_IFMT, 0); err != nil {
			return err
		}
	}
	return setTime(dir, name, n)
}

func setTime(dir int, name string, n *node) error {
	times := []unix.Timespec{{Nsec: unix.UTIME_OMIT}, {Sec: n.mtime.sec, Nsec: n.mtime.nsec}}
	return unix.UtimesNanoAt(dir, name, times, unix.AT_SYMLINK_NOFOLLOW)
}

// setAttributes makes the extended attributes of a name those that are wanted.
func setAttributes(path string, want []attribute) error {
	have, err := attributesOf(path)
	if err != nil {
		return err
	}
	is := map[string]string{}
	for _, a := range have {
		is[a.name] = a.value
	}
	for _, a := range want {
		value, found := is[a.name]
		delete(is, a.name)
		if found && value == a.value {
			continue
		}
		if err := unix.Lsetxattr(path, a.name, []byte(a.value), 0); err != nil {
			return err
		}
	}
	for name := range is {
		if err := unix.Lremovexattr(path, name); err != nil && !errors.Is(err, unix.ENODATA) {
			return err
		}
	}
	return nil
}

// finish makes the other names of files, describes what differs in nothing else, directories
// when they are full, and remembers it all.
func (t *restore) finish(ctx context.Context) error {
	w, firsts := newWorker(), newWorker()
	defer w.close()
	defer firsts.close()
	var err error
	t.want.walk(func(n *node) {
		if err == nil {
			err = t.finishName(ctx, w, firsts, n)
		}
	})
	if err != nil {
		return err
	}
	err = t.want.leave(func(n *node) error {
		if !n.isDir() {
			return ctx.Err()
		}
		return t.finishDirectory(w, n)
	})
	if err != nil {
		return err
	}
	// What changes after this has another change time than what was restored.
	select {
	case <-time.After(slack):
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := t.look(ctx, w); err != nil {
		return err
	}
	t.remember(t.dir, t.want)
	return nil
}

func (t *restore) finishName(ctx context.Context, w, firsts *worker, n *node) error {
	if n.parent == nil || n.isDir() {
		return ctx.Err()
	}
	if n.first != nil && n.other == nil {
		from, err := firsts.dir(t.tree, n.first.parent)
		var dir int
		if err == nil {
			dir, err = w.dir(t.tree, n.parent)
		}
		if err == nil {
			err = unix.Linkat(from, n.first.name, dir, n.name, 0)
		}
		if err != nil {
			return about("link", n, err)
		}
		t.changed.Add(1)
		return ctx.Err()
	}
	_, completed := t.open[n]
	if n.other == nil || n.first != nil || completed || sameDescription(n, n.other) {
		return ctx.Err()
	}
	t.changed.Add(1)
	dir, err := w.dir(t.tree, n.parent)
	if err == nil {
		err = t.describe(dir, n.name, n)
	}
	if err != nil {
		return about("restore", n, err)
	}
	return ctx.Err()
}

func (t *restore) finishDirectory(w *worker, n *node) error {
	dir, name, err := t.fd, ".", error(nil)
	if n.parent != nil {
		name = n.name
		dir, err = w.dir(t.tree, n.parent)
	}
	if err != nil {
		return about("restore", n, err)
	}
	if n.other != nil && sameDescription(n, n.other) {
		now, err := statAt(dir, name)
		if err == nil && now.mtime != n.mtime { // what is in it has changed
			err = setTime(dir, name, n)
		}
		if err != nil {
			return about("restore", n, err)
		}
		return nil
	}
	if n.other != nil {
		t.changed.Add(1)
	}
	if err := t.describe(dir, name, n); err != nil {
		return about("restore", n, err)
	}
	return nil
}

// sameDescription compares all but content, name and time of directories.
func sameDescription(a, b *node) bool {
	if a.mode != b.mode || a.uid != b.uid || a.gid != b.gid || len(a.attributes) != len(b.attributes) {
		return false
	}
	for i := range a.attributes {
		if a.attributes[i] != b.attributes[i] {
			return false
		}
	}
	return a.isDir() || a.mtime == b.mtime
}

// look takes what the host knows of the files from the disk.
func (t *restore) look(ctx context.Context, w *worker) error {
	var err error
	t.want.walk(func(n *node) {
		if err != nil {
			return
		}
		if err = ctx.Err(); err != nil {
			return
		}
		var now *node
		if n.parent == nil {
			now, err = statOf(t.fd)
		} else {
			var dir int
			if dir, err = w.dir(t.tree, n.parent); err == nil {
				now, err = statAt(dir, n.name)
			}
		}
		if err != nil {
			err = about("look at", n, err)
			return
		}
		n.inode, n.changed, n.names = now.inode, now.changed, now.names
		n.checked = n.other != nil && n.other.checked && !n.other.stale && n.other.inode == now.inode && n.other.changed == now.changed
	})
	return err
}
