package agent

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/sim"
	"github.com/kelvin-gpu/kelvin/store"
	"github.com/kelvin-gpu/kelvin/workflows"
)

// A site is a host with its simulated machine, and Kelvin's server on a record of its own.
// The agent reaches the server over a wire that can be cut.
type site struct {
	*testing.T
	store    *store.Store
	account  string
	key      string // of the account
	hostID   string
	token    string // of the host
	machine  *sim.Host
	engine   machine.Machine // a handle for the test
	handle   machine.Machine // the agent's
	wire     *wire
	temporal client.Client
	journal  string // its path
	ports    int    // the first of twenty
	logs     *Logs  // nil: the agent keeps none
	asked    int
}

// portOf gives every site ports of its own: its containers are real listeners.
var portOf atomic.Int32

// freePorts are the first of twenty ports in a row that nobody listens on, below those that
// clients are given.
func freePorts() int {
	for {
		first, taken := 24000+int(portOf.Add(20)%8000), false
		for port := first; port < first+20 && !taken; port++ {
			ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if taken = err != nil; !taken {
				_ = ln.Close()
			}
		}
		if !taken {
			return first
		}
	}
}

// noTemporal is an address where nothing listens: the lease must not depend on Temporal.
const noTemporal = "127.0.0.1:1"

func mustSite(t *testing.T) *site {
	t.Helper()
	ctx, logger := t.Context(), slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	s := &site{T: t, journal: filepath.Join(t.TempDir(), "journal.db"), ports: freePorts(), machine: sim.NewHost(sim.Options{})}
	t.Cleanup(s.machine.Close)
	var err error
	s.store, err = store.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "kelvin.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.store.Close()) })
	require.NoError(t, s.store.Migrate(ctx))
	require.NoError(t, s.store.EnsureDataCenter(ctx, fleet.DataCenter{Name: "us-east", GatewayURL: "http://%s"}))
	account, err := s.store.CreateAccount(ctx, "acme", false)
	require.NoError(t, err)
	s.account = account.ID
	s.key, _, err = s.store.CreateKey(ctx, account.ID, "test", fleet.Owner)
	require.NoError(t, err)
	token, host, err := s.store.CreateHost(ctx, "one", "us-east")
	require.NoError(t, err)
	s.token, s.hostID = token, host.ID
	s.engine, s.handle = s.machine.Open(s.hostID), s.machine.Open(s.hostID)
	s.temporal = mustTemporal(t, noTemporal, "kelvin")

	server := &api.Server{Store: s.store, Operations: &workflows.Client{Temporal: s.temporal, Store: s.store, Logger: logger}, Logger: logger}
	served := httptest.NewServer(server.Handler())
	t.Cleanup(served.Close)
	t.Cleanup(server.Close)
	s.wire = mustWire(t, served.URL)
	return s
}

func mustTemporal(t *testing.T, address, namespace string) client.Client {
	t.Helper()
	c, err := workflows.Dial(address, namespace, "test", slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// running is an agent at work.
type running struct {
	*Agent
	metrics *prometheus.Registry
	stop    func() // once; it waits
}

// mustRun runs an agent with four GPUs until the test ends, or it is stopped.
func (s *site) mustRun() *running {
	s.Helper()
	return s.mustRunWith(s.mustFour())
}

// mustFour are four simulated GPUs.
func (s *site) mustFour() machine.GPUs {
	s.Helper()
	declared, err := SimulateGPUs("a100-80gb:4", s.hostID)
	require.NoError(s, err)
	gpus, err := sim.NewGPUs(sim.GPUOptions{Devices: sim.DevicesOf(declared)})
	require.NoError(s, err)
	return gpus
}

// mustRunWith runs an agent with some GPUs.
func (s *site) mustRunWith(gpus machine.GPUs) *running {
	s.Helper()
	return s.mustRunChanged(gpus, func(*Agent) {})
}

// mustRunChanged runs one that is changed a little.
func (s *site) mustRunChanged(gpus machine.GPUs, change func(*Agent)) *running {
	s.Helper()
	journal, err := OpenJournal(s.journal)
	require.NoError(s, err)
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(s, err)
	registry := prometheus.NewRegistry()
	a := &Agent{
		HostID: s.hostID, Version: "test", Address: "127.0.0.1", ProbeAddress: "127.0.0.1", PortFirst: s.ports, PortLast: s.ports + 19,
		GPUs: gpus, Key: key, Server: &Server{URL: s.wire.url, Token: s.token, HTTP: &http.Client{Transport: &http.Transport{}}},
		Temporal: s.temporal, Machine: s.handle, Journal: journal, Registerer: registry, Logs: s.logs,
		Logger: slog.New(slog.NewTextHandler(s.Output(), nil)),
	}
	change(a)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		require.NoError(s, <-ended)
		require.NoError(s, journal.Close())
	})
	s.Cleanup(stop)
	return &running{a, registry, stop}
}

// mustLease runs an agent until it has its lease.
func (s *site) mustLease() *running {
	s.Helper()
	a := s.mustRun()
	s.eventually(a.Leased, "the agent gets its lease")
	return a
}

func (s *site) eventually(is func() bool, what string) {
	s.Helper()
	require.Eventually(s, is, 20*time.Second, 10*time.Millisecond, what)
}

func (s *site) ask() store.Ask {
	s.asked++
	return store.Ask{AccountID: s.account, Actor: "key_test", Key: strconv.Itoa(s.asked)}
}

