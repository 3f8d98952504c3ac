package sim

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// A pass is one pattern's, or several passes over the memory with one name.
type pass struct {
	name    string
	traffic uint64 // how often every byte is read or written
	do      func(*walk)
}

// rounds are how many a simulated rigorous test has, whatever its time.
const rounds = 3

// passes are those of a level.
func passes(level gpu.Level, seed uint64) []pass {
	audit, zero := pass{"audit", 1, (*walk).audit}, pass{"zero", 2, func(w *walk) { w.hold("zero", same(0)) }}
	switch level {
	case gpu.LevelQuick:
		return []pass{audit, fourfold("hash", hashed(seed)), fourfold("hash inverse", inverse(hashed(^seed))), zero}
	case gpu.LevelRigorous:
		all := []pass{audit}
		for round := range uint64(rounds) {
			all = append(all, round1(seed+round)...)
		}
		return append(all, pass{"retention", 2, func(w *walk) { w.hold("retention", hashed(seed)) }}, zero)
	default:
		return append(append([]pass{audit}, round1(seed)...), zero)
	}
}

// round1 is a round of the standard level: eight patterns, a march, a hold.
func round1(seed uint64) []pass {
	return []pass{
		fourfold("00/ff", same(0)),
		fourfold("aa/55", same(0xaaaaaaaaaaaaaaaa)),
		fourfold("cc/33", same(0xcccccccccccccccc)),
		fourfold("walking ones", same(0x0101010101010101<<(seed%8))),
		fourfold("hash 1", hashed(seed)),
		fourfold("hash 2", hashed(mix(seed))),
		fourfold("hash 3", hashed(mix(^seed))),
		fourfold("checkerboard", checkerboard),
		{"march c-", 10, (*walk).march},
		{"hold", 2, func(w *walk) { w.hold("hold", hashed(^seed)) }},
	}
}

// fourfold is fill, check and invert, check.
func fourfold(name string, p pattern) pass {
	return pass{name, 4, func(w *walk) {
		w.fill(p)
		w.check(name, p)
		w.fill(inverse(p))
		w.check(name, inverse(p))
	}}
}

// scrubbing are the passes of a scrub.
func scrubbing(seed uint64) []pass {
	return []pass{
		{"audit", 1, (*walk).audit},
		{"noise", 1, func(w *walk) { w.fill(hashed(seed)) }},
		{"zero", 2, func(w *walk) { w.hold("zero", same(0)) }},
	}
}

// A walk is a memory test or a scrub under way.
type walk struct {
	gpus     *GPUs
	card     *card
	cells    []cell
	result   gpu.Result
	progress func(gpu.Progress)
	told     time.Time // when progress was reported last
	gbps     float64
	failed   map[uint64][]int // by address: records of it
}

// Test implements machine.GPUs. A rigorous test takes GPUOptions.Seconds, a quick one a twentieth
// of it, whatever t says. Rates are made up from those of the product.
func (g *GPUs) Test(ctx context.Context, t gpu.Test, progress func(gpu.Progress)) (gpu.Result, error) {
	share := map[gpu.Level]float64{gpu.LevelQuick: 0.05, gpu.LevelStandard: 0.25, gpu.LevelRigorous: 1}[t.Level]
	if share == 0 {
		return gpu.Result{}, fleet.Errorf(fleet.Invalid, "there is no memory test of level %q", t.Level)
	}
	return g.walk(ctx, t.UUID, gpu.Result{Level: t.Level, Seed: t.Seed}, passes(t.Level, t.Seed), share, progress)
}

// Scrub implements machine.GPUs. It takes a twentieth of GPUOptions.Seconds.
func (g *GPUs) Scrub(ctx context.Context, uuid string, seed uint64, progress func(gpu.Progress)) (gpu.Result, error) {
	return g.walk(ctx, uuid, gpu.Result{Seed: seed}, scrubbing(seed), 0.05, progress)
}

func (g *GPUs) walk(ctx context.Context, uuid string, r gpu.Result, all []pass, share float64, progress func(gpu.Progress)) (gpu.Result, error) {
	release, err := g.take(ctx, uuid)
	if err != nil {
		return gpu.Result{}, err
	}
	defer release()
	r.StartedAt, r.Simulated, r.Phases = now(), true, []gpu.Phase{}
	w := &walk{gpus: g, result: r, progress: progress, failed: map[uint64][]int{}}
	if err := w.begin(uuid); err != nil {
		return gpu.Result{}, err
	}
	err = w.run(ctx, all, time.Duration(share*g.options.Seconds*float64(time.Second)))
	w.result.EndedAt = now()
	g.mu.Lock()
	defer g.mu.Unlock()
	w.end(err == nil)
	if saved := g.save(); err == nil {
		err = saved
	}
	return w.result, err
}

