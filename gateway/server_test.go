package gateway

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const (
	testServer     = "ins_06f2srv"
	testServerHost = "ins-06f2srv.us-east.localhost"
)

// serverRoutes are those of the one server with an address for each target. It is ready.
func serverRoutes(version int64, ports []int, targets ...string) fleet.Routes {
	s := fleet.ServerRoute{InstanceID: testServer, AccountID: "acc_1", Open: true, Ready: true}
	for i, port := range ports {
		p := fleet.PortRoute{Port: port}
		if i < len(targets) {
			p.Target = targets[i]
		}
		s.Ports = append(s.Ports, p)
	}
	return fleet.Routes{Version: version, Servers: []fleet.ServerRoute{s}}
}

// held are routes of a server that is on its way to running: as it was, but not ready.
func held(r fleet.Routes) fleet.Routes { return with(r, true) }

// stopped are those of one that is not.
func stopped(r fleet.Routes) fleet.Routes { return with(r, false) }

func with(r fleet.Routes, open bool) fleet.Routes {
	s := r.Servers[0]
	s.Open, s.Ready = open, false
	return fleet.Routes{Version: r.Version + 1, Servers: []fleet.ServerRoute{s}}
}

// mustPorts are ports that nobody listens on.
func mustPorts(t testing.TB, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer ln.Close()
		ports = append(ports, ln.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// mustStreams serves the streams of g until the test ends, or stop is called.
func mustStreams(t testing.TB, g *Gateway) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.ServeStreams(ctx, "127.0.0.1") }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	t.Cleanup(stop)
	return stop
}

func at(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// mustConnect connects to an address, once that is listened on.
func mustConnect(t testing.TB, port int) *net.TCPConn {
	t.Helper()
	var conn net.Conn
	require.Eventually(t, func() (ok bool) {
		var err error
		conn, err = net.Dial("tcp", at(port))
		return err == nil
	}, 5*time.Second, time.Millisecond)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	return conn.(*net.TCPConn)
}

// mustTarget is a TCP server.
func mustTarget(t testing.TB, handle func(net.Conn)) (address string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go handle(conn)
		}
	}()
	return ln.Addr().String()
}

func echo(c net.Conn) {
	_, _ = io.Copy(c, c)
	_ = c.Close()
}

// named says who it is, and what it is told.
func named(name string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = io.WriteString(c, name+"\n")
		echo(c)
	}
}

// requireLine reads a line that a server says.
func requireLine(t testing.TB, c net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want)+1)
	_, err := io.ReadFull(c, got)
	require.NoError(t, err)
	require.Equal(t, want+"\n", string(got))
}

// requireReset reads to the end of a connection that was refused.
func requireReset(t testing.TB, c net.Conn) {
	t.Helper()
	n, err := c.Read(make([]byte, 1))
	require.Zero(t, n)
	require.ErrorContains(t, err, "connection reset by peer")
}

// requireRefused connects to an address where nobody is: the reset may come at once.
func requireRefused(t testing.TB, port int) {
	t.Helper()
	c, err := net.Dial("tcp", at(port))
	if err != nil {
		require.ErrorContains(t, err, "connection reset by peer")
		return
	}
	defer c.Close()
	requireReset(t, c)
}

func streamsOf(g *Gateway) (open, waiting int) {
	e := g.table.Load().endpoints[testServer]
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.streams), e.waiting()
}

func requireWaiting(t testing.TB, g *Gateway, n int) {
	t.Helper()
	require.Eventually(t, func() bool { _, waiting := streamsOf(g); return waiting == n }, 5*time.Second, time.Millisecond)
}

func TestEachAddressLeadsToItsPortOfTheServer(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	mustStreams(t, g)
	ports := mustPorts(t, 2)
	g.Apply(serverRoutes(1, ports, mustTarget(t, named("one")), mustTarget(t, named("two"))))
	for i, name := range []string{"one", "two"} {
		c := mustConnect(t, ports[i])
		requireLine(t, c, name)
		_, err := io.WriteString(c, "hello\n")
		require.NoError(t, err)
		requireLine(t, c, "hello")
	}

	g.Apply(fleet.Routes{Version: 2})
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", at(ports[0]))
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	}, 5*time.Second, time.Millisecond, "a server that is gone leaves its ports")
}

