package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// A world is a server on a real store, with two accounts: alice's operates the fleet, and
// bob's has nothing to do with it. There is one host with eight GPUs, and one gateway.
type world struct {
	*Server
	t       *testing.T
	url     string
	started *starter
	keys    map[string]string // by name: alice, bob, viewer (alice's), host, gateway
	account map[string]string // ID by name
	hostID  string
}

func mustWorld(t *testing.T) *world {
	t.Helper()
	ctx := t.Context()
	st, err := store.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "kelvin.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	require.NoError(t, st.Migrate(ctx))
	require.NoError(t, st.EnsureDataCenter(ctx, fleet.DataCenter{Name: "us-east", GatewayURL: "http://%s.us-east.localhost:8080"}))

	w := &world{t: t, started: &starter{}, keys: map[string]string{}, account: map[string]string{}}
	for _, name := range []string{"alice", "bob"} {
		account, err := st.CreateAccount(ctx, name, name == "alice")
		require.NoError(t, err)
		w.account[name] = account.ID
		w.keys[name], _, err = st.CreateKey(ctx, account.ID, "test", fleet.Owner)
		require.NoError(t, err)
	}
	w.keys["viewer"], _, err = st.CreateKey(ctx, w.account["alice"], "looks", fleet.Viewer)
	require.NoError(t, err)
	token, host, err := st.CreateHost(ctx, "rack-1", "us-east")
	require.NoError(t, err)
	w.keys["host"], w.hostID = token, host.ID
	w.keys["gateway"], _, err = st.CreateGateway(ctx, "gate-1", "us-east")
	require.NoError(t, err)

	w.Server = &Server{
		Store: st, Operations: w.started, Logger: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
		GatewayURL: func(dataCenter, label string) string {
			return fmt.Sprintf("http://%s.%s.localhost:8080", label, dataCenter)
		},
		TemporalUI: "http://127.0.0.1:8233", TemporalNamespace: "default", Version: "test", Simulated: true,
	}
	served := httptest.NewServer(w.Handler())
	t.Cleanup(served.Close)
	t.Cleanup(w.Close) // first: streams end before the server waits for them
	w.url = served.URL
	w.mustReport()
	return w
}

