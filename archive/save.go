package archive

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/object"
	"golang.org/x/sys/unix"
	"golang.org/x/time/rate"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Saving says what to save, and how.
type Saving struct {
	Trees Trees

	// Stopped promises that nothing changes the trees meanwhile. Then a file that does is an
	// error (Unavailable: stop it and save again); else it is saved as it was found, counted in
	// Saved.Changed, and read again by the next pass.
	Stopped bool

	RateLimit int64 // bytes of files per second; 0: only the archive's own limit
	Progress  func(Progress)
}

// Saved says what a pass did.
type Saved struct {
	Bytes     int64         `json:"bytes"`      // content of all files, holes left out
	Files     int64         `json:"files"`      // everything with a name
	BytesRead int64         `json:"bytes_read"` // what was read of it: changed since this host last looked
	BytesNew  int64         `json:"bytes_new"`  // what the storage grew by, compressed
	Changed   int64         `json:"changed"`    // files that changed or vanished while they were read
	Took      time.Duration `json:"took"`
}

// A pass is one Save.
type pass struct {
	*Archive

	out     repo.DirectRepositoryWriter
	stopped bool
	limiter *rate.Limiter
	meter   *meter
	trees   []*tree
	pieces  map[*node][]*piece // of files that are read
	read    counter
	missed  int64

	mu      sync.Mutex
	written []*piece       // since the last checkpoint
	moved   map[*node]bool // no longer what the scan found
	unquiet map[*node]bool // changed while they were read
}

// rounds is how often a pass looks again for files that were replaced while it ran.
const rounds = 4

// Save keeps the trees under s.ID. The same ID again is the next pass: it replaces the last one
// when it is complete, and reads only the files that changed since this host last saved or
// restored the same directories. After a crash it goes on where it was.
func (a *Archive) Save(ctx context.Context, s Snapshot, o Saving) (Saved, error) {
	begin := a.now()
	names, err := o.Trees.names()
	if err == nil {
		err = s.check()
	}
	if err != nil {
		return Saved{}, err
	}
	p := &pass{
		Archive: a, stopped: o.Stopped, limiter: newLimiter(o.RateLimit), meter: newMeter("scanning", o.Progress),
		pieces: map[*node][]*piece{}, moved: map[*node]bool{}, unquiet: map[*node]bool{},
	}
	defer p.meter.end()
	defer p.close()
	for _, name := range names {
		if err := p.scan(ctx, name, o.Trees[name]); err != nil {
			return Saved{}, failed("save "+name, err)
		}
	}
	var grown counter
	if err := a.repo.Refresh(ctx); err != nil {
		return Saved{}, failed("save the snapshot", err)
	}
	if _, p.out, err = a.repo.NewDirectWriter(ctx, repo.WriteSessionOptions{Purpose: "save", OnUpload: func(n int64) { grown.Add(n) }}); err != nil {
		return Saved{}, failed("save the snapshot", err)
	}
	defer func() { _ = p.out.Close(context.WithoutCancel(ctx)) }()
	if err := p.save(ctx); err != nil {
		return Saved{}, failed("save the snapshot", err)
	}
	saved := Saved{BytesRead: p.read.Load(), Changed: p.missed + int64(len(p.unquiet))}
	r := record{Info: Info{Snapshot: s}, Trees: map[string]object.ID{}}
	for _, t := range p.trees {
		if r.Trees[t.name], err = p.writeIndex(ctx, t.top); err != nil {
			return Saved{}, failed("save the snapshot", err)
		}
		bytes, files := t.top.count()
		r.Bytes, r.Files = r.Bytes+bytes, r.Files+files
	}
	r.SavedAt = a.now().UTC()
	if _, err := p.out.ReplaceManifests(ctx, snapshotLabels(s.ID), r); err != nil {
		return Saved{}, failed("save the snapshot", err)
	}
	if err := p.out.Flush(ctx); err != nil {
		return Saved{}, failed("save the snapshot", err)
	}
	for _, t := range p.trees {
		a.remember(t.dir, t.top)
		t.journal.end(true)
		t.journal = nil
	}
	saved.Bytes, saved.Files, saved.BytesNew, saved.Took = r.Bytes, r.Files, grown.Load(), a.now().Sub(begin)
	return saved, nil
}

