package archive

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// A tree is written as records, each behind its length: a head, then every node, directories
// before what is in them. Records are fields in Protocol Buffers' encoding. Numbers are never
// used again; readers skip those they do not know.
const (
	fieldName protowire.Number = iota + 1
	fieldMode
	fieldUID
	fieldGID
	fieldSeconds
	fieldNanoseconds
	fieldSize
	fieldDevice
	fieldTarget
	fieldAttributeName
	fieldAttributeValue
	fieldSparse
	fieldLink
	fieldIndex  // the index of the next chunk, if it does not follow the last one
	fieldHashes // of consecutive chunks
	fieldChildren
)

// These are only in what a host remembers (memory.go).
const (
	fieldInode protowire.Number = iota + 32
	fieldChangedSeconds
	fieldChangedNanoseconds
	fieldNames
	fieldChecked
)

// The head.
const (
	fieldVersion protowire.Number = iota + 1
	fieldChunkSize
	fieldDirectory
	fieldBoot
)

const (
	treeVersion = 1
	maxRecord   = 1 << 30
)

var errTree = errors.New("not a tree, or damaged")

// head is what stands before the nodes. The latter two only in what a host remembers.
type head struct {
	directory string // where the tree is
	boot      string // which start of this machine it is true for
}

// encodeTree writes a tree.
func encodeTree(to io.Writer, h head, top *node) error {
	w := bufio.NewWriterSize(to, 1<<16)
	var record, length []byte
	write := func() error {
		length = binary.AppendUvarint(length[:0], uint64(len(record)))
		if _, err := w.Write(length); err != nil {
			return err
		}
		_, err := w.Write(record)
		return err
	}
	record = number(record, fieldVersion, treeVersion)
	record = number(record, fieldChunkSize, chunkSize)
	record = text(record, fieldDirectory, h.directory)
	record = text(record, fieldBoot, h.boot)
	if err := write(); err != nil {
		return err
	}
	var err error
	top.walk(func(n *node) {
		if err == nil {
			record = n.encode(record[:0], h.directory != "")
			err = write()
		}
	})
	if err != nil {
		return err
	}
	return w.Flush()
}

func number(to []byte, field protowire.Number, n uint64) []byte {
	if n == 0 {
		return to
	}
	return protowire.AppendVarint(protowire.AppendTag(to, field, protowire.VarintType), n)
}

func text(to []byte, field protowire.Number, s string) []byte {
	if s == "" {
		return to
	}
	return protowire.AppendString(protowire.AppendTag(to, field, protowire.BytesType), s)
}

func (n *node) encode(to []byte, local bool) []byte {
	to = text(to, fieldName, n.name)
	to = number(to, fieldMode, uint64(n.mode))
	to = number(to, fieldUID, uint64(n.uid))
	to = number(to, fieldGID, uint64(n.gid))
	to = number(to, fieldSeconds, protowire.EncodeZigZag(n.mtime.sec))
	to = number(to, fieldNanoseconds, uint64(n.mtime.nsec))
	to = number(to, fieldSize, uint64(n.size))
	to = number(to, fieldDevice, n.device)
	to = text(to, fieldTarget, n.target)
	for _, a := range n.attributes {
		to = text(to, fieldAttributeName, a.name)
		to = protowire.AppendString(protowire.AppendTag(to, fieldAttributeValue, protowire.BytesType), a.value)
	}
	to = number(to, fieldSparse, truth(n.sparse))
	to = number(to, fieldLink, n.link)
	for i := 0; i < len(n.chunks); {
		j := i + 1
		for j < len(n.chunks) && n.chunks[j].index == n.chunks[j-1].index+1 {
			j++
		}
		to = number(to, fieldIndex, uint64(n.chunks[i].index))
		to = protowire.AppendTag(to, fieldHashes, protowire.BytesType)
		to = protowire.AppendVarint(to, uint64(j-i)*uint64(len(hash{})))
		for ; i < j; i++ {
			to = append(to, n.chunks[i].hash[:]...)
		}
	}
	to = number(to, fieldChildren, uint64(len(n.children)))
	if local && !n.fresh {
		to = number(to, fieldInode, n.inode)
		to = number(to, fieldChangedSeconds, protowire.EncodeZigZag(n.changed.sec))
		to = number(to, fieldChangedNanoseconds, uint64(n.changed.nsec))
		to = number(to, fieldNames, n.names)
		to = number(to, fieldChecked, truth(n.checked))
	}
	return to
}

