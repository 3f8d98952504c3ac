package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// echoing is an agent whose commands say what they were asked for, and then what they are
// told, until they are told "end".
func echoing(rw http.ResponseWriter, r *http.Request) {
	ws, err := websocket.Accept(rw, r, nil)
	if err != nil {
		return
	}
	defer ws.CloseNow()
	say := func(kind byte, text string) {
		_ = ws.Write(context.Background(), websocket.MessageBinary, append([]byte{kind}, text...))
	}
	say(fleet.FrameStdout, r.URL.RequestURI())
	for {
		_, frame, err := ws.Read(context.Background())
		if err != nil {
			return
		}
		if text := string(frame[1:]); text != "end" {
			say(fleet.FrameStderr, text)
			continue
		}
		say(fleet.FrameExit, `{"exit_code":3}`)
		_ = ws.Close(websocket.StatusNormalClosure, "")
	}
}

// dial opens a WebSocket of exec. The answer is a problem's, if it is no WebSocket.
func (w *world) dial(c call) (*websocket.Conn, answer) {
	w.t.Helper()
	req := w.request(c)
	ws, resp, err := websocket.Dial(w.t.Context(), req.URL.String(), &websocket.DialOptions{HTTPHeader: req.Header})
	if err == nil {
		w.t.Cleanup(func() { _ = ws.CloseNow() })
		return ws, answer{status: resp.StatusCode}
	}
	require.NotNil(w.t, resp, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	return nil, answer{resp.StatusCode, resp.Header, body}
}

func (w *world) mustDial(c call) *websocket.Conn {
	w.t.Helper()
	ws, got := w.dial(c)
	require.NotNil(w.t, ws, "%d: %s", got.status, got.body)
	return ws
}

// frame is the next one of a kind.
func (w *world) frame(ws *websocket.Conn, kind byte) string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	_, frame, err := ws.Read(ctx)
	require.NoError(w.t, err)
	require.Equal(w.t, kind, frame[0], "%s", frame[1:])
	return string(frame[1:])
}

func (w *world) mustSend(ws *websocket.Conn, kind byte, text string) {
	w.t.Helper()
	require.NoError(w.t, ws.Write(w.t.Context(), websocket.MessageBinary, append([]byte{kind}, text...)))
}

func TestExecPassesFramesBothWays(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	i := w.mustRun(w.mustServer("alice", "box"))
	route := "GET /v1/instances/" + i.ID + "/exec"
	w.mustConnect(http.HandlerFunc(echoing))

	ws := w.mustDial(call{as: "alice", do: route + "?command=ls&command=&command=a%2Cb%20c&tty=true&rows=24&cols=80&env=A%3D1&dir=/tmp&user=1000:1000"})
	asked, err := url.Parse(w.frame(ws, fleet.FrameStdout))
	require.NoError(t, err)
	require.Equal(t, "/v1/leases/"+i.Home.ID+"/exec", asked.Path)
	require.Equal(t, url.Values{
		"command": {"ls", "", "a,b c"}, "tty": {"true"}, "rows": {"24"}, "cols": {"80"}, "env": {"A=1"}, "dir": {"/tmp"}, "user": {"1000:1000"},
	}, asked.Query())
	for _, kind := range []byte{fleet.FrameStdin, fleet.FrameResize, fleet.FrameEOF, fleet.FrameTaken} {
		w.mustSend(ws, kind, "hello")
		require.Equal(t, "hello", w.frame(ws, fleet.FrameStderr))
	}
	require.Equal(t, 1, w.execs.count())
	w.mustSend(ws, fleet.FrameStdin, "end")
	require.Equal(t, `{"exit_code":3}`, w.frame(ws, fleet.FrameExit))
	_, _, err = ws.Read(t.Context())
	require.Equal(t, websocket.StatusNormalClosure, websocket.CloseStatus(err))
	eventually(t, func() bool { return w.execs.count() == 0 }, "it counts no more")

	events, err := w.Store.ListEvents(t.Context(), w.account["alice"], store.EventFilter{ResourceID: i.ID, Page: store.Page{Limit: 1}})
	require.NoError(t, err)
	require.Equal(t, "instance.exec", events[0].Name)
	require.Equal(t, "box: ls", events[0].Message)
	require.True(t, strings.HasPrefix(events[0].Actor, "key_"))
}

