package archive

import (
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// A file's content is cut into chunks at multiples of chunkSize, each of which is a content of
// the repository. Pieces are what one worker reads or writes at a time.
const (
	chunkSize   = 1 << 20
	pieceChunks = 16
)

// A hash names a chunk's content: keyed with the repository's secret, so that nobody else can
// tell what it is or make another.
type hash [16]byte

// A chunk is a part of a file. Parts without a chunk are holes.
type chunk struct {
	index uint32 // it begins at index * chunkSize
	hash  hash
}

// A stamp is a time as the kernel has it: nanoseconds alone do not reach the year 2300.
type stamp struct{ sec, nsec int64 }

func (s stamp) before(o stamp) bool { return s.sec < o.sec || s.sec == o.sec && s.nsec < o.nsec }

type attribute struct{ name, value string }

// A node is anything with a name in a tree, as the snapshot keeps it.
type node struct {
	name     string // any bytes but '/' and 0
	parent   *node  // nil: the top
	children []*node

	mode       uint32 // type and permissions, as stat(2) has them
	uid, gid   uint32
	mtime      stamp
	size       int64  // of a regular file
	device     uint64 // of a character or block device
	target     string // of a symbolic link
	attributes []attribute
	sparse     bool // it has fewer blocks than its size asks for
	chunks     []chunk

	// Names with the same link are one file; the first of them in order has the content. 0: it
	// has no other name in the tree.
	link  uint64
	first *node // the first of them, if this one is not

	// What follows is true on this host only. A file whose inode and change time are what they
	// were has not changed: unlike the modification time, a tenant cannot set it.
	inode   uint64 // 0: look again
	changed stamp
	names   uint64 // how many links the file system counts
	checked bool   // Compare has read it
	stale   bool   // it changed since it was remembered: its content is not known
	fresh   bool   // it changed a moment ago, and may again at the same time: not to be remembered

	blocks int64 // bytes that are not holes
	other  *node // of another tree, under the same name
}

func (n *node) kind() uint32    { return n.mode & unix.S_IFMT }
func (n *node) isDir() bool     { return n.kind() == unix.S_IFDIR }
func (n *node) isRegular() bool { return n.kind() == unix.S_IFREG }

// holds reports whether the node has the content of a file.
func (n *node) holds() bool { return n.isRegular() && n.first == nil }

// path is the name from the top, for people and the journal.
func (n *node) path() string {
	var names []string
	for ; n.parent != nil; n = n.parent {
		names = append(names, n.name)
	}
	slices.Reverse(names)
	return strings.Join(names, "/")
}

// walk visits the tree, directories before what is in them.
func (n *node) walk(visit func(*node)) {
	visit(n)
	for _, c := range n.children {
		c.walk(visit)
	}
}

// leave visits the tree, directories after what is in them.
func (n *node) leave(visit func(*node) error) error {
	for _, c := range n.children {
		if err := c.leave(visit); err != nil {
			return err
		}
	}
	return visit(n)
}

// holders are the files with content, in order.
func (n *node) holders() []*node {
	var files []*node
	n.walk(func(n *node) {
		if n.holds() {
			files = append(files, n)
		}
	})
	return files
}

// count returns the bytes of content and the number of names.
func (n *node) count() (bytes, files int64) {
	n.walk(func(n *node) {
		files++
		if n.holds() {
			bytes += n.content()
		}
	})
	return bytes, files - 1 // the top has no name
}

// content is how many bytes of the file are not holes.
func (n *node) content() int64 {
	var bytes int64
	for _, c := range n.chunks {
		bytes += n.length(c.index)
	}
	return bytes
}

// length is how long a chunk is.
func (n *node) length(index uint32) int64 {
	return min(chunkSize, n.size-int64(index)*chunkSize)
}

// joinLinks finds the names that are one file.
func (n *node) joinLinks() {
	firsts := map[uint64]*node{}
	var last uint64
	n.walk(func(n *node) {
		n.link, n.first = 0, nil
		if n.isDir() || n.names < 2 {
			return
		}
		first := firsts[n.inode]
		if first == nil {
			firsts[n.inode] = n
			return
		}
		if first.link == 0 {
			last++
			first.link = last
		}
		n.link, n.first, n.chunks = first.link, first, nil
	})
}

// links are the files with more than one name: the names, by the first.
func (n *node) links() map[*node][]*node {
	all := map[*node][]*node{}
	n.walk(func(n *node) {
		switch {
		case n.first != nil:
			all[n.first] = append(all[n.first], n)
		case n.link != 0:
			all[n] = append(all[n], n)
		}
	})
	return all
}

// pair sets other to the node of the same name in both trees, whatever they are. Nodes without
// a partner keep nil.
func pair(a, b *node) {
	a.other, b.other = b, a
	i := 0
	for _, c := range a.children {
		for i < len(b.children) && b.children[i].name < c.name {
			i++
		}
		if i < len(b.children) && b.children[i].name == c.name {
			pair(c, b.children[i])
		}
	}
}

// sameLinks reports whether the names of one file in one tree are the names of one file in the
// other, and have none elsewhere. group is what links returned for n, or nothing.
func sameLinks(n *node, group []*node, there map[*node][]*node) bool {
	o := n.other
	if len(group) == 0 {
		return o.link == 0 && o.names < 2
	}
	head := o
	if o.first != nil {
		head = o.first
	}
	if len(there[head]) != len(group) || o.names != uint64(len(group)) {
		return false
	}
	for _, name := range group {
		if name.other == nil || name.other != head && name.other.first != head {
			return false
		}
	}
	return true
}
