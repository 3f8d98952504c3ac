package workflows

import (
	"errors"
	"log/slog"
	"slices"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/grpc"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Register makes the operations known to a worker, under the names in fleet's table.
func Register(w worker.WorkflowRegistry) {
	w.RegisterWorkflowWithOptions(CreateInstance, workflow.RegisterOptions{Name: fleet.Create.Workflow()})
	w.RegisterWorkflowWithOptions(StartInstance, workflow.RegisterOptions{Name: fleet.Start.Workflow()})
	w.RegisterWorkflowWithOptions(StopInstance, workflow.RegisterOptions{Name: fleet.Stop.Workflow()})
	w.RegisterWorkflowWithOptions(RestartInstance, workflow.RegisterOptions{Name: fleet.Restart.Workflow()})
	w.RegisterWorkflowWithOptions(FreezeInstance, workflow.RegisterOptions{Name: fleet.Freeze.Workflow()})
	w.RegisterWorkflowWithOptions(ThawInstance, workflow.RegisterOptions{Name: fleet.Thaw.Workflow()})
	w.RegisterWorkflowWithOptions(MigrateInstance, workflow.RegisterOptions{Name: fleet.Migrate.Workflow()})
	w.RegisterWorkflowWithOptions(ResetInstance, workflow.RegisterOptions{Name: fleet.Reset.Workflow()})
	w.RegisterWorkflowWithOptions(RecoverInstance, workflow.RegisterOptions{Name: fleet.Recover.Workflow()})
	w.RegisterWorkflowWithOptions(TerminateInstance, workflow.RegisterOptions{Name: fleet.Terminate.Workflow()})
	w.RegisterWorkflowWithOptions(TakeSnapshot, workflow.RegisterOptions{Name: TakeSnapshotName})
	w.RegisterWorkflowWithOptions(CreateEndpoint, workflow.RegisterOptions{Name: fleet.CreateEndpoint.Workflow()})
	w.RegisterWorkflowWithOptions(StartEndpoint, workflow.RegisterOptions{Name: fleet.StartEndpoint.Workflow()})
	w.RegisterWorkflowWithOptions(StopEndpoint, workflow.RegisterOptions{Name: fleet.StopEndpoint.Workflow()})
	w.RegisterWorkflowWithOptions(UpdateEndpoint, workflow.RegisterOptions{Name: fleet.UpdateEndpoint.Workflow()})
	w.RegisterWorkflowWithOptions(DeleteEndpoint, workflow.RegisterOptions{Name: fleet.DeleteEndpoint.Workflow()})
	w.RegisterWorkflow(AutoscaleEndpoint)
	w.RegisterWorkflow(DrainHost)
	w.RegisterWorkflow(RemoveVolume)
	w.RegisterWorkflow(CareForGPU)
	w.RegisterWorkflowWithOptions(FireSchedule, workflow.RegisterOptions{Name: fireSchedule})
}

// Supported are the operations that have a workflow. The table in fleet is whole; the API
// answers unsupported for the others.
var Supported = []fleet.Operation{
	fleet.Create, fleet.Start, fleet.Stop, fleet.Restart, fleet.Freeze, fleet.Thaw, fleet.Migrate, fleet.Reset, fleet.Recover, fleet.Terminate,
	fleet.CreateEndpoint, fleet.StartEndpoint, fleet.StopEndpoint, fleet.UpdateEndpoint, fleet.DeleteEndpoint,
}

// Dial connects to Temporal. It does not wait for it: a server that is away is tried
// again with every call, so that our processes may start in any order.
func Dial(address, namespace, identity string, logger *slog.Logger) (client.Client, error) {
	c, err := client.NewLazyClient(client.Options{
		HostPort: address, Namespace: namespace, Identity: identity,
		Logger:                  log.NewStructuredLogger(logger),
		FailureConverter:        Errors{temporal.GetDefaultFailureConverter()},
		WorkerHeartbeatInterval: 10 * time.Second,
		ConnectionOptions:       client.ConnectionOptions{DialOptions: []grpc.DialOption{grpc.WithUnaryInterceptor(RequestID)}},
	})
	if err != nil {
		return nil, fleet.Errorf(fleet.Invalid, "Temporal at %s: %v", address, err)
	}
	return c, nil
}

// Errors carries *fleet.Error across Temporal, as an application error whose type is the
// code, so that activities and workflows return plain Go errors. Every client has it.
type Errors struct{ converter.FailureConverter }

// ErrorToFailure implements converter.FailureConverter.
func (c Errors) ErrorToFailure(err error) *failure.Failure {
	return c.FailureConverter.ErrorToFailure(ToTemporal(err))
}

// ToTemporal turns a *fleet.Error into what Temporal carries. All but bugs are benign:
// they are answers, and no reason for an alert or a line in the log.
func ToTemporal(err error) error {
	e, ok := errors.AsType[*fleet.Error](err)
	if !ok {
		return err
	}
	options := temporal.ApplicationErrorOptions{NonRetryable: !e.Code.Retryable()}
	if e.Code != fleet.Internal {
		options.Category = temporal.ApplicationErrorCategoryBenign
	}
	if e.Fault != nil {
		options.Details = []any{e.Fault}
	}
	return temporal.NewApplicationErrorWithOptions(err.Error(), string(e.Code), options)
}

// FromTemporal gives back the *fleet.Error an activity or workflow failed with.
func FromTemporal(err error) error {
	if temporal.IsCanceledError(err) {
		return fleet.Errorf(fleet.Cancelled, "cancelled")
	}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		code := fleet.Code(app.Type())
		if !slices.Contains(fleet.Codes, code) {
			code = fleet.Internal
		}
		out := &fleet.Error{Code: code, Message: app.Message()}
		if app.HasDetails() {
			var f fleet.Fault
			if app.Details(&f) == nil && f != (fleet.Fault{}) {
				out.Fault = &f
			}
		}
		return out
	}
	if timeout, ok := errors.AsType[*temporal.TimeoutError](err); ok {
		return fleet.Errorf(fleet.Unavailable, "a step did not end in time (%s)", timeout.TimeoutType())
	}
	return err
}

// memo decodes a memo's text; of one that is not there, nothing.
func memo(p *common.Payload) (text string) {
	if p == nil || converter.GetDefaultDataConverter().FromPayload(p, &text) != nil {
		return ""
	}
	return text
}
