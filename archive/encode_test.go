package archive

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// anyNode draws a tree. Names in a directory are sorted and unlike, as a scan leaves them.
func anyNode(t *rapid.T, depth int) *node {
	n := &node{
		mode: rapid.Uint32().Draw(t, "mode"), uid: rapid.Uint32().Draw(t, "uid"), gid: rapid.Uint32().Draw(t, "gid"),
		mtime: stamp{rapid.Int64().Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")},
		size:  rapid.Int64Min(0).Draw(t, "size"), device: rapid.Uint64().Draw(t, "device"), target: rapid.String().Draw(t, "target"),
		sparse: rapid.Bool().Draw(t, "sparse"),
		inode:  rapid.Uint64().Draw(t, "inode"), changed: stamp{rapid.Int64().Draw(t, "changed"), 5}, names: 1, checked: rapid.Bool().Draw(t, "checked"),
	}
	for _, name := range rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "attributes") {
		n.attributes = append(n.attributes, attribute{"user." + name, string(rapid.SliceOf(rapid.Byte()).Draw(t, "value"))})
	}
	var index uint32
	for range rapid.IntRange(0, 5).Draw(t, "chunks") {
		index += rapid.Uint32Range(1, 3).Draw(t, "step")
		n.chunks = append(n.chunks, chunk{index, hash{byte(index), 1}})
	}
	if depth > 0 {
		last := ""
		for range rapid.IntRange(0, 3).Draw(t, "children") {
			c := anyNode(t, depth-1)
			last += rapid.StringMatching(`[a-z\n\\x80-\xff]{1,5}`).Draw(t, "name")
			c.name, c.parent = last, n
			n.children = append(n.children, c)
		}
	}
	if n.children == nil {
		n.children = []*node{}
	}
	return n
}

func TestATreeIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		top := anyNode(t, 3)
		var b bytes.Buffer
		h := head{directory: "/somewhere", boot: "now"}
		if err := encodeTree(&b, h, top); err != nil {
			t.Fatal(err)
		}
		whole := bytes.Clone(b.Bytes())
		got, read, err := decodeTree(&b)
		if err != nil {
			t.Fatal(err)
		}
		require.Equal(t, h, got)
		require.Equal(t, top, read)

		// Less than all of it is nothing.
		cut := rapid.IntRange(0, len(whole)-1).Draw(t, "cut")
		if _, _, err := decodeTree(bytes.NewReader(whole[:cut])); err == nil {
			t.Fatalf("read a tree of %d of %d bytes", cut, len(whole))
		}
		// Nor does anything else make it fall over.
		whole[cut] ^= byte(rapid.IntRange(1, 255).Draw(t, "flip"))
		_, _, _ = decodeTree(bytes.NewReader(whole))
	})
}

func TestNamesThatLeadElsewhereAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", ".", "..", "a/b", "../x", "a\x00b"} {
		top := &node{mode: 0o40755}
		top.children = []*node{{name: name, parent: top}}
		var b bytes.Buffer
		require.NoError(t, encodeTree(&b, head{}, top))
		_, _, err := decodeTree(&b)
		require.ErrorIs(t, err, errTree, name)
	}
}
