package cli

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
)

// maxEvent bounds one line, and the data of one event, in bytes.
const maxEvent = 4 << 20

var errEventTooLong = errors.New("an event of the stream is too long")

// A serverEvent is one event of a text/event-stream.
type serverEvent struct {
	name string // "message" if the stream does not say
	data string
}

// An eventReader reads server-sent events as the HTML standard defines them: lines end
// with CR, LF or both, comments are skipped, and what follows the last blank line is not an
// event. It never reads further than the event it returns needs.
type eventReader struct {
	in      *bufio.Reader
	started bool
	skipLF  bool

	lastID string        // of the newest event that had one
	retry  time.Duration // what the server asks for before a reconnection; 0: it did not
}

func newEventReader(in io.Reader) *eventReader {
	return &eventReader{in: bufio.NewReader(in)}
}

// next returns the next event, or the error that ended the stream: io.EOF at its end.
func (r *eventReader) next() (serverEvent, error) {
	event := serverEvent{}
	var data strings.Builder
	id, any := r.lastID, false
	for {
		line, err := r.line()
		if err != nil {
			return serverEvent{}, err
		}
		if line == "" {
			r.lastID = id
			if !any { // a block without data is no event, but its ID counts
				event.name = ""
				continue
			}
			if event.name == "" {
				event.name = "message"
			}
			event.data = data.String()
			return event, nil
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			event.name = value
		case "data":
			if any {
				data.WriteByte('\n')
			}
			any = true
			if data.Len()+len(value) > maxEvent {
				return serverEvent{}, errEventTooLong
			}
			data.WriteString(value)
		case "id":
			if !strings.ContainsRune(value, 0) {
				id = value
			}
		case "retry":
			if ms, err := strconv.ParseUint(value, 10, 31); err == nil {
				r.retry = time.Duration(ms) * time.Millisecond
			}
		}
	}
}

// line returns a line without its end. After a CR it does not wait to see whether an LF
// follows: the stream may be silent for long.
func (r *eventReader) line() (string, error) {
	var line strings.Builder
	for {
		b, err := r.in.ReadByte()
		if err != nil {
			return "", err
		}
		if r.skipLF {
			r.skipLF = false
			if b == '\n' {
				continue
			}
		}
		switch b {
		case '\r':
			r.skipLF = true
			return r.withoutBOM(line.String()), nil
		case '\n':
			return r.withoutBOM(line.String()), nil
		}
		if line.Len() >= maxEvent {
			return "", errEventTooLong
		}
		line.WriteByte(b)
	}
}

func (r *eventReader) withoutBOM(line string) string {
	if r.started {
		return line
	}
	r.started = true
	return strings.TrimPrefix(line, "\ufeff")
}
