package echo_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/machine/echo"
)

func TestItSaysWhoItIsAndNothingSecret(t *testing.T) {
	t.Parallel()
	p := mustRun(t, map[string]string{
		"KELVIN_INSTANCE_ID": "ins_1", "KELVIN_ENDPOINT_ID": "ep_1", "KELVIN_GPU_UUIDS": "GPU-1,GPU-2",
		"KELVIN_GPU_SIMULATED": "true", "SECRET": "s3cret",
	})
	body := p.get(t, "/", http.StatusOK)
	for _, part := range []string{`"instance":"ins_1"`, `"endpoint":"ep_1"`, `"gpus":["GPU-1","GPU-2"]`, `"simulated":true`, `"hostname":"here"`, `"requests":1`} {
		require.Contains(t, body, part)
	}
	require.Contains(t, p.get(t, "/gpus", http.StatusOK), `"count":2`)
	env := p.get(t, "/env", http.StatusOK)
	require.Contains(t, env, "KELVIN_INSTANCE_ID")
	require.NotContains(t, env, "SECRET")
	require.Equal(t, "ok\n", p.get(t, "/healthz", http.StatusOK))
	require.Contains(t, p.get(t, "/", http.StatusOK), `"requests":5`)
}

func TestItAnswersAsAsked(t *testing.T) {
	t.Parallel()
	p := mustRun(t, nil)
	p.get(t, "/status/418", http.StatusTeapot)
	p.get(t, "/status/204", http.StatusNoContent)
	p.get(t, "/status/99", http.StatusBadRequest)
	require.Len(t, p.get(t, "/bytes?n=100000", http.StatusOK), 100_000)
	p.get(t, "/bytes?n=-1", http.StatusBadRequest)
	require.Equal(t, "done after 10ms\n", p.get(t, "/slow?for=10ms", http.StatusOK))
	require.Greater(t, strings.Count(p.get(t, "/slow?for=200ms&every=20ms", http.StatusOK), "\n"), 2)
	p.get(t, "/slow?for=1y", http.StatusBadRequest)
	require.Contains(t, p.get(t, "/counter", http.StatusOK), `"count":1`)
	require.Contains(t, p.get(t, "/counter", http.StatusOK), `"count":2`)
	p.get(t, "/nowhere", http.StatusNotFound)
}

func TestEventsGoOnAfterTheLastOne(t *testing.T) {
	t.Parallel()
	p := mustRun(t, nil)
	require.Equal(t, 3, strings.Count(p.get(t, "/sse?n=3&every=1ms", http.StatusOK), "event: tick\n"))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/sse?n=3&every=1ms", nil)
	require.NoError(t, err)
	request.Header.Set("Last-Event-ID", "2")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(body), "id: 3\n"), string(body))
}

func TestFilesComeBackAsWritten(t *testing.T) {
	t.Parallel()
	p := mustRun(t, nil)
	p.post(t, "/files?name=noise&bytes=5000", "", http.StatusCreated)
	p.post(t, "/files?name=text", "hello", http.StatusCreated)
	require.Equal(t, "hello", p.get(t, "/files/text", http.StatusOK))
	noise := p.get(t, "/files/noise", http.StatusOK)
	require.Len(t, noise, 5000)
	p.post(t, "/files?name=noise&bytes=5000", "", http.StatusCreated)
	require.Equal(t, noise, p.get(t, "/files/noise", http.StatusOK), "it depends on the name only")
	list := p.get(t, "/files", http.StatusOK)
	require.Contains(t, list, `"name":"noise","bytes":5000`)
	require.Contains(t, list, `"name":"text","bytes":5`)
	for _, name := range []string{"", "..", "../x", "a/b", ".hidden"} {
		p.post(t, "/files?bytes=1&name="+name, "", http.StatusBadRequest)
	}
	p.get(t, "/files/..%2f..%2fetc%2fpasswd", http.StatusNotFound)
	p.get(t, "/files/none", http.StatusNotFound)
}

func TestItEndsWhenRequestsInFlightHave(t *testing.T) {
	t.Parallel()
	p := mustRun(t, nil)
	socket, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(p.url, "http")+"/ws", nil)
	require.NoError(t, err)
	defer func() { _ = socket.CloseNow() }()
	response, err := http.Get(p.url + "/slow?for=500ms&every=50ms")
	require.NoError(t, err)
	defer response.Body.Close()
	close(p.stop)
	_, _, err = socket.Read(t.Context())
	require.Equal(t, websocket.StatusGoingAway, websocket.CloseStatus(err))
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Contains(t, string(body), "done after 500ms")
	require.Zero(t, <-p.code)
	require.Contains(t, p.log.String(), "echo: ended\n")
}

func TestAKilledRunDropsEverything(t *testing.T) {
	t.Parallel()
	p := mustRun(t, nil)
	response, err := http.Get(p.url + "/slow?for=1m&every=50ms")
	require.NoError(t, err)
	defer response.Body.Close()
	p.kill()
	_, err = io.ReadAll(response.Body)
	require.Error(t, err)
	require.Equal(t, 137, <-p.code)
}

func TestBadSettingsEndIt(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{"PORT": "http", "ECHO_START_DELAY": "soon"} {
		var log bytes.Buffer
		w := &echo.Workload{Env: map[string]string{name: value}, Log: &log}
		require.Equal(t, 1, w.Run(t.Context(), nil))
		require.Contains(t, log.String(), name)
	}
}

func TestAStartCanBeDelayed(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	mustRun(t, map[string]string{"ECHO_START_DELAY": "300ms"})
	require.GreaterOrEqual(t, time.Since(begun), 300*time.Millisecond)
}

// A program is a run of the workload.
type program struct {
	url  string
	stop chan struct{}
	kill context.CancelFunc
	code chan int
	log  *journal
}

type journal struct {
	sync.Mutex
	bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.Lock()
	defer j.Unlock()
	return j.Buffer.Write(p)
}

func (j *journal) String() string {
	j.Lock()
	defer j.Unlock()
	return j.Buffer.String()
}

// mustRun runs the workload until it answers.
func mustRun(t *testing.T, env map[string]string) *program {
	t.Helper()
	listening := make(chan net.Listener, 1)
	p := &program{stop: make(chan struct{}), code: make(chan int, 1), log: &journal{}}
	w := &echo.Workload{
		Env: env, Hostname: "here", Files: echo.Dir(t.TempDir()), Log: p.log,
		Listen: func(port int) (net.Listener, error) {
			require.Equal(t, 8080, port)
			l, err := net.Listen("tcp", "127.0.0.1:0")
			listening <- l
			return l, err
		},
	}
	ctx, kill := context.WithCancel(t.Context())
	p.kill = kill
	go func() { p.code <- w.Run(ctx, p.stop) }()
	select {
	case l := <-listening:
		p.url = fmt.Sprint("http://", l.Addr())
	case <-time.After(10 * time.Second):
		t.Fatal("it does not listen")
	}
	t.Cleanup(kill)
	return p
}

func (p *program) get(t *testing.T, path string, status int) string {
	t.Helper()
	return p.do(t, http.MethodGet, path, "", status)
}

func (p *program) post(t *testing.T, path, body string, status int) {
	t.Helper()
	p.do(t, http.MethodPost, path, body, status)
}

func (p *program) do(t *testing.T, method, path, body string, status int) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, p.url+path, strings.NewReader(body))
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, status, response.StatusCode, string(text))
	return string(text)
}