// begin finds out what can be tested.
func (w *walk) begin(uuid string) error {
	w.gpus.mu.Lock()
	defer w.gpus.mu.Unlock()
	c, err := w.gpus.find(uuid)
	if err != nil {
		return err
	}
	usable := c.total() - c.reserved()
	if c.fault("mig-on") != nil {
		if c.UUID == uuid {
			return fleet.Errorf(fleet.Unsupported, "GPU %s is cut into slices: it cannot be tested as a whole", uuid)
		}
		usable /= 2
	}
	w.card, w.result.Usable, w.result.Peak = c, usable, c.of.Peak
	covered := 97.0
	if f := c.fault("low-coverage"); f != nil {
		covered = float64(f.number("percent"))
	}
	w.result.Covered = uint64(float64(usable)*covered/100) &^ 15
	w.result.Coverage = float64(w.result.Covered) / float64(usable)
	w.gbps = 0.89 * cmp.Or(c.of.Peak, 500)
	for _, name := range []string{"slow-memory", "throttled"} {
		if f := c.fault(name); f != nil {
			w.gbps *= float64(f.number("percent")) / 100
		}
	}
	w.cells = c.memory(w.result.Covered)
	switch {
	case c.lost():
		w.result.CUDA, w.result.Error = 100, "CUDA finds no device"
	case c.fault("reset-required") != nil:
		w.result.CUDA, w.result.Error = 46, "the device is unavailable"
	}
	return nil
}

// run does the passes, and takes its time for them. The error is ctx's.
func (w *walk) run(ctx context.Context, all []pass, takes time.Duration) error {
	var total, done uint64
	for _, p := range all {
		total += p.traffic
	}
	hangs, lost := w.hangs()
	if hangs {
		w.result.Killed, w.result.Error = true, "it did not end in time, and was killed"
		return sleep(ctx, 2*takes)
	}
	began := time.Now()
	for _, p := range all {
		if w.over() {
			break
		}
		before := w.result.Mismatches
		p.do(w)
		if w.over() {
			break
		}
		bytes := p.traffic * w.result.Covered
		w.result.Moved += bytes
		w.result.GBps, w.result.Copy = w.gbps, w.gbps/0.89*0.9
		w.result.Phases = append(w.result.Phases, gpu.Phase{
			Name: p.name, Bytes: bytes, Seconds: float64(bytes) / w.gbps / 1e9, GBps: w.gbps, Found: w.result.Mismatches - before,
		})
		until := began.Add(takes * time.Duration(done+p.traffic) / time.Duration(total)) //nolint:gosec // a few hundred
		if err := w.wait(ctx, p.name, float64(done)/float64(total), float64(done+p.traffic)/float64(total), began.Add(takes), until); err != nil {
			return err
		}
		if done += p.traffic; lost >= 0 && 100*done >= uint64(lost)*total { //nolint:gosec // a percentage
			w.lose()
		}
	}
	return ctx.Err()
}

// over reports whether something has ended it before its end.
func (w *walk) over() bool { return !w.result.EndedAt.IsZero() || w.result.CUDA != 0 }

func (w *walk) hangs() (hangs bool, lostAt int) {
	w.gpus.mu.Lock()
	defer w.gpus.mu.Unlock()
	lostAt = -1
	if f := w.card.fault("lost-in-test"); f != nil && w.result.Level != "" {
		lostAt = f.number("percent")
	}
	return w.card.fault("test-hangs") != nil && w.result.Level != "", lostAt
}

// lose has the GPU fall off the bus.
func (w *walk) lose() {
	w.gpus.mu.Lock()
	defer w.gpus.mu.Unlock()
	w.card.Lost = true
	if f := w.card.fault("lost-in-test"); f != nil {
		w.gpus.strike(w.card, f)
	}
	w.gpus.xids(w.card, 79)
	w.gpus.tell(w.card, gpu.EventUnavailable, 0, "the GPU is off the bus")
	w.result.CUDA, w.result.Error = 999, "the device does not answer any more"
}

