package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// A real is a world whose server is the API itself, on a real store.
type real struct {
	*world
	store  *store.Store
	work   *worker
	viewer string // a key that may only look
	server *httptest.Server
	addr   string

	watchers atomic.Int64 // streams that were asked for
}

func mustReal(t *testing.T) *real {
	t.Helper()
	ctx := t.Context()
	st, err := store.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "kelvin.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	require.NoError(t, st.Migrate(ctx))
	require.NoError(t, st.EnsureDataCenter(ctx, fleet.DataCenter{Name: "us-east"}))
	account, err := st.CreateAccount(ctx, "dev", true)
	require.NoError(t, err)
	key, _, err := st.CreateKey(ctx, account.ID, "test", fleet.Owner)
	require.NoError(t, err)
	viewer, _, err := st.CreateKey(ctx, account.ID, "looks", fleet.Viewer)
	require.NoError(t, err)
	_, host, err := st.CreateHost(ctx, "rack-1", "us-east")
	require.NoError(t, err)
	report := fleet.HostReport{Version: "v1", Machine: "sim", Simulated: true, Archives: true, Address: "127.0.0.1", PortFirst: 20000, PortLast: 20999, Disk: fleet.Disk{Total: 100 << 30, Free: 90 << 30}}
	for i := range 2 {
		report.GPUs = append(report.GPUs, fleet.GPUReport{Index: i, UUID: fmt.Sprint("GPU-", i), Type: "a100-80gb", MemoryMB: 81920})
	}
	_, _, err = st.RenewLease(ctx, host.ID, report)
	require.NoError(t, err)

	r := &real{world: newWorld(t), store: st, work: &worker{store: st, outcome: fleet.Done}, viewer: viewer}
	r.serve()
	t.Cleanup(r.work.running.Wait)
	t.Cleanup(func() { r.server.Close() })
	r.env["KELVIN_SERVER"], r.env["KELVIN_API_KEY"] = r.server.URL, key
	r.now = time.Now().UTC()
	return r
}

// serve starts the API, at the address where it was before if it was.
func (r *real) serve() {
	if r.addr == "" {
		r.addr = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", r.addr)
	require.NoError(r.t, err)
	r.addr = listener.Addr().String()
	s := &api.Server{
		Store: r.store, Operations: r.work, Logger: slog.New(slog.DiscardHandler), Version: "test", Simulated: true,
		GatewayURL: func(dataCenter, label string) string { return "http://" + label + "." + dataCenter + ".localhost:8081" },
	}
	handler := s.Handler()
	r.server = &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, q *http.Request) {
		if strings.HasSuffix(q.URL.Path, "/watch") {
			r.watchers.Add(1)
		}
		handler.ServeHTTP(rw, q)
	})}}
	r.server.Config.RegisterOnShutdown(s.Close)
	r.server.Start()
}

// A worker does what workflows do, as far as the record shows it: it begins operations,
// goes through a phase or two, and ends them. It holds those that are to be held.
type worker struct {
	store   *store.Store
	running sync.WaitGroup

	mu      sync.Mutex
	outcome fleet.Outcome
	hold    chan struct{} // operations wait for it to be closed; nil: they do not
}

func (w *worker) set(outcome fleet.Outcome, hold chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.outcome, w.hold = outcome, hold
}

func (w *worker) Start(ctx context.Context, rec fleet.Record) error {
	w.mu.Lock()
	outcome, hold := w.outcome, w.hold
	w.mu.Unlock()
	ctx = context.WithoutCancel(ctx)
	if err := w.store.MarkStarted(ctx, rec.ID); err != nil {
		return err
	}
	w.running.Go(func() {
		begin := func() error { _, _, err := w.store.BeginInstance(ctx, rec.ID); return err }
		if rec.Kind == fleet.KindEndpoint {
			begin = func() error { _, _, err := w.store.BeginEndpoint(ctx, rec.ID); return err }
		}
		if begin() != nil {
			return // cancelled before
		}
		step := fleet.Step{Name: "StartContainer", Title: "Start the container", State: fleet.StepRunning, StartedAt: time.Now().UTC()}
		_ = w.store.SaveSteps(ctx, rec.ID, step.Title, []fleet.Step{step})
		if hold != nil {
			<-hold
		}
		if rec.Kind == fleet.KindEndpoint && rec.Params.Revision > 0 {
			_ = w.store.SetRevision(ctx, rec.ResourceID, rec.Params.Revision)
		}
		end := store.Ending{OperationID: rec.ID, Outcome: outcome}
		if outcome != fleet.Done {
			end.Code, end.Message = fleet.Exhausted, "no host has a free GPU"
		}
		_ = w.store.EndOperation(ctx, end)
	})
	return nil
}

