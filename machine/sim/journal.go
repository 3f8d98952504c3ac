package sim

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/kelvin-gpu/kelvin/machine"
)

// kept is how many lines of a container's log stay, as an engine's rotation keeps some.
const kept = 10_000

// A journal is a container's log, over all its runs.
type journal struct {
	mu      sync.Mutex
	first   int // the number of lines[0]
	lines   []line
	part    []byte        // of a line whose end is still to come
	changed chan struct{} // closed and replaced at each line
}

type line struct {
	at   time.Time
	text string
}

func newJournal() *journal { return &journal{changed: make(chan struct{})} }

// Write takes stdout and stderr, in any pieces.
func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.part = append(j.part, p...)
	for {
		text, rest, whole := bytes.Cut(j.part, []byte("\n"))
		if !whole {
			break
		}
		j.lines = append(j.lines, line{at: now(), text: string(text)})
		j.part = bytes.Clone(rest)
	}
	if drop := len(j.lines) - kept; drop > 0 {
		j.lines, j.first = j.lines[drop:], j.first+drop
	}
	close(j.changed)
	j.changed = make(chan struct{})
	return len(p), nil
}

// from returns the lines from number n on, the next number, and what tells of more.
func (j *journal) from(n int) ([]line, int, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	skip := min(max(n-j.first, 0), len(j.lines))
	return j.lines[skip:len(j.lines):len(j.lines)], j.first + len(j.lines), j.changed
}

// read streams the log. It follows until ended is closed, if ended is not nil.
func (j *journal) read(ctx context.Context, o machine.LogOptions, ended <-chan struct{}) io.ReadCloser {
	out, in := io.Pipe()
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		_ = in.CloseWithError(j.copy(ctx, in, o, ended))
	}()
	return &stream{PipeReader: out, cancel: cancel}
}

func (j *journal) copy(ctx context.Context, to io.Writer, o machine.LogOptions, ended <-chan struct{}) error {
	lines, next, more := j.from(0)
	if o.Tail > 0 && len(lines) > o.Tail {
		lines = lines[len(lines)-o.Tail:]
	}
	for {
		for _, l := range lines {
			if l.at.Before(o.Since) {
				continue
			}
			stamp := ""
			if o.Timestamps {
				stamp = l.at.Format(time.RFC3339Nano) + " "
			}
			if _, err := fmt.Fprintf(to, "%s%s\n", stamp, l.text); err != nil {
				return err
			}
		}
		if ended == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil // as asked
		case <-more:
		case <-ended:
			ended = nil // once more, for what came last
		}
		lines, next, more = j.from(next)
	}
}

type stream struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (s *stream) Close() error {
	s.cancel()
	return s.PipeReader.Close()
}
