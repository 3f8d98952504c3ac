package memtest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine/nvidia/wire"
)

// A Job is what to do with the GPU.
type Job struct {
	Scrub   bool
	Level   gpu.Level // of a test
	Seed    uint64
	Seconds float64 // least duration of LevelRigorous
	Usable  uint64  // memory without what the driver reserves, in bytes; 0: as CUDA says

	Chunk  uint64 // most bytes of one allocation
	Launch uint64 // most bytes of one launch
}

// label is the level that the result bears: a scrub has none.
func (j *Job) label() gpu.Level {
	if j.Scrub {
		return ""
	}
	return j.Level
}

// The sizes that a Job has by itself. One allocation of more than 16 GiB can take longer than
// the driver allows itself; launches of 1 GiB end soon enough to look for an end in between.
const (
	defaultChunk  = 16 << 30
	defaultLaunch = 1 << 30
	maxCopy       = 16 << 30
)

// A run is a job on its way.
type run struct {
	*device
	Job
	say func(wire.Line)

	chunks   []chunk
	begun    time.Time
	total    uint64 // bytes to be moved; 0: it goes by time
	result   gpu.Result
	found    findings
	phases   map[string]int
	reported time.Time
}

// do does the job on d. Whatever happens is in the result.
func do(ctx context.Context, d *device, job Job, say func(wire.Line)) gpu.Result {
	r := &run{device: d, Job: job, say: say, begun: time.Now(), phases: map[string]int{}}
	r.result = gpu.Result{Level: job.label(), Seed: job.Seed, StartedAt: r.begun.UTC(), Peak: d.peak, Phases: []gpu.Phase{}}
	err := r.all(ctx)
	if ctx.Err() != nil {
		err = errors.New("cancelled")
	} else if closing := d.close(r.chunks); err == nil {
		err = closing
	}
	if err != nil {
		r.result.Error = err.Error()
		var refused *cudaError
		if errors.As(err, &refused) {
			r.result.CUDA = refused.Code
		}
	}
	r.result.Records = r.found.all
	r.result.EndedAt = time.Now().UTC()
	return r.result
}

func (r *run) all(ctx context.Context) error {
	if err := r.take(); err != nil {
		return err
	}
	size := bytes(r.chunks)
	if r.Scrub {
		passes := ScrubPasses(r.Seed)
		r.total = uint64(Traffic(passes)) * size
		if err := r.passes(ctx, passes); err != nil {
			return err
		}
		return r.clearShared()
	}
	first := Round(r.Level, r.Seed, 0)
	if r.Level != gpu.LevelRigorous {
		r.total = uint64(Traffic(first)) * size
	}
	if err := r.passes(ctx, first); err != nil {
		return err
	}
	if r.Level == gpu.LevelRigorous {
		if err := r.passes(ctx, Retention(r.Seed, RetentionPause(r.Seconds))); err != nil {
			return err
		}
		// What follows expects zeros, as a round leaves them.
		if err := r.passes(ctx, zeros()); err != nil {
			return err
		}
		for n := 1; time.Since(r.begun).Seconds() < r.Seconds; n++ {
			if err := r.passes(ctx, Round(r.Level, r.Seed, n)); err != nil {
				return err
			}
		}
	}
	return r.copySpeed(ctx)
}

// take takes the memory that is to be tested.
func (r *run) take() error {
	begun := time.Now()
	var free, total uint64
	if err := r.failed("cuMemGetInfo_v2", r.MemGetInfo(&free, &total)); err != nil {
		return err
	}
	usable := r.Usable
	if usable == 0 {
		usable = total
	}
	r.result.Usable = usable
	var err error
	r.chunks, err = r.allocate(wanted(free, usable), r.Chunk, func() { r.progress(Pass{Phase: "allocation"}, 0, begun) })
	if err != nil {
		return err
	}
	r.result.Covered = bytes(r.chunks)
	if usable > 0 {
		r.result.Coverage = min(1, float64(r.result.Covered)/float64(usable))
	}
	r.say(wire.Line{Alloc: &wire.Alloc{
		Free: free, Usable: usable, Covered: r.result.Covered, Chunks: len(r.chunks), Seconds: time.Since(begun).Seconds(),
	}})
	if len(r.chunks) == 0 {
		return fmt.Errorf("no memory to be had: %d bytes are free", free)
	}
	return nil
}

func (r *run) passes(ctx context.Context, passes []Pass) error {
	for _, p := range passes {
		if err := r.pass(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) pass(ctx context.Context, p Pass) error {
	if p.Op == Pause {
		return r.pause(ctx, p)
	}
	if err := r.forget(); err != nil {
		return err
	}
	begun := time.Now()
	var moved uint64
	for _, piece := range r.pieces(p.Down) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.launch(p, piece.at, piece.words, piece.first); err != nil {
			return err
		}
		moved += piece.words * word * uint64(p.Traffic())
		r.progress(p, moved, begun)
	}
	if err := r.settle(); err != nil {
		return err
	}
	took := time.Since(begun).Seconds()
	r.note(p, moved, took)
	if p.Op == Fill {
		return nil
	}
	return r.collect(p)
}

// pieces are what one launch does, in the order of the pass.
func (r *run) pieces(down bool) []chunk {
	var all []chunk
	for _, c := range r.chunks {
		for done := uint64(0); done < c.words; {
			n := min(c.words-done, max(1, r.Launch/word))
			all = append(all, chunk{at: c.at + done*word, words: n, first: c.first + done})
			done += n
		}
	}
	if down {
		for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
			all[i], all[j] = all[j], all[i]
		}
	}
	return all
}