func (w *worker) Cancel(ctx context.Context, rec fleet.Record) error {
	return w.store.EndOperation(ctx, store.Ending{OperationID: rec.ID, Outcome: fleet.Undone, Code: fleet.Cancelled, Message: "by its owner"})
}

func (w *worker) Progress(context.Context, fleet.Record) (fleet.Progress, bool, error) {
	return fleet.Progress{Percent: 40}, true, nil
}

func (w *worker) Snapshot(ctx context.Context, snap fleet.Snapshot) error {
	snap.ImageID, snap.Bytes, snap.Files, snap.SavedAt = "sha256:1", 5<<20, 12, time.Now().UTC()
	return w.store.SnapshotSaved(ctx, snap)
}

func (w *worker) Wake(context.Context, string) error { return nil }

func (w *worker) StartDrain(ctx context.Context, hostID string) error {
	return w.store.EndDrain(ctx, hostID)
}

func (w *worker) StartVolumeRemoval(ctx context.Context, volumeID string) error {
	return w.store.VolumeErased(ctx, volumeID)
}

func (w *worker) SyncSchedule(ctx context.Context, id string) error {
	sch, _, err := w.store.ClaimSchedule(ctx, id)
	if err != nil {
		return err
	}
	return w.store.SyncedSchedule(ctx, id, sch.Version)
}

func (w *worker) TriggerSchedule(context.Context, string, time.Time) error { return nil }

func decoded[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	require.NoError(t, json.Unmarshal([]byte(text), &v), text)
	return v
}

func TestTheStoryOfAnEndpointOnTheRealAPI(t *testing.T) {
	t.Parallel()
	r := mustReal(t)
	out := r.mustRun("endpoint", "create", "hello", "--quick-deploy", "echo", "--active", "2", "--max", "3", "--env", "A=1", "--label", "team=ml", "--wait")
	require.Contains(t, out, "create endpoint hello: done in")
	require.Regexp(t, `URL: +http://ep-\w+\.us-east\.localhost:8081\n`, out)

	e := decoded[api.Endpoint](t, r.mustRun("endpoint", "show", "hello", "-o", "json"))
	require.Equal(t, fleet.Running, e.State)
	require.Equal(t, 2, e.Spec.ActiveWorkers)
	require.Equal(t, map[string]string{"A": "1"}, e.Spec.Env)
	require.Equal(t, "hello\n", r.mustRun("endpoint", "ls", "-o", "name"))
	require.Contains(t, r.mustRun("endpoint", "show", e.ID), "Accepts          stop, update, delete")

	r.mustRun("endpoint", "update", "hello", "--max", "9", "--env", "B=2", "--name", "hallo", "--wait")
	e = decoded[api.Endpoint](t, r.mustRun("endpoint", "show", "hallo", "-o", "json"))
	require.Equal(t, 9, e.Spec.MaxWorkers)
	require.Equal(t, map[string]string{"A": "1", "B": "2"}, e.Spec.Env)

	stop := r.mustRun("endpoint", "stop", "hallo", "--idempotency-key", "night", "-o", "name")
	r.work.running.Wait()
	require.Equal(t, stop, r.mustRun("endpoint", "stop", "hallo", "--idempotency-key", "night", "-o", "name"), "the same key is the same operation")
	shown := r.mustRun("operation", "show", "hallo")
	require.Contains(t, shown, "stop endpoint hallo")
	require.Contains(t, shown, "done: Start the container", "what has ended shows its steps, too")
	require.Contains(t, r.mustRun("operation", "ls", "--resource", "hallo"), "update endpoint hallo")
	require.Contains(t, r.mustRun("event", "ls", "--resource", "hallo", "--limit", "3"), "endpoint.stopped")

	refused := r.run("endpoint", "stop", "hallo")
	require.Equal(t, exitConflict, refused.exit, refused.err)
	r.mustRun("endpoint", "rm", "hallo", "--yes", "--wait")
	require.Equal(t, exitNotFound, r.run("endpoint", "show", "hallo").exit)
	require.Equal(t, "hallo\n", r.mustRun("endpoint", "ls", "--all", "-o", "name"))
}

