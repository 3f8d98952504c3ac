package agent

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// A call is a command that the account runs in an instance.
type call struct {
	*testing.T
	ws     *websocket.Conn
	deaf   bool
	exited chan fleet.Exit

	mu      sync.Mutex
	out     map[byte]*bytes.Buffer
	counted int // bytes of output that were counted, and not kept
	free    int // of the window for input
}

// mustCall runs a command. A deaf caller does not say that it has taken what it got.
func (s *site) mustCall(lease fleet.Lease, deaf bool, query url.Values) *call {
	s.Helper()
	ws, _, err := websocket.Dial(s.Context(), "ws"+strings.TrimPrefix(s.wire.url, "http")+"/v1/instances/"+lease.InstanceID+"/exec?"+query.Encode(), &websocket.DialOptions{
		HTTPHeader: http.Header{"Authorization": {"Bearer " + s.key}}, Subprotocols: []string{fleet.ExecProtocol},
	})
	require.NoError(s, err)
	s.Cleanup(func() { _ = ws.CloseNow() })
	require.Equal(s, fleet.ExecProtocol, ws.Subprotocol())
	ws.SetReadLimit(1 + fleet.ExecFrame)
	c := &call{T: s.T, ws: ws, deaf: deaf, free: fleet.ExecWindow, exited: make(chan fleet.Exit, 1), out: map[byte]*bytes.Buffer{fleet.FrameStdout: {}, fleet.FrameStderr: {}}}
	go c.listen()
	return c
}

func (c *call) listen() {
	defer close(c.exited)
	for {
		_, frame, err := c.ws.Read(context.Background())
		if err != nil {
			return
		}
		switch data := frame[1:]; frame[0] {
		case fleet.FrameExit:
			var e fleet.Exit
			_ = json.Unmarshal(data, &e)
			c.exited <- e
		case fleet.FrameTaken:
			var taken fleet.Taken
			_ = json.Unmarshal(data, &taken)
			c.mu.Lock()
			c.free += taken.Bytes
			c.mu.Unlock()
		default:
			c.mu.Lock()
			c.out[frame[0]].Write(data)
			c.mu.Unlock()
			if !c.deaf {
				c.tell(fleet.FrameTaken, fleet.Taken{Bytes: len(data)})
			}
		}
	}
}

func (c *call) text(kind byte) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out[kind].String()
}

func (c *call) send(kind byte, data []byte) {
	_ = c.ws.Write(context.Background(), websocket.MessageBinary, append([]byte{kind}, data...))
}

func (c *call) tell(kind byte, v any) {
	data, _ := json.Marshal(v)
	c.send(kind, data)
}

// mustEnd is how the command ends.
func (c *call) mustEnd() fleet.Exit {
	c.Helper()
	select {
	case e, ok := <-c.exited:
		require.True(c, ok, "the connection broke off")
		return e
	case <-time.After(20 * time.Second):
		c.Fatal("the command does not end")
		return fleet.Exit{}
	}
}

func words(words ...string) url.Values { return url.Values{"command": words} }

func TestCommandsRunThroughTheTunnel(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	s.mustLease()
	lease := s.mustServer()
	s.mustConnect(lease)

	c := s.mustCall(lease, false, words("echo", "a b", "", "$HOME"))
	require.Equal(t, fleet.Exit{}, c.mustEnd())
	require.Equal(t, "a b  $HOME\n", c.text(fleet.FrameStdout))

	c = s.mustCall(lease, false, words("sh", "-c", "exit 7"))
	require.Equal(t, 7, c.mustEnd().ExitCode)

	c = s.mustCall(lease, false, words("nothing"))
	require.Equal(t, 127, c.mustEnd().ExitCode)
	require.Contains(t, c.text(fleet.FrameStderr), "not found")

	c = s.mustCall(lease, false, url.Values{"command": {"env"}, "env": {"A=1=2", "B="}})
	require.Zero(t, c.mustEnd().ExitCode)
	require.Contains(t, c.text(fleet.FrameStdout), "A=1=2\nB=\n")

	c = s.mustCall(lease, false, words("cat"))
	require.Zero(t, c.mustEnd().ExitCode, "without stdin there is none to wait for")

	events := s.get(t.Context(), "/v1/events?resource="+lease.InstanceID)
	var list api.List[api.Event]
	require.NoError(t, json.NewDecoder(events.Body).Decode(&list))
	found := map[string]int{}
	for _, e := range list.Items {
		if e.Name == "instance.exec" {
			found[e.Message]++
			require.True(t, strings.HasPrefix(e.Actor, "key_"), e.Actor)
		}
	}
	require.Equal(t, map[string]int{"server-1: echo": 1, "server-1: sh": 1, "server-1: nothing": 1, "server-1: env": 1, "server-1: cat": 1}, found, "without arguments")
}