// pause leaves memory alone, and still says that it is alive.
func (r *run) pause(ctx context.Context, p Pass) error {
	begun := time.Now()
	for left := p.Wait; left > 0; left = p.Wait - time.Since(begun) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(left, 100*time.Millisecond)):
		}
		r.progress(p, 0, begun)
	}
	return nil
}

// note adds a pass to its phase.
func (r *run) note(p Pass, moved uint64, seconds float64) {
	at, known := r.phases[p.Phase]
	if !known {
		at = len(r.result.Phases)
		r.phases[p.Phase] = at
		r.result.Phases = append(r.result.Phases, gpu.Phase{Name: p.Phase})
	}
	phase := &r.result.Phases[at]
	phase.Bytes += moved
	phase.Seconds += seconds
	if phase.Seconds > 0 {
		phase.GBps = float64(phase.Bytes) / phase.Seconds / 1e9
	}
	r.result.Moved += moved
	r.result.GBps = 0
	for _, p := range r.result.Phases {
		r.result.GBps = max(r.result.GBps, p.GBps)
	}
}

// collect notes what a pass found.
func (r *run) collect(p Pass) error {
	records, err := r.device.found(recordsBytes / 8)
	if err != nil {
		return err
	}
	if p.Audit {
		r.result.Audited, r.result.Remanent = true, records[0]
		return nil
	}
	if records[0] == 0 {
		return nil
	}
	r.result.Mismatches += records[0]
	r.result.Phases[r.phases[p.Phase]].Found += records[0]
	for _, m := range r.found.add(p.Phase, records) {
		r.say(wire.Line{Mismatch: &m})
	}
	return nil
}

// progress says how far the run is, at most ten times a second.
func (r *run) progress(p Pass, moved uint64, begun time.Time) {
	now := time.Now()
	if now.Sub(r.reported) < 100*time.Millisecond {
		return
	}
	r.reported = now
	at := gpu.Progress{Phase: p.Phase, Done: r.result.Moved + moved, Total: r.total, Found: r.result.Mismatches}
	if in := now.Sub(begun).Seconds(); in > 0 {
		at.GBps = float64(moved) / in / 1e9
	}
	elapsed := now.Sub(r.begun).Seconds()
	share := 0.0
	if r.total > 0 {
		share = float64(at.Done) / float64(r.total)
		if share > 0 {
			at.Seconds = elapsed/share - elapsed
		}
	} else if r.Seconds > 0 {
		share = elapsed / r.Seconds
		at.Seconds = max(0, r.Seconds-elapsed)
	}
	at.Percent = min(99, 100*share)
	r.say(wire.Line{Progress: &at})
}

// copySpeed measures a plain copy on the device, from one half of the memory to the other.
func (r *run) copySpeed(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var moved uint64
	begun := time.Now()
	for _, c := range r.chunks {
		half := c.words / 2 * word
		if half = min(half, (maxCopy-moved)/2); half == 0 {
			break
		}
		for done := uint64(0); done < half; {
			size := min(half-done, r.Launch)
			if err := r.copyWithin(c.at+half+done, c.at+done, size); err != nil {
				return err
			}
			done += size
			moved += 2 * size
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	if err := r.settle(); err != nil {
		return err
	}
	if took := time.Since(begun).Seconds(); took > 0 {
		r.result.Copy = float64(moved) / took / 1e9
	}
	return nil
}

// clearShared overwrites the shared memory of every processor. It is claimed only if each of
// them says that it was, and nothing was left.
func (r *run) clearShared() error {
	size := r.attribute(attrSharedOptIn)
	if size <= 0 {
		return nil // the driver is too old to tell, and nothing is claimed
	}
	if err := r.failed("cuFuncSetAttribute", r.FuncSetAttribute(r.shared, funcAttributeShared, size)); err != nil {
		return err
	}
	// A block that takes all shared memory has its processor alone, so a few rounds meet each.
	for range 8 {
		if err := r.forget(); err != nil {
			return err
		}
		a := r.args
		a.words, a.noise, a.records = uint32(size)/4, uint32(r.Seed), r.records
		err := r.failed("cuLaunchKernel", r.LaunchKernel(r.shared, uint32(r.processors)*4, 1, 1, threads, 1, 1,
			uint32(size), r.stream, &a.forShared[0], nil))
		if err != nil {
			return err
		}
		if err := r.settle(); err != nil {
			return err
		}
		records, err := r.device.found(sharedBytes / 8)
		if err != nil {
			return err
		}
		if records[0] != 0 {
			return fmt.Errorf("%d words of shared memory did not hold what was written", records[0])
		}
		met := int32(0)
		for _, mark := range records[1:] {
			if mark != 0 {
				met++
			}
		}
		if r.result.SharedMem = met >= r.processors; r.result.SharedMem {
			return nil
		}
	}
	return nil
}
