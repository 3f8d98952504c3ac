package workflows

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/failure/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/grpc"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// Client starts what has been accepted, and nothing else does: a workflow started past it
// would have neither record nor lock.
type Client struct {
	Temporal  client.Client
	Store     *store.Store
	Logger    *slog.Logger
	Namespace string // in Temporal; needed for triggering schedules only
}

// taskTimeout is how long a worker may take over a decision, and so how long a decision
// waits that a worker took and died over. (Temporal's default is 10 s.)
const taskTimeout = 5 * time.Second

// settling is how long Start waits for a run that is settled and has yet to close, or that
// is undone quickly.
const settling = 500 * time.Millisecond

// Start starts an operation. It can be repeated: the API calls it once it has accepted
// the operation, and the outbox starts it again until the operation has begun. One that
// wins cancels the one in its way; Start returns Unavailable if that takes a while to
// settle.
func (c *Client) Start(ctx context.Context, rec fleet.Record) error {
	err := c.start(ctx, rec, true)
	for began := time.Now(); fleet.Is(err, fleet.Unavailable) && time.Since(began) < settling && ctx.Err() == nil; {
		time.Sleep(10 * time.Millisecond)
		err = c.start(ctx, rec, false)
	}
	return err
}

// start is one try. clear says whether to cancel what is in the way of one that wins.
func (c *Client) start(ctx context.Context, rec fleet.Record, clear bool) error {
	op := rec.Operation()
	resource := instanceID
	if rec.Kind == fleet.KindEndpoint {
		resource = endpointID
	}
	options := client.StartWorkflowOptions{
		ID:                                       rec.ResourceID, // the lock: one open run for each resource
		TaskQueue:                                ControlQueue,
		WorkflowIDConflictPolicy:                 enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,           // else the other run is returned as if it were ours
		WorkflowExecutionTimeout:                 24 * time.Hour, // a backstop: it ends without undoing
		WorkflowTaskTimeout:                      taskTimeout,
		StaticSummary:                            op.Name + " " + rec.ResourceID,
		Memo:                                     map[string]any{memoOperation: rec.ID},
		TypedSearchAttributes: temporal.NewSearchAttributes(
			accountID.ValueSet(rec.AccountID), resource.ValueSet(rec.ResourceID),
			operationOf.ValueSet(op.Name), operationID.ValueSet(rec.ID), deadline.ValueSet(rec.Deadline)),
	}
	switch {
	case rec.Params.Wait: // for a place
		options.WorkflowExecutionTimeout += fleet.WaitLimit
	case rec.Kind == fleet.KindEndpoint && rec.Name == fleet.UpdateEndpoint.Name: // it may be paused
		options.WorkflowExecutionTimeout += fleet.PauseLimit
	}
	claim := activities.Claim{OperationID: rec.ID, ResourceID: rec.ResourceID, AccountID: rec.AccountID}
	_, err := c.Temporal.ExecuteWorkflow(context.WithValue(ctx, requestID{}, rec.ID), options, op.Workflow(), claim)
	if err == nil {
		return c.Store.MarkStarted(ctx, rec.ID)
	}
	busy, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err)
	if !ok {
		return fleet.Errorf(fleet.Unavailable, "start %s: %v", op.Name, err)
	}
	if clear && len(op.Over) > 0 {
		if err := c.Temporal.CancelWorkflow(ctx, rec.ResourceID, busy.RunId); err != nil && !notFound(err) {
			return fleet.Errorf(fleet.Unavailable, "cancel what is in the way of %s: %v", op.Name, err)
		}
	}
	return fleet.Errorf(fleet.Unavailable, "%s waits for the operation before it", op.Name)
}

// Cancel asks an operation's run to cancel, if it is open. The record says already that it
// shall; an operation that is past its commit is finished all the same.
func (c *Client) Cancel(ctx context.Context, rec fleet.Record) error {
	run, err := c.run(ctx, rec)
	if err != nil || run == "" {
		return err
	}
	if err := c.Temporal.CancelWorkflow(ctx, rec.ResourceID, run); err != nil && !notFound(err) {
		return fleet.Errorf(fleet.Unavailable, "cancel %s: %v", rec.ID, err)
	}
	return nil
}

// run is the ID of an operation's open run; empty if it has none.
func (c *Client) run(ctx context.Context, rec fleet.Record) (string, error) {
	run, err := c.Temporal.DescribeWorkflowExecution(ctx, rec.ResourceID, "")
	if notFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fleet.Errorf(fleet.Unavailable, "look for %s: %v", rec.ID, err)
	}
	info := run.GetWorkflowExecutionInfo()
	if info.GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING || memo(info.GetMemo().GetFields()[memoOperation]) != rec.ID {
		return "", nil
	}
	return info.GetExecution().GetRunId(), nil
}

