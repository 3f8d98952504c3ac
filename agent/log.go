package agent

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// missing is the line for those that were rotated away before anybody had read them.
const missing = "(lines are missing here: the host had kept no more)"

// A containerLog is what a container has written, being read.
type containerLog struct {
	lines  chan fleet.LogLine // closed at the end
	skip   *fleet.LogSkip     // to where reading was to begin
	broken error              // what ended it; valid when lines is closed
	said   bool
}

// lost reports, once, that lines are missing before those that come next.
func (l *containerLog) lost() bool {
	lost := l.skip.Lost() && !l.said
	l.said = l.said || lost
	return lost
}

// openLog reads the log of a container from where it, or a container of the same lease that
// was before it, had got to: its lines are to go through skip. Who stops early ends ctx.
func (a *Agent) openLog(ctx context.Context, leaseID string, after fleet.LogPosition, follow bool) (*containerLog, error) {
	c, err := a.Machine.Inspect(ctx, leaseID)
	if err != nil {
		return nil, err
	}
	if after.At.Before(c.CreatedAt) {
		after = fleet.LogPosition{} // that was another container
	}
	log, err := a.Machine.Logs(ctx, leaseID, machine.LogOptions{Follow: follow, Timestamps: true, Since: after.Since()})
	if err != nil {
		return nil, err
	}
	out := &containerLog{lines: make(chan fleet.LogLine, 64), skip: fleet.NewLogSkip(after)}
	go func() {
		defer close(out.lines)
		defer log.Close()
		out.broken = eachLine(log, func(at time.Time, text []byte) bool {
			select {
			case out.lines <- fleet.LogLine{InstanceID: c.InstanceID, LeaseID: c.LeaseID, At: at, Text: text}:
				return true
			case <-ctx.Done():
				return false
			}
		})
	}()
	return out, nil
}

// eachLine takes a log with times apart.
func eachLine(log io.Reader, yield func(at time.Time, text []byte) bool) error {
	var last time.Time
	for in := bufio.NewReaderSize(log, 512<<10); ; {
		line, err := in.ReadSlice('\n')
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		if len(line) > 0 {
			text := bytes.TrimSuffix(line, []byte("\n"))
			stamp, rest, _ := bytes.Cut(text, []byte(" "))
			if at, err := time.Parse(time.RFC3339Nano, string(stamp)); err == nil {
				last, text = at.UTC(), rest
			} // or else it belongs to the line before
			if !yield(last, bytes.Clone(text)) {
				return nil
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
	}
}

// A portion is which part of a log is wanted.
type portion struct {
	since, until time.Time
	tail         int
}

func (w portion) has(l fleet.LogLine) bool {
	return !l.At.Before(w.since) && (w.until.IsZero() || l.At.Before(w.until))
}

// containerLogs sends what the container of a lease has written behind a position: what there
// is, counted, and then what comes.
func (a *Agent) containerLogs(w http.ResponseWriter, r *http.Request) {
	q, lease := r.URL.Query(), r.PathValue("lease")
	var after fleet.LogPosition
	if err := after.UnmarshalText([]byte(q.Get("after"))); err != nil {
		answerError(w, err)
		return
	}
	var part portion
	part.since, _ = time.Parse(time.RFC3339Nano, q.Get("since"))
	part.until, _ = time.Parse(time.RFC3339Nano, q.Get("until"))
	part.tail, _ = strconv.Atoi(q.Get("tail"))
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	present, end, err := a.present(ctx, lease, after, part)
	if err != nil {
		answerError(w, err)
		return
	}
	out := startLog(w, fleet.LogHead{Count: len(present)})
	for _, l := range present {
		if out.Line(l) != nil {
			return
		}
	}
	if q.Get("follow") != "true" {
		_ = out.End(nil) // the reader's concern
		return
	}
	if out.Flush() == nil {
		a.follow(ctx, out, lease, end, part)
	}
}

// present is what a container has written so far, and where that ends.
func (a *Agent) present(ctx context.Context, leaseID string, after fleet.LogPosition, part portion) ([]fleet.LogLine, fleet.LogPosition, error) {
	log, err := a.openLog(ctx, leaseID, after, false)
	if err != nil {
		return nil, after, err
	}
	end, lines := after, []fleet.LogLine{}
	take := func(fresh []fleet.LogLine) {
		lost := log.lost()
		for _, l := range fresh {
			if end = end.Past(l); !part.has(l) {
				continue
			}
			if lost {
				lines, lost = append(lines, fleet.LogLine{InstanceID: l.InstanceID, LeaseID: l.LeaseID, At: l.At, Text: []byte(missing)}), false
			}
			if lines = append(lines, l); part.tail > 0 && len(lines) >= 2*part.tail {
				lines = append([]fleet.LogLine{}, lines[len(lines)-part.tail:]...)
			}
		}
	}
	for l := range log.lines {
		take(log.skip.Next(l))
	}
	take(log.skip.End())
	if part.tail > 0 {
		lines = lines[max(0, len(lines)-part.tail):]
	}
	return lines, end, log.broken
}

// follow sends what a container writes from now on, until it ends.
func (a *Agent) follow(ctx context.Context, out *logStream, leaseID string, after fleet.LogPosition, part portion) {
	log, err := a.openLog(ctx, leaseID, after, true)
	if err != nil {
		_ = out.End(err) // the reader's concern
		return
	}
	send := func(fresh []fleet.LogLine) bool {
		for _, l := range fresh {
			if part.has(l) && out.Line(l) != nil {
				return false
			}
		}
		return len(log.lines) > 0 || out.Flush() == nil
	}
	for l := range log.lines {
		if !send(log.skip.Next(l)) {
			return
		}
	}
	if send(log.skip.End()) {
		_ = out.End(log.broken)
	}
}

// archivedLogs sends what the archive has of instances' logs.
func (a *Agent) archivedLogs(w http.ResponseWriter, r *http.Request) {
	if a.keeper == nil {
		answerError(w, fleet.Errorf(fleet.Unsupported, "host %s keeps no logs", a.HostID))
		return
	}
	var q fleet.LogQuery
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		answerError(w, fleet.Errorf(fleet.Invalid, "the query is not one"))
		return
	}
	reading, err := a.keeper.Archive.Read(r.Context(), q)
	if err != nil {
		answerError(w, err)
		return
	}
	out := startLog(w, reading.Head)
	if out.Flush() != nil {
		return
	}
	for l, err := range reading.Lines(r.Context()) {
		if err != nil {
			_ = out.End(err) // the reader's concern
			return
		}
		if out.Line(l) != nil {
			return
		}
	}
	_ = out.End(nil)
}

// A logStream is an answer that is a log.
type logStream struct {
	*fleet.LogWriter
	flusher *http.ResponseController
}

func startLog(w http.ResponseWriter, head fleet.LogHead) *logStream {
	w.Header().Set("Content-Type", fleet.LogType)
	out := &logStream{fleet.NewLogWriter(w), http.NewResponseController(w)}
	_ = out.Head(head) // the first line fails, too
	return out
}

// Flush sends what was written.
func (s *logStream) Flush() error {
	if err := s.LogWriter.Flush(); err != nil {
		return err
	}
	return s.flusher.Flush()
}