func TestInputAndOutputLargerThanTheirWindowsFlow(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	s.mustLease()
	lease := s.mustServer()
	s.mustConnect(lease)
	input := bytes.Repeat([]byte("0123456789abcdef"), 3*fleet.ExecWindow/16)
	c := s.mustCall(lease, false, url.Values{"command": {"cat"}, "stdin": {"true"}})
	for rest := input; len(rest) > 0; {
		c.mu.Lock()
		n := min(len(rest), fleet.ExecFrame, c.free)
		c.free -= n
		c.mu.Unlock()
		if n == 0 {
			time.Sleep(time.Millisecond)
			continue
		}
		c.send(fleet.FrameStdin, rest[:n])
		rest = rest[n:]
	}
	c.send(fleet.FrameEOF, nil)
	require.Zero(t, c.mustEnd().ExitCode)
	require.Equal(t, len(input), len(c.text(fleet.FrameStdout)))
	require.True(t, c.text(fleet.FrameStdout) == string(input))
}

func TestOutputWaitsForItsReader(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	s.mustLease()
	lease := s.mustServer()
	s.mustConnect(lease)
	s.mustPut(lease, "/tmp", "big", strings.Repeat("x", 2*fleet.ExecWindow))
	c := s.mustCall(lease, true, words("cat", "/tmp/big"))
	s.eventually(func() bool { return len(c.text(fleet.FrameStdout)) == fleet.ExecWindow }, "a window's worth comes")
	time.Sleep(100 * time.Millisecond)
	require.Len(t, c.text(fleet.FrameStdout), fleet.ExecWindow, "and no more")
	c.tell(fleet.FrameTaken, fleet.Taken{Bytes: fleet.ExecWindow})
	require.Zero(t, c.mustEnd().ExitCode)
	require.Len(t, c.text(fleet.FrameStdout), 2*fleet.ExecWindow)

	// Who leaves while the command waits for room, or for input that it does not read, ends it.
	for _, query := range []url.Values{words("cat", "/tmp/big"), {"command": {"sleep", "1h"}, "stdin": {"true"}}} {
		c = s.mustCall(lease, true, query)
		c.send(fleet.FrameStdin, make([]byte, fleet.ExecFrame))
		s.eventually(func() bool { return s.processes(lease) > 1 }, "it runs")
		_ = c.ws.CloseNow()
		s.eventually(func() bool { return s.processes(lease) == 1 }, "it ends")
	}
}

func (s *site) processes(lease fleet.Lease) int {
	stats, err := s.engine.Stats(s.Context(), lease.ID)
	require.NoError(s, err)
	return stats.Processes
}

func TestShellOnATerminal(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	s.mustLease()
	lease := s.mustServer()
	s.mustConnect(lease)
	c := s.mustCall(lease, false, url.Values{"tty": {"true"}, "rows": {"40"}, "cols": {"120"}})
	shows := func(want string) {
		t.Helper()
		s.eventually(func() bool { return strings.Contains(c.text(fleet.FrameStdout), want) }, want)
	}
	shows("# ")
	c.send(fleet.FrameStdin, []byte("size\r"))
	shows("40 120\r\n")
	c.tell(fleet.FrameResize, fleet.Size{Rows: 50, Cols: 132})
	for !strings.Contains(c.text(fleet.FrameStdout), "50 132\r\n") {
		c.send(fleet.FrameStdin, []byte("\r"))
		time.Sleep(10 * time.Millisecond)
	}
	c.send(fleet.FrameStdin, []byte{4})
	c.send(fleet.FrameStdin, []byte("sleep 1h\r"))
	shows("sleep 1h")
	c.send(fleet.FrameStdin, []byte{3})
	shows("^C")
	c.send(fleet.FrameStdin, []byte("exit 3\r"))
	require.Equal(t, 3, c.mustEnd().ExitCode)
	require.Empty(t, c.text(fleet.FrameStderr))
}