// A client that has said all it has to say still gets the answer, and the other way round.
func TestOneEndOfAStreamMayEndBeforeTheOther(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	mustStreams(t, g)
	ports := mustPorts(t, 2)
	said := make(chan string, 1)
	g.Apply(serverRoutes(
		1, ports,
		mustTarget(t, func(c net.Conn) {
			defer c.Close()
			question, _ := io.ReadAll(c)
			_, _ = fmt.Fprintf(c, "%d bytes", len(question))
		}),
		mustTarget(t, func(c net.Conn) {
			defer c.Close()
			_, _ = io.WriteString(c, "bye\n")
			_ = c.(*net.TCPConn).CloseWrite()
			text, _ := io.ReadAll(c)
			said <- string(text)
		}),
	))
	c := mustConnect(t, ports[0])
	_, err := c.Write(make([]byte, 3<<20))
	require.NoError(t, err)
	require.NoError(t, c.CloseWrite())
	answer, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Equal(t, "3145728 bytes", string(answer))

	c = mustConnect(t, ports[1])
	answer, err = io.ReadAll(c)
	require.NoError(t, err)
	require.Equal(t, "bye\n", string(answer))
	_, err = io.WriteString(c, "one more thing")
	require.NoError(t, err)
	require.NoError(t, c.CloseWrite())
	require.Equal(t, "one more thing", <-said)
	require.Eventually(t, func() bool { open, _ := streamsOf(g); return open == 0 }, 5*time.Second, time.Millisecond)
}

func TestAnEndThatBreaksBreaksTheOther(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	mustStreams(t, g)
	ports := mustPorts(t, 2)
	broke := make(chan error, 1)
	g.Apply(serverRoutes(
		1, ports,
		mustTarget(t, func(c net.Conn) {
			_, _ = io.ReadFull(c, make([]byte, 1))
			_ = c.(*net.TCPConn).SetLinger(0)
			_ = c.Close()
		}),
		mustTarget(t, func(c net.Conn) {
			_, _ = io.WriteString(c, "hello\n")
			_, err := io.ReadAll(c)
			broke <- err
		}),
	))
	c := mustConnect(t, ports[0])
	_, err := io.WriteString(c, "x")
	require.NoError(t, err)
	requireReset(t, c)

	c = mustConnect(t, ports[1])
	requireLine(t, c, "hello")
	require.NoError(t, c.SetLinger(0))
	require.NoError(t, c.Close())
	require.ErrorContains(t, <-broke, "connection reset by peer")
}

func TestAStreamWaitsWhileItsServerIsOnItsWay(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	mustStreams(t, g)
	ports := mustPorts(t, 1)
	g.Apply(held(serverRoutes(0, ports)))
	c := mustConnect(t, ports[0])
	_, err := io.WriteString(c, "early\n")
	require.NoError(t, err)
	requireWaiting(t, g, 1)
	g.Apply(serverRoutes(2, ports, mustTarget(t, named("up"))))
	requireLine(t, c, "up")
	requireLine(t, c, "early")
}

func TestAStreamIsRefusedWhenTheServerDoesNotRun(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{HoldServers: time.Second, HoldMax: 1, MaxStreams: 2})
	mustStreams(t, g)
	ports := mustPorts(t, 1)
	dead := mustDeadAddress(t)
	g.Apply(stopped(serverRoutes(0, ports)))
	require.Eventually(t, func() bool { return g.bound.listening.Load() == 1 }, 5*time.Second, time.Millisecond)
	requireRefused(t, ports[0])

	g.Apply(held(serverRoutes(1, ports)))
	waits := mustConnect(t, ports[0])
	requireWaiting(t, g, 1)
	requireRefused(t, ports[0]) // one more than may wait
	began := time.Now()
	requireReset(t, waits) // it was not ready in time
	require.Less(t, time.Since(began), 5*time.Second)

	waits = mustConnect(t, ports[0])
	requireWaiting(t, g, 1)
	g.Apply(stopped(serverRoutes(3, ports))) // it will not come
	requireReset(t, waits)

	g.Apply(serverRoutes(5, ports, dead))
	requireRefused(t, ports[0]) // nothing listens there

	g.Apply(serverRoutes(6, ports, mustTarget(t, named("up"))))
	for range 2 {
		requireLine(t, mustConnect(t, ports[0]), "up")
	}
	requireRefused(t, ports[0]) // one more than there may be

	var text string
	require.Eventually(t, func() bool {
		_, text = mustAdmin(t, g, "/metrics")
		return strings.Contains(text, `kelvin_gateway_streams_total{endpoint="ins_06f2srv",outcome="full"} 2`) &&
			strings.Contains(text, `kelvin_gateway_stream_bytes_total{direction="out",endpoint="ins_06f2srv"} 6`)
	}, 5*time.Second, time.Millisecond)
	for _, line := range []string{
		`kelvin_gateway_streams{endpoint="ins_06f2srv"} 2`,
		`kelvin_gateway_streams_total{endpoint="ins_06f2srv",outcome="refused"} 2`,
		`kelvin_gateway_streams_total{endpoint="ins_06f2srv",outcome="overdue"} 1`,
		`kelvin_gateway_streams_total{endpoint="ins_06f2srv",outcome="unreachable"} 1`,
		`kelvin_gateway_addresses{state="listening"} 1`, `kelvin_gateway_addresses{state="failed"} 0`,
	} {
		require.Contains(t, text, line+"\n")
	}
}

