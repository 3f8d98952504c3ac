package workflows

import (
	"errors"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// fault says why a worker did not come up; nil of all else, and of what was cancelled.
func (op *operation) fault(err error) *fleet.Fault {
	if op.endpointID == "" || op.Name != fleet.Create.Name || op.committed {
		return nil
	}
	e, ok := errors.AsType[*fleet.Error](FromTemporal(err))
	switch {
	case !ok:
		e = &fleet.Error{Code: fleet.Internal, Message: err.Error()}
	case e.Code == fleet.Cancelled:
		return nil
	case e.Fault != nil:
		return e.Fault
	}
	return &fleet.Fault{Cause: fleet.FaultOf(op.failedStep(e.Message), e.Code), Message: e.Message}
}

// failedStep is the step that an operation failed at: the one that failed so, or else, when
// it ran out of time, the last that was cut short.
func (op *operation) failedStep(message string) (name string) {
	for _, s := range op.steps {
		if s.State != fleet.StepFailed || s.Undo {
			continue
		}
		if name = s.Name; s.Message == message {
			return name
		}
	}
	return name
}