func TestCallersWhoBreakTheRulesAreLetGo(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	s.mustLease()
	lease := s.mustServer()
	s.mustConnect(lease)
	for name, frame := range map[string][]byte{
		"an empty frame": {}, "a frame of the command's": {fleet.FrameStdout, 'x'}, "an exit": {fleet.FrameExit}, "an unknown frame": {99, 1},
		"a size that is none": append([]byte{fleet.FrameResize}, "large"...), "more taken than sent": append([]byte{fleet.FrameTaken}, `{"bytes":1}`...),
		"too long a frame": make([]byte, fleet.ExecFrame+2),
	} {
		c := s.mustCall(lease, false, url.Values{"command": {"sleep", "1h"}, "stdin": {"true"}})
		require.NoError(t, c.ws.Write(t.Context(), websocket.MessageBinary, frame))
		select {
		case <-c.exited:
		case <-time.After(20 * time.Second):
			t.Fatal(name)
		}
	}
	c := s.mustCall(lease, false, url.Values{"command": {"sleep", "1h"}, "stdin": {"true"}})
	for range fleet.ExecWindow/fleet.ExecFrame + 2 {
		c.send(fleet.FrameStdin, make([]byte, fleet.ExecFrame))
	}
	select {
	case <-c.exited:
	case <-time.After(20 * time.Second):
		t.Fatal("more than the window")
	}
	s.eventually(func() bool { return s.processes(lease) == 1 }, "their commands end")
}

func TestCommandEndsWithItsContainer(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	a := s.mustLease()
	lease := s.mustServer()
	s.mustConnect(lease)
	c := s.mustCall(lease, false, words("sleep", "1h"))
	s.eventually(func() bool { return s.processes(lease) == 2 }, "it runs")
	s.machine.Crash(lease.ID, 1)
	require.NotZero(t, c.mustEnd().ExitCode)

	require.NoError(t, s.engine.Start(t.Context(), lease.ID))
	c = s.mustCall(lease, false, words("sleep", "1h"))
	s.eventually(func() bool { return s.processes(lease) == 2 }, "it runs")
	a.stop()
	require.Equal(t, fleet.Unavailable, c.mustEnd().Code, "the agent has gone, and nobody knows")
	s.eventually(func() bool { return s.processes(lease) == 1 }, "it is hung up on")
}

// zeros are an endless file.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// It is not parallel: it measures the memory of the process.
func TestLargeOutputFillsNobodysMemory(t *testing.T) {
	s := mustSite(t)
	s.mustLease()
	lease := s.mustServer()
	s.mustConnect(lease)
	const size = 100 << 20
	read, write := io.Pipe()
	go func() {
		w := tar.NewWriter(write)
		_ = w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "big", Mode: 0o640, Size: size})
		_, _ = io.CopyN(w, zeros{}, size)
		_ = write.CloseWithError(w.Close())
	}()
	require.NoError(t, s.engine.CopyTo(t.Context(), lease.ID, "/tmp", read))
	held := func() int64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapInuse) //nolint:gosec // it fits
	}
	before, most := held(), int64(0)
	c := s.mustCall(lease, false, words("cat", "/tmp/big"))
	for ended := false; !ended; {
		select {
		case e := <-c.exited:
			require.Zero(t, e.ExitCode)
			ended = true
		case <-time.After(10 * time.Millisecond):
			c.mu.Lock()
			c.counted += c.out[fleet.FrameStdout].Len()
			c.out[fleet.FrameStdout].Reset()
			c.mu.Unlock()
			most = max(most, held())
		}
	}
	require.Equal(t, size, c.counted+len(c.text(fleet.FrameStdout)))
	require.Less(t, most-before, int64(64<<20))
}

// mustPut copies a file into an instance.
func (s *site) mustPut(lease fleet.Lease, dir, name, text string) {
	s.Helper()
	var body bytes.Buffer
	w := tar.NewWriter(&body)
	require.NoError(s, w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o640, Size: int64(len(text)), ModTime: time.Unix(1e9, 0)}))
	_, err := io.WriteString(w, text)
	require.NoError(s, err)
	require.NoError(s, w.Close())
	resp := s.put(lease, dir, "application/x-tar", &body)
	require.Equal(s, http.StatusNoContent, resp.StatusCode)
}

