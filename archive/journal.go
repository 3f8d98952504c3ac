package archive

import (
	"bufio"
	"encoding/binary"
	"hash/crc32"
	"io"
	"os"

	"google.golang.org/protobuf/encoding/protowire"
)

// A journal lists the pieces of files that are safely in the archive while a Save is under way,
// so that after a crash they are not read again. Each record has its length and checksum before
// it; what follows a torn one does not count.
type journal struct {
	file   *os.File
	pieces map[place]*piece // what the last attempt had
}

// A place is where a piece begins.
type place struct {
	path string
	from uint32
}

const (
	fieldPath protowire.Number = iota + 64
	fieldFrom
	fieldFromBoot
)

// openJournal opens what an earlier attempt left, or starts anew.
func openJournal(path string) (*journal, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	j := &journal{file: f, pieces: map[place]*piece{}}
	end := j.load()
	if err := f.Truncate(end); err != nil {
		_ = f.Close()
		return nil, err
	}
	_, err = f.Seek(end, io.SeekStart)
	return j, err
}

// load returns the end of the last whole record.
func (j *journal) load() (end int64) {
	r := bufio.NewReader(j.file)
	boot := bootID()
	for {
		var prefix [8]byte
		if _, err := io.ReadFull(r, prefix[:]); err != nil {
			return end
		}
		length := binary.LittleEndian.Uint32(prefix[:4])
		if length > maxRecord {
			return end
		}
		record := make([]byte, length)
		if _, err := io.ReadFull(r, record); err != nil || crc32.ChecksumIEEE(record) != binary.LittleEndian.Uint32(prefix[4:]) {
			return end
		}
		end += int64(len(prefix)) + int64(length)
		p := &piece{node: &node{}}
		if _, err := p.node.decode(record); err != nil {
			return end
		}
		var path, from string
		var first uint64
		_ = fields(record, func(field protowire.Number, n uint64, s []byte) {
			switch field {
			case fieldPath:
				path = string(s)
			case fieldFrom:
				first = n
			case fieldFromBoot:
				from = string(s)
			default: // the node's
			}
		})
		if from != boot || boot == "" {
			continue
		}
		p.from, p.chunks, p.node.chunks = uint32(first), p.node.chunks, nil
		j.pieces[place{path, p.from}] = p
	}
}

// add notes pieces that are in the archive for good.
func (j *journal) add(pieces []*piece) error {
	var all []byte
	boot := bootID()
	for _, p := range pieces {
		n := p.node
		if n.fresh || p.short >= 0 {
			continue // it will be read again anyway
		}
		record := (&node{size: n.size, inode: n.inode, changed: n.changed, chunks: p.chunks}).encode(nil, true)
		record = text(record, fieldPath, n.path())
		record = number(record, fieldFrom, uint64(p.from))
		record = text(record, fieldFromBoot, boot)
		all = binary.LittleEndian.AppendUint32(all, uint32(len(record)))
		all = binary.LittleEndian.AppendUint32(all, crc32.ChecksumIEEE(record))
		all = append(all, record...)
	}
	_, err := j.file.Write(all)
	return err
}

// find returns a piece of the last attempt, if it is still true.
func (j *journal) find(n *node, from uint32) *piece {
	if len(j.pieces) == 0 {
		return nil
	}
	p := j.pieces[place{n.path(), from}]
	if p == nil || p.node.inode != n.inode || p.node.changed != n.changed || p.node.size != n.size {
		return nil
	}
	return p
}

// end closes the journal; a complete save needs it no more.
func (j *journal) end(complete bool) {
	if complete {
		_ = os.Remove(j.file.Name())
	}
	_ = j.file.Close()
}
