package temporalchild

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

// tailLines is how much of the server's log an error quotes. A refusal is one
// line; a panic has its reason in the first lines of a long text, which whoever
// needs it finds in the log file.
const tailLines = 12

// tail passes the server's log on and remembers its last lines.
type tail struct {
	next io.Writer // nil: nowhere

	mu    sync.Mutex
	lines []string
	open  strings.Builder // the line without an end yet
}

// Write never fails: a log file that is full must not block the server.
func (t *tail) Write(p []byte) (int, error) {
	if t.next != nil {
		_, _ = t.next.Write(p)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for rest := p; len(rest) > 0; {
		line, after, complete := bytes.Cut(rest, []byte("\n"))
		t.open.Write(line)
		if complete {
			t.lines = append(t.lines, t.open.String())
			t.lines = t.lines[max(0, len(t.lines)-tailLines):]
			t.open.Reset()
		}
		rest = after
	}
	return len(p), nil
}

// String returns the last lines, without an end of line.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := t.lines
	if t.open.Len() > 0 {
		lines = append(lines[:len(lines):len(lines)], t.open.String())
	}
	return strings.Join(lines, "\n")
}

// firstLine delivers the first line written to it and drops the rest.
type firstLine struct {
	line chan []byte // buffered; gets one line
	buf  []byte
	done bool
}

func (f *firstLine) Write(p []byte) (int, error) {
	if !f.done {
		f.buf = append(f.buf, p...)
		if line, _, complete := bytes.Cut(f.buf, []byte("\n")); complete {
			f.line <- line
			f.buf, f.done = nil, true
		}
	}
	return len(p), nil
}
