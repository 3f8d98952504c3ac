package archive

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// shownDifferences is how many differences an error names.
const shownDifferences = 5

// A comparison is of one directory with a tree of a snapshot.
type comparison struct {
	*Archive
	*tree

	want  *node
	meter *meter

	mu          sync.Mutex
	differences []string
	others      int // that are not shown
}

// Compare reads the directories and reports the first differences to the snapshot, in content,
// metadata or links, as a Conflict. What Compare has read before and has not changed since is
// not read again. In the end the directories are synced to the disk: after Compare the
// original may go.
func (a *Archive) Compare(ctx context.Context, id string, trees Trees, progress func(Progress)) error {
	names, err := trees.names()
	if err != nil {
		return err
	}
	m := newMeter("scanning", progress)
	defer m.end()
	r, err := a.find(ctx, id)
	if err != nil {
		return err
	}
	for _, name := range names {
		want, err := a.readTree(ctx, r, name)
		if err != nil {
			return err
		}
		c := &comparison{Archive: a, tree: &tree{name: name}, want: want, meter: m}
		if err := c.run(ctx, trees[name]); err != nil {
			return failed("compare "+name, err)
		}
	}
	return nil
}

func (c *comparison) run(ctx context.Context, dir string) (err error) {
	if c.dir, err = cleanDir(dir); err != nil {
		return err
	}
	if c.fd, err = openTree(c.name, c.dir); err != nil {
		return err
	}
	defer func() { _ = unix.Close(c.fd) }()
	begin := c.now()
	if c.top, _, err = scanTree(ctx, c.fd, c.recall(c.dir), begin, c.meter); err != nil {
		return err
	}
	pair(c.want, c.top)
	pieces := c.describe()
	c.meter.begin("comparing", pieceBytes(pieces), int64(len(pieces)))
	if err := inParallel(ctx, pieces, newWorker, c.compare, (*worker).close); err != nil {
		return err
	}
	if len(c.differences) > 0 {
		text := strings.Join(c.differences, "; ")
		if c.others > 0 {
			text = fmt.Sprintf("%s; and %d more", text, c.others)
		}
		return fleet.Errorf(fleet.Conflict, "the %s files differ from the snapshot: %s", c.name, text)
	}
	if err := syncTree(ctx, c.dir); err != nil {
		return err
	}
	c.top.walk(func(n *node) {
		n.checked = true
		if n.holds() {
			n.chunks = n.other.chunks
		}
	})
	c.remember(c.dir, c.top)
	return nil
}

func pieceBytes(pieces []*piece) (bytes int64) {
	for _, p := range pieces {
		for _, c := range p.chunks {
			bytes += p.node.length(c.index)
		}
	}
	return bytes
}

func (c *comparison) differ(n *node, what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.differences) == shownDifferences {
		c.others++
		return
	}
	c.differences = append(c.differences, fmt.Sprintf("%q %s", n.path(), what))
}

// describe compares all but contents, and returns what is to be read.
func (c *comparison) describe() (pieces []*piece) {
	c.top.walk(func(n *node) {
		if n.other == nil {
			c.differ(n, "is not in it")
		}
	})
	wanted, there := c.want.links(), c.top.links()
	c.want.walk(func(n *node) {
		o := n.other
		group := wanted[n]
		if n.first != nil {
			group = wanted[n.first]
		}
		switch {
		case o == nil:
			c.differ(n, "is missing")
		case n.kind() != o.kind():
			c.differ(n, "is another kind of file")
		case n.target != o.target:
			c.differ(n, "points elsewhere")
		case n.device != o.device:
			c.differ(n, "is another device")
		case n.size != o.size:
			c.differ(n, fmt.Sprintf("has %d bytes instead of %d", o.size, n.size))
		case n.mode != o.mode:
			c.differ(n, fmt.Sprintf("has mode %o instead of %o", o.mode, n.mode))
		case n.uid != o.uid || n.gid != o.gid:
			c.differ(n, fmt.Sprintf("is owned by %d:%d instead of %d:%d", o.uid, o.gid, n.uid, n.gid))
		case n.mtime != o.mtime:
			c.differ(n, "was changed at another time")
		case !sameDescription(n, o):
			c.differ(n, "has other extended attributes")
		case !n.isDir() && !sameLinks(n, group, there):
			c.differ(n, "has other hard links")
		case n.holds() && (!o.checked || o.stale || !sameChunks(n.chunks, o.chunks)):
			pieces = append(pieces, c.cut(n)...)
		}
	})
	return pieces
}

// cut makes the pieces of a file, of which holes are a part: they must be zeros.
func (c *comparison) cut(n *node) []*piece {
	var pieces []*piece
	for from := uint32(0); int64(from)*chunkSize < n.size; from += pieceChunks {
		pieces = append(pieces, &piece{tree: c.tree, node: n, from: from})
	}
	for _, chunk := range n.chunks {
		p := pieces[chunk.index/pieceChunks]
		p.chunks = append(p.chunks, chunk)
	}
	return pieces
}

func (c *comparison) compare(ctx context.Context, w *worker, p *piece) error {
	n := p.node
	fd, err := w.open(c.tree, n.other)
	if err != nil {
		return about("read", n, err)
	}
	defer func() { _ = unix.Close(fd) }()
	next := 0
	for index := p.from; index < p.from+pieceChunks && int64(index)*chunkSize < n.size; index++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		offset, length := int64(index)*chunkSize, n.length(index)
		hole := next >= len(p.chunks) || p.chunks[next].index != index
		if hole {
			at, more, err := nextData(fd, offset)
			if err != nil {
				return about("read", n, err)
			}
			if !more || at >= offset+length {
				continue
			}
		}
		got, err := readFull(fd, w.buffer[:length], offset)
		if err != nil {
			return about("read", n, err)
		}
		same := int64(got) == length
		if hole {
			same = same && isZero(w.buffer[:length])
		} else {
			same = same && c.hash(w.buffer[:length]) == p.chunks[next].hash
			next++
			c.meter.bytes.Add(length)
		}
		if !same {
			c.differ(n, fmt.Sprintf("has other content near byte %d", offset))
			return nil
		}
	}
	c.meter.files.Add(1)
	return nil
}
