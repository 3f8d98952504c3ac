package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	docker "github.com/docker/docker/client"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// A stack is all of Kelvin, each part a process of its own, on one Docker engine.
type stack struct {
	testing.TB
	dir      string
	store    string // its URL
	key      string
	account  string
	host     string // its ID
	parts    map[string]*process
	api      string // URLs
	gateway  string
	ui       string
	temporal string // address
	engine   *docker.Client
	hosts    map[string]*second // beside the first, by name
}

// A second is a host on a Docker engine of its own, as on another machine.
type second struct {
	id      string
	engine  *docker.Client
	dir     string // of the engine
	socket  string
	address string
}

// sealKey encrypts what the record keeps of environments.
const sealKey = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// archiveKey encrypts the archive that all hosts of a stack share.
const archiveKey = "a key for tests only"

// process is one part that runs, or has been killed.
type process struct {
	args []string
	cmd  *exec.Cmd
	out  *os.File
	done chan struct{}
}

// binary is one of those that `make build` builds.
func binary(t testing.TB, name string) string {
	path, err := filepath.Abs(filepath.Join("..", "bin", name))
	require.NoError(t, err)
	_, err = os.Stat(path)
	require.NoError(t, err, "run `make build` first")
	return path
}

// free is a port of this machine on which nobody listens, below those that clients are given: one
// of theirs could be taken before it is used.
func free(t testing.TB) string {
	t.Helper()
	for range 1000 {
		address := fmt.Sprint("127.0.0.1:", 2000+rand.IntN(7000))
		if _, given := freed.LoadOrStore(address, true); given {
			continue
		}
		if ln, err := net.Listen("tcp", address); err == nil {
			require.NoError(t, ln.Close())
			return address
		}
	}
	require.Fail(t, "no port is free")
	return ""
}

var freed sync.Map // addresses that free has given

// ports are the flags for a range of ports that nobody on this machine listens on, below
// those that clients are given: a `kelvin dev` may be running beside the tests.
func ports() []string { return portRange("port", 21000, 40) }

// addresses are the same for the addresses of servers.
func addresses() []string { return portRange("address", 10000, 100) }

func portRange(name string, from, size int) []string {
	for {
		first := from + rand.IntN(10000/size)*size
		taken := false
		for port := first; port < first+size && !taken; port++ {
			ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if taken = err != nil; !taken {
				_ = ln.Close()
			}
		}
		if !taken {
			return []string{"--" + name + "-first", strconv.Itoa(first), "--" + name + "-last", strconv.Itoa(first + size - 1)}
		}
	}
}