func truth(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// records reads what stands behind its length.
type records struct {
	r      *bufio.Reader
	buffer []byte
}

// next returns a record, which is good until the next one.
func (r *records) next() ([]byte, error) {
	length, err := binary.ReadUvarint(r.r)
	if err != nil {
		return nil, err
	}
	if length > maxRecord {
		return nil, errTree
	}
	if uint64(cap(r.buffer)) < length {
		r.buffer = make([]byte, length)
	}
	_, err = io.ReadFull(r.r, r.buffer[:length])
	return r.buffer[:length], err
}

// head reads what stands before the nodes.
func (r *records) head() (head, error) {
	var h head
	record, err := r.next()
	if err != nil {
		return h, err
	}
	var version, size uint64
	err = fields(record, func(field protowire.Number, n uint64, s []byte) {
		switch field {
		case fieldVersion:
			version = n
		case fieldChunkSize:
			size = n
		case fieldDirectory:
			h.directory = string(s)
		case fieldBoot:
			h.boot = string(s)
		default: // of a later version
		}
	})
	if err == nil && (version != treeVersion || size != chunkSize) {
		err = fmt.Errorf("version %d with chunks of %d bytes is not known here", version, size)
	}
	return h, err
}

// decodeTree reads a tree.
func decodeTree(from io.Reader) (head, *node, error) {
	r := &records{r: bufio.NewReaderSize(from, 1<<16)}
	h, err := r.head()
	if err != nil {
		return h, nil, err
	}
	firsts := map[uint64]*node{}
	var decode func(parent *node) (*node, error)
	decode = func(parent *node) (*node, error) {
		record, err := r.next()
		if err != nil {
			return nil, err
		}
		n := &node{parent: parent}
		count, err := n.decode(record)
		if err != nil {
			return nil, err
		}
		if parent != nil && (n.name == "" || n.name == "." || n.name == ".." || strings.ContainsAny(n.name, "/\x00")) {
			return nil, errTree
		}
		if n.link != 0 {
			if first := firsts[n.link]; first != nil {
				n.first = first
			} else {
				firsts[n.link] = n
			}
		}
		n.children = make([]*node, 0, min(count, 1<<20))
		for range count {
			c, err := decode(n)
			if err != nil {
				return nil, err
			}
			n.children = append(n.children, c)
		}
		return n, nil
	}
	top, err := decode(nil)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return h, top, err
}

// fields calls each for every field of a record.
func fields(record []byte, each func(field protowire.Number, n uint64, s []byte)) error {
	for len(record) > 0 {
		field, kind, length := protowire.ConsumeTag(record)
		if length < 0 {
			return errTree
		}
		record = record[length:]
		switch kind {
		case protowire.VarintType:
			n, length := protowire.ConsumeVarint(record)
			if length < 0 {
				return errTree
			}
			each(field, n, nil)
			record = record[length:]
		case protowire.BytesType:
			s, length := protowire.ConsumeBytes(record)
			if length < 0 {
				return errTree
			}
			each(field, 0, s)
			record = record[length:]
		default:
			return errTree
		}
	}
	return nil
}

func (n *node) decode(record []byte) (children uint64, err error) {
	var next uint64
	err = fields(record, func(field protowire.Number, v uint64, s []byte) {
		switch field {
		case fieldName:
			n.name = string(s)
		case fieldMode:
			n.mode = uint32(v)
		case fieldUID:
			n.uid = uint32(v)
		case fieldGID:
			n.gid = uint32(v)
		case fieldSeconds:
			n.mtime.sec = protowire.DecodeZigZag(v)
		case fieldNanoseconds:
			n.mtime.nsec = int64(v)
		case fieldSize:
			n.size = int64(v)
		case fieldDevice:
			n.device = v
		case fieldTarget:
			n.target = string(s)
		case fieldAttributeName:
			n.attributes = append(n.attributes, attribute{name: string(s)})
		case fieldAttributeValue:
			if len(n.attributes) > 0 {
				n.attributes[len(n.attributes)-1].value = string(s)
			}
		case fieldSparse:
			n.sparse = v != 0
		case fieldLink:
			n.link = v
		case fieldIndex:
			next = v
		case fieldHashes:
			if n.chunks == nil {
				n.chunks = make([]chunk, 0, len(s)/len(hash{}))
			}
			for ; len(s) >= len(hash{}); s = s[len(hash{}):] {
				n.chunks = append(n.chunks, chunk{index: uint32(next), hash: hash(s[:len(hash{})])})
				next++
			}
		case fieldChildren:
			children = v
		case fieldInode:
			n.inode = v
		case fieldChangedSeconds:
			n.changed.sec = protowire.DecodeZigZag(v)
		case fieldChangedNanoseconds:
			n.changed.nsec = int64(v)
		case fieldNames:
			n.names = v
		case fieldChecked:
			n.checked = v != 0
		default: // of a later version
		}
	})
	return children, err
}