// Attended reports whether a workflow works on an operation.
func (c *Client) Attended(ctx context.Context, rec fleet.Record) (bool, error) {
	run, err := c.run(ctx, rec)
	return run != "", err
}

// Progress is what the running step of an operation reported last, and how often it has been
// tried. It is false when no step runs that has reported, or has been tried again.
func (c *Client) Progress(ctx context.Context, rec fleet.Record) (fleet.Progress, bool, error) {
	var p fleet.Progress
	run, err := c.Temporal.DescribeWorkflowExecution(ctx, rec.ResourceID, "")
	if notFound(err) {
		return p, false, nil
	}
	if err != nil {
		return p, false, fleet.Errorf(fleet.Unavailable, "look for %s: %v", rec.ID, err)
	}
	if memo(run.GetWorkflowExecutionInfo().GetMemo().GetFields()[memoOperation]) != rec.ID {
		return p, false, nil
	}
	reported := false
	for _, step := range run.GetPendingActivities() {
		var now fleet.Progress
		details := step.GetHeartbeatDetails()
		if details != nil {
			if err := converter.GetDefaultDataConverter().FromPayloads(details, &now); err != nil {
				return p, false, fleet.Errorf(fleet.Internal, "read the progress of %s: %v", rec.ID, err)
			}
		}
		now.Attempt, now.Failure = int(step.GetAttempt()), said(step.GetLastFailure())
		// Of several side by side, one that has something to say about its work.
		if details != nil && (now.Total > 0 || !reported) || p.Attempt == 0 {
			p = now
		}
		reported = reported || details != nil
	}
	return p, reported || p.Attempt > 1, nil
}

// said is what a failed attempt may say to the owner of the operation: nothing, of a bug.
func said(last *failure.Failure) string {
	if last == nil {
		return ""
	}
	err := FromTemporal(temporal.GetDefaultFailureConverter().FailureToError(last))
	if fleet.Is(err, fleet.Internal) {
		return ""
	}
	return err.Error()
}

// Snapshot starts taking a snapshot of an instance as it is, under the snapshot's ID.
// Conflict while another one is being taken.
func (c *Client) Snapshot(ctx context.Context, snap fleet.Snapshot) error {
	options := client.StartWorkflowOptions{
		ID: fleet.SnapshotterID(snap.InstanceID), TaskQueue: ControlQueue,
		WorkflowIDConflictPolicy:                 enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		WorkflowExecutionTimeout:                 24 * time.Hour,
		WorkflowTaskTimeout:                      taskTimeout,
		StaticSummary:                            "snapshot " + snap.InstanceID,
		TypedSearchAttributes:                    temporal.NewSearchAttributes(accountID.ValueSet(snap.AccountID), instanceID.ValueSet(snap.InstanceID), operationOf.ValueSet("snapshot")),
	}
	in := activities.Snap{Claim: activities.Claim{ResourceID: snap.InstanceID, AccountID: snap.AccountID}, SnapshotID: snap.ID, Kind: snap.Kind}
	_, err := c.Temporal.ExecuteWorkflow(ctx, options, TakeSnapshotName, in)
	if _, busy := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); busy {
		return fleet.Errorf(fleet.Conflict, "a snapshot of %s is being taken already", snap.InstanceID)
	}
	if err != nil {
		return fleet.Errorf(fleet.Unavailable, "start the snapshot: %v", err)
	}
	return nil
}

// StartAutoscaler makes sure that an endpoint's autoscaler runs, and looks.
func (c *Client) StartAutoscaler(ctx context.Context, account, endpoint string) error {
	options := client.StartWorkflowOptions{
		ID: fleet.AutoscalerID(endpoint), TaskQueue: ControlQueue,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowTaskTimeout:      taskTimeout,
		StaticSummary:            "autoscale " + endpoint,
		TypedSearchAttributes:    temporal.NewSearchAttributes(accountID.ValueSet(account), endpointID.ValueSet(endpoint), operationOf.ValueSet("autoscale")),
	}
	_, err := c.Temporal.SignalWithStartWorkflow(ctx, options.ID, Wake, nil, options, AutoscaleEndpoint, Autoscaling{AccountID: account, EndpointID: endpoint})
	if err != nil {
		return fleet.Errorf(fleet.Unavailable, "start the autoscaler: %v", err)
	}
	return nil
}

