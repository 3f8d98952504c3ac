package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
)

// writeTimeout bounds one write to a client that reads slowly, or not at all.
const writeTimeout = 10 * time.Second

// A stream is an answer that is written piece by piece.
type stream struct {
	w    http.ResponseWriter
	ctrl *http.ResponseController
}

// streaming is the answer of a handler that streams. run's context ends with the client's
// connection, and when the server closes.
func (s *Server) streaming(contentType string, run func(context.Context, *stream)) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		c := humagin.Unwrap(hctx)
		c.Header("Content-Type", contentType)
		c.Header("X-Accel-Buffering", "no") // proxies must pass on what there is
		c.Status(http.StatusOK)
		ctx, cancel := s.untilClosed(hctx.Context())
		defer cancel()
		out := &stream{w: c.Writer, ctrl: http.NewResponseController(c.Writer)}
		if out.Flush() != nil {
			return
		}
		run(ctx, out)
	}}
}

// Write implements io.Writer. What is written arrives with the next Flush, or before.
func (o *stream) Write(p []byte) (int, error) {
	// A server without deadlines, such as a test's, has none to set.
	_ = o.ctrl.SetWriteDeadline(time.Now().Add(writeTimeout))
	return o.w.Write(p)
}

// Flush sends what has been written.
func (o *stream) Flush() error {
	_ = o.ctrl.SetWriteDeadline(time.Now().Add(writeTimeout))
	return o.ctrl.Flush()
}

// event sends one server-sent event. id may be empty.
func (o *stream) event(id, name string, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return err
	}
	if id != "" {
		id = "id: " + id + "\n"
	}
	if _, err := fmt.Fprintf(o, "%sevent: %s\ndata: %s\n\n", id, name, body); err != nil {
		return err
	}
	return o.Flush()
}

// heartbeat sends a comment, so that nobody on the way takes the connection for dead.
func (o *stream) heartbeat() error {
	if _, err := o.Write([]byte(": still here\n\n")); err != nil {
		return err
	}
	return o.Flush()
}

// closing ends what would otherwise outlive the server: streams, long polls and tunnels.
type closing struct {
	once sync.Once
	done chan struct{}
	shut sync.Once
}

func (c *closing) channel() chan struct{} {
	c.once.Do(func() { c.done = make(chan struct{}) })
	return c.done
}

// Close ends every stream, long poll and tunnel. Their clients come back. Pass it to
// http.Server.RegisterOnShutdown, which otherwise waits for them.
func (s *Server) Close() { s.closing.shut.Do(func() { close(s.closing.channel()) }) }

// untilClosed is ctx, ended by Close as well.
func (s *Server) untilClosed(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-s.closing.channel():
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}