func (s *site) put(lease fleet.Lease, dir, kind string, body io.Reader) *http.Response {
	s.Helper()
	req, err := http.NewRequestWithContext(s.Context(), http.MethodPut, s.wire.url+"/v1/instances/"+lease.InstanceID+"/files?path="+url.QueryEscape(dir), body)
	require.NoError(s, err)
	req.Header.Set("Authorization", "Bearer "+s.key)
	req.Header.Set("Content-Type", kind)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(s, err)
	s.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

func problemOf(t *testing.T, resp *http.Response) api.Problem {
	t.Helper()
	var p api.Problem
	require.Equal(t, "application/problem+json", resp.Header.Get("Content-Type"))
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&p))
	return p
}

func TestFilesAreCopiedThroughTheTunnel(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	s.mustLease()
	lease := s.mustServer()
	s.mustConnect(lease)
	text := strings.Repeat("hello", 500_000)
	s.mustPut(lease, "/tmp", "a/b", text)

	files := "/v1/instances/" + lease.InstanceID + "/files"
	var found api.File
	require.NoError(t, json.NewDecoder(s.get(t.Context(), files+"/stat?path=/tmp/a/b").Body).Decode(&found))
	require.Equal(t, api.File{Name: "b", Type: "file", Bytes: int64(len(text)), Mode: "0640", ModifiedAt: time.Unix(1e9, 0).UTC()}, found)

	resp := s.get(t.Context(), files+"?path=/tmp/a")
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Equal(t, "application/x-tar", resp.Header.Get("Content-Type"))
	require.Equal(t, `attachment; filename=a.tar`, resp.Header.Get("Content-Disposition"))
	in := tar.NewReader(resp.Body)
	for _, want := range []string{"a/", "a/b"} {
		h, err := in.Next()
		require.NoError(t, err)
		require.Equal(t, want, h.Name)
	}
	got, err := io.ReadAll(in)
	require.NoError(t, err)
	require.True(t, string(got) == text)
	_, err = in.Next()
	require.ErrorIs(t, err, io.EOF)

	for path, want := range map[string]fleet.Code{"/none": fleet.NotFound, "/tmp/a/b/": fleet.Invalid, "tmp": fleet.Invalid, "": fleet.Invalid} {
		for _, route := range []string{files + "/stat", files} {
			require.Equal(t, want, problemOf(t, s.get(t.Context(), route+"?path="+url.QueryEscape(path))).Code, "%s of %q", route, path)
		}
		require.Equal(t, want, problemOf(t, s.put(lease, path, "application/x-tar", strings.NewReader(""))).Code, path)
	}
	p := problemOf(t, s.put(lease, "/tmp", "application/zip", strings.NewReader("PK")))
	require.Equal(t, "header.Content-Type", p.Fields[0].Field)
	require.Equal(t, fleet.Invalid, problemOf(t, s.put(lease, "/tmp", "application/x-tar", strings.NewReader(strings.Repeat("no tar", 100_000)))).Code)

	s.machine.Crash(lease.ID, 0)
	require.Equal(t, http.StatusOK, s.get(t.Context(), files+"?path=/tmp/a/b").StatusCode, "a container that does not run has its files")
	_, _, err = websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(s.wire.url, "http")+"/v1/instances/"+lease.InstanceID+"/exec", &websocket.DialOptions{
		HTTPHeader: http.Header{"Authorization": {"Bearer " + s.key}},
	})
	require.ErrorContains(t, err, "409")
}

// bursting is a machine whose copies break off.
type bursting struct{ attentive }

func (bursting) CopyFrom(context.Context, string, string) (io.ReadCloser, error) {
	return io.NopCloser(io.MultiReader(strings.NewReader(strings.Repeat("x", 100_000)), burst{})), nil
}

type burst struct{}

func (burst) Read([]byte) (int, error) { return 0, errors.New("the disk is on fire") }

func TestCopyThatBreaksOffIsNotTakenForAWholeOne(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	s.handle = bursting{attentive{s.engine, make(chan struct{}), nil}}
	s.mustLease()
	lease := s.mustServer()
	s.mustConnect(lease)
	resp := s.get(t.Context(), "/v1/instances/"+lease.InstanceID+"/files?path=/tmp")
	_, err := io.ReadAll(resp.Body)
	require.Error(t, err)
}
