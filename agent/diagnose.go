package agent

import (
	"context"
	"strconv"
	"strings"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// SimulatedGPUs are the diagnostics of GPUs that are declared rather than found: all pass but
// those in Bad, by UUID. Every verdict says that it is simulated.
type SimulatedGPUs struct {
	Bad map[string]bool
}

// Diagnose implements activities.Diagnoser.
func (s SimulatedGPUs) Diagnose(_ context.Context, gpu activities.GPU, report func(fleet.Progress)) (fleet.Verdict, error) {
	report(fleet.Progress{Message: "simulated diagnostics", Percent: 100})
	v := fleet.Verdict{GPU: gpu.ID, UUID: gpu.UUID, Result: fleet.VerdictPass, Rule: "simulated", Simulated: true, Message: "this GPU is simulated"}
	if s.Bad[gpu.UUID] {
		v.Result, v.Message = fleet.VerdictFail, "this GPU is simulated, and declared bad"
	}
	return v, nil
}

// BadGPUs are the UUIDs of GPUs that are declared bad by their indexes: 0,3.
func BadGPUs(gpus []fleet.GPUReport, indexes string) (map[string]bool, error) {
	bad := map[string]bool{}
	for part := range strings.SplitSeq(indexes, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		i, err := strconv.Atoi(part)
		if err != nil || i < 0 || i >= len(gpus) {
			return nil, fleet.Errorf(fleet.Invalid, "there is no GPU %q to be bad: say indexes from 0 to %d", part, len(gpus)-1)
		}
		bad[gpus[i].UUID] = true
	}
	return bad, nil
}
