package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	machines "github.com/kelvin-gpu/kelvin/machine"
)

var update = flag.Bool("update", false, "write golden files and the reference instead of comparing them")

// asKelvin, in the environment, makes this test binary the kelvin command: for tests that
// need a process of its own, which can be interrupted.
const asKelvin = "KELVIN_CLI_TEST_AS_KELVIN"

func TestMain(m *testing.M) {
	if os.Getenv(asKelvin) == "" {
		os.Exit(m.Run())
	}
	root := newRoot()
	AddTo(root)
	os.Exit(Report(os.Stderr, root.Execute()))
}

func newRoot() *cobra.Command { return &cobra.Command{Use: "kelvin", Short: "Kelvin"} }

// testNow is the time in tests, unless something waits.
var testNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// A world is what a command runs in: a server, an environment, a clock.
type world struct {
	t      *testing.T
	env    map[string]string
	server *httptest.Server
	mux    *http.ServeMux
	in     io.Reader
	gpus   machines.GPUs // of this machine

	mu       sync.Mutex
	asked    []asked
	now      time.Time
	waits    []time.Duration
	waitHook func(time.Duration)
}

// asked is one request that the server got.
type asked struct {
	method, uri, key string
	header           http.Header
	body             string
}

func (a asked) String() string { return strings.TrimSpace(a.method + " " + a.uri + " " + a.body) }

const testKey = "kelvin_sk_abcdefghijklmnopqrstuvwxyz"

// newWorld starts a server that answers what tests tell it to, and 404 otherwise.
func newWorld(t *testing.T) *world {
	w := &world{t: t, mux: http.NewServeMux(), now: testNow, in: strings.NewReader("")}
	w.server = httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(w.server.Close)
	w.env = map[string]string{"HOME": t.TempDir(), "KELVIN_SERVER": w.server.URL, "KELVIN_API_KEY": testKey}
	w.mux.HandleFunc("/", func(rw http.ResponseWriter, _ *http.Request) {
		problem(rw, api.Problem{Status: 404, Code: "not_found", Detail: "there is no such thing", RequestID: "req_1"})
	})
	return w
}

// command makes new commands: flags remember what they were set to.
func (w *world) command() *cobra.Command {
	a := &app{
		getenv: func(name string) string { return w.env[name] },
		now: func() time.Time {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.now
		},
		pause: w.wait,
		openGPUs: func(ctx context.Context, helper string) (machines.GPUs, error) {
			if w.gpus == nil {
				return openGPUs(ctx, helper)
			}
			return w.gpus, nil
		},
	}
	root := newRoot()
	a.addTo(root)
	return root
}

// wait passes the time without taking any.
func (w *world) wait(ctx context.Context, d time.Duration) error {
	w.mu.Lock()
	w.now = w.now.Add(d)
	w.waits = append(w.waits, d)
	hook := w.waitHook
	w.mu.Unlock()
	if hook != nil {
		hook(d)
	}
	return ctx.Err()
}

func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	w.mu.Lock()
	w.asked = append(w.asked, asked{r.Method, r.URL.RequestURI(), r.Header.Get("Idempotency-Key"), r.Header, string(body)})
	w.mu.Unlock()
	w.mux.ServeHTTP(rw, r)
}

// requests are those so far, as "METHOD /path body".
func (w *world) requests() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for _, a := range w.asked {
		all = append(all, a.String())
	}
	return all
}

// answers makes the server answer a pattern with JSON.
func (w *world) answers(pattern string, status int, body any) {
	w.mux.HandleFunc(pattern, func(rw http.ResponseWriter, _ *http.Request) { answer(rw, status, body) })
}

func answer(rw http.ResponseWriter, status int, body any) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(body)
}

func problem(rw http.ResponseWriter, p api.Problem) {
	rw.Header().Set("Content-Type", "application/problem+json")
	rw.WriteHeader(p.Status)
	_ = json.NewEncoder(rw).Encode(p)
}

func page[T any](items ...T) api.List[T] { return api.List[T]{Items: items} }

// result is what a command left behind.
type result struct {
	out, err string
	exit     int
}

func (w *world) run(args ...string) result { return w.runContext(w.t.Context(), args...) }

func (w *world) runContext(ctx context.Context, args ...string) result {
	w.t.Helper()
	root := w.command()
	var out, errs bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&errs)
	root.SetIn(w.in)
	root.SetArgs(append([]string{}, args...)) // never nil, which means those of the test
	exit := Report(&errs, root.ExecuteContext(ctx))
	return result{out.String(), errs.String(), exit}
}

// mustRun runs a command that works, and returns what it printed.
func (w *world) mustRun(args ...string) string {
	w.t.Helper()
	r := w.run(args...)
	require.Zero(w.t, r.exit, r.err)
	return r.out
}

// golden compares text with testdata/name.golden.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run the test with -update")
	require.Equal(t, string(want), text)
}

// id makes an ID of the right length that can be told apart.
func id(prefix string, n int) string { return prefix + fmt.Sprintf("%026d", n) }