func (p *pass) close() {
	for _, t := range p.trees {
		if t.journal != nil {
			t.journal.end(false)
		}
		_ = unix.Close(t.fd)
	}
}

// scan looks at a tree.
func (p *pass) scan(ctx context.Context, name, dir string) error {
	dir, err := cleanDir(dir)
	if err != nil {
		return err
	}
	t := &tree{name: name, dir: dir}
	if t.fd, err = openTree(name, dir); err != nil {
		return err
	}
	p.trees = append(p.trees, t)
	begin := p.now()
	if !p.stopped {
		// A program that writes to a file through its memory changes its time only when the page
		// was clean. So make all clean: what is written from now on shows.
		if err := syncTree(ctx, dir); err != nil {
			return err
		}
	}
	if t.journal, err = openJournal(p.memoryFile(dir) + journalSuffix); err != nil {
		return err
	}
	var missed int64
	t.top, missed, err = scanTree(ctx, t.fd, p.recall(dir), begin, p.meter)
	p.missed += missed
	return err
}

// save reads what is not known, until it has all of it.
func (p *pass) save(ctx context.Context) error {
	for round := range rounds {
		todo, err := p.plan(ctx)
		if err != nil {
			return err
		}
		if err := p.readAll(ctx, todo); err != nil {
			return err
		}
		if len(p.moved) == 0 {
			break
		}
		if err := p.lookAgain(round == rounds-1); err != nil {
			return err
		}
	}
	for n, pieces := range p.pieces {
		n.join(pieces)
	}
	for n := range p.unquiet {
		n.fresh = true
	}
	if p.stopped && (p.missed > 0 || len(p.unquiet) > 0) {
		for n := range p.unquiet {
			return fleet.Errorf(fleet.Unavailable, "%q and %d other files changed while they were saved", n.path(), len(p.unquiet)-1)
		}
		return fleet.Errorf(fleet.Unavailable, "%d files vanished while they were saved", p.missed)
	}
	return p.revive(ctx)
}

// plan cuts the files that are not known into pieces.
func (p *pass) plan(ctx context.Context) ([]*piece, error) {
	var todo []*piece
	var bytes, files int64
	w := newWorker()
	defer w.close()
	for _, t := range p.trees {
		for _, n := range t.top.holders() {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if p.pieces[n] != nil || n.size == 0 {
				continue
			}
			if !n.stale {
				all, err := p.has(ctx, n.chunks)
				if err != nil {
					return nil, err
				}
				if all {
					continue
				}
				n.chunks, n.stale = nil, true
			}
			pieces, err := p.cut(w, t, n)
			if err != nil {
				return nil, err
			}
			p.pieces[n] = pieces
			files++
			for _, piece := range pieces {
				if was := t.journal.find(n, piece.from); was != nil {
					all, err := p.has(ctx, was.chunks)
					if err != nil {
						return nil, err
					}
					if all {
						piece.chunks = was.chunks
						continue
					}
				}
				todo = append(todo, piece)
				bytes += min(pieceChunks*chunkSize, n.size-int64(piece.from)*chunkSize)
			}
		}
	}
	p.meter.begin("saving", bytes, files)
	return todo, nil
}

// has reports whether the repository has the chunks, for good.
func (p *pass) has(ctx context.Context, chunks []chunk) (bool, error) {
	for _, c := range chunks {
		has, going, err := lookup(ctx, p.out, c.hash)
		if err != nil || !has || going {
			return false, err
		}
	}
	return true, nil
}