func TestAPortThatIsTakenIsTriedAgain(t *testing.T) {
	t.Parallel()
	logger, j := newJournal()
	g, err := New(Config{DataCenter: "us-east", Logger: logger})
	require.NoError(t, err)
	mustStreams(t, g)
	other, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	taken := other.Addr().(*net.TCPAddr).Port
	ports := append(mustPorts(t, 1), taken)
	g.Apply(serverRoutes(1, ports, mustTarget(t, named("one")), mustTarget(t, named("two"))))
	requireLine(t, mustConnect(t, ports[0]), "one")
	require.Contains(t, <-j.lines, fmt.Sprintf("port=%d instance=%s", taken, testServer))
	_, text := mustAdmin(t, g, "/metrics")
	require.Contains(t, text, `kelvin_gateway_addresses{state="failed"} 1`)

	require.NoError(t, other.Close())
	requireLine(t, mustConnect(t, taken), "two")
	_, text = mustAdmin(t, g, "/metrics")
	require.Contains(t, text, `kelvin_gateway_addresses{state="failed"} 0`)
}

func TestStreamsEndWithTheContainerTheyReached(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	stop := mustStreams(t, g)
	ports := mustPorts(t, 1)
	old := mustTarget(t, named("old"))
	was := serverRoutes(1, ports, old)
	stays := func(c net.Conn) {
		t.Helper()
		_, err := io.WriteString(c, "still here\n")
		require.NoError(t, err)
		requireLine(t, c, "still here")
	}
	g.Apply(was)
	c := mustConnect(t, ports[0])
	requireLine(t, c, "old")
	g.Apply(held(was))
	stays(c)
	g.Apply(serverRoutes(3, ports, old)) // it was not moved after all
	stays(c)
	g.Apply(stopped(was))
	stays(c)
	g.Apply(serverRoutes(5, ports, mustTarget(t, named("new"))))
	_, err := c.Read(make([]byte, 1))
	require.Error(t, err, "its server is elsewhere")

	c = mustConnect(t, ports[0])
	requireLine(t, c, "new")
	g.Apply(stopped(serverRoutes(5, ports)))
	_, err = c.Read(make([]byte, 1))
	require.Error(t, err, "its server has stopped")

	g.Apply(serverRoutes(7, ports, old))
	c = mustConnect(t, ports[0])
	requireLine(t, c, "old")
	g.Apply(fleet.Routes{Version: 8})
	_, err = c.Read(make([]byte, 1))
	require.Error(t, err, "its server is gone")
	require.Eventually(t, func() bool { // or the next one connects to a listener that is about to close
		other, err := net.Dial("tcp", at(ports[0]))
		return err != nil || other.Close() != nil
	}, 5*time.Second, time.Millisecond)

	g.Apply(serverRoutes(9, ports, old))
	c = mustConnect(t, ports[0])
	requireLine(t, c, "old")
	stop()
	_, err = c.Read(make([]byte, 1))
	require.Error(t, err, "the gateway is")
}

// A drain waits for short streams, which are a request each, and not for long ones.
func TestAStreamIsInFlightWhileItIsYoung(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{StreamGrace: 300 * time.Millisecond})
	mustStreams(t, g)
	ports := mustPorts(t, 1)
	was := serverRoutes(1, ports, mustTarget(t, named("up")))
	g.Apply(was)
	inFlight := func() int { return g.Report().InFlight[testServer] }
	old := mustConnect(t, ports[0])
	requireLine(t, old, "up")
	require.Equal(t, 1, inFlight())
	time.Sleep(300 * time.Millisecond) // it gets old
	require.Zero(t, inFlight())

	c := mustConnect(t, ports[0])
	requireLine(t, c, "up")
	g.Apply(stopped(was))
	<-g.soon
	require.Equal(t, 1, inFlight())
	require.NoError(t, c.Close())
	for inFlight() > 0 {
		<-g.soon // it says so at once
	}

	g.Apply(serverRoutes(3, ports, was.Servers[0].Ports[0].Target))
	requireLine(t, mustConnect(t, ports[0]), "up")
	g.Apply(stopped(serverRoutes(3, ports, was.Servers[0].Ports[0].Target)))
	<-g.soon
	require.Equal(t, 1, inFlight())
	for inFlight() > 0 {
		<-g.soon // and of one that gets old, too
	}
	require.Empty(t, g.Report().Load, "nobody scales a server")
}

