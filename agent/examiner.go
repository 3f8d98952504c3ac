package agent

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine"
)

// An examiner does the steps on GPUs that operations ask for.
type examiner struct{ ward *ward }

var _ activities.Examiner = examiner{}

// Examine implements activities.Examiner.
func (x examiner) Examine(ctx context.Context, t activities.GPUTest, progress func(fleet.Progress)) (activities.Examined, error) {
	o := machine.ExamineOptions{
		UUID: t.GPU.UUID, Type: t.GPU.Type, Level: t.GPU.Level, Purpose: t.Purpose, Retest: t.Retest,
		Seed: rand.Uint64(), Seconds: t.GPU.Seconds, Events: x.ward.watching.Events,
	}
	found, err := machine.Examine(ctx, x.ward.Exclusive, o, func(p gpu.Progress) { progress(stepOf(t.GPU.UUID, p)) })
	if err != nil {
		return activities.Examined{}, err
	}
	return activities.Examined{GPU: t.GPU, Examination: found, Signed: x.ward.sign(found)}, nil
}

// Reset implements activities.Examiner.
func (x examiner) Reset(ctx context.Context, g activities.GPU) (string, error) {
	err := x.ward.Reset(ctx, g.UUID)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return err.Error(), nil
	}
	x.ward.look(ctx) // the driver may list them in another order now
	return "", nil
}

// Scrub implements activities.Examiner. A GPU that could not be scrubbed says so in its result.
func (x examiner) Scrub(ctx context.Context, uuids []string, progress func(fleet.Progress)) ([]fleet.GPUScrubbed, error) {
	scrubbed := make([]fleet.GPUScrubbed, len(uuids))
	var done sync.WaitGroup
	for i, uuid := range uuids {
		done.Go(func() {
			scrubbed[i] = x.scrub(ctx, uuid, func(p gpu.Progress) { progress(stepOf(uuid, p)) })
		})
	}
	done.Wait()
	return scrubbed, ctx.Err()
}

// stepScrubLimit is how long a scrub may take that somebody waits for.
const stepScrubLimit = 5 * time.Minute

func (x examiner) scrub(ctx context.Context, uuid string, progress func(gpu.Progress)) fleet.GPUScrubbed {
	began := time.Now()
	limited, cancel := context.WithTimeout(ctx, stepScrubLimit)
	defer cancel()
	result, err := x.ward.Scrub(limited, uuid, rand.Uint64(), progress)
	if err != nil {
		result = gpu.Result{StartedAt: began, EndedAt: time.Now(), Killed: errors.Is(err, context.DeadlineExceeded), Error: err.Error()}
	}
	return x.ward.signScrub(fleet.GPUScrubbed{UUID: uuid, Result: result})
}

// stepOf is a memory test's progress as people follow it.
func stepOf(uuid string, p gpu.Progress) fleet.Progress {
	step := fleet.Progress{Message: fmt.Sprintf("GPU %s: %s", uuid, p.Phase), Percent: p.Percent, Done: int64(p.Done), Total: int64(p.Total), //nolint:gosec // bytes of a memory
		Rate: int64(p.GBps * 1e9), Left: fleet.Duration(p.Seconds * float64(time.Second))}
	if p.Found > 0 {
		step.Message += fmt.Sprintf(", %d words wrong", p.Found)
	}
	return step
}
