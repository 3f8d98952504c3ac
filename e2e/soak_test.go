package e2e

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	docker "github.com/docker/docker/client"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// setting is a number from the environment: `make soak` asks for more.
func setting(t testing.TB, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err, name)
	return n
}

// A soak is a number of servers, what is precious in each, and chance.
type soak struct {
	*stack
	two      *second
	image    string
	rand     *rand.Rand
	servers  []*pet
	open     map[string]*pet // by operation
	outcomes map[string]int
	made     int
}

// A pet is one server. precious is the hash of what was written into its disk and its root
// filesystem; empty once it was reset.
type pet struct {
	id, name string
	precious string
	busy     bool
}

// Whatever is asked of servers, in whatever order, and whoever is killed meanwhile: every
// operation ends, nothing runs twice, nothing is left behind, and all data is there.
// `make soak` runs 200 operations on 20 servers; KELVIN_SOAK_SEED repeats a run.
func TestSoak(t *testing.T) {
	seed := setting(t, "KELVIN_SOAK_SEED", uint64(time.Now().UnixNano()))
	operations, servers := setting(t, "KELVIN_SOAK_OPERATIONS", 20), setting(t, "KELVIN_SOAK_SERVERS", 4)
	t.Logf("KELVIN_SOAK_SEED=%d", seed)
	k := &soak{stack: newStack(t), rand: rand.New(rand.NewPCG(seed, 1)), open: map[string]*pet{}, outcomes: map[string]int{}} //nolint:gosec // chance, not secrets
	k.two = k.addHost("two")
	k.image = k.countingImage(k.two)
	for range servers {
		k.servers = append(k.servers, k.adopt())
	}
	for range operations {
		k.ask()
		if k.rand.IntN(3) == 0 {
			k.strike()
		}
		time.Sleep(time.Duration(k.rand.IntN(1500)) * time.Millisecond)
		k.hear(false)
	}
	k.hear(true)
	t.Logf("outcomes: %v", k.outcomes)
	for _, p := range k.servers {
		k.check(p)
	}
	k.agree()
	k.requireSound()
	for _, p := range k.servers {
		op := k.accept(http.MethodPost, "/v1/instances/"+p.id+"/terminate", "end "+p.id, map[string]any{"confirm": p.name, "keep": "0s"})
		require.Equal(t, api.OperationDone, k.await(op.ID, 5*time.Minute).State, "%s %s", op.Code, op.Message)
	}
	k.requireClean()
	left, err := k.two.engine.ContainerList(context.Background(), container.ListOptions{All: true})
	require.NoError(t, err)
	require.Empty(t, left)
}

// adopt makes a server with something precious in it.
func (k *soak) adopt() *pet {
	k.Helper()
	k.made++
	name := fmt.Sprintf("pet-%d", k.made)
	op := k.accept(http.MethodPost, "/v1/instances", name, map[string]any{
		"name": name, "image": k.image, "gpus": k.made % 2, "ports": []int{8080}, "probe_path": "/healthz", "disk_path": "/workspace", "command": "exec /kelvin echo", "stop_timeout": "2s",
	})
	ended := k.await(op.ID, 5*time.Minute)
	require.Equal(k, api.OperationDone, ended.State, "%s %s", ended.Code, ended.Message)
	p := &pet{id: op.ResourceID, name: name}
	data := make([]byte, 256<<10)
	for i := range data {
		data[i] = byte(k.rand.Uint32())
	}
	sum := sha256.Sum256(data)
	p.precious = hex.EncodeToString(sum[:])
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, path := range []string{"workspace/precious", "precious"} {
		require.NoError(k, w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: path, Mode: 0o600, Size: int64(len(data)), ModTime: time.Unix(1e9, 0)}))
		_, err := w.Write(data)
		require.NoError(k, err)
	}
	require.NoError(k, w.Close())
	inst := k.instance(p)
	require.NoError(k, k.on(inst).CopyToContainer(k.Context(), "kelvin-"+k.lease(inst), "/", &b, container.CopyToContainerOptions{CopyUIDGID: true}))
	return p
}

func (k *soak) instance(p *pet) api.Instance {
	k.Helper()
	var inst api.Instance
	require.Eventually(k, func() bool { return k.get("/v1/instances/"+p.id, &inst) == nil }, time.Minute, 50*time.Millisecond)
	return inst
}

// ask asks for a move that the table allows, of a server that is not moving.
func (k *soak) ask() {
	var idle []*pet
	for _, p := range k.servers {
		if !p.busy {
			idle = append(idle, p)
		}
	}
	if len(idle) == 0 {
		return
	}
	p := idle[k.rand.IntN(len(idle))]
	legal := slices.DeleteFunc(k.instance(p).Legal, func(name string) bool { return name == fleet.Terminate.Name })
	if len(legal) == 0 {
		return
	}
	slices.Sort(legal)
	verb := legal[k.rand.IntN(len(legal))]
	if verb == fleet.Reset.Name && k.rand.IntN(3) > 0 { // it makes the rest less interesting
		verb = legal[0]
	}
	var body any
	switch verb {
	case fleet.Stop.Name:
		body = map[string]any{"hold": []string{fleet.HoldReserved, fleet.HoldNone}[k.rand.IntN(2)]}
	case fleet.Reset.Name:
		body = map[string]any{"confirm": p.name}
		p.precious = "" // once it is asked, nobody can say
	}
	op := k.accept(http.MethodPost, "/v1/instances/"+p.id+"/"+verb, fmt.Sprintf("%s %d", p.id, k.rand.Uint64()), body)
	k.Logf("%s %s: %s", verb, p.name, op.ID)
	p.busy, k.open[op.ID] = true, p
}

