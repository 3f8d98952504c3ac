package workflows_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/autoscale"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/sim"
	"github.com/kelvin-gpu/kelvin/store"
	"github.com/kelvin-gpu/kelvin/workflows"
)

// world is a record on SQLite and two simulated hosts. It stands for Temporal, too: it runs
// one workflow at a time, numbers its activities, and makes one of them go wrong.
type world struct {
	*testing.T
	store     *store.Store
	account   string
	hosts     []string // two
	machines  map[string]machine.Machine
	simulated []*sim.Host  // that they are on
	skew      atomic.Int64 // added to the record's clock

	templates []fleet.Attachment // of the servers to come
	settling  time.Duration      // of services; default: 1 ms

	client.Client
	interceptor.WorkerInterceptorBase
	open *testsuite.TestWorkflowEnvironment
	run  string
	runs int
	err  error         // of the last run that closed
	took time.Duration // by the workflow's clock
	may  time.Duration // that it may take at the most
	keys int

	spec    fleet.InstanceSpec   // of servers, besides what all of them have
	disks   map[string]string    // what lies under a lease
	archive map[string]string    // what a snapshot holds
	weak    int                  // how many times more saving fails
	gpu     map[string]*sim.GPUs // by host
	ports   map[string]int       // by host: the first of its range
	policy  gpu.Policy           // cheap, unless a test is about it
	mu      sync.Mutex
	at      int    // the call that goes wrong
	how     string // ... and how
	during  func() // ... or what happens meanwhile
	broken  string // the call that goes on failing
	lost    string // the host that went silent
	gone    string // the host that had before anything began
	calls   []string
	scaler  bool                        // the endpoint's autoscaler runs
	sold    map[string]fleet.HostReport // by host: market, provider and zone; none: on-demand
}

// cheap is to read counters only.
var cheap = gpu.ByClass{A100: gpu.LevelCounters, Other: gpu.LevelCounters}

// template is a database with an account, a data center and two hosts, made once.
var template = sync.OnceValues(func() (template [4]string, err error) {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "kelvin-sweep")
	if err != nil {
		return template, err
	}
	template[0] = filepath.Join(dir, "kelvin.db")
	s, err := store.Open(ctx, "sqlite:"+template[0])
	if err != nil {
		return template, err
	}
	defer s.Close()
	if err := s.Migrate(ctx); err != nil {
		return template, err
	}
	account, err := s.CreateAccount(ctx, "acme", false)
	if err != nil {
		return template, err
	}
	template[1] = account.ID
	if err := s.EnsureDataCenter(ctx, fleet.DataCenter{Name: "us-east", GatewayURL: "http://%s"}); err != nil {
		return template, err
	}
	for i := range 2 {
		_, host, err := s.CreateHost(ctx, fmt.Sprintf("host-%d", i), "us-east")
		if err != nil {
			return template, err
		}
		template[2+i] = host.ID
	}
	return template, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if t, err := template(); err == nil {
		_ = os.RemoveAll(filepath.Dir(t[0]))
	}
	os.Exit(code)
}

// portOf gives every world ports of its own: its containers are real listeners.
var portOf atomic.Int32

func newWorld(t *testing.T) *world {
	seed, err := template()
	require.NoError(t, err)
	bytes, err := os.ReadFile(seed[0])
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "kelvin.db")
	require.NoError(t, os.WriteFile(path, bytes, 0o600))
	s, err := store.Open(t.Context(), "sqlite:"+path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })

	w := &world{
		T: t, store: s, account: seed[1], hosts: seed[2:], machines: map[string]machine.Machine{},
		disks: map[string]string{}, archive: map[string]string{}, gpu: map[string]*sim.GPUs{}, ports: map[string]int{},
	}
	w.policy = gpu.DefaultPolicy()
	w.policy.Levels = gpu.LevelTable{Thaw: cheap, Create: cheap, Worker: cheap, Release: cheap, Hand: cheap}
	s.Now = func() time.Time { return time.Now().UTC().Add(time.Duration(w.skew.Load())) }
	for _, id := range w.hosts {
		host := sim.NewHost(sim.Options{})
		t.Cleanup(host.Close)
		w.simulated = append(w.simulated, host)
		w.machines[id] = host.Open(id)
		w.gpu[id], err = sim.NewGPUs(sim.GPUOptions{Devices: sim.DevicesOf(declared(id)), Seconds: 1e-6})
		require.NoError(t, err)
		w.renew(id)
	}
	return w
}

