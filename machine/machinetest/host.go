package machinetest

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// patience is how long something may take that takes no time of its own.
const patience = 20 * time.Second

// A host is an agent's host on the fixture's engine, for one test.
type host struct {
	machine.Machine
	id      string
	account string
	fixture Fixture
}

// mustHost opens a host with the image present. At the end of the test all its containers
// are removed, and nothing may be left.
func mustHost(t *testing.T, f Fixture) *host {
	t.Helper()
	h := mustEmptyHost(t, f)
	require.NoError(t, h.Pull(t.Context(), f.Image, nil))
	return h
}

func mustEmptyHost(t *testing.T, f Fixture) *host {
	t.Helper()
	now := time.Now()
	h := &host{id: fleet.NewID(fleet.HostPrefix, now), account: fleet.NewID(fleet.AccountPrefix, now), fixture: f}
	h.Machine = f.Open(h.id)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		all, err := h.List(ctx)
		require.NoError(t, err)
		for _, c := range all {
			require.NoError(t, h.Remove(ctx, c.LeaseID))
		}
		require.Empty(t, f.Left(t, h.id), "left on the engine")
		require.NoError(t, h.Close())
	})
	return h
}

// spec is a container of the image on the host, with a port.
func (h *host) spec(t *testing.T) fleet.ContainerSpec {
	t.Helper()
	now := time.Now()
	return fleet.ContainerSpec{
		Lease: fleet.Lease{
			ID: fleet.NewID(fleet.OperationPrefix, now), InstanceID: fleet.NewID(fleet.InstancePrefix, now), HostID: h.id, Epoch: 3,
		},
		AccountID: h.account,
		Name:      "a worker",
		Spec:      fleet.InstanceSpec{Image: h.fixture.Image, Ports: []int{8080}, MemoryMB: 256, CPUs: 1},
		Ports:     []fleet.Published{{Container: 8080, Host: mustPort(t)}},
	}
}

// mustCreate creates a container; change may alter its spec.
func (h *host) mustCreate(t *testing.T, change func(*fleet.ContainerSpec)) fleet.ContainerSpec {
	t.Helper()
	c := h.spec(t)
	if change != nil {
		change(&c)
	}
	require.NoError(t, h.Create(t.Context(), c))
	return c
}

// mustStart creates and starts a container, and waits until it answers.
func (h *host) mustStart(t *testing.T, change func(*fleet.ContainerSpec)) fleet.ContainerSpec {
	t.Helper()
	c := h.mustCreate(t, change)
	require.NoError(t, h.Start(t.Context(), c.Lease.ID))
	mustGet(t, c, "/healthz")
	return c
}

func (h *host) mustInspect(t *testing.T, c fleet.ContainerSpec) machine.Container {
	t.Helper()
	d, err := h.Inspect(t.Context(), c.Lease.ID)
	require.NoError(t, err)
	return d
}

// mustEnd waits until a container does not run.
func (h *host) mustEnd(t *testing.T, c fleet.ContainerSpec) machine.Container {
	t.Helper()
	var d machine.Container
	require.Eventually(t, func() bool {
		d = h.mustInspect(t, c)
		return !d.Running
	}, patience, 10*time.Millisecond)
	return d
}

var ports struct {
	sync.Mutex
	given map[int]bool
}

// mustPort is a free port below those that outgoing connections take.
func mustPort(t *testing.T) int {
	t.Helper()
	ports.Lock()
	defer ports.Unlock()
	if ports.given == nil {
		ports.given = map[int]bool{}
	}
	for range 100 {
		port := 20000 + rand.IntN(10000)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil || ports.given[port] {
			continue
		}
		require.NoError(t, l.Close())
		ports.given[port] = true
		return port
	}
	t.Fatal("no port is free")
	return 0
}

func url(c fleet.ContainerSpec, path string) string {
	return fmt.Sprintf("http://127.0.0.1:%d%s", c.Ports[0].Host, path)
}

// mustGet asks a container until it answers, and returns the body.
func mustGet(t *testing.T, c fleet.ContainerSpec, path string) string {
	t.Helper()
	var body []byte
	require.Eventually(t, func() bool {
		response, err := http.Get(url(c, path))
		if err != nil {
			return false
		}
		defer response.Body.Close()
		body, err = io.ReadAll(response.Body)
		return err == nil && response.StatusCode == http.StatusOK
	}, patience, 10*time.Millisecond, "no answer to %s", path)
	return string(body)
}

// mustGoUnanswered sends a request that gets no answer.
func mustGoUnanswered(t *testing.T, c fleet.ContainerSpec, path string) {
	t.Helper()
	response, err := http.Get(url(c, path))
	if err == nil {
		_ = response.Body.Close()
	}
	require.Error(t, err)
}

// mustBegin sends a request that takes a while, and returns when the container has it.
func mustBegin(t *testing.T, c fleet.ContainerSpec, path string) (end func() (body string, err error)) {
	t.Helper()
	response, err := http.Get(url(c, path))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)
	type answer struct {
		body string
		err  error
	}
	read := make(chan answer, 1)
	go func() {
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		read <- answer{string(body), err}
	}()
	return func() (string, error) {
		a := <-read
		return a.body, a.err
	}
}

func requireCode(t *testing.T, want fleet.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, want, fleet.CodeOf(err), "%v", err)
}
