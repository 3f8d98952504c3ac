package gateway_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/gateway"
	"github.com/kelvin-gpu/kelvin/store"
)

// A dataCenter is a real server on a real store, with one host.
type dataCenter struct {
	t       *testing.T
	store   *store.Store
	url     string
	account fleet.Account
	hostID  string
	keys    atomic.Int64
}

func mustDataCenter(t *testing.T) *dataCenter {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "kelvin.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(t.Context()))
	require.NoError(t, s.EnsureDataCenter(t.Context(), fleet.DataCenter{Name: "us-east", GatewayURL: "http://%s.us-east.localhost"}))
	d := &dataCenter{t: t, store: s}
	d.account, err = s.CreateAccount(t.Context(), "alice", true)
	require.NoError(t, err)
	_, host, err := s.CreateHost(t.Context(), "rack-1", "us-east")
	require.NoError(t, err)
	d.hostID = host.ID
	server := &api.Server{
		Store: s, Logger: slog.New(slog.DiscardHandler), Version: "test",
		GatewayURL: func(dataCenter, label string) string { return "http://" + label + "." + dataCenter + ".localhost" },
	}
	served := httptest.NewServer(server.Handler())
	t.Cleanup(served.Close)
	t.Cleanup(server.Close)
	d.url = served.URL
	return d
}

func (d *dataCenter) ask() store.Ask {
	return store.Ask{AccountID: d.account.ID, Actor: "key_test", Key: fmt.Sprint("key-", d.keys.Add(1)), Digest: "digest"}
}

// renew reports the host's containers, which makes workers ready.
func (d *dataCenter) renew(port int, containers ...fleet.ContainerReport) {
	d.t.Helper()
	r := fleet.HostReport{
		Version: "v1", Machine: "sim", Simulated: true, Address: "127.0.0.1", PortFirst: port, PortLast: port,
		Disk: fleet.Disk{Total: 1 << 40, Free: 1 << 39}, Containers: containers,
	}
	for i := range 2 {
		r.GPUs = append(r.GPUs, fleet.GPUReport{Index: i, UUID: fmt.Sprintf("GPU-%d", i), Type: "a100-80gb", MemoryMB: 81920})
	}
	_, _, err := d.store.RenewLease(d.t.Context(), d.hostID, r)
	require.NoError(d.t, err)
}

// mustWorker makes an endpoint with one worker, whose port leads to address.
func (d *dataCenter) mustWorker(address string) (ep fleet.Endpoint, worker fleet.Instance) {
	d.t.Helper()
	ctx := d.t.Context()
	_, text, err := net.SplitHostPort(address)
	require.NoError(d.t, err)
	port, err := strconv.Atoi(text)
	require.NoError(d.t, err)
	d.renew(port)
	spec := fleet.EndpointSpec{Image: "kelvin/echo:latest", ActiveWorkers: 1, MaxWorkers: 3}.Defaults()
	rec, _, err := d.store.CreateEndpoint(ctx, d.ask(), "chat", spec)
	require.NoError(d.t, err)
	_, _, err = d.store.BeginEndpoint(ctx, rec.ID)
	require.NoError(d.t, err)
	require.NoError(d.t, d.store.EndOperation(ctx, store.Ending{OperationID: rec.ID, Outcome: fleet.Done}))
	ep, err = d.store.Endpoint(ctx, rec.ResourceID)
	require.NoError(d.t, err)

	rec, _, err = d.store.CreateInstance(ctx, d.ask(), store.NewInstance{Name: "worker", Spec: ep.Spec.Worker(), EndpointID: ep.ID, Revision: ep.Revision})
	require.NoError(d.t, err)
	_, _, err = d.store.BeginInstance(ctx, rec.ID)
	require.NoError(d.t, err)
	lease, err := d.store.Place(ctx, rec.ID, rec.ResourceID)
	require.NoError(d.t, err)
	require.NoError(d.t, d.store.MoveInstance(ctx, rec.ResourceID, lease.ID))
	require.NoError(d.t, d.store.EndOperation(ctx, store.Ending{OperationID: rec.ID, Outcome: fleet.Done}))
	worker, err = d.store.Instance(ctx, rec.ResourceID)
	require.NoError(d.t, err)
	return ep, worker
}

// A member is one of the gateways behind the data center's record.
type member struct {
	address string
	stop    func() error // as SIGTERM does
}

func (d *dataCenter) mustGateway(token, address string) *member {
	d.t.Helper()
	var ln net.Listener
	require.Eventually(d.t, func() bool {
		var err error
		ln, err = gateway.Listen(d.t.Context(), address, false)
		return err == nil
	}, 10*time.Second, time.Millisecond)
	g, err := gateway.New(gateway.Config{Server: d.url, Token: token, DataCenter: "us-east", Options: gateway.Options{HoldFor: time.Minute, ReportEvery: 50 * time.Millisecond}})
	require.NoError(d.t, err)
	serving, stopServing := context.WithCancel(context.Background())
	following, stopFollowing := context.WithCancel(context.Background())
	served, followed := make(chan error, 1), make(chan error, 1)
	go func() { followed <- g.Run(following) }()
	require.Eventually(d.t, func() bool { // as a load balancer waits
		w := httptest.NewRecorder()
		g.AdminHandler().ServeHTTP(w, httptest.NewRequestWithContext(following, http.MethodGet, "/readyz", nil))
		return w.Code == http.StatusOK
	}, 20*time.Second, time.Millisecond)
	go func() { served <- g.Serve(serving, ln) }()
	m := &member{address: ln.Addr().String()}
	m.stop = sync.OnceValue(func() error {
		stopServing()
		err := <-served
		stopFollowing()
		<-followed
		return err
	})
	d.t.Cleanup(func() { _ = m.stop() })
	return m
}