// mustRequestServer is mustRequest for the server's URL.
func mustRequestServer(t testing.TB, address, path string) *http.Request {
	t.Helper()
	r := mustRequest(t, http.MethodGet, address, path, nil)
	r.Host = testServerHost
	return r
}

func TestAServersURLLeadsToItsFirstPort(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{HoldFor: -1})
	front := mustFront(t, g)
	hang := make(chan struct{})
	worker := mustWorker(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/socket":
			echoes(w, r)
		case "/hang":
			_ = http.NewResponseController(w).Flush()
			<-hang
		default:
			_, _ = io.WriteString(w, r.Host)
		}
	})
	was := serverRoutes(1, []int{1, 2}, worker, mustDeadAddress(t))
	g.Apply(was)
	require.Equal(t, testServerHost, mustDo(t, mustRequestServer(t, front, "/")).body)
	r := mustRequestServer(t, front, "/")
	r.Host = "ins-06f2none.us-east.localhost"
	requireProblem(t, mustDo(t, r), unknownServer)

	socket, _, err := websocket.Dial(t.Context(), "ws://"+front+"/socket", &websocket.DialOptions{Host: testServerHost})
	require.NoError(t, err)
	require.Zero(t, g.Report().InFlight[testServer], "a drain would wait for a terminal all day")
	require.NoError(t, socket.Write(t.Context(), websocket.MessageText, []byte("hello")))
	_, message, err := socket.Read(t.Context())
	require.NoError(t, err)
	require.Equal(t, "hello", string(message))
	require.NoError(t, socket.Close(websocket.StatusNormalClosure, ""))

	streams, err := http.DefaultClient.Do(mustRequestServer(t, front, "/hang"))
	require.NoError(t, err)
	defer streams.Body.Close()
	require.Equal(t, 1, g.Report().InFlight[testServer])
	g.Apply(stopped(was))
	requireProblem(t, mustDo(t, mustRequestServer(t, front, "/")), serverStopped)
	require.Equal(t, 1, g.Report().InFlight[testServer], "a drain waits for it")
	close(hang)
	_, err = io.ReadAll(streams.Body)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return g.Report().InFlight[testServer] == 0 }, 5*time.Second, time.Millisecond)

	answered := make(chan answer, 1)
	g.Apply(held(serverRoutes(2, []int{1, 2})))
	go func() { answered <- mustDo(t, mustRequestServer(t, front, "/")) }()
	requireWaiting(t, g, 1)
	g.Apply(serverRoutes(4, []int{1, 2}, worker))
	require.Equal(t, http.StatusOK, (<-answered).status, "it waited longer than one of an endpoint would")

	g.Apply(serverRoutes(5, []int{1}, mustDeadAddress(t)))
	began := time.Now()
	requireProblem(t, mustDo(t, mustRequestServer(t, front, "/")), serverUnreachable)
	requireProblem(t, mustDo(t, mustRequestServer(t, front, "/")), serverUnreachable)
	require.Less(t, time.Since(began), time.Second, "nobody waits for what is not there")
	g.Apply(serverRoutes(6, []int{1}, worker))
	require.Equal(t, http.StatusOK, mustDo(t, mustRequestServer(t, front, "/")).status)
}

