package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"
)

const (
	// silence is how long a stream may say nothing. The server sends a comment every 15 s.
	silence = 45 * time.Second
	// patience is how long to try to get a broken stream back.
	patience = time.Minute
)

// errEnough ends follow without an error.
var errEnough = errors.New("enough")

// follow hands the events of a stream to handle until that returns an error; errEnough is
// the good one. When the stream breaks, or the server goes away, it connects again, from
// the last event on, with backoff and for up to a minute, and says so once.
func (c *client) follow(ctx context.Context, path string, query url.Values, handle func(serverEvent) error) error {
	from := &position{}
	var brokeAt time.Time
	for try := 1; ; try++ {
		heard, err := c.followOnce(ctx, path, query, from, handle)
		switch {
		case errors.Is(err, errEnough):
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !errors.Is(err, errBroken) && !transient(err):
			return err
		}
		if heard {
			try, brokeAt = 1, time.Time{}
		}
		if brokeAt.IsZero() {
			brokeAt = c.clock()
		} else if try == 2 { // not at once: a stream that merely ended comes back unnoticed
			c.note("Lost the connection to the server; trying again for up to a minute.")
		}
		wait := max(backoff(try), min(from.retry, maxBackoff))
		if c.clock().Add(wait).Sub(brokeAt) > patience {
			return fmt.Errorf("the server did not come back within a minute: %w", err)
		}
		if err := c.sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// position is where a stream is taken up again.
type position struct {
	lastID string
	retry  time.Duration
}

// errBroken is a stream that ended before its reader had enough.
var errBroken = &failure{exit: exitUnavailable, err: errors.New("the server ended the stream")}

func (c *client) followOnce(ctx context.Context, path string, query url.Values, from *position, handle func(serverEvent) error) (heard bool, _ error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	header := http.Header{"Accept": {"text/event-stream"}}
	if from.lastID != "" {
		header.Set("Last-Event-ID", from.lastID)
	}
	quiet := time.AfterFunc(c.silence, cancel)
	defer quiet.Stop()
	answer, err := c.send(ctx, call{method: http.MethodGet, path: path, query: query}, header, nil, 1)
	if err != nil {
		return false, err
	}
	defer answer.Body.Close()
	if kind, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type")); err != nil || kind != "text/event-stream" {
		return false, fmt.Errorf("%s did not answer with a stream of events", c.server.Redacted())
	}
	body := &watched{in: answer.Body, timer: quiet, silence: c.silence}
	events := newEventReader(body)
	events.lastID = from.lastID
	for {
		event, err := events.next()
		from.lastID, from.retry = events.lastID, events.retry
		if errors.Is(err, errEventTooLong) {
			return body.heard, err
		}
		if err != nil {
			return body.heard, errBroken
		}
		if err := handle(event); err != nil {
			return body.heard, err
		}
	}
}

// watched sets a timer back whenever something is read, comments included.
type watched struct {
	in      io.Reader
	timer   *time.Timer
	silence time.Duration
	heard   bool
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.in.Read(p)
	w.heard = w.heard || n > 0
	w.timer.Reset(w.silence)
	return n, err
}