// StopAutoscaler cancels an endpoint's autoscaler, and returns when it has ended. Not
// running is no error.
func (c *Client) StopAutoscaler(ctx context.Context, endpoint string) error {
	id := fleet.AutoscalerID(endpoint)
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, 200*time.Millisecond) {
		run, err := c.Temporal.DescribeWorkflowExecution(ctx, id, "")
		switch {
		case notFound(err):
			return nil
		case err != nil:
			return fleet.Errorf(fleet.Unavailable, "look for the autoscaler: %v", err)
		case run.GetWorkflowExecutionInfo().GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING:
			return nil
		}
		if err := c.Temporal.CancelWorkflow(ctx, id, ""); err != nil && !notFound(err) {
			return fleet.Errorf(fleet.Unavailable, "stop the autoscaler: %v", err)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
		}
	}
}

// Observe tells an endpoint's autoscaler of its load. Not running is no error.
func (c *Client) Observe(ctx context.Context, endpoint string, o Observation) error {
	if err := c.Temporal.SignalWorkflow(ctx, fleet.AutoscalerID(endpoint), "", Observed, o); err != nil && !notFound(err) {
		return fleet.Errorf(fleet.Unavailable, "tell the autoscaler of the load: %v", err)
	}
	return nil
}

// Wake makes an endpoint's autoscaler look again. Not running is no error.
func (c *Client) Wake(ctx context.Context, endpoint string) error {
	if err := c.Temporal.SignalWorkflow(ctx, fleet.AutoscalerID(endpoint), "", Wake, nil); err != nil && !notFound(err) {
		return fleet.Errorf(fleet.Unavailable, "wake the autoscaler: %v", err)
	}
	return nil
}

// StartDrain makes sure that the workflow runs that empties a host. Running is no error.
func (c *Client) StartDrain(ctx context.Context, host string) error {
	options := client.StartWorkflowOptions{
		ID: fleet.DrainID(host), TaskQueue: ControlQueue,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowTaskTimeout:      taskTimeout,
		StaticSummary:            "drain " + host,
		TypedSearchAttributes:    temporal.NewSearchAttributes(hostID.ValueSet(host), operationOf.ValueSet("drain")),
	}
	if _, err := c.Temporal.ExecuteWorkflow(ctx, options, DrainHost, Draining{HostID: host}); err != nil {
		return fleet.Errorf(fleet.Unavailable, "start the drain: %v", err)
	}
	return nil
}

// StartVolumeRemoval makes sure that the workflow runs that erases a volume. Running is no error.
func (c *Client) StartVolumeRemoval(ctx context.Context, volume string) error {
	options := client.StartWorkflowOptions{
		ID: volume, TaskQueue: ControlQueue,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowTaskTimeout:      taskTimeout,
		StaticSummary:            "erase " + volume,
		TypedSearchAttributes:    temporal.NewSearchAttributes(operationOf.ValueSet("remove-volume")),
	}
	if _, err := c.Temporal.ExecuteWorkflow(ctx, options, RemoveVolume, Removal{VolumeID: volume}); err != nil {
		return fleet.Errorf(fleet.Unavailable, "start the removal of %s: %v", volume, err)
	}
	return nil
}

// StartCare makes sure that the workflow runs that cares for a GPU. Running is no error.
func (c *Client) StartCare(ctx context.Context, care fleet.Care) error {
	options := client.StartWorkflowOptions{
		ID: fleet.CareWorkflowID(care.GPUID), TaskQueue: ControlQueue,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowTaskTimeout:      taskTimeout,
		StaticSummary:            string(care.What) + " " + care.GPUID,
		TypedSearchAttributes:    temporal.NewSearchAttributes(hostID.ValueSet(care.HostID), operationOf.ValueSet("care")),
	}
	if _, err := c.Temporal.ExecuteWorkflow(ctx, options, CareForGPU, activities.Caring{CareID: care.ID, GPUID: care.GPUID}); err != nil {
		return fleet.Errorf(fleet.Unavailable, "start the care of %s: %v", care.GPUID, err)
	}
	return nil
}

// CancelCare asks the workflow that cares for a GPU to end. Not running is no error: the
// record says that it shall.
func (c *Client) CancelCare(ctx context.Context, gpuID string) error {
	if err := c.Temporal.CancelWorkflow(ctx, fleet.CareWorkflowID(gpuID), ""); err != nil && !notFound(err) {
		return fleet.Errorf(fleet.Unavailable, "cancel the care of %s: %v", gpuID, err)
	}
	return nil
}

const memoOperation = "operation"

func notFound(err error) bool {
	_, ok := errors.AsType[*serviceerror.NotFound](err)
	return ok
}

type requestID struct{}

// RequestID is a client interceptor. It sends the operation's ID as the request's, so
// that a start repeated after a crash is answered with the run there is.
func RequestID(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	id, _ := ctx.Value(requestID{}).(string)
	if start, ok := req.(*workflowservice.StartWorkflowExecutionRequest); ok && id != "" {
		start.RequestId = id
	}
	return invoke(ctx, method, req, reply, conn, opts...)
}