func TestTheRealAPIsRefusalsAreSaidInFlags(t *testing.T) {
	t.Parallel()
	r := mustReal(t)
	bad := r.run("endpoint", "create", "x", "--image", "i", "--gpus", "9", "--max", "0", "--env", "KELVIN_X=hunter2", "--data-center", "Mars!")
	require.Equal(t, exitUsage, bad.exit, bad.err)
	require.Contains(t, bad.err, "--gpus: ")
	require.Contains(t, bad.err, "1 to 8")
	require.NotContains(t, bad.err, "hunter2")
	bad = r.run("instance", "create", "x", "--image", "i", "--port", "80", "--port", "80")
	require.Equal(t, exitUsage, bad.exit, bad.err)
	require.Contains(t, bad.err, "--port 1: ")

	hold := make(chan struct{})
	r.work.set(fleet.Done, hold)
	r.mustRun("endpoint", "create", "busy", "--quick-deploy", "echo")
	open := decoded[[]api.Operation](t, r.mustRun("operation", "ls", "--open", "-o", "json"))
	require.Len(t, open, 1)
	inTheWay := r.run("endpoint", "update", "busy", "--max", "2")
	require.Equal(t, exitConflict, inTheWay.exit)
	require.Contains(t, inTheWay.err, "kelvin operation watch "+open[0].ID)
	require.Equal(t, exitConflict, r.run("endpoint", "create", "busy", "--quick-deploy", "echo").exit, "the name is taken")
	close(hold)
	r.work.running.Wait()

	r.env["KELVIN_API_KEY"] = r.viewer
	require.Equal(t, exitForbidden, r.run("endpoint", "stop", "busy").exit)
	require.Contains(t, r.mustRun("me"), "viewer")
	r.env["KELVIN_API_KEY"] = "kelvin_sk_nobody"
	require.Equal(t, exitForbidden, r.run("endpoint", "ls").exit)
}

func TestAProtectedServerIsRemovedOnceThatIsTakenOffOnTheRealAPI(t *testing.T) {
	t.Parallel()
	r := mustReal(t)
	r.mustRun("instance", "create", "nb", "--image", "jupyter", "--gpus", "0", "--protected", "--wait")
	i := decoded[api.Instance](t, r.mustRun("instance", "show", "nb", "-o", "json"))
	require.True(t, i.Ready, "it runs, and has no ports")
	require.Empty(t, r.completions("instance", "protect", ""))
	require.Equal(t, []string{"nb\trunning"}, r.completions("instance", "unprotect", ""))
	refused := r.run("instance", "rm", "nb", "--yes")
	require.Equal(t, exitConflict, refused.exit)
	require.Contains(t, refused.err, "take the protection off first")

	require.Equal(t, "instance nb: not protected\n", r.mustRun("instance", "unprotect", "nb"))
	require.Equal(t, "instance nb: protected\n", r.mustRun("instance", "protect", "nb"))
	require.False(t, decoded[api.Instance](t, r.mustRun("instance", "unprotect", i.ID, "-o", "json", "--idempotency-key", "off")).Spec.Protected)
	for _, resource := range []string{"nb", i.ID} {
		require.Contains(t, r.mustRun("event", "ls", "--resource", resource), "instance.unprotected")
	}
	r.mustRun("instance", "rm", "nb", "--yes", "--wait")
	require.Equal(t, exitNotFound, r.run("instance", "protect", "nb").exit)
	require.Equal(t, exitConflict, r.run("instance", "protect", i.ID).exit, "it is gone")
	op := decoded[[]api.Operation](t, r.mustRun("operation", "ls", "--resource", i.ID, "-o", "json"))[0]
	require.Equal(t, "terminate", op.Name)
	require.Contains(t, r.mustRun("event", "ls", "--resource", op.ID), "instance.terminated")
}

