package nvidia

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine/nvidia/wire"
)

// conclude is what the job came to, after the process was listened to until `why`.
func (c *child) conclude(why error, dead bool, exit error) (gpu.Result, error) {
	finished := errors.Is(why, io.EOF)
	if finished && c.result == nil && c.hello == nil {
		if err := refusal(exit, c.stderr.String()); err != nil {
			return gpu.Result{}, err
		}
	}
	r := c.soFar()
	r.MaxMemoryTemperature = int(c.hottest.Load())
	fail := func(format string, args ...any) { r.Error = cmp.Or(r.Error, fmt.Sprintf(format, args...)) }
	switch {
	case !dead:
		r.Killed, r.Hung = true, true
		fail("%v, and could not be killed (in %q)", reason(why), c.at.Phase)
	case errors.Is(why, errLate), errors.Is(why, errStalled):
		r.Killed = true
		fail("%v (in %q), and was killed", why, c.at.Phase)
	case !finished:
		fail("%v", why)
	case exit != nil:
		fail("it ended with %v: %s", exit, c.stderr.String())
	case c.result == nil:
		fail("it ended without a result: %s", c.stderr.String())
	}
	if err := c.believe(&r); err != nil {
		fail("%v", err)
	}
	return r, nil
}

func reason(why error) error {
	if errors.Is(why, io.EOF) {
		return errors.New("it did not end")
	}
	return why
}

// soFar is the result, or what is known without one.
func (c *child) soFar() gpu.Result {
	r := gpu.Result{Level: c.job.Level, Seed: c.job.Seed, StartedAt: c.begun.UTC(), EndedAt: time.Now().UTC()}
	if c.result != nil {
		r = *c.result
		r.Simulated = false
	} else if c.alloc != nil {
		r.Usable, r.Covered, r.Moved = c.alloc.Usable, 0, c.at.Done // nothing has been covered to its end
	}
	if r.Phases == nil {
		r.Phases = []gpu.Phase{}
	}
	// What was told on the way cannot be taken back.
	r.Mismatches = max(r.Mismatches, c.at.Found, uint64(len(c.found)))
	if len(r.Records) < len(c.found) {
		r.Records = c.found
	}
	r.Coverage = 0
	if r.Usable > 0 {
		r.Coverage = min(1, float64(r.Covered)/float64(r.Usable))
	}
	return r
}

// fastest is what no memory does, in bytes a second: what claims more has not moved it.
const fastest = 50e12

// believe says why a result is not to be believed, whatever it claims. One that does not claim
// to be whole is as bad as it says.
func (c *child) believe(r *gpu.Result) error {
	if r.CUDA != 0 && r.Error == "" {
		r.Error = fmt.Sprintf("error %d of the CUDA driver", r.CUDA)
	}
	if !r.Whole() || c.result == nil {
		return nil
	}
	took := time.Since(c.begun)
	lies := func(format string, args ...any) error {
		return fmt.Errorf("its result is not believed: "+format, args...)
	}
	var moved, found uint64
	for _, p := range r.Phases {
		moved += p.Bytes
		found += p.Found
	}
	switch {
	case c.hello == nil || c.alloc == nil:
		return lies("it did not say which GPU and how much memory it has")
	case c.hello.Version != wire.Version:
		return lies("it is of another version (%d, not %d): is kelvin-gpu as old as kelvin?", c.hello.Version, wire.Version)
	case !sameGPU(c.hello.UUID, c.job.UUID):
		return lies("it had another GPU, %s", c.hello.UUID)
	case r.Level != c.job.Level || r.Seed != c.job.Seed:
		return lies("it did level %q with seed %d", r.Level, r.Seed)
	case r.Covered != c.alloc.Covered || r.Usable != c.alloc.Usable:
		return lies("it covered %d of %d bytes, and had %d of %d", r.Covered, r.Usable, c.alloc.Covered, c.alloc.Usable)
	case c.job.Usable != 0 && r.Usable != c.job.Usable:
		return lies("%d bytes are usable, not %d", c.job.Usable, r.Usable)
	case r.Covered > math.MaxUint64/1000 || r.Moved < uint64(c.job.traffic())*r.Covered:
		return lies("it moved %d bytes, less than %d times what it covered", r.Moved, c.job.traffic())
	case moved != r.Moved || found != r.Mismatches:
		return lies("its phases moved %d bytes and found %d errors, not %d and %d", moved, found, r.Moved, r.Mismatches)
	case !r.Audited:
		return lies("it did not read before it wrote")
	case float64(r.Moved) > fastest*took.Seconds():
		return lies("it moved %d bytes in %s", r.Moved, took)
	case c.job.Level == gpu.LevelRigorous && took.Seconds() < c.job.Seconds:
		return lies("it took %s of %v seconds", took, c.job.Seconds)
	}
	if least := c.minCoverage(); r.Coverage < least {
		return fmt.Errorf("it covered %.1f %% of the usable memory, less than %.0f %%", 100*r.Coverage, 100*least)
	}
	return nil
}

func (c *child) minCoverage() float64 {
	least := cmp.Or(c.MinCoverage, 0.95)
	if c.MinCoverage == 0 && strings.HasPrefix(c.job.UUID, "MIG-") {
		least = 0.90
	}
	return least
}

// sameGPU compares UUIDs, one of them without its prefix.
func sameGPU(bare, uuid string) bool {
	_, rest, _ := strings.Cut(uuid, "-")
	return strings.EqualFold(bare, rest)
}