// strike kills a part, and starts it again after a while.
func (k *soak) strike() {
	time.Sleep(time.Duration(k.rand.IntN(2000)) * time.Millisecond)
	part := []string{"agent", "two", "worker", "server", "temporal", "engine"}[k.rand.IntN(6)]
	if part == "engine" {
		k.killEngine()
		return
	}
	k.Logf("kill %s", part)
	k.kill(part)
	time.Sleep(time.Duration(k.rand.IntN(2500)) * time.Millisecond)
	k.start(part)
}

// killEngine kills the second Docker engine and its proxies, and starts it again, twice: the first
// time it takes ports for allocated that nobody has any more, until its operator restarts it in
// order (see docs/guides/operations.md). Its containers end.
func (k *soak) killEngine() {
	k.Logf("kill the second engine")
	pid, err := os.ReadFile(filepath.Join(k.two.dir, "docker.pid"))
	require.NoError(k, err)
	require.NoError(k, exec.CommandContext(k.Context(), "kill", "-9", strings.TrimSpace(string(pid))).Run())
	err = exec.CommandContext(k.Context(), "pkill", "-9", "-f", "docker-proxy .*-host-ip "+regexp.QuoteMeta(k.two.address)+" ").Run()
	if exit, ended := errors.AsType[*exec.ExitError](err); err != nil && (!ended || exit.ExitCode() != 1) { // 1: there is none
		require.NoError(k, err)
	}
	time.Sleep(time.Duration(k.rand.IntN(2500)) * time.Millisecond)
	script := filepath.Join("..", "deploy", "setup", "docker-second.sh")
	for _, verb := range []string{"start", "stop"} {
		out, err := exec.CommandContext(context.WithoutCancel(k.Context()), "sh", script, verb, k.two.dir).CombinedOutput()
		require.NoError(k, err, "%s", out)
	}
	out, err := exec.CommandContext(context.WithoutCancel(k.Context()), "sh", script, "start", k.two.dir).CombinedOutput()
	require.NoError(k, err, "%s", out)
}

// hear takes in which operations have ended; with all it waits for the last one.
func (k *soak) hear(all bool) {
	k.Helper()
	for id, p := range k.open {
		var op api.Operation
		if all {
			op = k.await(id, 10*time.Minute)
		} else if k.get("/v1/operations/"+id, &op) != nil || op.EndedAt.IsZero() {
			continue
		}
		k.Logf("%s %s: %s %s", op.Name, p.name, op.State, op.Message)
		k.outcomes[op.Name+" "+string(op.State)]++
		delete(k.open, id)
		p.busy = false
	}
}

// check compares a server with what its state promises, and its data with what was written.
func (k *soak) check(p *pet) {
	k.Helper()
	inst := k.settle(p)
	if inst.State == fleet.Frozen {
		require.Empty(k, k.found(p), "%s is frozen", p.name)
		op := k.accept(http.MethodPost, "/v1/instances/"+p.id+"/thaw", "thaw "+p.id, nil)
		ended := k.await(op.ID, 5*time.Minute)
		require.Equal(k, api.OperationDone, ended.State, "thaw %s: %s %s", p.name, ended.Code, ended.Message)
		inst = k.settle(p)
	}
	if p.precious == "" {
		return
	}
	for tree, dir := range where(k.TB, k.on(inst), k.lease(inst)) {
		data, err := os.ReadFile(filepath.Join(dir, "precious"))
		require.NoError(k, err, "%s: %s", p.name, tree)
		sum := sha256.Sum256(data)
		require.Equal(k, p.precious, hex.EncodeToString(sum[:]), "%s: %s", p.name, tree)
	}
}

// settle waits until a server has the one container that its state promises. What an operation
// could not remove because its host was away goes when the host is back; one whose engine was
// killed has failed a few reports later, and takes the way out that the table names.
func (k *soak) settle(p *pet) api.Instance {
	k.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(time.Second) {
		inst, found := k.instance(p), k.found(p)
		switch {
		case inst.State == fleet.Failed || inst.State == fleet.Lost:
			op := k.accept(http.MethodPost, "/v1/instances/"+p.id+"/recover", "recover "+p.id+fmt.Sprint(k.rand.Uint64()), nil)
			ended := k.await(op.ID, 5*time.Minute)
			require.Equal(k, api.OperationDone, ended.State, "recover %s: %s %s", p.name, ended.Code, ended.Message)
		case inst.State == fleet.Frozen && len(found) == 0,
			len(found) == 1 && (inst.State == fleet.Running) == (found[0].State == "running"):
			return inst
		}
		require.True(k, time.Now().Before(deadline), "%s is %s, and has %d containers", p.name, inst.State, len(found))
	}
}

// found are the containers of a server, on any host.
func (k *soak) found(p *pet) (all []container.Summary) {
	k.Helper()
	for _, engine := range []*docker.Client{k.engine, k.two.engine} {
		found, err := engine.ContainerList(context.Background(), container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", machine.LabelInstance+"="+p.id))})
		require.NoError(k, err)
		all = append(all, found...)
	}
	return all
}

// agree checks that what is assigned is what servers have: no GPU is leaked, none has two.
func (k *soak) agree() {
	k.Helper()
	var gpus api.List[api.GPU]
	require.NoError(k, k.get("/v1/gpus?limit=100", &gpus))
	held := map[string]int{}
	for _, g := range gpus.Items {
		if g.State != fleet.GPUFree {
			require.Equal(k, fleet.GPUAssigned, g.State)
			held[g.InstanceID]++
		}
	}
	for _, p := range k.servers {
		require.Len(k, k.instance(p).GPUs, held[p.id], "%s", p.name)
		delete(held, p.id)
	}
	require.Empty(k, held)
}
