package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
)

// retention is how long a closed workflow can be looked at. The lasting record
// of an operation is Kelvin's own database.
const retention = 7 * 24 * time.Hour

// searchAttributes are the fields by which operations can be listed in
// Temporal. They mirror the typed keys that Kelvin's workflows set.
func searchAttributes() map[string]enums.IndexedValueType {
	return map[string]enums.IndexedValueType{
		"AccountID":   enums.INDEXED_VALUE_TYPE_KEYWORD,
		"InstanceID":  enums.INDEXED_VALUE_TYPE_KEYWORD,
		"EndpointID":  enums.INDEXED_VALUE_TYPE_KEYWORD,
		"HostID":      enums.INDEXED_VALUE_TYPE_KEYWORD,
		"Operation":   enums.INDEXED_VALUE_TYPE_KEYWORD,
		"OperationID": enums.INDEXED_VALUE_TYPE_KEYWORD,
		"Phase":       enums.INDEXED_VALUE_TYPE_KEYWORD,
		"Outcome":     enums.INDEXED_VALUE_TYPE_KEYWORD,
		"GPUCount":    enums.INDEXED_VALUE_TYPE_INT,
		"Deadline":    enums.INDEXED_VALUE_TYPE_DATETIME,
	}
}

// namespaceConfig describes the namespace as it is written into a new database.
func namespaceConfig(name string) (*sqlite.NamespaceConfig, error) {
	ns, err := sqlite.NewNamespaceConfig(clusterName, name, false, searchAttributes())
	if err != nil {
		return nil, fmt.Errorf("describe the namespace: %w", err)
	}
	ns.Detail.Config.Retention = durationpb.New(retention)
	return ns, nil
}

// settleNamespace waits until the frontend answers, and brings a namespace
// from an older database up to date: an earlier version may have known fewer
// search attributes.
func settleNamespace(ctx context.Context, grpc, name string, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	c, err := client.DialContext(ctx, client.Options{
		HostPort: grpc, Namespace: name, Logger: sdklog.NewStructuredLogger(log),
	})
	if err != nil {
		return fmt.Errorf("reach the frontend: %w", err)
	}
	defer c.Close()

	ns, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: name})
	if err != nil {
		return fmt.Errorf("look up namespace %s: %w", name, err)
	}
	if ns.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration() != retention {
		_, err := c.WorkflowService().UpdateNamespace(ctx, &workflowservice.UpdateNamespaceRequest{
			Namespace: name,
			Config:    &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(retention)},
		})
		if err != nil {
			return fmt.Errorf("set the retention of namespace %s: %w", name, err)
		}
	}
	return addSearchAttributes(ctx, c, name)
}

// addSearchAttributes adds those the namespace does not have yet.
func addSearchAttributes(ctx context.Context, c client.Client, name string) error {
	have, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: name})
	if err != nil {
		return fmt.Errorf("list the search attributes of namespace %s: %w", name, err)
	}
	missing := searchAttributes()
	for attribute := range have.GetCustomAttributes() {
		delete(missing, attribute)
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: name, SearchAttributes: missing,
	})
	if err != nil {
		return fmt.Errorf("add search attributes to namespace %s: %w", name, err)
	}
	return nil
}
