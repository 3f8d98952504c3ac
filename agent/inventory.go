package agent

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// memoryOf are GPU types that can be simulated, and their memory in MiB.
var memoryOf = map[string]int64{
	"a100-40gb": 40960, "a100-80gb": 81920, "h100-80gb": 81559, "h200-141gb": 143771,
	"l4-24gb": 23034, "l40s-48gb": 46068, "rtx4090-24gb": 24564, "t4-16gb": 15360,
}

// SimulateGPUs declares an inventory like a100-80gb:8,l4-24gb:2 for a host that has none.
// Its UUIDs and serials derive from seed, so that they are the same after a restart.
func SimulateGPUs(declared, seed string) ([]fleet.GPUReport, error) {
	var gpus []fleet.GPUReport
	for part := range strings.SplitSeq(declared, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		kind, number, _ := strings.Cut(part, ":")
		memory, known := memoryOf[kind]
		n, err := strconv.Atoi(number)
		if !known || err != nil || n < 1 || n > 64 {
			return nil, fleet.Errorf(fleet.Invalid, "cannot simulate %q: say type:count, with a count from 1 to 64 and a type of %s", part, strings.Join(simulated(), ", "))
		}
		for range n {
			index := len(gpus)
			sum := sha256.Sum256(fmt.Appendf(nil, "%s/%d/%s", seed, index, kind))
			gpus = append(gpus, fleet.GPUReport{
				Index: index, Type: kind, MemoryMB: memory,
				UUID:   fmt.Sprintf("GPU-sim-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:14]),
				Serial: fmt.Sprintf("SIM%x", sum[14:20]),
			})
		}
	}
	return gpus, nil
}

func simulated() []string { return slices.Sorted(maps.Keys(memoryOf)) }

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