func TestExecIsRefusedToWhoMayNot(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	i := w.mustRun(w.mustServer("alice", "box"))
	route := "GET /v1/instances/" + i.ID + "/exec?command=ls"
	_, got := w.dial(call{as: "alice", do: route})
	require.Equal(t, fleet.Unavailable, got.problem(t).Code, "without a tunnel")
	w.mustConnect(http.HandlerFunc(echoing))
	mine := map[string]string{"Cookie": sessionCookie + "=" + w.keys["alice"]}
	with := func(name, value string) map[string]string {
		return map[string]string{"Cookie": mine["Cookie"], name: value}
	}
	for name, try := range map[string]struct {
		call
		want fleet.Code
	}{
		"nobody":                       {call{do: route}, fleet.Unauthenticated},
		"a viewer":                     {call{as: "viewer", do: route}, fleet.Forbidden},
		"another account":              {call{as: "bob", do: route}, fleet.NotFound},
		"a host":                       {call{as: "host", do: route}, fleet.Unauthenticated},
		"no such instance":             {call{as: "alice", do: "GET /v1/instances/ins_none/exec"}, fleet.NotFound},
		"a cookie of another page":     {call{do: route, header: with("Origin", "https://evil.example")}, fleet.Forbidden},
		"a cookie of a page somewhere": {call{do: route, header: with("Origin", "null")}, fleet.Forbidden},
		"a cookie of no page":          {call{do: route, header: mine}, fleet.Forbidden},
		"a key from another page":      {call{as: "alice", do: route, header: map[string]string{"Origin": "https://evil.example"}}, fleet.Forbidden},
	} {
		_, got := w.dial(try.call)
		require.Equal(t, try.want, got.problem(t).Code, name)
	}
	ws := w.mustDial(call{do: route, header: with("Origin", w.url)})
	require.Contains(t, w.frame(ws, fleet.FrameStdout), "command=ls", "the console's own page")

	plain := w.call(call{as: "alice", do: route})
	require.Equal(t, http.StatusUnprocessableEntity, plain.status)
	require.Equal(t, "header.Upgrade", plain.problem(t).Fields[0].Field)
	for query, field := range map[string]string{
		"command=": "query.command[0]", "command=&command=ls": "query.command[0]", "command=a%00b": "query.command[0]", "env=1A%3Db": "query.env[0]", "env=A": "query.env[0]", "env=A%3D%00": "query.env[0]",
		"dir=tmp": "query.dir", "user=a%20b": "query.user", "user=-x": "query.user", "rows=1001": "query.rows", "cols=-1": "query.cols", "tty=maybe": "query.tty",
		"shell=sh": "query.shell", "command=" + strings.Repeat("x", maxWords+1): "query.command",
	} {
		_, got := w.dial(call{as: "alice", do: "GET /v1/instances/" + i.ID + "/exec?" + query})
		require.Equal(t, http.StatusUnprocessableEntity, got.status, query)
		if len(got.body) < 1024 { // the client's library keeps no more
			require.Equal(t, field, got.problem(t).Fields[0].Field, query)
		}
	}

	w.mustEnd(must[Operation](w, call{as: "alice", do: "POST /v1/instances/" + i.ID + "/stop", key: "-"}).ID, fleet.Done)
	stopped, err := w.Store.Instance(t.Context(), i.ID)
	require.NoError(t, err)
	if stopped.State == fleet.Stopped {
		_, got = w.dial(call{as: "alice", do: route})
		require.Equal(t, fleet.Conflict, got.problem(t).Code)
		require.Contains(t, got.problem(t).Detail, "the instance is stopped")
	}
}

func TestAnAccountHasSoManyCommandsOpen(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	i, theirs := w.mustRun(w.mustServer("alice", "box")), w.mustRun(w.mustServer("bob", "box"))
	w.mustConnect(http.HandlerFunc(echoing))
	route := "GET /v1/instances/" + i.ID + "/exec"
	var last *websocket.Conn
	for range maxExecs {
		last = w.mustDial(call{as: "alice", do: route})
	}
	_, got := w.dial(call{as: "alice", do: route})
	require.Equal(t, fleet.Conflict, got.problem(t).Code)
	require.Contains(t, got.problem(t).Detail, fmt.Sprint(maxExecs))
	w.mustDial(call{as: "bob", do: "GET /v1/instances/" + theirs.ID + "/exec"})
	_ = last.CloseNow()
	eventually(t, func() bool {
		ws, _ := w.dial(call{as: "alice", do: route})
		return ws != nil
	}, "one that ends makes room")
}