// newStack starts one. settings are more flags of the agent, which go before its own.
func newStack(t testing.TB, settings ...string) *stack {
	t.Helper()
	engine, err := docker.NewClientWithOpts(docker.FromEnv, docker.WithAPIVersionNegotiation())
	require.NoError(t, err)
	_, err = engine.Ping(t.Context())
	require.NoError(t, err, "a Docker engine is needed: deploy/setup/docker.sh starts one")
	s := &stack{TB: t, dir: t.TempDir(), parts: map[string]*process{}, engine: engine, temporal: free(t)}
	s.api, s.gateway, s.ui = "http://"+free(t), free(t), "http://"+free(t)
	db := os.Getenv("KELVIN_E2E_STORE")
	if db == "" {
		db = "sqlite:" + filepath.Join(s.dir, "kelvin.db")
	}
	s.store = db
	admin := s.admin
	var account struct{ ID string }
	admin(&account, "account", "acme", "--fleet")
	s.account = account.ID
	var key, host, gateway map[string]string
	admin(&key, "key", "acme", "test", "--role", "owner")
	s.key = key["key"]
	_, port, _ := net.SplitHostPort(s.gateway)
	admin(&map[string]string{}, "data-center", "us-east", "http://%s.us-east.localhost:"+port)
	admin(&host, "host", "one")
	s.host = host["host"]
	admin(&gateway, "gateway", "one")

	listen := func(url string) string { return strings.TrimPrefix(url, "http://") }
	s.parts["temporal"] = &process{args: []string{binary(t, "kelvin-temporal"), "--data-dir", filepath.Join(s.dir, "temporal"), "--grpc", s.temporal, "--ui", listen(s.ui), "--sync", "off"}}
	s.parts["server"] = &process{args: append([]string{binary(t, "kelvin"), "server", "--store", db, "--listen", listen(s.api), "--temporal", s.temporal, "--temporal-ui", s.ui, "--encryption-keys", sealKey}, addresses()...)}
	s.parts["worker"] = &process{args: []string{binary(t, "kelvin"), "worker", "--store", db, "--temporal", s.temporal, "--encryption-keys", sealKey}}
	s.parts["gateway"] = &process{args: []string{binary(t, "kelvin"), "gateway", "--server", s.api, "--listen", s.gateway, "--token", gateway["token"], "--data-center", "us-east"}}
	s.parts["agent"] = &process{args: append([]string{
		binary(t, "kelvin"), "agent", "--server", s.api, "--host", s.host, "--token", host["token"], "--temporal", s.temporal, "--machine", "docker",
		"--data-dir", filepath.Join(s.dir, "agent"), "--sim-gpus", "a100-80gb:8", "--volumes", filepath.Join(s.dir, "volumes"),
		"--archive", "file://" + filepath.Join(s.dir, "archive"), "--archive-key", archiveKey,
	}, append(ports(), settings...)...)}
	t.Cleanup(s.tearDown)
	for _, name := range []string{"temporal", "server", "worker", "gateway", "agent"} {
		s.start(name)
	}
	require.Eventually(t, func() bool {
		var hosts api.List[api.Host]
		return s.get("/v1/hosts", &hosts) == nil && len(hosts.Items) == 1 && hosts.Items[0].State == fleet.HostReady
	}, 30*time.Second, 50*time.Millisecond, "the host does not get ready")
	return s
}

// addHost adds a host on a Docker engine that is started for it.
func (s *stack) addHost(name string, settings ...string) *second {
	s.Helper()
	if os.Geteuid() != 0 {
		s.Skip("a second Docker engine on this machine needs root")
	}
	dir, err := os.MkdirTemp("/var/tmp", "kelvin-e2e") // the addresses of sockets are short
	require.NoError(s, err)
	script, err := filepath.Abs(filepath.Join("..", "deploy", "setup", "docker-second.sh"))
	require.NoError(s, err)
	run := func(verb string) string {
		cmd := exec.CommandContext(context.WithoutCancel(s.Context()), "sh", script, verb, dir)
		cmd.Stderr = s.Output()
		out, err := cmd.Output()
		require.NoError(s, err, "docker-second.sh %s", verb)
		return strings.TrimSpace(string(out))
	}
	s.Cleanup(func() { run("remove") })
	h := &second{dir: dir, socket: run("start"), address: run("address")}
	h.engine, err = docker.NewClientWithOpts(docker.WithHost(h.socket), docker.WithAPIVersionNegotiation())
	require.NoError(s, err)
	var made map[string]string
	s.admin(&made, "host", name)
	h.id = made["host"]
	s.parts[name] = &process{args: append([]string{
		binary(s.TB, "kelvin"), "agent", "--server", s.api, "--host", h.id, "--token", made["token"], "--temporal", s.temporal,
		"--machine", "docker", "--docker", h.socket, "--address", h.address, "--publish", h.address,
		"--data-dir", filepath.Join(s.dir, name), "--sim-gpus", "a100-80gb:8",
		"--archive", "file://" + filepath.Join(s.dir, "archive"), "--archive-key", archiveKey,
	}, append(ports(), settings...)...)}
	s.Cleanup(func() { s.end(name) }) // before its engine
	s.start(name)
	require.Eventually(s, func() bool {
		var found api.Host
		return s.get("/v1/hosts/"+h.id, &found) == nil && found.State == fleet.HostReady
	}, 30*time.Second, 50*time.Millisecond, "host %s does not get ready", name)
	if s.hosts == nil {
		s.hosts = map[string]*second{}
	}
	s.hosts[name] = h
	return h
}