// wait takes the time of a pass, and tells how far it is, ten times a second at most.
func (w *walk) wait(ctx context.Context, phase string, from, to float64, end, until time.Time) error {
	start := time.Now()
	for {
		part := 1.0
		if left := time.Until(until); left > 0 {
			part = 1 - float64(left)/float64(max(until.Sub(start), 1))
		}
		if share := from + (to-from)*part; time.Since(w.told) >= 100*time.Millisecond {
			w.told = time.Now()
			w.progress(gpu.Progress{
				Phase: phase, Percent: 100 * share, Done: uint64(share * float64(w.result.Moved)), GBps: w.gbps,
				Found: w.result.Mismatches, Seconds: max(time.Until(end), 0).Seconds(),
			})
		}
		left := time.Until(until)
		if left <= 0 {
			return ctx.Err()
		}
		if err := sleep(ctx, min(left, 100*time.Millisecond)); err != nil {
			return err
		}
	}
}

// end leaves the card as the walk has left it; the caller holds the lock. Whole says that nobody cut it off.
func (w *walk) end(whole bool) {
	c := w.card
	for _, cell := range w.cells {
		if f := cell.wrong; f != nil && f.fault.Name == "data-mismatch-transient" && f.left != f.fault.Left {
			f.fault.Left = f.left + 1
			w.gpus.strike(c, f.fault)
		}
	}
	if f := c.fault("corrected-burst"); f != nil && w.result.Moved > 0 && !c.lost() {
		w.gpus.access(c, f, float64(w.result.Moved))
	}
	w.result.MaxMemoryTemperature = 62
	if w.result.Level == "" && whole && w.result.Whole() {
		w.result.SharedMem = true
		if c.fault("scrub-fails") != nil {
			w.result.Mismatches += 4096
			w.result.Records = append(w.result.Records, gpu.Mismatch{Pattern: "zero", Offset: 0x100000, Bits: []int{0}, Again: []int{0}, XOR: []string{"0000000000000001", "0000000000000000"}, Hard: true})
			c.Dirty = true
			return
		}
	}
	// What was cut off leaves its patterns there.
	c.Dirty = !whole || !w.result.Whole()
}

// audit reads before anything is written.
func (w *walk) audit() {
	var found uint64
	for i := range w.cells {
		if w.ends(&w.cells[i]) {
			return
		}
		if w.cells[i].word != (word{}) {
			found++
		}
	}
	w.result.Audited = true
	if found > 0 { // each cell stands for many
		w.result.Remanent = uint64(float64(found) / float64(len(w.cells)) * float64(w.result.Covered/16))
	}
}

func (w *walk) fill(p pattern) {
	for i := range w.cells {
		w.cells[i].word = p(w.cells[i].address)
	}
}

// check reads what was written.
func (w *walk) check(name string, p pattern) {
	for i := range w.cells {
		c := &w.cells[i]
		if w.ends(c) {
			return
		}
		want, got := p(c.address), c.read()
		if got == want {
			continue
		}
		w.found(name, c, want, got)
	}
}

// found writes down a word that does not hold what was written.
func (w *walk) found(name string, c *cell, want, got word) {
	w.result.Mismatches++
	m := differ(name, c, want, got, c.again())
	if c.wrong != nil && c.wrong.left > 0 {
		c.wrong.left--
	}
	records := w.failed[c.address]
	if m.Hard = len(records) > 0; m.Hard {
		w.result.Records[records[0]].Hard = true
	}
	if len(w.result.Records) < 64 {
		w.failed[c.address] = append(records, len(w.result.Records))
		w.result.Records = append(w.result.Records, m)
	}
}

// hold is fill and check.
func (w *walk) hold(name string, p pattern) {
	w.fill(p)
	w.check(name, p)
}

// march is March C-, as far as a memory has an order.
func (w *walk) march() {
	zeros, ones := same(0), same(^uint64(0))
	w.fill(zeros)
	for _, next := range []struct{ is, be pattern }{{zeros, ones}, {ones, zeros}, {zeros, ones}, {ones, zeros}} {
		w.check("march c-", next.is)
		w.fill(next.be)
	}
	w.check("march c-", zeros)
}

// ends reports whether reading a cell ends the test: ECC has found what it cannot correct.
func (w *walk) ends(c *cell) bool {
	if w.result.CUDA != 0 {
		return true
	}
	if c.wrong == nil || !c.wrong.uncorrectable {
		return false
	}
	w.gpus.mu.Lock()
	defer w.gpus.mu.Unlock()
	if w.gpus.access(w.card, c.wrong.fault, 0) {
		w.result.CUDA, w.result.Error = 214, fmt.Sprintf("an uncorrectable memory error ended it (CUDA error 214), at %s", c.wrong.fault.text("address"))
		return true
	}
	return false
}
