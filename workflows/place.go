package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// placements is how many places are tried before GPUs that fail their diagnostics end the
// operation.
const placements = 3

// place leases GPUs for the instance on some host. The lease is named after the operation,
// so it can be given back without having been seen. When nothing fits, the operation waits
// in the queue, or fails at once, as it was asked to.
func (op *operation) place(ctx workflow.Context, in activities.Placing) (activities.Container, error) {
	named := activities.Container{Lease: fleet.Lease{ID: in.LeaseID(), InstanceID: op.ResourceID}}
	noteUndo(ctx, op, control.ReturnLease, named)
	var placed activities.Container
	var err error
	if op.params.Wait {
		op.waits = true
		placed, err = call(waiting(ctx, fleet.WaitLimit), control.AwaitPlace, in)
		op.waits = false
	} else {
		placed, err = call(workflow.WithRetryPolicy(ctx, placing), control.PlaceInstance, in)
	}
	if err == nil {
		label(ctx, hostID.ValueSet(placed.Lease.HostID))
	}
	return placed, err
}

// placeTested is place, for data that comes from elsewhere: GPUs are diagnosed before they
// get it. One that fails is quarantined, and the operation goes on with others.
func (op *operation) placeTested(ctx workflow.Context) (activities.Container, error) {
	in := activities.Placing{Claim: op.Claim, HostID: op.params.HostID, Archives: true}
	for in.Try = 1; ; in.Try++ {
		placed, err := op.place(ctx, in)
		if err != nil {
			return placed, err
		}
		failed, err := op.diagnose(ctx, placed)
		if err != nil || len(failed) == 0 {
			return placed, err
		}
		for _, v := range failed {
			if err := run(ctx, control.QuarantineGPU, v)(); err != nil {
				return placed, err
			}
		}
		if err := run(ctx, control.ReturnLease, placed)(); err != nil {
			return placed, err
		}
		if in.Try == placements {
			return placed, fleet.Errorf(fleet.Unhealthy, "GPUs failed their diagnostics in %d places; the last: %s", placements, failed[0].Message)
		}
	}
}

// diagnose tests all GPUs of a lease, side by side, and returns the verdicts on those that
// failed.
func (op *operation) diagnose(ctx workflow.Context, c activities.Container) ([]fleet.Verdict, error) {
	verdicts := make([]fleet.Verdict, len(c.GPUs))
	var tests []func(workflow.Context) error
	for i, gpu := range c.GPUs {
		tests = append(tests, func(ctx workflow.Context) (err error) {
			verdicts[i], err = call(bulk(ctx, c), metal.DiagnoseGPU, activities.GPUTest{Container: c, GPU: gpu})
			return err
		})
	}
	if err := together(ctx, tests...); err != nil {
		return nil, err
	}
	var failed []fleet.Verdict
	for _, v := range verdicts {
		if v.Result != fleet.VerdictPass {
			failed = append(failed, v)
		}
	}
	return failed, nil
}