// end ends a part in order.
func (s *stack) end(name string) {
	p := s.parts[name]
	if p == nil || p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(25 * time.Second):
		s.kill(name)
	}
}

func stderr(err error) string {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(exit.Stderr)
	}
	return ""
}

// admin runs a kelvin admin command on the record.
func (s *stack) admin(out any, args ...string) {
	s.Helper()
	text, err := exec.CommandContext(s.Context(), binary(s.TB, "kelvin"), append(append([]string{"admin"}, args...), "--store", s.store)...).Output()
	require.NoError(s, err, "%s", stderr(err))
	require.NoError(s, json.Unmarshal(text, out))
}

// start starts a part, for the first time or again. What it says goes to a file.
func (s *stack) start(name string) {
	s.Helper()
	p := s.parts[name]
	out, err := os.OpenFile(filepath.Join(s.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(s, err)
	p.out, p.done = out, make(chan struct{})
	p.cmd = exec.Command(p.args[0], p.args[1:]...) //nolint:noctx // it outlives the test's context, to be stopped in order
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.Env = append(os.Environ(), "KELVIN_CONFIG=")
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() { // the death signal comes from the thread that starts it: this one stays
		runtime.LockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait()
		}
		_ = out.Close()
		close(p.done)
	}()
	require.NoError(s, <-started)
}

// kill ends a part with -9.
func (s *stack) kill(name string) {
	p := s.parts[name]
	_ = p.cmd.Process.Kill()
	<-p.done
}

func (s *stack) tearDown() {
	for _, name := range []string{"agent", "gateway", "worker", "server", "temporal"} {
		s.end(name)
	}
	if s.Failed() {
		s.keepLogs()
	}
	clearHost(s.TB, s.engine, s.host)
}

// keepLogs prints the end of what each part said.
func (s *stack) keepLogs() {
	for name := range s.parts {
		text, _ := os.ReadFile(filepath.Join(s.dir, name+".log"))
		if len(text) > 8000 {
			text = text[len(text)-8000:]
		}
		s.Logf("--- %s:\n%s", name, text)
	}
}

// clearHost removes everything that bears a host's label from the engine.
func clearHost(t testing.TB, engine *docker.Client, host string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	own := filters.NewArgs(filters.Arg("label", machine.LabelHost+"="+host))
	containers, err := engine.ContainerList(ctx, container.ListOptions{All: true, Filters: own})
	require.NoError(t, err)
	for _, c := range containers {
		_ = engine.ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
	}
	networks, err := engine.NetworkList(ctx, network.ListOptions{Filters: own})
	require.NoError(t, err)
	for _, n := range networks {
		_ = engine.NetworkRemove(ctx, n.ID)
	}
	volumes, err := engine.VolumeList(ctx, volume.ListOptions{Filters: own})
	require.NoError(t, err)
	for _, v := range volumes.Volumes {
		_ = engine.VolumeRemove(ctx, v.Name, true)
	}
}

// containers are those of the stack's host, running or not.
func (s *stack) containers() []container.Summary {
	all, err := s.engine.ContainerList(context.Background(), container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", machine.LabelHost+"="+s.host))})
	require.NoError(s, err)
	return all
}

// requireClean checks that the engine has nothing of the host, and the record neither.
func (s *stack) requireClean() {
	s.Helper()
	require.Empty(s, s.containers())
	own := filters.NewArgs(filters.Arg("label", machine.LabelHost+"="+s.host))
	networks, err := s.engine.NetworkList(s.Context(), network.ListOptions{Filters: own})
	require.NoError(s, err)
	require.Empty(s, networks)
	volumes, err := s.engine.VolumeList(s.Context(), volume.ListOptions{Filters: own})
	require.NoError(s, err)
	require.Empty(s, volumes.Volumes)
	var gpus api.List[api.GPU]
	require.NoError(s, s.get("/v1/gpus", &gpus))
	require.Len(s, gpus.Items, 8*(1+len(s.hosts)))
	for _, g := range gpus.Items {
		require.Equal(s, fleet.GPUFree, g.State)
	}
}

// do sends a request to the API, and returns status and body.
func (s *stack) do(method, path, key string, body any) (int, []byte, error) {
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		require.NoError(s, err)
		in = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, s.api+path, in)
	require.NoError(s, err)
	req.Header.Set("Authorization", "Bearer "+s.key)
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, text, err
}

func (s *stack) get(path string, out any) error {
	status, text, err := s.do(http.MethodGet, path, "", nil)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("%s: %d %s", path, status, text)
	}
	return json.Unmarshal(text, out)
}