// mustAccept accepts the creation of a server, and leases its place: not yet a container.
func (s *site) mustAccept() fleet.Record {
	s.Helper()
	spec := fleet.InstanceSpec{Image: "kelvin/echo", GPUs: 1, Ports: []int{8080}}.Defaults()
	rec, _, err := s.store.CreateInstance(s.Context(), s.ask(), store.NewInstance{Name: fmt.Sprint("server-", s.asked), Spec: spec})
	require.NoError(s, err)
	_, _, err = s.store.BeginInstance(s.Context(), rec.ID)
	require.NoError(s, err)
	return rec
}

// mustServer makes a server that runs on the host, as create's workflow does. The host has
// its lease.
func (s *site) mustServer() fleet.Lease {
	s.Helper()
	rec := s.mustAccept()
	lease, err := s.store.Place(s.Context(), rec.ID, rec.ResourceID)
	require.NoError(s, err)
	spec, err := s.store.ContainerSpec(s.Context(), s.hostID, lease.ID)
	require.NoError(s, err)
	s.mustContainer(spec)
	require.NoError(s, s.store.MoveInstance(s.Context(), rec.ResourceID, lease.ID))
	require.NoError(s, s.store.EndOperation(s.Context(), store.Ending{OperationID: rec.ID, Outcome: fleet.Done}))
	return lease
}

// mustContainer makes a container that runs.
func (s *site) mustContainer(spec fleet.ContainerSpec) {
	s.Helper()
	require.NoError(s, s.engine.Pull(s.Context(), spec.Spec.Image, nil))
	require.NoError(s, s.engine.Create(s.Context(), spec))
	require.NoError(s, s.engine.Start(s.Context(), spec.Lease.ID))
}

func (s *site) state(lease fleet.Lease) fleet.State {
	s.Helper()
	i, err := s.store.Instance(s.Context(), lease.InstanceID)
	require.NoError(s, err)
	return i.State
}

func (s *site) runs(leaseID string) bool {
	c, err := s.engine.Inspect(s.Context(), leaseID)
	return err == nil && c.Running
}

func (s *site) exists(leaseID string) bool {
	_, err := s.engine.Inspect(s.Context(), leaseID)
	return err == nil
}

// metric is the sum of a metric's samples.
func (r *running) metric(t *testing.T, name string, labels ...string) (sum float64) {
	t.Helper()
	families, err := r.metrics.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			if len(labels) > 0 && m.GetLabel()[0].GetValue() != labels[0] {
				continue
			}
			sum += m.GetGauge().GetValue() + m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return sum
}

// A wire lies between agent and server. It makes leases short, so that tests are, and can
// be cut, or go silent.
type wire struct {
	url   string
	proxy *httputil.ReverseProxy

	mu     sync.Mutex
	state  wireState
	order  fleet.HostOrder  // its TTL, Every and Grace
	report fleet.HostReport // the last one that was answered
	at     time.Time        // when it was sent
	count  int
}

type wireState string

const (
	whole  wireState = "whole"
	cut    wireState = "cut"    // requests fail at once
	silent wireState = "silent" // requests are never answered
)

func mustWire(t *testing.T, server string) *wire {
	t.Helper()
	target, err := url.Parse(server)
	require.NoError(t, err)
	w := &wire{state: whole, order: fleet.HostOrder{
		TTL: fleet.Duration(3 * time.Second), Every: fleet.Duration(300 * time.Millisecond), Grace: fleet.Duration(time.Second),
	}}
	w.proxy = httputil.NewSingleHostReverseProxy(target)
	w.proxy.ModifyResponse = w.shorten
	w.proxy.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	served := httptest.NewServer(w)
	t.Cleanup(served.Close)
	w.url = served.URL
	return w
}

func (w *wire) become(s wireState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state = s
}

// ServeHTTP implements http.Handler.
func (w *wire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	state := w.state
	w.mu.Unlock()
	if state == cut {
		panic(http.ErrAbortHandler)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if state == silent {
		<-r.Context().Done()
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if r.URL.Path != "/v1/agent/lease" {
		w.proxy.ServeHTTP(rw, r)
		return
	}
	var report fleet.HostReport
	if json.Unmarshal(body, &report) != nil {
		rw.WriteHeader(http.StatusBadRequest)
		return
	}
	sent := time.Now()
	w.proxy.ServeHTTP(rw, r)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.report, w.at = report, sent
	w.count++
}

// shorten makes the answer to a report one with short times.
func (w *wire) shorten(resp *http.Response) error {
	if resp.Request.URL.Path != "/v1/agent/lease" || resp.StatusCode != http.StatusOK {
		return nil
	}
	var order fleet.HostOrder
	if err := json.NewDecoder(resp.Body).Decode(&order); err != nil {
		return err
	}
	w.mu.Lock()
	order.TTL, order.Every, order.Grace = w.order.TTL, w.order.Every, w.order.Grace
	w.mu.Unlock()
	body, err := json.Marshal(order)
	if err != nil {
		return err
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}

// last is the last report that was answered, when it was sent, and how many there were.
func (w *wire) last() (fleet.HostReport, time.Time, int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.report, w.at, w.count
}

// reported is what the last report said of a container.
func (w *wire) reported(leaseID string) (fleet.ContainerReport, bool) {
	report, _, _ := w.last()
	for _, c := range report.Containers {
		if c.LeaseID == leaseID {
			return c, true
		}
	}
	return fleet.ContainerReport{}, false
}
