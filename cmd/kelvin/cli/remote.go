package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const (
	remotePing   = 15 * time.Second // how often the server is asked whether it is still there
	remoteAnswer = 20 * time.Second // how long it may take to say so
)

// A remote is a command that runs in an instance, seen from here: the frames of
// fleet.ExecProtocol. It always listens, however slowly its output is taken, so that it
// notices when the server has gone.
type remote struct {
	ws     *websocket.Conn
	server string

	mu     sync.Mutex
	more   *sync.Cond
	out    []piece // not written yet
	queued int     // bytes in out
	free   int     // bytes of input that may be sent
	end    *fleet.Exit
	broken error // how the connection ended
}

// A piece of output.
type piece struct {
	kind byte
	data []byte
}

// connect begins a command.
func (c *client) connect(ctx context.Context, path string, query url.Values) (*remote, error) {
	target := c.server.JoinPath(path)
	target.RawQuery = query.Encode()
	header := http.Header{"User-Agent": {"kelvin-cli"}}
	if c.key != "" {
		header.Set("Authorization", "Bearer "+c.key)
	}
	c.tracef("> GET %s (WebSocket)", c.server.JoinPath(path).Redacted())
	dialling, stop := context.WithTimeout(ctx, requestTimeout)
	defer stop()
	ws, answer, err := websocket.Dial(dialling, target.String(), &websocket.DialOptions{
		HTTPClient: c.http, HTTPHeader: header, Subprotocols: []string{fleet.ExecProtocol},
	})
	if answer != nil {
		c.tracef("< %s %s", answer.Status, answer.Header.Get("X-Request-Id"))
	}
	switch {
	case err != nil && answer != nil && answer.StatusCode >= 300:
		return nil, c.refused(answer)
	case err != nil:
		return nil, c.unreachable(err)
	case ws.Subprotocol() != fleet.ExecProtocol:
		_ = ws.CloseNow()
		return nil, fmt.Errorf("%s does not speak %s: is it as new as this command?", c.server.Redacted(), fleet.ExecProtocol)
	}
	ws.SetReadLimit(1 + fleet.ExecFrame)
	r := &remote{ws: ws, server: c.server.Redacted(), free: fleet.ExecWindow}
	r.more = sync.NewCond(&r.mu)
	return r, nil
}

func (r *remote) close() { _ = r.ws.CloseNow() }

// run ends with the command, which ends as passed says; or with ctx.
func (r *remote) run(ctx context.Context, in io.Reader, out, errs io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { r.stop(ctx.Err()) })()
	go r.listen()
	go r.keepAlive(ctx)
	if in != nil {
		go r.feed(in)
	}
	if err := r.write(out, errs); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.end == nil && ctx.Err() != nil:
		return errInterrupted
	case r.end == nil:
		return &failure{
			exit: exitUnavailable, err: fmt.Errorf("the connection to %s broke off: %w", r.server, r.broken),
			next: []string{"The command was told so (SIGHUP), and has ended unless it does not care."},
		}
	case r.end.Code != "":
		return &failure{exit: exitOfCode(r.end.Code), err: &fleet.Error{Code: r.end.Code, Message: r.end.Detail}}
	case r.end.ExitCode != 0:
		return passed(r.end.ExitCode)
	}
	return nil
}

// stop ends the connection, and what waits for it.
func (r *remote) stop(why error) {
	_ = r.ws.CloseNow()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken == nil {
		r.broken = why
	}
	r.more.Broadcast()
}

// listen takes what the server sends, until it sends no more.
func (r *remote) listen() {
	for {
		_, frame, err := r.ws.Read(context.Background())
		if err == nil && len(frame) > 0 {
			err = r.take(frame[0], frame[1:])
		}
		if err != nil {
			r.stop(err)
			return
		}
	}
}

func (r *remote) take(kind byte, data []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.more.Broadcast()
	switch kind {
	case fleet.FrameStdout, fleet.FrameStderr:
		if r.queued += len(data); r.queued > fleet.ExecWindow {
			return errors.New("it sends more than it may")
		}
		r.out = append(r.out, piece{kind, data})
	case fleet.FrameTaken:
		var taken fleet.Taken
		if err := json.Unmarshal(data, &taken); err != nil {
			return err
		}
		r.free = min(r.free+max(taken.Bytes, 0), fleet.ExecWindow)
	case fleet.FrameExit:
		r.end = &fleet.Exit{}
		return json.Unmarshal(data, r.end)
	}
	return nil // what a newer server may send besides
}

// keepAlive ends the connection when the server does not answer.
func (r *remote) keepAlive(ctx context.Context) {
	tick := time.NewTicker(remotePing)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		asking, stop := context.WithTimeout(ctx, remoteAnswer)
		err := r.ws.Ping(asking)
		stop()
		if err != nil && ctx.Err() == nil {
			r.stop(errors.New("it does not answer"))
			return
		}
	}
}

// write writes what comes, until all of it is written.
func (r *remote) write(out, errs io.Writer) error {
	for {
		r.mu.Lock()
		for len(r.out) == 0 && r.end == nil && r.broken == nil {
			r.more.Wait()
		}
		if len(r.out) == 0 {
			r.mu.Unlock()
			return nil
		}
		next := r.out[0]
		r.out = r.out[1:]
		r.mu.Unlock()
		to := out
		if next.kind == fleet.FrameStderr {
			to = errs
		}
		if _, err := to.Write(next.data); err != nil {
			return fmt.Errorf("write what the command says: %w", err)
		}
		r.mu.Lock()
		r.queued -= len(next.data)
		r.mu.Unlock()
		r.tell(fleet.FrameTaken, fleet.Taken{Bytes: len(next.data)})
	}
}

// feed sends the command its input.
func (r *remote) feed(in io.Reader) {
	buf := make([]byte, 32<<10)
	for {
		n, err := in.Read(buf)
		for rest := buf[:n]; len(rest) > 0; {
			room := r.room(len(rest))
			if room == 0 {
				return
			}
			r.send(fleet.FrameStdin, rest[:room])
			rest = rest[room:]
		}
		if err != nil {
			r.send(fleet.FrameEOF, nil)
			return
		}
	}
}

// room waits until some of want bytes may be sent, and says how many; 0 at the end.
func (r *remote) room(want int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.free == 0 && r.end == nil && r.broken == nil {
		r.more.Wait()
	}
	if r.end != nil || r.broken != nil {
		return 0
	}
	n := min(want, r.free)
	r.free -= n
	return n
}

// resize tells the command of each new size of the terminal.
func (r *remote) resize(terminal *os.File, resized <-chan struct{}) {
	for range resized {
		r.tell(fleet.FrameResize, sizeOf(terminal))
	}
}

// send sends a frame. One that cannot be sent is a connection that has ended, which listen
// notices.
func (r *remote) send(kind byte, data []byte) {
	_ = r.ws.Write(context.Background(), websocket.MessageBinary, append([]byte{kind}, data...))
}

func (r *remote) tell(kind byte, v any) {
	if data, err := json.Marshal(v); err == nil {
		r.send(kind, data)
	}
}

// passed is the exit code of a command elsewhere, which this process ends with, too. There is
// nothing to say about it.
type passed int

func (p passed) Error() string { return fmt.Sprintf("the command ended with %d", int(p)) }

func asPassed(err error) (passed, bool) { return errors.AsType[passed](err) }