// accept sends a mutation, repeated under one key until the API answers: as a client does
// that meets a server being restarted.
func (s *stack) accept(method, path, key string, body any) api.Operation {
	s.Helper()
	var op api.Operation
	require.Eventually(s, func() bool {
		status, text, err := s.do(method, path, key, body)
		if err != nil || status == http.StatusServiceUnavailable {
			return false
		}
		require.Equal(s, http.StatusAccepted, status, "%s", text)
		require.NoError(s, json.Unmarshal(text, &op))
		return true
	}, 30*time.Second, 50*time.Millisecond)
	return op
}

// await waits until an operation has ended.
func (s *stack) await(id string, limit time.Duration) api.Operation {
	s.Helper()
	var op api.Operation
	require.Eventually(s, func() bool {
		return s.get("/v1/operations/"+id, &op) == nil && !op.EndedAt.IsZero()
	}, limit, 50*time.Millisecond, "operation %s does not end", id)
	return op
}

// kelvin runs the command line as a user does.
func (s *stack) kelvin(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(s.Context(), 10*time.Minute) // it says what it waited for
	defer cancel()
	cmd := exec.CommandContext(ctx, binary(s.TB, "kelvin"), args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Env = append(os.Environ(), "KELVIN_SERVER="+s.api, "KELVIN_API_KEY="+s.key)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// must is kelvin, without failure.
func (s *stack) must(args ...string) string {
	s.Helper()
	out, err := s.kelvin(args...)
	require.NoError(s, err, "kelvin %s: %s", strings.Join(args, " "), out)
	return out
}

// endpoint finds an endpoint by name.
func (s *stack) endpoint(name string) api.Endpoint {
	s.Helper()
	var all api.List[api.Endpoint]
	require.NoError(s, s.get("/v1/endpoints?name="+name, &all))
	require.Len(s, all.Items, 1)
	return all.Items[0]
}

var visit = &http.Client{Transport: &http.Transport{
	// *.localhost is this machine, whatever its resolver thinks.
	DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
	},
	DisableKeepAlives: true,
}}

// fetch gets a URL of an endpoint.
func fetch(t testing.TB, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	require.NoError(t, err)
	resp, err := visit.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text)
}

// A visitor asks a URL ten times a second, over a new connection each time.
type visitor struct {
	stop     context.CancelFunc
	done     chan struct{}
	asked    int
	failures []string
	longest  time.Duration
}

func visiting(url string) *visitor {
	ctx, cancel := context.WithCancel(context.Background())
	v := &visitor{stop: cancel, done: make(chan struct{})}
	client := &http.Client{Transport: visit.Transport, Timeout: 40 * time.Second}
	var mu sync.Mutex
	ask := func() {
		began := time.Now()
		resp, err := client.Get(url)
		failure := ""
		if err != nil {
			failure = err.Error()
		} else {
			text, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if err != nil || resp.StatusCode != http.StatusOK {
				failure = fmt.Sprint(resp.Status, string(text), err)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		v.asked++
		v.longest = max(v.longest, time.Since(began))
		if failure != "" {
			v.failures = append(v.failures, failure)
		}
	}
	go func() {
		defer close(v.done)
		var asking sync.WaitGroup
		defer asking.Wait()
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				asking.Go(ask)
			}
		}
	}()
	return v
}

// end stops asking, and waits for the answers.
func (v *visitor) end() {
	v.stop()
	<-v.done
}

// parallel runs f n times at once.
func parallel(n int, f func(i int)) {
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { f(i) })
	}
	group.Wait()
}
