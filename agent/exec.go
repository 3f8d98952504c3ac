package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"github.com/coder/websocket"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// exec runs a command in a container, and talks to its caller in the frames of
// fleet.ExecProtocol. The server has checked who may.
func (a *Agent) exec(w http.ResponseWriter, r *http.Request) {
	lease := r.PathValue("lease")
	found, err := a.Machine.Inspect(r.Context(), lease)
	switch {
	case err != nil:
	case !found.Running:
		err = fleet.Errorf(fleet.Conflict, "the container does not run")
	case found.Paused:
		err = fleet.Errorf(fleet.Conflict, "the container is paused")
	}
	if err != nil {
		answerError(w, err)
		return
	}
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // Accept has answered
	}
	defer ws.CloseNow()
	ws.SetReadLimit(1 + fleet.ExecFrame)
	ctx, hangUp := context.WithCancel(context.Background()) // a hijacked request's context says nothing
	defer hangUp()
	t := &talk{ws: ws, ctx: ctx, input: newWindow(), resize: make(chan fleet.Size, 1), free: newCredit(fleet.ExecWindow)}
	defer t.letGo()
	go func() {
		t.listen()
		hangUp()
		t.letGo()
	}()
	code, err := a.Machine.Exec(ctx, lease, commandOf(r.URL.Query(), t))
	if ctx.Err() == nil { // otherwise nobody listens
		t.exit(code, err)
	}
}

// commandOf is what the server asks for. Without words it is a shell.
func commandOf(q url.Values, t *talk) machine.Exec {
	x := machine.Exec{
		Command: q["command"], Env: q["env"], User: q.Get("user"), Dir: q.Get("dir"), TTY: q.Get("tty") == "true",
		Stdout: &output{talk: t, kind: fleet.FrameStdout}, Stderr: &output{talk: t, kind: fleet.FrameStderr}, Resize: t.resize,
	}
	if len(x.Command) == 0 {
		x.Command = machine.LoginShell
	}
	if x.TTY || q.Get("stdin") == "true" {
		x.Stdin = &input{talk: t}
	}
	rows, _ := strconv.ParseUint(q.Get("rows"), 10, 16)
	cols, _ := strconv.ParseUint(q.Get("cols"), 10, 16)
	x.Size = fleet.Size{Rows: uint16(rows), Cols: uint16(cols)}
	return x
}

// A talk is the WebSocket of a command. It is always listened to, whatever the command does
// with its input: so it is noticed when the caller has gone.
type talk struct {
	ws     *websocket.Conn
	ctx    context.Context
	input  *window
	resize chan fleet.Size
	free   *credit // for output
}

// listen takes what the caller sends, until the caller has gone or breaks the rules.
func (t *talk) listen() {
	for {
		kind, message, err := t.ws.Read(t.ctx)
		if err != nil {
			return
		}
		if kind != websocket.MessageBinary || len(message) == 0 || !t.take(message[0], message[1:]) {
			_ = t.ws.Close(websocket.StatusPolicyViolation, "that is no frame of "+fleet.ExecProtocol)
			return
		}
	}
}

// take is false for what must not be.
func (t *talk) take(kind byte, data []byte) bool {
	switch kind {
	case fleet.FrameStdin:
		return t.input.put(data)
	case fleet.FrameEOF:
		t.input.close()
	case fleet.FrameResize:
		var size fleet.Size
		if json.Unmarshal(data, &size) != nil {
			return false
		}
		select {
		case <-t.resize: // an older one that nobody has taken
		default:
		}
		t.resize <- size
	case fleet.FrameTaken:
		var taken fleet.Taken
		return json.Unmarshal(data, &taken) == nil && t.free.give(taken.Bytes)
	default:
		return false
	}
	return true
}

// letGo ends what waits for the caller.
func (t *talk) letGo() {
	t.input.close()
	t.free.close()
}

func (t *talk) send(kind byte, data []byte) error {
	return t.ws.Write(t.ctx, websocket.MessageBinary, append([]byte{kind}, data...))
}

func (t *talk) tell(kind byte, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return t.send(kind, data)
}

// exit says how the command ended, and ends the talk.
func (t *talk) exit(code int, err error) {
	end := fleet.Exit{ExitCode: code}
	if err != nil {
		end.Code, end.Detail = fleet.CodeOf(err), err.Error()
	}
	if t.tell(fleet.FrameExit, end) == nil {
		_ = t.ws.Close(websocket.StatusNormalClosure, "")
	}
}

// output is a command's stdout or stderr. It waits while the caller has a window's worth of
// it unread.
type output struct {
	talk *talk
	kind byte
}

func (o *output) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		room := o.talk.free.take(min(len(p), fleet.ExecFrame))
		if room == 0 {
			return n, io.ErrClosedPipe
		}
		if err := o.talk.send(o.kind, p[:room]); err != nil {
			return n, err
		}
		n, p = n+room, p[room:]
	}
	return n, nil
}

// input is a command's stdin. It tells the caller what has been read.
type input struct{ talk *talk }

func (i *input) Read(p []byte) (int, error) {
	n, err := i.talk.input.Read(p)
	if n > 0 {
		// Who cannot be told has gone, and the command is hung up on.
		_ = i.talk.tell(fleet.FrameTaken, fleet.Taken{Bytes: n})
	}
	return n, err
}

// A window holds what was sent and is not read yet, a window's worth at most.
type window struct {
	mu     sync.Mutex
	more   *sync.Cond
	held   bytes.Buffer
	closed bool
}

func newWindow() *window {
	w := &window{}
	w.more = sync.NewCond(&w.mu)
	return w
}

// put is false if the sender sent more than the window holds. What comes after the end is
// dropped.
func (w *window) put(p []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return true
	}
	if w.held.Len()+len(p) > fleet.ExecWindow {
		return false
	}
	w.held.Write(p)
	w.more.Signal()
	return true
}

// close lets the reader have what there is, and then the end.
func (w *window) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.more.Broadcast()
}

// Read implements io.Reader.
func (w *window) Read(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.held.Len() == 0 && !w.closed {
		w.more.Wait()
	}
	if w.held.Len() == 0 {
		return 0, io.EOF
	}
	n, err := w.held.Read(p)
	if errors.Is(err, io.EOF) {
		err = nil // of the buffer only
	}
	return n, err
}

// credit is how much may be sent.
type credit struct {
	mu     sync.Mutex
	more   *sync.Cond
	left   int
	limit  int
	closed bool
}

func newCredit(limit int) *credit {
	c := &credit{left: limit, limit: limit}
	c.more = sync.NewCond(&c.mu)
	return c
}

// take waits until something may be sent, and says how much, up to want; 0 at the end.
func (c *credit) take(want int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.left == 0 && !c.closed {
		c.more.Wait()
	}
	if c.closed {
		return 0
	}
	n := min(want, c.left)
	c.left -= n
	return n
}

// give is false for more than was taken.
func (c *credit) give(n int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n < 0 || c.left+n > c.limit {
		return false
	}
	c.left += n
	c.more.Broadcast()
	return true
}

func (c *credit) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.more.Broadcast()
}
