package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const (
	maxExecs   = 20               // commands that an account has open on one server
	maxWords   = 32 << 10         // bytes of a command, its variables included: they travel in a URL
	execAnswer = 15 * time.Second // how long it may take to say so
	execWrite  = 30 * time.Second // how long one frame may take to leave
)

type execInput struct {
	InstancePath
	Upgrade string   `header:"Upgrade" required:"true" pattern:"(?i)^websocket$" patternDescription:"websocket" doc:"websocket"`
	Command []string `query:"command,explode" maxItems:"1000" doc:"The command and its arguments, a word each. Without it, a shell: bash if the image has it, or else sh"`
	TTY     bool     `query:"tty" doc:"Give it a terminal; what is typed is its input"`
	Stdin   bool     `query:"stdin" doc:"Without a terminal: give it the caller's input; otherwise it has none"`
	Rows    int      `query:"rows" minimum:"0" maximum:"1000" doc:"Of the terminal, at first"`
	Cols    int      `query:"cols" minimum:"0" maximum:"1000" doc:"Of the terminal, at first"`
	Env     []string `query:"env,explode" maxItems:"100" doc:"NAME=value, beside the instance's own variables and before them"`
	Dir     string   `query:"dir" maxLength:"4096" doc:"Where it runs; default: the image's working folder"`
	User    string   `query:"user" maxLength:"64" pattern:"^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$" patternDescription:"a name or number, or user:group" doc:"Who runs it; default: the image's user"`

	request huma.Context
}

// Resolve implements huma.Resolver: it keeps the request, which is asked again while the
// command runs, and reads the command from it. (huma takes a list that begins with an empty
// word for none, and that would be a shell.)
func (in *execInput) Resolve(ctx huma.Context) []error {
	in.request = ctx
	url := ctx.URL()
	in.Command = url.Query()["command"]
	return nil
}

var goodVariable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)

// check refuses what no engine takes.
func (in *execInput) check() error {
	var fields []fleet.FieldError
	refuse := func(bad bool, field, message, allowed string) {
		if bad {
			fields = append(fields, fleet.FieldError{Field: field, Message: message, Allowed: allowed})
		}
	}
	size := 0
	for i, word := range in.Command {
		size += len(word)
		refuse(strings.ContainsRune(word, 0), fmt.Sprintf("query.command[%d]", i), "has a zero byte", "anything else")
	}
	refuse(len(in.Command) > 0 && in.Command[0] == "", "query.command[0]", "is empty", "a program's name or path")
	for i, pair := range in.Env {
		size += len(pair)
		refuse(!goodVariable.MatchString(pair) || strings.ContainsRune(pair, 0), fmt.Sprintf("query.env[%d]", i), "is no variable", "NAME=value")
	}
	refuse(size > maxWords, "query.command", "is too long", fmt.Sprintf("at most %d KiB, with variables", maxWords>>10))
	refuse(in.Dir != "" && !path.IsAbs(in.Dir) || strings.ContainsRune(in.Dir, 0), "query.dir", "is no path in a container", "a path that begins with /")
	if len(fields) > 0 {
		return &fleet.Error{Code: fleet.Invalid, Message: summary(fields), Fields: fields}
	}
	return nil
}

// checkOrigin refuses a page of another site: a browser sends the session's cookie with a
// WebSocket wherever the page is from, and asks nobody.
func (in *execInput) checkOrigin() error {
	origin := in.request.Header("Origin")
	if origin == "" {
		if in.request.Header("Authorization") == "" {
			return fleet.Errorf(fleet.Forbidden, "a session may open a WebSocket from a page only: the request has no Origin")
		}
		return nil
	}
	from, err := url.Parse(origin)
	if err != nil || !strings.EqualFold(from.Host, in.request.Host()) {
		return fleet.Errorf(fleet.Forbidden, "a page of another site may not run commands here")
	}
	return nil
}

func (in *execInput) path(leaseID string) string {
	q := url.Values{"command": in.Command, "env": in.Env}
	for name, on := range map[string]bool{"tty": in.TTY, "stdin": in.Stdin} {
		if on {
			q.Set(name, "true")
		}
	}
	for name, text := range map[string]string{"dir": in.Dir, "user": in.User} {
		if text != "" {
			q.Set(name, text)
		}
	}
	for name, n := range map[string]int{"rows": in.Rows, "cols": in.Cols} {
		if n > 0 {
			q.Set(name, strconv.Itoa(n))
		}
	}
	return "/v1/leases/" + url.PathEscape(leaseID) + "/exec?" + q.Encode()
}

