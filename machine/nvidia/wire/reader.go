package wire

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// maxTalk is how much a child may say in all: ten lines of progress a second for hours.
const maxTalk = 64 << 20

// A Reader reads a child's lines.
type Reader struct {
	from *bufio.Reader
	left int
}

// NewReader reads from r.
func NewReader(r io.Reader) *Reader {
	return &Reader{from: bufio.NewReaderSize(r, maxLine+1), left: maxTalk}
}

// Next is the next line; io.EOF after the last. Another error is for good: whatever comes
// after something that makes no sense is not to be believed.
func (r *Reader) Next() (Line, error) {
	for {
		line, err := r.from.ReadSlice('\n')
		r.left -= len(line)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return Line{}, fmt.Errorf("a line of more than %d bytes", maxLine)
		case r.left < 0:
			return Line{}, fmt.Errorf("more than %d bytes in all", maxTalk)
		case errors.Is(err, io.EOF) && len(line) > 0:
			return Line{}, io.ErrUnexpectedEOF // half a line
		case err != nil:
			return Line{}, err
		}
		l, err := Parse(line)
		if errors.Is(err, errEmpty) {
			continue
		}
		return l, err
	}
}