// cut makes the pieces of a file, leaving out those that are holes.
func (p *pass) cut(w *worker, t *tree, n *node) ([]*piece, error) {
	const size = pieceChunks * chunkSize
	pieces := []*piece{}
	add := func(offset int64) {
		pieces = append(pieces, &piece{tree: t, node: n, from: uint32(offset / chunkSize), short: -1})
	}
	if !n.sparse {
		for offset := int64(0); offset < n.size; offset += size {
			add(offset)
		}
		return pieces, nil
	}
	fd, err := w.open(t, n)
	if vanished(err) {
		p.moved[n] = true
		return pieces, nil
	}
	if err != nil {
		return nil, about("read", n, err)
	}
	defer func() { _ = unix.Close(fd) }()
	for offset := int64(0); offset < n.size; {
		at, more, err := nextData(fd, offset)
		if err != nil {
			return nil, about("read", n, err)
		}
		if !more || at >= n.size {
			break
		}
		add(at / size * size)
		offset = at/size*size + size
	}
	return pieces, nil
}

// readAll reads pieces into the archive. From time to time it makes sure of what it has, so
// that a crash costs only what was read since.
func (p *pass) readAll(ctx context.Context, todo []*piece) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var checkpoints sync.WaitGroup
	done := make(chan struct{})
	checkpoints.Go(func() {
		ticker := time.NewTicker(p.checkpoint)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				if err := p.makeSure(ctx); err != nil {
					cancel(err)
					return
				}
			case <-done:
				return
			}
		}
	})
	err := inParallel(ctx, todo, newWorker, p.readPiece, (*worker).close)
	close(done)
	checkpoints.Wait()
	if errors.Is(err, context.Canceled) {
		err = context.Cause(ctx)
	}
	return err
}

// makeSure writes what the repository holds back, and notes what is safe then.
func (p *pass) makeSure(ctx context.Context) error {
	p.mu.Lock()
	written := p.written
	p.written = nil
	p.mu.Unlock()
	if len(written) == 0 {
		return nil
	}
	if err := p.out.Flush(ctx); err != nil {
		return err
	}
	byTree := map[*tree][]*piece{}
	p.mu.Lock()
	for _, piece := range written {
		if !p.unquiet[piece.node] && !p.moved[piece.node] {
			byTree[piece.tree] = append(byTree[piece.tree], piece)
		}
	}
	p.mu.Unlock()
	for t, pieces := range byTree {
		if err := t.journal.add(pieces); err != nil {
			return err
		}
	}
	p.log.Debug("snapshot checkpoint", slog.Int("pieces", len(written)))
	return nil
}

func (p *pass) readPiece(ctx context.Context, w *worker, piece *piece) error {
	n := piece.node
	fd, err := w.open(piece.tree, n)
	if vanished(err) {
		p.mark(p.moved, n)
		return nil
	}
	if err != nil {
		return about("read", n, err)
	}
	defer func() { _ = unix.Close(fd) }()
	before, err := statOf(fd)
	if err != nil {
		return about("read", n, err)
	}
	if !before.isRegular() || before.inode != n.inode {
		p.mark(p.moved, n)
		return nil
	}
	if err := p.readChunks(ctx, w, fd, piece); err != nil {
		return about("read", n, err)
	}
	after, err := statOf(fd)
	if err != nil {
		return about("read", n, err)
	}
	if before.changed != n.changed || after.changed != n.changed {
		p.mark(p.unquiet, n)
	}
	p.mu.Lock()
	p.written = append(p.written, piece)
	p.mu.Unlock()
	if int64(piece.from+pieceChunks)*chunkSize >= n.size {
		p.meter.files.Add(1)
	}
	return nil
}

func (p *pass) mark(set map[*node]bool, n *node) {
	p.mu.Lock()
	defer p.mu.Unlock()
	set[n] = true
}