// exec connects its caller with a command in an instance. What is wrong before the command
// begins is a problem; what goes wrong later is in the last frame.
func (s *Server) exec(ctx context.Context, in *execInput) (*huma.StreamResponse, error) {
	who := callerOf(ctx)
	if err := in.check(); err != nil {
		return nil, err
	}
	if err := in.checkOrigin(); err != nil {
		return nil, err
	}
	i, err := s.home(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if i.State == fleet.Stopped {
		return nil, notRunning(i)
	}
	release, err := s.execs.take(who.AccountID, maxExecs, "commands")
	if err != nil {
		return nil, err
	}
	agent, err := s.tunnels.dial(ctx, i.Home.HostID, in.path(i.Home.ID))
	if fleet.Is(err, fleet.Conflict) {
		err = notRunning(i)
	}
	if err == nil {
		what := "a shell"
		if len(in.Command) > 0 {
			what = in.Command[0] // arguments may be secrets
		}
		if err = s.Store.NoteInstance(ctx, who.AccountID, who.KeyID, i.ID, "instance.exec", i.Name+": "+what); err != nil {
			_ = agent.CloseNow()
		}
	}
	if err != nil {
		release()
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer release()
		defer agent.CloseNow()
		c := humagin.Unwrap(hctx)
		client, err := websocket.Accept(c.Writer, c.Request, &websocket.AcceptOptions{Subprotocols: []string{fleet.ExecProtocol}})
		if err != nil {
			return // Accept has answered
		}
		defer client.CloseNow()
		ctx = context.WithoutCancel(ctx) // a hijacked request's context says nothing
		begun := time.Now()
		s.Logger.InfoContext(ctx, "exec begun", slog.String("instance", i.ID), slog.String("actor", who.KeyID))
		r := &relay{client: client, agent: agent, hostID: i.Home.HostID, every: s.heartbeat()}
		r.run(ctx, s.closing.channel(), func() error { _, err := s.caller(in.request); return err })
		s.Logger.InfoContext(ctx, "exec ended", slog.String("instance", i.ID), slog.String("actor", who.KeyID), slog.Duration("took", time.Since(begun)))
	}}, nil
}

func notRunning(i fleet.Instance) error {
	return fleet.Errorf(fleet.Conflict, "the instance is %s, and a command needs one that runs", i.State)
}

// A relay passes frames between a caller and an agent, until one of them ends.
type relay struct {
	client, agent *websocket.Conn
	hostID        string
	every         time.Duration // how often the caller is asked whether it is still there, and still may
	exited        bool          // the last frame has been passed on
}

// Why a relay ends, if not by the command's own end.
var (
	errNoFrame = errors.New("that is no frame of " + fleet.ExecProtocol)
	errGone    = errors.New("the caller has gone")
)

// run ends with the command, the caller, the tunnel, the server, or the caller's right to
// be here: may asks for it again now and then.
func (r *relay) run(ctx context.Context, closing <-chan struct{}, may func() error) {
	r.client.SetReadLimit(1 + fleet.ExecFrame)
	r.agent.SetReadLimit(1 + fleet.ExecFrame)
	down, up := make(chan error, 1), make(chan error, 1)
	go func() { down <- r.down(ctx) }()
	go func() { up <- r.up(ctx) }()
	tick := time.NewTicker(r.every)
	defer tick.Stop()
	for {
		select {
		case err := <-down:
			if r.exited {
				_ = r.client.Close(websocket.StatusNormalClosure, "")
			} else if !errors.Is(err, errGone) {
				r.end(ctx, websocket.StatusNormalClosure, fleet.Errorf(fleet.Unavailable, "host %s went away", r.hostID))
			}
			return
		case err := <-up:
			if errors.Is(err, errNoFrame) {
				_ = r.client.Close(websocket.StatusPolicyViolation, err.Error())
			}
			return
		case <-closing:
			r.end(ctx, websocket.StatusGoingAway, fleet.Errorf(fleet.Unavailable, "the server is being restarted"))
			return
		case <-tick.C:
			if err := may(); err != nil && !fleet.Is(err, fleet.Unavailable) {
				r.end(ctx, websocket.StatusPolicyViolation, err)
				return
			}
			if !r.answers(ctx) {
				return
			}
		}
	}
}

// answers reports whether the caller is still there.
func (r *relay) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, execAnswer)
	defer cancel()
	return r.client.Ping(ctx) == nil
}

// down passes the command's frames to the caller.
func (r *relay) down(ctx context.Context) error {
	for {
		_, frame, err := r.agent.Read(ctx)
		if err != nil {
			return err
		}
		if err := r.write(ctx, r.client, frame); err != nil {
			return errGone
		}
		if len(frame) > 0 && frame[0] == fleet.FrameExit {
			r.exited = true
			return nil
		}
	}
}

// up passes the caller's frames to the command.
func (r *relay) up(ctx context.Context) error {
	for {
		kind, frame, err := r.client.Read(ctx)
		if err != nil {
			return err
		}
		if kind != websocket.MessageBinary || len(frame) == 0 || !fromCaller(frame[0]) {
			return errNoFrame
		}
		if err := r.write(ctx, r.agent, frame); err != nil {
			return err
		}
	}
}

func fromCaller(kind byte) bool {
	switch kind {
	case fleet.FrameStdin, fleet.FrameResize, fleet.FrameEOF, fleet.FrameTaken:
		return true
	}
	return false
}

func (r *relay) write(ctx context.Context, to *websocket.Conn, frame []byte) error {
	ctx, cancel := context.WithTimeout(ctx, execWrite)
	defer cancel()
	return to.Write(ctx, websocket.MessageBinary, frame)
}

// end tells the caller why nobody knows how the command ends.
func (r *relay) end(ctx context.Context, status websocket.StatusCode, err error) {
	var known *fleet.Error
	if !errors.As(err, &known) {
		known = &fleet.Error{Code: fleet.Internal, Message: "something went wrong on our side"}
	}
	_ = r.agent.CloseNow()
	frame, jsonErr := exitFrame(fleet.Exit{ExitCode: -1, Code: known.Code, Detail: known.Message})
	if jsonErr == nil && r.write(ctx, r.client, frame) == nil {
		_ = r.client.Close(status, "")
	}
}

// exitFrame is the last frame of a command.
func exitFrame(e fleet.Exit) ([]byte, error) {
	data, err := json.Marshal(e)
	return append([]byte{fleet.FrameExit}, data...), err
}
