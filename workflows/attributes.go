package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// The search attributes of an operation in Temporal's UI. IDs only: they are not
// encrypted, and no place for personal data.
var (
	accountID   = temporal.NewSearchAttributeKeyKeyword("AccountID")
	instanceID  = temporal.NewSearchAttributeKeyKeyword("InstanceID")
	endpointID  = temporal.NewSearchAttributeKeyKeyword("EndpointID")
	hostID      = temporal.NewSearchAttributeKeyKeyword("HostID")
	operationOf = temporal.NewSearchAttributeKeyKeyword("Operation")
	operationID = temporal.NewSearchAttributeKeyKeyword("OperationID")
	outcome     = temporal.NewSearchAttributeKeyKeyword("Outcome")
	gpuCount    = temporal.NewSearchAttributeKeyInt64("GPUCount")
	deadline    = temporal.NewSearchAttributeKeyTime("Deadline")
)

// label sets search attributes of the running workflow. They are for people to find it by;
// the only error there is, of an attribute that is not registered, shows in its history.
func label(ctx workflow.Context, updates ...temporal.SearchAttributeUpdate) {
	_ = workflow.UpsertTypedSearchAttributes(ctx, updates...)
}