// A call is one request. Its body is a string, sent as it is, or anything else, as JSON.
type call struct {
	as     string // a name in keys, or "" for nobody
	do     string // method and path
	key    string // Idempotency-Key; "-" for one that nobody has used
	body   any
	header map[string]string
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

var unused atomic.Int64

func (w *world) request(c call) *http.Request {
	w.t.Helper()
	method, path, _ := strings.Cut(c.do, " ")
	var body io.Reader
	switch v := c.body.(type) {
	case nil:
	case string:
		body = strings.NewReader(v)
	default:
		data, err := json.Marshal(v)
		require.NoError(w.t, err)
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, body)
	require.NoError(w.t, err)
	if c.as != "" {
		req.Header.Set("Authorization", "Bearer "+w.keys[c.as])
	}
	if c.key == "-" {
		c.key = fmt.Sprintf("unused-%d", unused.Add(1))
	}
	if c.key != "" {
		req.Header.Set("Idempotency-Key", c.key)
	}
	for name, value := range c.header {
		req.Header.Set(name, value)
	}
	return req
}

func (w *world) call(c call) answer {
	w.t.Helper()
	resp, err := http.DefaultClient.Do(w.request(c))
	require.NoError(w.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	return answer{resp.StatusCode, resp.Header, body}
}

// must is call for a request that has to go well.
func must[T any](w *world, c call) T {
	w.t.Helper()
	got := w.call(c)
	require.Less(w.t, got.status, 300, "%s: %s", c.do, got.body)
	var out T
	require.NoError(w.t, json.Unmarshal(got.body, &out), "%s: %s", c.do, got.body)
	return out
}

func (a answer) problem(t *testing.T) Problem {
	t.Helper()
	require.Equal(t, "application/problem+json", a.header.Get("Content-Type"), "%d: %s", a.status, a.body)
	var p Problem
	require.NoError(t, json.Unmarshal(a.body, &p))
	require.Equal(t, a.status, p.Status)
	require.Equal(t, a.header.Get("X-Request-Id"), p.RequestID)
	return p
}

// mustReport renews the lease of the world's host, with eight simulated GPUs.
func (w *world) mustReport(containers ...fleet.ContainerReport) fleet.HostOrder {
	w.t.Helper()
	report := fleet.HostReport{
		Archives: true,
		Version:  "test", Machine: "sim", Simulated: true, Address: "127.0.0.1", PortFirst: 20000, PortLast: 20999,
		Disk: fleet.Disk{Total: 100 << 30, Free: 90 << 30}, Containers: containers,
	}
	for i := range 8 {
		report.GPUs = append(report.GPUs, fleet.GPUReport{Index: i, UUID: fmt.Sprintf("GPU-%d", i), Type: "a100-80gb", MemoryMB: 81920})
	}
	return must[fleet.HostOrder](w, call{as: "host", do: "POST /v1/agent/lease", body: report})
}

// mustEnd ends an open operation as the workflow would.
func (w *world) mustEnd(id string, outcome fleet.Outcome) {
	w.t.Helper()
	require.NoError(w.t, w.Store.EndOperation(w.t.Context(), store.Ending{OperationID: id, Outcome: outcome}))
}

// mustRun makes an instance run on the world's host, as create's workflow would.
func (w *world) mustRun(op Operation) fleet.Instance {
	w.t.Helper()
	ctx := w.t.Context()
	_, _, err := w.Store.BeginInstance(ctx, op.ID)
	require.NoError(w.t, err)
	lease, err := w.Store.Place(ctx, op.ID, op.ResourceID)
	require.NoError(w.t, err)
	require.NoError(w.t, w.Store.MoveInstance(ctx, op.ResourceID, lease.ID))
	w.mustEnd(op.ID, fleet.Done)
	i, err := w.Store.Instance(ctx, op.ResourceID)
	require.NoError(w.t, err)
	return i
}

func (w *world) mustServer(as, name string) Operation {
	w.t.Helper()
	return must[Operation](w, call{as: as, do: "POST /v1/instances", key: "-", body: map[string]any{"name": name, "image": "kelvin/echo:latest", "gpus": 1, "ports": []int{8080}}})
}

func (w *world) mustEndpoint(as, name string) Operation {
	w.t.Helper()
	return must[Operation](w, call{as: as, do: "POST /v1/endpoints", key: "-", body: map[string]any{"name": name, "quick_deploy": "echo"}})
}

// census counts what there is, so that a test can see that nothing was changed.
func (w *world) census() map[string]int {
	w.t.Helper()
	ctx, n := context.Background(), map[string]int{}
	count := func(name string, length int, err error) {
		require.NoError(w.t, err)
		n[name] += length
	}
	page := store.Page{Limit: store.MaxLimit}
	for _, account := range []string{w.account["alice"], w.account["bob"], ""} {
		instances, err := w.Store.ListInstances(ctx, account, store.InstanceFilter{Gone: true, Page: page})
		count("instances", len(instances), err)
		endpoints, err := w.Store.ListEndpoints(ctx, account, store.EndpointFilter{Gone: true, Page: page})
		count("endpoints", len(endpoints), err)
		operations, err := w.Store.ListOperations(ctx, account, store.OperationFilter{Page: page})
		count("operations", len(operations), err)
		events, err := w.Store.ListEvents(ctx, account, store.EventFilter{Page: page})
		count("events", len(events), err)
	}
	hosts, err := w.Store.ListHosts(ctx, store.HostFilter{Page: page})
	count("hosts", len(hosts), err)
	gpus, err := w.Store.ListGPUs(ctx, store.GPUFilter{Page: page})
	count("gpus", len(gpus), err)
	return n
}

// starter stands for Temporal, which these tests do without: it notes what is asked of it,
// and says the progress it is given.
type starter struct {
	mu        sync.Mutex
	starts    []string // operations
	cancels   []string // operations
	wakes     []string // endpoints
	snapshots []string
	drains    []string
	volumes   []string // hosts
	synced    []string // schedules
	triggered []string // schedules
	heartbeat *fleet.Progress
	asked     int // for progress
	broken    error
}

func (s *starter) Start(_ context.Context, rec fleet.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.starts = append(s.starts, rec.ID)
	return s.broken
}

func (s *starter) Cancel(_ context.Context, rec fleet.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancels = append(s.cancels, rec.ID)
	return s.broken
}

func (s *starter) Progress(context.Context, fleet.Record) (fleet.Progress, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.heartbeat == nil {
		return fleet.Progress{}, false, s.broken
	}
	return *s.heartbeat, true, nil
}

func (s *starter) Snapshot(_ context.Context, snap fleet.Snapshot) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.snapshots = append(s.snapshots, snap.ID)
	return s.broken
}

func (s *starter) StartVolumeRemoval(_ context.Context, volumeID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.volumes = append(s.volumes, volumeID)
	return s.broken
}

func (s *starter) StartDrain(_ context.Context, hostID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drains = append(s.drains, hostID)
	return s.broken
}

func (s *starter) Wake(_ context.Context, endpointID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wakes = append(s.wakes, endpointID)
	return s.broken
}

func (s *starter) SyncSchedule(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.synced = append(s.synced, id)
	return s.broken
}

func (s *starter) TriggerSchedule(_ context.Context, id string, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.triggered = append(s.triggered, id)
	return s.broken
}

func (s *starter) says(p fleet.Progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heartbeat = &p
}

// eventually waits for what another goroutine does.
func eventually(t *testing.T, done func() bool, what string) {
	t.Helper()
	require.Eventually(t, done, 10*time.Second, 10*time.Millisecond, what)
}
