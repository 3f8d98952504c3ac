package workflows

import (
	"errors"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// CareForGPU examines, resets or scrubs a GPU that no operation has: because somebody asked for
// it, or because of what its driver reported. Nobody gets the GPU meanwhile. What runs on it
// leaves first, by operations like any other. All it knows is in the record, so it can die
// and be started again: the outbox does that as long as the care is open.
func CareForGPU(ctx workflow.Context, in activities.Caring) error {
	ctx = workflow.WithActivityOptions(ctx, quick)
	care, err := call(ctx, control.BeginCare, in)
	if err != nil || care.Over {
		return err
	}
	end := activities.CareEnd{Caring: in}
	over, err := vacateGPU(ctx, in, care)
	if over {
		return err
	}
	if err == nil {
		err = careFor(ctx, in, care, &end)
	}
	switch {
	case workflow.IsContinueAsNewError(err):
		return err
	case errors.Is(err, errLost):
		return nil // the care stays open, and goes on when its host is back
	case temporal.IsCanceledError(err):
		end.Failed = "cancelled"
	case err != nil:
		end.Failed = FromTemporal(err).Error()
	}
	if end.Failed != "" {
		end.Message = ""
	}
	return run(steadfast(ctx), control.EndCare, end)()
}

// vacateGPU waits until nobody has the GPU. over says that the care has ended meanwhile.
func vacateGPU(ctx workflow.Context, in activities.Caring, care activities.Care) (over bool, err error) {
	for care.Drains {
		left, err := call(waiting(ctx, activities.DrainShift), control.VacateGPU, in)
		if left.Over || left.Empty || err != nil {
			return left.Over, err
		}
		if workflow.GetInfo(ctx).GetCurrentHistoryLength() >= maxEvents {
			return false, workflow.NewContinueAsNewError(ctx, CareForGPU, in)
		}
	}
	return false, nil
}

// careFor does what the care is about, on the GPU's host.
func careFor(ctx workflow.Context, in activities.Caring, care activities.Care, end *activities.CareEnd) error {
	test := activities.GPUTest{Container: care.Container, GPU: care.GPU, Purpose: care.Purpose, Reset: care.What == fleet.CareReset}
	if care.What == fleet.CareScrub {
		return careScrub(ctx, in, test, end)
	}
	for try := 1; ; try++ {
		if test.Reset {
			refused, err := careReset(ctx, in, care, try)
			if err != nil {
				return err
			}
			if refused != "" {
				end.Message = "it could not be reset: " + refused
				return nil
			}
			test.Retest = true
		}
		if test.GPU.Level == gpu.LevelNone {
			end.Message = "nothing runs on it any more"
			return nil
		}
		phase := "testing it: " + string(test.GPU.Level)
		if test.Retest {
			phase = "testing it after the reset: " + string(test.GPU.Level)
		}
		if err := showCare(ctx, in, phase); err != nil {
			return err
		}
		examined, err := call(testing(ctx, test.Container), metal.TestGPU, test)
		if err != nil {
			return err
		}
		judged, err := call(ctx, control.JudgeGPUs, activities.Judging{Lease: test.Lease, Try: try, Examined: []activities.Examined{examined}})
		if err != nil {
			return err
		}
		j := judged[0]
		if !j.Again {
			end.Diagnosis = fleet.DiagnosisID(test.Lease.ID, in.GPUID, try)
			end.Message = string(j.Verdict.Outcome) + ": " + j.Verdict.Message
			return nil
		}
		if j.After > 0 {
			if err := showCare(ctx, in, "it is tested again in "+j.After.String()+": "+j.Verdict.Message); err != nil {
				return err
			}
			if err := workflow.Sleep(ctx, j.After); err != nil {
				return err
			}
		}
		test.Reset = j.Reset
	}
}

// careReset resets the GPU, and writes it down. refused says why it could not be.
func careReset(ctx workflow.Context, in activities.Caring, care activities.Care, try int) (refused string, err error) {
	if err := showCare(ctx, in, "resetting it"); err != nil {
		return "", err
	}
	whole := care.GPU
	whole.UUID = care.Device
	refused, err = call(testing(ctx, care.Container), metal.ResetGPU, activities.GPUTest{Container: care.Container, GPU: whole, Purpose: care.Purpose})
	if err != nil {
		return "", err
	}
	return refused, run(ctx, control.RecordReset, activities.CareReset{Caring: in, Try: try, Refused: refused})()
}

func careScrub(ctx workflow.Context, in activities.Caring, test activities.GPUTest, end *activities.CareEnd) error {
	if err := showCare(ctx, in, "scrubbing it"); err != nil {
		return err
	}
	scrubbed, err := call(testing(ctx, test.Container), metal.ScrubGPU, test)
	if err != nil {
		return err
	}
	end.Failed, err = call(ctx, control.RecordCareScrub, activities.CareScrub{Caring: in, HostID: test.Lease.HostID, Scrubbed: scrubbed})
	end.Message = "it is scrubbed"
	return err
}

// showCare tells people what comes next.
func showCare(ctx workflow.Context, in activities.Caring, phase string) error {
	return run(ctx, control.ShowCare, activities.CarePhase{Caring: in, Phase: phase})()
}
