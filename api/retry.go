package api

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// OperationRetry asks for an operation again.
type OperationRetry struct {
	Confirm string `json:"confirm,omitempty" maxLength:"128" doc:"The instance's name; needed by a reset and a terminate, as the first time"`
}

type retryInput struct {
	OperationPath
	Mutation
	Body *OperationRetry // none: nothing is erased
}

// retryOperation asks for what an operation was asked for, in a new one. What it made came
// to nothing and is made anew, under the same name.
func (s *Server) retryOperation(ctx context.Context, in *retryInput) (*accepted, error) {
	who := callerOf(ctx)
	rec, err := s.Store.GetOperation(ctx, who.AccountID, in.ID)
	if err != nil {
		return nil, err
	}
	op := rec.Operation()
	switch {
	case rec.Outcome == fleet.Open:
		return nil, &fleet.Error{Code: fleet.Conflict, Operation: rec.ID, Message: "the operation has not ended"}
	case rec.Outcome == fleet.Done:
		return nil, fleet.Errorf(fleet.Conflict, "the operation is done: there is nothing to try again")
	case !s.supports(op):
		return nil, fleet.Errorf(fleet.Unsupported, "this fleet cannot %s an %s", op.Name, op.Kind)
	}
	if err := mayChoose(who, rec.Params.HostID, "path.id"); err != nil {
		return nil, err
	}
	if op.Kind == fleet.KindInstance && (op.Name == fleet.Reset.Name || op.Name == fleet.Terminate.Name) {
		name := ""
		if in.Body != nil {
			name = in.Body.Confirm
		}
		if _, err := s.confirmed(ctx, rec.ResourceID, "body.confirm", name); err != nil {
			return nil, err
		}
	}
	sum, err := digest("retry", rec.ID, nil)
	if err != nil {
		return nil, err
	}
	return s.accept(ctx, in.Key, sum, func(ask store.Ask) (fleet.Record, bool, error) {
		return s.Store.Retry(ctx, ask, rec)
	})
}