func (p *pass) readChunks(ctx context.Context, w *worker, fd int, piece *piece) error {
	n := piece.node
	piece.chunks, piece.short = nil, -1
	for index := piece.from; index < piece.from+pieceChunks; index++ {
		offset := int64(index) * chunkSize
		if offset >= n.size {
			return nil
		}
		length := n.length(index)
		if n.sparse {
			at, more, err := nextData(fd, offset)
			if err != nil {
				return err
			}
			if !more || at >= offset+length {
				p.meter.bytes.Add(length)
				continue
			}
		}
		if err := wait(ctx, int(length), p.Archive.limiter, p.limiter); err != nil {
			return err
		}
		got, err := readFull(fd, w.buffer[:length], offset)
		if err != nil {
			return err
		}
		p.read.Add(int64(got))
		p.meter.bytes.Add(length)
		if got > 0 {
			h, err := store(ctx, p.out, w.buffer[:got])
			if err != nil {
				return err
			}
			piece.chunks = append(piece.chunks, chunk{index, h})
		}
		if int64(got) < length {
			piece.short = offset + int64(got)
			return nil
		}
	}
	return nil
}

// lookAgain describes anew what was replaced while it was read, and lets go of what is no more.
func (p *pass) lookAgain(last bool) error {
	w := newWorker()
	defer w.close()
	for _, t := range p.trees {
		links := t.top.links()
		again := map[*node]bool{}
		for n := range p.moved {
			again[n] = true
			for _, name := range links[n] {
				again[name] = true
			}
		}
		var err error
		t.top.walk(func(n *node) {
			if err == nil && len(n.children) > 0 {
				err = p.lookAgainIn(w, t, n, again, last)
			}
		})
		if err != nil {
			return err
		}
		t.top.joinLinks()
	}
	p.moved = map[*node]bool{}
	return nil
}

func (p *pass) lookAgainIn(w *worker, t *tree, n *node, which map[*node]bool, last bool) error {
	var err error
	n.children = slices.DeleteFunc(n.children, func(c *node) bool {
		if err != nil || !which[c] {
			return false
		}
		delete(p.pieces, c)
		delete(p.unquiet, c)
		var now *node
		dir, failure := w.dir(t, n)
		if failure == nil {
			now, failure = statAt(dir, c.name)
		}
		if failure == nil {
			now.parent = n
			failure = (&scan{}).describe(dir, c.name, now, nil)
		}
		if vanished(failure) || failure == nil && (now.isDir() || last && now.isRegular()) {
			p.missed++
			return true
		}
		if failure != nil {
			err = about("look at", c, failure)
			return false
		}
		*c = *now
		c.stale, c.fresh = true, true
		return false
	})
	return err
}

// join puts the pieces of a file together. If it became shorter, it ends there.
func (n *node) join(pieces []*piece) {
	n.chunks = nil
	for _, p := range pieces {
		if p.short >= 0 {
			n.size = min(n.size, p.short)
			n.fresh = true
		}
	}
	for _, p := range pieces {
		for _, c := range p.chunks {
			if int64(c.index)*chunkSize < n.size {
				n.chunks = append(n.chunks, c)
			}
		}
	}
}

// revive makes sure that no chunk was collected since the pass began: those that had no
// snapshot then may have been, and are only marked at first.
func (p *pass) revive(ctx context.Context) error {
	if err := p.out.Refresh(ctx); err != nil {
		return err
	}
	for _, t := range p.trees {
		for _, n := range t.top.holders() {
			for _, c := range n.chunks {
				has, going, err := lookup(ctx, p.out, c.hash)
				if err != nil {
					return err
				}
				if !has {
					return fleet.Errorf(fleet.Unavailable, "contents were collected while they were saved")
				}
				if !going {
					continue
				}
				id, err := c.hash.id()
				if err == nil {
					err = p.out.ContentManager().UndeleteContent(ctx, id)
				}
				if err != nil {
					return err
				}
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeIndex writes a tree into the archive.
func (p *pass) writeIndex(ctx context.Context, top *node) (object.ID, error) {
	w := p.out.NewObjectWriter(ctx, object.WriterOptions{
		Prefix: "k", Splitter: "DYNAMIC-1M-BUZHASH", Compressor: "zstd-fastest", MetadataCompressor: "zstd-fastest", AsyncWrites: 2,
	})
	defer func() { _ = w.Close() }()
	if err := encodeTree(w, head{}, top); err != nil {
		return object.EmptyID, err
	}
	return w.Result()
}
