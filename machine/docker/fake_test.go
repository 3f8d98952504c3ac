package docker_test

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine/docker"
)

// A fakeEngine answers as much of the Docker Engine API as the making of a container takes, on
// a socket, and remembers what it was asked: there is no engine here that knows GPUs.
type fakeEngine struct {
	api    string         // its version
	info   map[string]any // of docker info
	again  map[string]any // what it is once the file fresh is there; nil: the same
	fresh  string
	starts string // what a start is refused with; "": it is not

	mu      sync.Mutex
	asked   []string // method and path of each request
	created []fakeContainer
}

// A fakeContainer is the body of a creation.
type fakeContainer struct {
	container.Config
	HostConfig container.HostConfig
}

var apiVersion = regexp.MustCompile(`^/v1\.[0-9]+`)

// ServeHTTP implements http.Handler.
func (f *fakeEngine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	where := apiVersion.ReplaceAllString(r.URL.Path, "")
	f.asked = append(f.asked, r.Method+" "+where)
	w.Header().Set("Api-Version", f.api)
	w.Header().Set("Content-Type", "application/json")
	switch {
	case where == "/_ping":
	case where == "/info":
		if _, err := os.Stat(f.fresh); err == nil && f.again != nil {
			f.info = f.again
		}
		_ = json.NewEncoder(w).Encode(f.info)
	case where == "/containers/create":
		var c fakeContainer
		if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
			f.refuse(w, http.StatusBadRequest, err.Error())
			return
		}
		f.created = append(f.created, c)
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"Id": "0123", "Warnings": []}`))
	case strings.HasSuffix(where, "/start") && len(f.created) > 0:
		if f.starts != "" {
			f.refuse(w, http.StatusBadRequest, f.starts)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	case path.Dir(path.Dir(where)) == "/containers" && path.Base(where) == "json" && len(f.created) > 0:
		_ = json.NewEncoder(w).Encode(map[string]any{
			"Id": "0123", "State": map[string]any{"Running": false}, "Config": f.created[0].Config, "HostConfig": f.created[0].HostConfig,
		})
	case where == "/networks" || where == "/containers/json":
		_, _ = w.Write([]byte(`[]`))
	case where == "/networks/create":
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"Id": "4567"}`))
	default:
		f.refuse(w, http.StatusNotFound, "no such thing")
	}
}

func (f *fakeEngine) refuse(w http.ResponseWriter, status int, why string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": why})
}

// mustFake opens a driver on a fake engine.
func mustFake(t *testing.T, f *fakeEngine, o docker.Options) *docker.Engine {
	t.Helper()
	dir, err := os.MkdirTemp("", "kelvin-fake-*") // a test's own would be too long for sockets
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket, err := net.Listen("unix", filepath.Join(dir, "s"))
	require.NoError(t, err)
	served := httptest.NewUnstartedServer(f)
	_ = served.Listener.Close()
	served.Listener = socket
	served.Start()
	t.Cleanup(served.Close)
	o.Host, o.HostID = "unix://"+filepath.Join(dir, "s"), "hst_fake"
	e, err := docker.New(o)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, e.Close())
		for _, request := range f.requests() {
			require.NotRegexp(t, `^POST /containers/.*/update$`, request, "an update takes GPUs away")
		}
	})
	return e
}

func (f *fakeEngine) requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked)
}

// forget removes what was made.
func (f *fakeEngine) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.created = nil
}

// mustOne is the one container that was made.
func (f *fakeEngine) mustOne(t *testing.T) fakeContainer {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	require.Len(t, f.created, 1)
	return f.created[0]
}

// env is a variable of the container; it must be there once.
func (c fakeContainer) env(t *testing.T, name string) string {
	t.Helper()
	var values []string
	for _, v := range c.Env {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			values = append(values, value)
		}
	}
	require.Len(t, values, 1, name)
	return values[0]
}

// onFake is a container with GPUs.
func onFake(t *testing.T, gpus ...fleet.GPUReport) fleet.ContainerSpec {
	t.Helper()
	c := spec(t, "hst_fake")
	c.GPUs = gpus
	return c
}
