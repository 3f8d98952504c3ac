package fleet

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"time"
)

// LogType is the media type in which lines of logs go from agents to servers: a LogHead, the
// lines, and a LogEnd. Without that it has broken off.
const LogType = "application/vnd.kelvin.log.v1"

// A LogEnd is how a log ended: with a Code, why there is no more.
type LogEnd struct {
	Code   Code   `json:"code,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// The frames: a byte that says what it is, and parts, each behind its length.
const (
	logHead byte = 'h' // a LogHead
	logLine byte = 'l' // instance, lease, nanoseconds since 1970, text
	logEnd  byte = 'e' // a LogEnd

	maxLogPart = 4 << 20
)

// A LogWriter writes a log in LogType. Flush when it is to arrive.
type LogWriter struct{ *bufio.Writer }

// NewLogWriter writes to out.
func NewLogWriter(out io.Writer) *LogWriter { return &LogWriter{bufio.NewWriterSize(out, 64<<10)} }

// Head writes what comes first.
func (w *LogWriter) Head(h LogHead) error { return w.json(logHead, h) }

// Line writes a line.
func (w *LogWriter) Line(l LogLine) error {
	_ = w.WriteByte(logLine) // errors stay: the last call has them
	w.part([]byte(l.InstanceID))
	w.part([]byte(l.LeaseID))
	_, _ = w.Write(binary.AppendVarint(nil, l.At.UnixNano()))
	w.part(l.Text)
	_, err := w.Write(nil)
	return err
}

// End writes how it ended, and flushes.
func (w *LogWriter) End(err error) error {
	end := LogEnd{}
	if err != nil {
		end.Code, end.Detail = CodeOf(err), err.Error()
	}
	if err := w.json(logEnd, end); err != nil {
		return err
	}
	return w.Flush()
}

func (w *LogWriter) json(kind byte, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_ = w.WriteByte(kind)
	w.part(text)
	_, err = w.Write(nil)
	return err
}

func (w *LogWriter) part(p []byte) {
	_, _ = w.Write(binary.AppendUvarint(nil, uint64(len(p))))
	_, _ = w.Write(p)
}

// A LogReader reads what a LogWriter wrote.
type LogReader struct{ in *bufio.Reader }

// NewLogReader reads from in.
func NewLogReader(in io.Reader) *LogReader { return &LogReader{bufio.NewReaderSize(in, 64<<10)} }

// Head reads what comes first.
func (r *LogReader) Head() (h LogHead, err error) {
	kind, err := r.in.ReadByte()
	if err != nil {
		return h, cutOff(err)
	}
	if kind != logHead {
		return h, errNoLog
	}
	return h, r.json(&h)
}

// Next reads the next line. It is io.EOF at the end, an *Error if the log ended with that,
// and another error if it has broken off.
func (r *LogReader) Next() (l LogLine, err error) {
	kind, err := r.in.ReadByte()
	if err != nil {
		return l, cutOff(err)
	}
	switch kind {
	case logLine:
		return r.line()
	case logEnd:
		var end LogEnd
		if err := r.json(&end); err != nil {
			return l, err
		}
		if end.Code != "" {
			return l, &Error{Code: end.Code, Message: end.Detail}
		}
		return l, io.EOF
	}
	return l, errNoLog
}

func (r *LogReader) line() (l LogLine, err error) {
	instance, err := r.part()
	if err != nil {
		return l, err
	}
	lease, err := r.part()
	if err != nil {
		return l, err
	}
	nanos, err := binary.ReadVarint(r.in)
	if err != nil {
		return l, cutOff(err)
	}
	text, err := r.part()
	return LogLine{InstanceID: string(instance), LeaseID: string(lease), At: time.Unix(0, nanos).UTC(), Text: text}, err
}

func (r *LogReader) json(v any) error {
	text, err := r.part()
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}

func (r *LogReader) part() ([]byte, error) {
	n, err := binary.ReadUvarint(r.in)
	if err != nil {
		return nil, cutOff(err)
	}
	if n > maxLogPart {
		return nil, errNoLog
	}
	p := make([]byte, n)
	if _, err := io.ReadFull(r.in, p); err != nil {
		return nil, cutOff(err)
	}
	return p, nil
}

var errNoLog = errors.New("that is no log")

// cutOff makes it an error when what is not complete ends.
func cutOff(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