// A server moves four times, each time as a migration does it, under clients that make a
// hundred requests a second, over its address and its URL: none fails, and none is answered
// by a home that the server has left.
func TestAMoveLosesNoRequest(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	front := mustFront(t, g)
	mustStreams(t, g)
	ports := mustPorts(t, 1)
	home := func(n int) *httptest.Server {
		return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(5 * time.Millisecond) // so that some are always in flight
			_, _ = fmt.Fprint(w, n)
		}))
	}
	now := home(0)
	routes := serverRoutes(1, ports, now.Listener.Addr().String())
	g.Apply(routes)
	require.NoError(t, mustConnect(t, ports[0]).Close()) // it is listened on

	ctx, stop := context.WithCancel(t.Context())
	var mu sync.Mutex
	var failures []error
	var longest time.Duration
	answers := map[string]int{}
	ask := func(client *http.Client, url string) {
		r, err := http.NewRequest(http.MethodGet, url, nil)
		require.NoError(t, err)
		r.Host = testServerHost
		began := time.Now()
		res, err := client.Do(r)
		var body []byte
		if err == nil {
			body, err = io.ReadAll(res.Body)
			_ = res.Body.Close()
			if err == nil && res.StatusCode != http.StatusOK {
				err = fmt.Errorf("answered %d: %s", res.StatusCode, body)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		longest = max(longest, time.Since(began))
		answers[string(body)]++
		if err != nil {
			failures = append(failures, err)
		}
	}
	var clients sync.WaitGroup
	for _, c := range []struct {
		client *http.Client
		url    string
	}{
		{&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, "http://" + at(ports[0])},
		{&http.Client{Transport: &http.Transport{}}, "http://" + front},
	} {
		clients.Go(func() {
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			for ctx.Err() == nil {
				<-tick.C
				clients.Go(func() { ask(c.client, c.url) })
			}
		})
	}
	for n := 1; n <= 4; n++ {
		time.Sleep(150 * time.Millisecond) // requests come and go
		routes = held(routes)
		g.Apply(routes)
		require.Eventually(t, func() bool {
			report := g.Report()
			return report.Version == routes.Version && report.InFlight[testServer] == 0
		}, 5*time.Second, 5*time.Millisecond)
		now.Close()
		time.Sleep(100 * time.Millisecond) // the last of the data is copied
		now = home(n)
		routes = serverRoutes(routes.Version+1, ports, now.Listener.Addr().String())
		g.Apply(routes)
	}
	time.Sleep(150 * time.Millisecond)
	stop()
	clients.Wait()
	now.Close()
	require.Empty(t, failures)
	total := 0
	for n := range 5 {
		require.NotZero(t, answers[fmt.Sprint(n)])
		total += answers[fmt.Sprint(n)]
	}
	t.Logf("%d requests, the longest took %s", total, longest)
	require.Less(t, longest, 3*time.Second)
}

// An idle stream costs two goroutines and two sockets: no buffer, and no pipe for splice.
func TestIdleStreamsCostLittle(t *testing.T) {
	g := mustGateway(t, Options{})
	mustStreams(t, g)
	ports := mustPorts(t, 1)
	g.Apply(serverRoutes(1, ports, mustTarget(t, echo)))
	const streams = 1000
	before := memory()
	conns := make([]*net.TCPConn, streams)
	for i := range conns {
		conns[i] = mustConnect(t, ports[0])
		_, err := io.WriteString(conns[i], "x\n")
		require.NoError(t, err)
		requireLine(t, conns[i], "x")
	}
	open, _ := streamsOf(g)
	require.Equal(t, streams, open)
	each := (memory() - before) / streams
	t.Logf("%d bytes for each stream, its client and its server", each)
	require.Less(t, each, int64(64<<10))
	if runtime.GOOS == "linux" {
		// The test's own servers use io.Copy, and keep a pipe each; see pump.
		require.LessOrEqual(t, pipes(t), streams+64)
	}
	for _, c := range conns {
		_, err := io.WriteString(c, "y\n")
		require.NoError(t, err)
		requireLine(t, c, "y")
	}
}

// memory is what the process uses after a garbage collection.
func memory() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// pipes counts the pipes that the process has open: two descriptors each.
func pipes(t testing.TB) int {
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	n := 0
	for _, e := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(to, "pipe:") {
			n++
		}
	}
	return n / 2
}

func TestStreamsAreServedOnAnIPAddressOrNotAtAll(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"127.0.0.1": "127.0.0.1", "0.0.0.0:": "0.0.0.0", "::": "::", "[::1]:": "::1", "[::1]": "::1", ":": "",
	} {
		got, err := listenHost(in)
		require.NoError(t, err, in)
		require.Equal(t, want, got, in)
	}
	g := mustGateway(t, Options{})
	for _, in := range []string{"localhost", "127.0.0.1:80", "127.0.0", "on"} {
		require.True(t, fleet.Is(g.ServeStreams(t.Context(), in), fleet.Invalid), in)
	}
	for _, off := range []string{"", "off"} {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- g.ServeStreams(ctx, off) }()
		cancel()
		require.NoError(t, <-ended)
	}
}