func TestOperationsThatFailOrAreTakenBackOnTheRealAPI(t *testing.T) {
	t.Parallel()
	r := mustReal(t)
	r.work.set(fleet.Undone, nil)
	failed := r.run("instance", "create", "nb", "--image", "jupyter", "--port", "8888", "--wait")
	require.Equal(t, exitFailed, failed.exit, failed.err)
	require.Contains(t, failed.err, "create instance nb was undone: no host has a free GPU")

	hold := make(chan struct{})
	r.work.set(fleet.Done, hold)
	r.mustRun("instance", "create", "nb2", "--image", "jupyter", "--gpus", "0")
	until(t, func() bool {
		return strings.Contains(r.mustRun("operation", "show", "nb2"), "running: Start the container")
	})
	require.Contains(t, r.mustRun("operation", "cancel", "nb2", "--wait"), "undone")
	close(hold)
}

func TestWaitOutlivesARestartOfTheRealAPI(t *testing.T) {
	t.Parallel()
	r := mustReal(t)
	hold := make(chan struct{})
	r.work.set(fleet.Done, hold)
	back := make(chan struct{})
	r.waitHook = func(time.Duration) { <-back } // the command waits before it connects again
	began := make(chan result)
	go func() { began <- r.run("endpoint", "create", "hello", "--quick-deploy", "echo", "--wait") }()
	until(t, func() bool { return r.watchers.Load() == 1 })
	r.server.CloseClientConnections()
	r.server.Close()
	r.serve()
	close(hold)
	close(back)
	got := <-began
	require.Zero(t, got.exit, got.err)
	require.Contains(t, got.out, "create endpoint hello: done in")
}

func TestTheFleetOnTheRealAPI(t *testing.T) {
	t.Parallel()
	r := mustReal(t)
	require.Contains(t, r.mustRun("host", "show", "rack-1"), "GPUs         2, 2 of them free")
	require.Equal(t, "host rack-1: cordoned\n", r.mustRun("host", "cordon", "rack-1"))
	require.Equal(t, "host rack-1: ready\n", r.mustRun("host", "uncordon", "rack-1"))
	host := decoded[api.Host](t, r.mustRun("host", "show", "rack-1", "-o", "json"))
	require.Contains(t, r.mustRun("event", "ls", "--resource", host.ID), "host.cordoned")
	watched := r.run("event", "watch", "--resource", host.ID)
	require.Equal(t, exitUsage, watched.exit, "it would be silent for ever")
	require.Contains(t, watched.err, "kelvin event ls --resource "+host.ID)
	require.Equal(t, 2, strings.Count(r.mustRun("gpu", "ls", "--host", "rack-1", "--state", "free", "--no-headers"), "\n"))
	require.Equal(t, exitUsage, r.run("gpu", "ls", "--state", "hungry").exit)
	require.Contains(t, r.mustRun("quick-deploy", "ls"), "echo")
	require.Contains(t, r.mustRun("quick-deploy", "show", "vllm"), "HF_TOKEN")
	require.Equal(t, []string{"us-east"}, r.completions("endpoint", "create", "x", "--data-center", ""))
	require.Equal(t, []string{"rack-1\tready"}, r.completions("host", "show", ""))
	require.Equal(t, "host rack-1: drained\n", r.mustRun("host", "drain", "rack-1", "--wait"), "nothing lives there")
	require.Equal(t, "host rack-1: retired\n", r.mustRun("host", "retire", "rack-1", "--yes"))
	require.NotContains(t, r.mustRun("host", "ls"), "rack-1")
	require.Contains(t, r.mustRun("host", "ls", "--all"), "retired")
}

func TestEventsOfTheRealAPIAreFollowed(t *testing.T) {
	t.Parallel()
	r := mustReal(t)
	ctx, interrupt := context.WithTimeout(t.Context(), 20*time.Second)
	defer interrupt()
	seen := make(chan result)
	go func() { seen <- r.runContext(ctx, "event", "watch", "-o", "json") }()
	until(t, func() bool { return r.watchers.Load() == 1 })
	time.Sleep(100 * time.Millisecond) // and answered
	r.mustRun("endpoint", "create", "hello", "--quick-deploy", "echo", "--wait")
	time.Sleep(time.Second) // the server looks for events now and then
	interrupt()
	got := <-seen
	require.Equal(t, exitInterrupted, got.exit)
	require.Contains(t, got.out, `"name":"endpoint.created"`)
}