func (d *dataCenter) mustToken(name string) string {
	d.t.Helper()
	token, _, err := d.store.CreateGateway(d.t.Context(), name, "us-east")
	require.NoError(d.t, err)
	return token
}

func askAt(ctx context.Context, client *http.Client, address, host, path string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return "", err
	}
	r.Host = host
	res, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("answered %d: %s", res.StatusCode, body)
	}
	return string(body), err
}

// Two gateways share their load, and a worker that leaves is empty only when both say so.
func TestGatewaysOfADataCenterDrainTogether(t *testing.T) {
	t.Parallel()
	d := mustDataCenter(t)
	hang := make(chan struct{})
	worker := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-hang
		_, _ = io.WriteString(w, "kept "+r.URL.Path)
	}))
	defer worker.Close()
	ep, instance := d.mustWorker(worker.Listener.Addr().String())
	host := fleet.HostLabel(ep.ID) + ".us-east.localhost"
	one, two := d.mustGateway(d.mustToken("one"), "127.0.0.1:0"), d.mustGateway(d.mustToken("two"), "127.0.0.1:0")
	answers := make(chan string, 5)
	begin := func(m *member, path string) {
		go func() {
			text, err := askAt(t.Context(), http.DefaultClient, m.address, host, path)
			answers <- fmt.Sprint(text, err)
		}()
	}
	seen := func(n int) func() bool {
		return func() bool {
			now, err := d.store.Traffic(t.Context(), ep.ID)
			return err == nil && now.Known && now.InFlight == n && now.Workers[instance.ID] == n
		}
	}
	for i, m := range []*member{one, one, one, two, two} {
		begin(m, "/"+strconv.Itoa(i))
	}
	require.Eventually(t, seen(5), 20*time.Second, 5*time.Millisecond, "what both have in flight, added up")

	rec, _, err := d.store.Accept(t.Context(), d.ask(), fleet.KindInstance, instance.ID, "terminate")
	require.NoError(t, err)
	_, _, err = d.store.BeginInstance(t.Context(), rec.ID)
	require.NoError(t, err)
	require.NoError(t, d.store.HoldTraffic(t.Context(), rec.ID, instance.ID))
	require.Eventually(t, func() bool {
		drain, err := d.store.Drained(t.Context(), instance.ID)
		return err == nil && len(drain.Waiting) == 0 && drain.InFlight == 5 && !drain.Empty
	}, 20*time.Second, 5*time.Millisecond, "both follow, and neither is empty")
	close(hang)
	for range 5 {
		require.Regexp(t, `^kept /\d<nil>$`, <-answers)
	}
	require.Eventually(t, func() bool {
		drain, err := d.store.Drained(t.Context(), instance.ID)
		return err == nil && drain.Empty
	}, 20*time.Second, 5*time.Millisecond)
}

// A gateway restarts, again and again, while clients ask it and another one. Nothing that it
// has begun is lost, and clients whose connection it refuses go to the other, as they would to
// another address of the record. They never ask twice over a connection that was accepted.
func TestRestartingOneOfTwoGatewaysLosesNoRequest(t *testing.T) {
	t.Parallel()
	d := mustDataCenter(t)
	var served atomic.Int64
	worker := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		served.Add(1)
		_, _ = io.WriteString(w, "begun ")
		_ = http.NewResponseController(w).Flush()
		time.Sleep(5 * time.Millisecond) // so that some are on their way at any moment
		_, _ = io.WriteString(w, "done")
	}))
	defer worker.Close()
	ep, _ := d.mustWorker(worker.Listener.Addr().String())
	host := fleet.HostLabel(ep.ID) + ".us-east.localhost"
	token := d.mustToken("one")
	one, two := d.mustGateway(token, "127.0.0.1:0"), d.mustGateway(d.mustToken("two"), "127.0.0.1:0")
	addresses := []string{one.address, two.address}

	var asked, refused atomic.Int64
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for i := range 16 {
		// A connection for each request: one that is kept and closed by a server in the moment
		// it is used again is every HTTP/1.1 server's problem, and its client's.
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		wg.Go(func() {
			for n := i; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				for at := range addresses { // the addresses of the record, in turn
					conn, err := net.Dial("tcp", addresses[(n+at)%2])
					if err != nil {
						refused.Add(1)
						continue
					}
					client.Transport.(*http.Transport).DialContext = func(context.Context, string, string) (net.Conn, error) { return conn, nil }
					asked.Add(1)
					text, err := askAt(context.Background(), client, addresses[(n+at)%2], host, "/")
					if err != nil || text != "begun done" {
						t.Errorf("a request is lost: %q %v", text, err)
						return
					}
					break
				}
			}
		})
	}
	for range 5 {
		before := served.Load()
		require.Eventually(t, func() bool { return served.Load() > before+50 || t.Failed() }, 30*time.Second, time.Millisecond)
		require.NoError(t, one.stop(), "nothing was left in flight")
		one = d.mustGateway(token, one.address)
	}
	close(stop)
	wg.Wait()
	require.Equal(t, asked.Load(), served.Load(), "each once")
	t.Logf("%d requests, %d connections refused and made to the other", asked.Load(), refused.Load())
}