// freePorts are the first of eight ports in a row that nobody listens on, below those that
// clients are given.
func freePorts() int {
	for {
		first, taken := 12000+int(portOf.Add(8)%18000), false
		for port := first; port < first+8 && !taken; port++ {
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

// declared are a host's GPUs.
func declared(hostID string) (gpus []fleet.GPUReport) {
	for i := range 4 {
		gpus = append(gpus, fleet.GPUReport{Index: i, UUID: fmt.Sprintf("GPU-%s-%d", hostID, i), Type: "a100-80gb", MemoryMB: 81920})
	}
	return gpus
}

// clean scrubs what hosts are told to scrub, as their agents do.
func (w *world) clean() {
	for _, id := range w.hosts {
		if id == w.lost || id == w.gone {
			continue
		}
		for _, uuid := range w.renew(id).Scrub {
			scrubbed, err := (&hosts{w}).scrub(w.Context(), id, uuid)
			require.NoError(w, err)
			verdict := gpu.JudgeScrub(scrubbed.Result, gpu.DefaultPolicy())
			require.NoError(w, w.store.ScrubbedGPU(w.Context(), id, scrubbed, verdict))
		}
	}
}

// renew reports a host to the record, as its agent does.
func (w *world) renew(hostID string) fleet.HostOrder {
	first := w.ports[hostID]
	if first == 0 {
		first = freePorts()
		w.ports[hostID] = first
	}
	report := fleet.HostReport{Version: "test", Machine: "sim", Simulated: true, Archives: true, Address: "127.0.0.1", PortFirst: first, PortLast: first + 7}
	report.GPUs = declared(hostID)
	report.Market, report.Provider, report.Zone = w.sold[hostID].Market, w.sold[hostID].Provider, w.sold[hostID].Zone
	containers, err := w.machines[hostID].List(w.Context())
	require.NoError(w, err)
	for _, c := range containers {
		report.Containers = append(report.Containers, fleet.ContainerReport{LeaseID: c.LeaseID, InstanceID: c.InstanceID, Epoch: c.Epoch, Running: c.Running})
	}
	order, _, err := w.store.RenewLease(w.Context(), hostID, report)
	require.NoError(w, err)
	return order
}

// lose silences a host: its lease runs out, and it stops what it ran.
func (w *world) lose(hostID string) {
	w.lost = hostID
	w.skew.Add(int64(fleet.LeaseTTL + fleet.LeaseGrace + time.Second))
	for _, id := range w.hosts {
		if id != hostID {
			w.renew(id)
		}
	}
	containers, err := w.machines[hostID].List(w.Context())
	require.NoError(w, err)
	for _, c := range containers {
		require.NoError(w, w.machines[hostID].Stop(w.Context(), c.LeaseID, 0))
	}
	lost, err := w.store.ExpireHosts(w.Context())
	require.NoError(w, err)
	require.Equal(w, []string{hostID}, lost.Hosts)
}

// server makes a server and brings it to a state.
func (w *world) server(state fleet.State) string {
	spec := w.spec
	spec.Image, spec.GPUs, spec.Ports, spec.ProbePath, spec.Templates = "kelvin/echo", 2, []int{8080}, "/healthz", w.templates
	spec = spec.Defaults()
	rec, _, err := w.store.CreateInstance(w.Context(), w.ask(), store.NewInstance{Name: "mine", Spec: spec})
	require.NoError(w, err)
	if state == fleet.Absent {
		return rec.ResourceID
	}
	require.NoError(w, w.start(rec))
	id := rec.ResourceID
	inst, err := w.store.Instance(w.Context(), id)
	require.NoError(w, err)
	w.disks[inst.Home.ID] = "precious"
	switch state { //nolint:exhaustive // the rest cannot be asked for
	case fleet.Stopped:
		require.NoError(w, w.do(fleet.Stop, id))
	case fleet.Frozen:
		require.NoError(w, w.do(fleet.Freeze, id))
	case fleet.Lost:
		w.snapshot(inst)
		w.lose(inst.Home.HostID)
		w.lost = "" // for the faults: recovery does not ask it for anything
		w.gone = inst.Home.HostID
	case fleet.Failed:
		stuck, _, err := w.store.Accept(w.Context(), w.ask(), fleet.KindInstance, id, fleet.Stop.Name)
		require.NoError(w, err)
		_, _, err = w.store.BeginInstance(w.Context(), stuck.ID)
		require.NoError(w, err)
		err = w.machines[inst.Home.HostID].Stop(w.Context(), inst.Home.ID, 0)
		require.NoError(w, err)
		require.NoError(w, w.store.EndOperation(w.Context(), store.Ending{OperationID: stuck.ID, Outcome: fleet.Stuck, Message: "for the test"}))
	}
	return id
}

// bare stops a server so that it keeps nothing but its data.
func (w *world) bare(id string) {
	ask := w.ask()
	ask.Params.Hold = fleet.HoldNone
	rec, _, err := w.store.Accept(w.Context(), ask, fleet.KindInstance, id, fleet.Stop.Name)
	require.NoError(w, err)
	require.NoError(w, w.start(rec))
}

// snapshot takes one of a running server, as its interval does.
func (w *world) snapshot(inst fleet.Instance) {
	snap := fleet.Snapshot{ID: fleet.NewID(fleet.SnapshotPrefix, time.Now()), InstanceID: inst.ID, Kind: fleet.SnapshotAuto, SavedAt: time.Now()}
	require.NoError(w, w.store.RecordSnapshot(w.Context(), snap))
	require.NoError(w, w.store.SnapshotSaved(w.Context(), snap))
	w.archive[snap.ID] = w.disks[inst.Home.ID]
}

func (w *world) ask() store.Ask {
	w.keys++
	return store.Ask{AccountID: w.account, Actor: "key_test", Key: fmt.Sprint("key ", w.keys)}
}

// do accepts an operation, as the API does, and starts it.
func (w *world) do(op fleet.Operation, resource string) error {
	rec, _, err := w.store.Accept(w.Context(), w.ask(), op.Kind, resource, op.Name)
	if err != nil {
		return err
	}
	return w.start(rec)
}

// start starts an accepted operation, as API and outbox do, and returns how its workflow
// ended.
func (w *world) start(rec fleet.Record) error {
	if err := w.operations().Start(w.Context(), rec); err != nil {
		return err
	}
	return w.err
}

func (w *world) operations() *workflows.Client {
	return &workflows.Client{Temporal: w, Store: w.store, Logger: slog.New(slog.DiscardHandler)}
}

// ExecuteWorkflow stands for Temporal's.
func (w *world) ExecuteWorkflow(_ context.Context, o client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error) {
	require.Equal(w, enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL, o.WorkflowIDConflictPolicy)
	require.True(w, o.WorkflowExecutionErrorWhenAlreadyStarted)
	if w.open != nil {
		return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("", "", w.run)
	}
	w.runs++
	w.may = o.WorkflowExecutionTimeout
	w.open, w.run = w.environment(w), fmt.Sprint("run ", w.runs)
	began := w.open.Now()
	w.open.ExecuteWorkflow(workflow, args...)
	w.took = w.open.Now().Sub(began)
	w.err, w.open = workflows.FromTemporal(w.open.GetWorkflowError()), nil
	return nil, nil
}

// CancelWorkflow stands for Temporal's.
func (w *world) CancelWorkflow(_ context.Context, _, run string) error {
	if w.open == nil || run != w.run {
		return serviceerror.NewNotFound("no such run")
	}
	w.open.CancelWorkflow()
	return nil
}

// story is what was called, in order, for logs.
func (w *world) story() string {
	var b strings.Builder
	for i := 0; i < len(w.calls); {
		n := i
		for n < len(w.calls) && w.calls[n] == w.calls[i] {
			n++
		}
		fmt.Fprintf(&b, "%s (%d), ", w.calls[i], n-i)
		i = n
	}
	return b.String()
}

func (w *world) environment(faults ...interceptor.WorkerInterceptor) *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment().SetTestTimeout(time.Minute).SetFailureConverter(workflows.Errors{FailureConverter: temporal.GetDefaultFailureConverter()})
	env.SetWorkerOptions(worker.Options{Interceptors: faults, DeadlockDetectionTimeout: 20 * time.Second})
	workflows.Register(env)
	env.OnSignalExternalWorkflow(mock.Anything, mock.Anything, mock.Anything, mock.Anything, mock.Anything).Return(nil) // to an autoscaler
	env.RegisterActivity(&activities.Control{Store: w.store, Operations: &endpoints{w}, Logger: slog.New(slog.DiscardHandler), GPUPolicy: &w.policy})
	env.RegisterActivity(&hosts{w})
	return env
}

// hosts has the steps of activities.Host, each done by the host that its lease names.
type hosts struct{ w *world }

func (h *hosts) on(c activities.Container) *activities.Host {
	specs := func(ctx context.Context, leaseID string) (fleet.ContainerSpec, error) {
		return h.w.store.ContainerSpec(ctx, c.Lease.HostID, leaseID)
	}
	return &activities.Host{Machine: h.w.machines[c.Lease.HostID], Specs: specs, Probe: http.DefaultClient, Address: "127.0.0.1", Logger: slog.New(slog.DiscardHandler), Settling: cmp.Or(h.w.settling, time.Millisecond)}
}

func (h *hosts) PullImage(ctx context.Context, c activities.Container) error {
	return h.on(c).PullImage(ctx, c)
}

func (h *hosts) CreateContainer(ctx context.Context, c activities.Container) error {
	return h.on(c).CreateContainer(ctx, c)
}

func (h *hosts) StartContainer(ctx context.Context, c activities.Container) error {
	return h.on(c).StartContainer(ctx, c)
}

func (h *hosts) StopContainer(ctx context.Context, c activities.Container) error {
	return h.on(c).StopContainer(ctx, c)
}

func (h *hosts) RemoveContainer(ctx context.Context, c activities.Container) error {
	delete(h.w.disks, c.Lease.ID)
	return h.on(c).RemoveContainer(ctx, c)
}

func (h *hosts) ResumeContainer(ctx context.Context, c activities.Container) error {
	return h.on(c).ResumeContainer(ctx, c)
}

func (h *hosts) InstallTemplates(ctx context.Context, c activities.Container) error {
	return h.on(c).InstallTemplates(ctx, c)
}

func (h *hosts) StartServices(ctx context.Context, c activities.Container) error {
	return h.on(c).StartServices(ctx, c)
}

// The archive of the world holds words. Package archive has tests of its own, and e2e has
// the two together.

func (h *hosts) SaveSnapshot(ctx context.Context, c activities.Copy) (activities.Saved, error) {
	if _, err := h.w.machines[c.Lease.HostID].Inspect(ctx, c.Lease.ID); err != nil {
		return activities.Saved{}, err
	}
	if h.w.weak > 0 {
		h.w.weak--
		return activities.Saved{}, fleet.Errorf(fleet.Unavailable, "the network is weak")
	}
	h.w.archive[c.SnapshotID] = h.w.disks[c.Lease.ID]
	return activities.Saved{ImageID: "sha256:1", Bytes: 8, Files: 1, Read: 8, New: 8}, nil
}

func (h *hosts) VerifySnapshot(_ context.Context, c activities.Copy) error {
	if _, ok := h.w.archive[c.SnapshotID]; !ok {
		return fleet.Errorf(fleet.NotFound, "there is no %s in the archive", c.SnapshotID)
	}
	return nil
}

func (h *hosts) RestoreSnapshot(ctx context.Context, c activities.Copy) error {
	if err := h.VerifySnapshot(ctx, c); err != nil {
		return err
	}
	if err := h.on(c.Container).PullImage(ctx, c.Container); err != nil {
		return err
	}
	if err := h.on(c.Container).CreateContainer(ctx, c.Container); err != nil {
		return err
	}
	h.w.disks[c.Lease.ID] = h.w.archive[c.SnapshotID]
	return nil
}

func (h *hosts) CheckRestored(_ context.Context, c activities.Copy) error {
	if h.w.disks[c.Lease.ID] != h.w.archive[c.SnapshotID] {
		return fleet.Errorf(fleet.Internal, "the copy is another")
	}
	return nil
}

func (h *hosts) RemoveRestored(ctx context.Context, c activities.Copy) error {
	return h.RemoveContainer(ctx, c.Container)
}

func (h *hosts) TestGPU(ctx context.Context, t activities.GPUTest) (activities.Examined, error) {
	o := machine.ExamineOptions{
		UUID: t.GPU.UUID, Type: t.GPU.Type, Level: t.GPU.Level, Purpose: t.Purpose, Retest: t.Retest, Seconds: 1e-6,
		Settle: time.Microsecond, Answer: 20 * time.Millisecond,
	}
	x, err := machine.Examine(ctx, h.w.gpu[t.Lease.HostID], o, func(gpu.Progress) {})
	return activities.Examined{GPU: t.GPU, Examination: x}, err
}

func (h *hosts) ResetGPU(ctx context.Context, t activities.GPUTest) (string, error) {
	if err := h.w.gpu[t.Lease.HostID].Reset(ctx, t.GPU.UUID); err != nil {
		return err.Error(), ctx.Err()
	}
	return "", nil
}

func (h *hosts) ScrubGPUs(ctx context.Context, c activities.Container) (all []fleet.GPUScrubbed, err error) {
	spec, err := h.w.store.ContainerSpec(ctx, c.Lease.HostID, c.Lease.ID)
	if fleet.Is(err, fleet.NotFound) {
		return nil, nil
	}
	for _, g := range spec.GPUs {
		scrubbed, err := h.scrub(ctx, c.Lease.HostID, g.UUID)
		if err != nil {
			return nil, err
		}
		all = append(all, scrubbed)
	}
	return all, err
}

func (h *hosts) scrub(ctx context.Context, hostID, uuid string) (fleet.GPUScrubbed, error) {
	limited, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	result, err := h.w.gpu[hostID].Scrub(limited, uuid, 1, func(gpu.Progress) {})
	if err != nil {
		result.Error = err.Error()
	}
	return fleet.GPUScrubbed{UUID: uuid, Result: result}, ctx.Err()
}

func (h *hosts) ProbeContainer(ctx context.Context, c activities.Container) error {
	return h.on(c).ProbeContainer(ctx, c)
}

// endpoints stands for the workflows beside the one under test: operations on workers and
// the autoscaler, which here runs whenever it is woken.
type endpoints struct{ w *world }

// Start implements activities.Operations. Operations on workers run in an environment of
// their own, without faults.
func (e *endpoints) Start(ctx context.Context, rec fleet.Record) error {
	env := e.w.environment()
	env.ExecuteWorkflow(rec.Operation().Workflow(), activities.Claim{OperationID: rec.ID, ResourceID: rec.ResourceID, AccountID: rec.AccountID})
	return e.w.store.MarkStarted(ctx, rec.ID)
}

// StartAutoscaler implements activities.Operations.
func (e *endpoints) StartAutoscaler(ctx context.Context, _, endpointID string) error {
	e.w.scaler = true
	return e.Wake(ctx, endpointID)
}

// StopAutoscaler implements activities.Operations.
func (e *endpoints) StopAutoscaler(context.Context, string) error {
	e.w.scaler = false
	return nil
}

// Wake implements activities.Operations.
func (e *endpoints) Wake(ctx context.Context, endpointID string) error {
	control := &activities.Control{Store: e.w.store, Operations: e, Logger: slog.New(slog.DiscardHandler)}
	for patience := 4; e.w.scaler; {
		seen, err := control.ObserveEndpoint(ctx, endpointID)
		if err != nil || !seen.Started {
			return err
		}
		seen.Now = e.w.store.Now()
		d := autoscale.Decide(seen.Observed)
		if !d.Acts() && d.Rule == autoscale.BackOff && patience > 0 { // the wait is over at once
			patience--
			if mishaps, err := e.w.store.MishapsSince(ctx, endpointID, time.Time{}); err != nil || fleet.Hopeless(mishaps) != nil {
				return err // whoever waits for the workers gives up
			}
			e.w.skew.Add(int64(d.Again + time.Millisecond))
			for _, id := range e.w.hosts {
				if id != e.w.lost && id != e.w.gone {
					e.w.renew(id)
				}
			}
			continue
		}
		if !d.Acts() {
			return nil
		}
		e.w.keys++
		if err := control.ScaleEndpoint(ctx, activities.Scale{EndpointID: endpointID, Key: fmt.Sprint("scale ", e.w.keys), Create: d.Create, Older: d.Older, Remove: d.Remove}); err != nil {
			return err
		}
	}
	return nil
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (w *world) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &attempt{interceptor.ActivityInboundInterceptorBase{Next: next}, w}
}

type attempt struct {
	interceptor.ActivityInboundInterceptorBase
	*world
}

// unwatched are the calls that no fault hits: those that settle, and that tell people.
var unwatched = []string{"EndOperation", "LeaseExpired", "SaveSteps"}

func (w *attempt) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	info := activity.GetInfo(ctx)
	if slices.Contains(unwatched, info.ActivityType.Name) {
		return w.Next.ExecuteActivity(ctx, in)
	}
	w.mu.Lock() // for a whole call: what is cancelled is finished before it is undone
	defer w.mu.Unlock()
	where := strings.TrimSuffix(strings.TrimPrefix(info.TaskQueue, "host:"), ":bulk")
	name := info.ActivityType.Name + " " + where
	w.calls = append(w.calls, name)
	hit := func(how string) bool { return len(w.calls) == w.at && (how == "" || how == w.how) }
	if hit("") && w.during != nil {
		w.during()
	}
	switch {
	case hit("before"), len(w.calls) == w.at+1 && w.how == "undo fails":
		return nil, fleet.Errorf(fleet.Unsupported, "%s fails", name)
	case hit("stalls"), name == w.broken:
		w.broken = name
		return nil, fleet.Errorf(fleet.Unavailable, "%s stalls", name)
	case where == w.lost, where != "control" && hit("busy"):
		return nil, temporal.NewTimeoutError(enums.TIMEOUT_TYPE_SCHEDULE_TO_START, nil)
	}
	out, err := w.Next.ExecuteActivity(ctx, in)
	switch {
	case hit("after"), hit("undo fails"):
		err = fleet.Errorf(fleet.Unsupported, "%s fails", name)
	case hit("answer lost"):
		err = fleet.Errorf(fleet.Unavailable, "%s does not answer", name)
	}
	return out, err
}

// containers are what the hosts have, lease by lease.
func (w *world) containers() map[string]machine.Container {
	all := map[string]machine.Container{}
	for _, m := range w.machines {
		containers, err := m.List(w.Context())
		require.NoError(w, err)
		for _, c := range containers {
			all[c.LeaseID] = c
		}
	}
	return all
}

// gpus counts GPUs by state.
func (w *world) gpus() map[fleet.GPUState]int {
	w.clean()
	gpus, err := w.store.ListGPUs(w.Context(), store.GPUFilter{})
	require.NoError(w, err)
	count := map[fleet.GPUState]int{}
	for _, g := range gpus {
		count[g.State]++
	}
	return count
}