func TestExecEndsWithItsTunnelItsServerAndItsKey(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	w.heartbeatEvery = 50 * time.Millisecond
	i := w.mustRun(w.mustServer("alice", "box"))
	route := "GET /v1/instances/" + i.ID + "/exec"
	hangUp := w.mustConnect(http.HandlerFunc(echoing))
	ended := func(ws *websocket.Conn, want fleet.Code) {
		t.Helper()
		var e fleet.Exit
		require.NoError(t, json.Unmarshal([]byte(w.frame(ws, fleet.FrameExit)), &e))
		require.Equal(t, want, e.Code)
		require.Equal(t, -1, e.ExitCode)
		require.NotEmpty(t, e.Detail)
	}
	open := func(as string) *websocket.Conn {
		t.Helper()
		ws := w.mustDial(call{as: as, do: route})
		w.frame(ws, fleet.FrameStdout)
		return ws
	}
	ws := open("alice")
	hangUp()
	ended(ws, fleet.Unavailable)

	eventually(t, func() bool { return !w.tunnels.connected(w.hostID) }, "the tunnel is gone")
	w.mustConnect(http.HandlerFunc(echoing))
	key, made, err := w.Store.CreateKey(t.Context(), w.account["alice"], "short", fleet.Operator)
	require.NoError(t, err)
	w.keys["short"] = key
	ws = open("short")
	require.NoError(t, w.Store.DeleteKey(t.Context(), w.account["alice"], made.ID))
	ended(ws, fleet.Unauthenticated)

	ws = open("alice")
	w.Close()
	ended(ws, fleet.Unavailable)
	_, _, err = ws.Read(t.Context())
	require.Equal(t, websocket.StatusGoingAway, websocket.CloseStatus(err))
}

func TestCopiesAreRefusedToWhoMayNot(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	i := w.mustRun(w.mustServer("alice", "box"))
	hold := make(chan struct{})
	begun := make(chan struct{}, 2*maxCopies)
	w.mustConnect(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		begun <- struct{}{}
		<-hold
		rw.WriteHeader(http.StatusNoContent)
	}))
	files := "/v1/instances/" + i.ID + "/files"
	tarred := map[string]string{"Content-Type": tarType}
	for _, do := range []string{"GET " + files, "GET " + files + "/stat", "PUT " + files} {
		for as, want := range map[string]fleet.Code{"": fleet.Unauthenticated, "viewer": fleet.Forbidden, "bob": fleet.NotFound} {
			require.Equal(t, want, w.call(call{as: as, do: do + "?path=/tmp", header: tarred}).problem(t).Code, "%s as %q", do, as)
		}
		for _, query := range []string{"", "?path=", "?path=tmp", "?path=" + strings.Repeat("/x", 2100), "?path=/tmp&follow=true"} {
			require.Equal(t, fleet.Invalid, w.call(call{as: "alice", do: do + query, header: tarred}).problem(t).Code, do+query)
		}
	}
	session := map[string]string{"Cookie": sessionCookie + "=" + w.keys["alice"], "Content-Type": tarType}
	require.Equal(t, fleet.Forbidden, w.call(call{do: "PUT " + files + "?path=/tmp", header: session}).problem(t).Code, "a session without the console's header")

	put := call{as: "alice", do: "PUT " + files + "?path=/tmp", header: tarred, body: "bytes"}
	statuses := make(chan int, maxCopies)
	for range maxCopies {
		go func() { statuses <- w.call(put).status }()
	}
	for range maxCopies {
		<-begun
	}
	require.Equal(t, fleet.Conflict, w.call(put).problem(t).Code)
	close(hold)
	for range maxCopies {
		require.Equal(t, http.StatusNoContent, <-statuses)
	}
	require.Equal(t, http.StatusNoContent, w.call(put).status)
	events, err := w.Store.ListEvents(t.Context(), w.account["alice"], store.EventFilter{ResourceID: i.ID, Page: store.Page{Limit: 1}})
	require.NoError(t, err)
	require.Equal(t, "instance.copied", events[0].Name)
	require.Equal(t, "box: to /tmp", events[0].Message)
}

func TestCopyThatIsCutOffIsAnError(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	i := w.mustRun(w.mustServer("alice", "box"))
	heard := make(chan error, 1)
	w.mustConnect(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		heard <- err
	}))
	read, write := io.Pipe()
	req := w.request(call{as: "alice", do: "PUT /v1/instances/" + i.ID + "/files?path=/tmp", header: map[string]string{"Content-Type": tarType}})
	req.Body = read
	go func() {
		_, _ = write.Write(make([]byte, 100_000))
		_ = write.CloseWithError(io.ErrUnexpectedEOF)
	}()
	_, err := http.DefaultClient.Do(req)
	require.Error(t, err)
	require.Error(t, <-heard, "the agent does not take it for a whole one")
}
