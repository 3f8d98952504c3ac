package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
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

// placeTested is place with GPUs that have passed their diagnostics: for data that comes from
// elsewhere the thorough ones, for what starts from nothing quick ones. GPUs that fail are
// quarantined, and the operation goes on with others. What is done meanwhile, such as pulling
// the image, is done once for each place.
func (op *operation) placeTested(ctx workflow.Context, in activities.Placing, meanwhile ...func(workflow.Context, activities.Container) error) (activities.Container, error) {
	in.Claim, in.HostID, in.SkipTests = op.Claim, op.params.HostID, op.params.SkipTests
	for in.Try = 1; ; in.Try++ {
		placed, err := op.place(ctx, in)
		if err != nil {
			return placed, err
		}
		var failed []activities.Judged
		todo := []func(workflow.Context) error{func(ctx workflow.Context) (err error) {
			failed, err = op.diagnose(ctx, placed, in.Purpose)
			return err
		}}
		for _, do := range meanwhile {
			todo = append(todo, func(ctx workflow.Context) error { return do(ctx, placed) })
		}
		if err := together(ctx, todo...); err != nil || len(failed) == 0 {
			return placed, err
		}
		if err := inOrder(op.scrub(ctx, placed), run(ctx, control.ReturnLease, placed)); err != nil {
			return placed, err
		}
		if in.Try == placements {
			return placed, fleet.Errorf(fleet.Unhealthy, "GPUs failed their diagnostics in %d places; the last: %s", placements, failed[0].Verdict.Message)
		}
	}
}

// diagnose examines all GPUs of a lease, side by side, and has them judged, until each has
// passed or failed: some are tested again, after a reset or after a while. It returns those
// that failed.
func (op *operation) diagnose(ctx workflow.Context, placed activities.Container, purpose gpu.Purpose) (failed []activities.Judged, err error) {
	todo := make([]activities.GPUTest, 0, len(placed.GPUs))
	for _, g := range placed.GPUs {
		todo = append(todo, activities.GPUTest{Container: placed, GPU: g, Purpose: purpose})
	}
	for try := 1; len(todo) > 0; try++ {
		in := activities.Judging{Claim: op.Claim, Lease: placed.Lease, Try: try}
		if in.Examined, err = op.examine(ctx, todo); err != nil {
			return nil, err
		}
		judged, err := call(ctx, control.JudgeGPUs, in)
		if err != nil {
			return nil, err
		}
		var again []activities.GPUTest
		var after time.Duration
		for i, j := range judged {
			switch {
			case j.Again:
				test := todo[i]
				test.Retest = test.Retest || j.Reset
				test.Reset = j.Reset
				again, after = append(again, test), max(after, j.After)
			case !j.Verdict.Passed():
				failed = append(failed, j)
			}
		}
		if len(failed) > 0 { // this place will not do, whatever becomes of the others
			return failed, nil
		}
		if after > 0 {
			if err := workflow.Sleep(ctx, after); err != nil {
				return nil, err
			}
		}
		todo = again
	}
	return nil, nil
}

// examine looks into GPUs, side by side; those to be tested again after a reset are reset
// first.
func (op *operation) examine(ctx workflow.Context, todo []activities.GPUTest) ([]activities.Examined, error) {
	examined := make([]activities.Examined, len(todo))
	var tests []func(workflow.Context) error
	for i, test := range todo {
		tests = append(tests, func(ctx workflow.Context) (err error) {
			switch {
			case test.GPU.Level == gpu.LevelNone:
				examined[i] = activities.Examined{GPU: test.GPU, Examination: untested(ctx, test)}
				return nil
			case test.Reset:
				refused, err := call(testing(ctx, test.Container), metal.ResetGPU, test)
				if err != nil {
					return err
				}
				if refused != "" {
					examined[i] = activities.Examined{GPU: test.GPU, Examination: untested(ctx, test)}
					examined[i].Examination.ResetError, examined[i].Examination.Retest = refused, false
					return nil
				}
			}
			examined[i], err = call(testing(ctx, test.Container), metal.TestGPU, test)
			return err
		})
	}
	return examined, together(ctx, tests...)
}

// untested is the examination of a GPU that was not looked into.
func untested(ctx workflow.Context, t activities.GPUTest) gpu.Examination {
	now := workflow.Now(ctx)
	return gpu.Examination{
		Schema: gpu.SchemaVersion, UUID: t.GPU.UUID, Type: t.GPU.Type, Purpose: t.Purpose, Level: t.GPU.Level, Retest: t.Retest, StartedAt: now, EndedAt: now,
	}
}

// testLimit is how long examining or resetting one GPU may take. The rigorous level takes a
// minute by itself.
const testLimit = 30 * time.Minute

// testing sends steps that work on a GPU to its host's quick queue, with time enough: they
// hold a slot there, and neither disk nor network.
func testing(ctx workflow.Context, c activities.Container) workflow.Context {
	return workflow.WithStartToCloseTimeout(onHost(ctx, c), testLimit)
}
