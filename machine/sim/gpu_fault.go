package sim

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// A GPUFault is something that is wrong with a simulated GPU, until it has run its course, a
// reset cures it, or Heal does.
type GPUFault struct {
	Name   string            `json:"name"`
	Params map[string]string `json:"params,omitempty"`
	Since  time.Time         `json:"since"`
	Left   int               `json:"left,omitempty"` // how often it strikes yet; 0: as long as it is there
}

// A GPUFaultKind explains one kind of fault.
type GPUFaultKind struct {
	Name   string
	Does   string // a sentence
	Params []GPUFaultParam

	reset  bool   // a reset cures it
	counts string // the parameter that says how often it strikes
	once   bool   // it does something, and leaves nothing behind that could be healed
}

// A GPUFaultParam is something that can be said about a fault.
type GPUFaultParam struct {
	Name     string
	Default  string
	Does     string
	Values   []string // that are allowed; nil: a number or a text
	Min, Max uint64   // of a number; both 0: it is a text
}

var (
	paramAddress = GPUFaultParam{Name: "address", Default: "0x2a0000040", Does: "Of the 16-byte word in the memory under test, in bytes", Max: 1 << 48}
	paramBit     = GPUFaultParam{Name: "bit", Default: "17", Does: "Of the word", Max: 127}
	paramTimes   = GPUFaultParam{Name: "times", Default: "1", Does: "How often it strikes: after a reset it is the next row", Min: 1, Max: 1000}
	paramWhen    = GPUFaultParam{Name: "when", Default: "access", Does: "It strikes when the memory is next used (by a test, or at once if an instance has the GPU), or now", Values: []string{"access", "now"}}
	paramEvents  = GPUFaultParam{Name: "events", Default: "false", Does: "The driver reports it, too", Values: []string{"true", "false"}}
)

// GPUFaults are all kinds of faults, by name.
var GPUFaults = []GPUFaultKind{
	{Name: "access-lost", Does: "The container that has the GPU cannot open it any more, as after systemctl daemon-reload, until it starts again."},
	{Name: "bank-exhausted", Does: "Banks of the memory have no spare rows left.", Params: []GPUFaultParam{{Name: "banks", Default: "1", Does: "How many", Min: 1, Max: 640}}},
	{Name: "bank-low", Does: "Banks of the memory have few spare rows left.", Params: []GPUFaultParam{{Name: "banks", Default: "1", Does: "How many", Min: 1, Max: 640}}},
	{
		Name: "corrected-burst", Does: "Memory errors are corrected at a high rate whenever the memory is used; the driver reports Xid 92 from 100 on.",
		Params: []GPUFaultParam{{Name: "per-tb", Default: "1000", Does: "How many for 10¹² bytes moved", Min: 1, Max: 1e9}, paramWhen},
	},
	{Name: "counter-unreadable", Does: "One counter cannot be read.", Params: []GPUFaultParam{{Name: "counter", Default: "aggregate.uncorrected", Does: "Which", Values: slices.Sorted(maps.Keys(counters))}}},
	{Name: "data-mismatch", Does: "A bit of the memory is stuck, and ECC does not see it.", Params: []GPUFaultParam{paramAddress, paramBit, {Name: "stuck", Default: "1", Does: "At what", Values: []string{"0", "1"}}}},
	{Name: "data-mismatch-transient", Does: "A bit of the memory is read wrong now and then, and right when it is read again.", counts: "times", Params: []GPUFaultParam{paramAddress, paramBit, {Name: "times", Default: "1", Does: "How often", Min: 1, Max: 1000}}},
	{Name: "ecc-off", Does: "ECC is off, so nothing counts errors."},
	{Name: "ecc-pending", Does: "ECC changes its mode with the next reset.", reset: true},
	{Name: "inforom-corrupt", Does: "The InfoROM is corrupt: the counters of the GPU's life cannot be read."},
	{Name: "lost", Does: "The GPU is off the bus: Xid 79, and nothing can be asked.", Params: []GPUFaultParam{{Name: "missing", Default: "false", Does: "The driver does not list it any more, either", Values: []string{"true", "false"}}}},
	{Name: "lost-in-test", Does: "The GPU falls off the bus in the middle of its next memory test.", Params: []GPUFaultParam{{Name: "percent", Default: "50", Does: "Of the test", Max: 100}}},
	{Name: "low-coverage", Does: "Something keeps so much of the memory that a test cannot reach enough.", Params: []GPUFaultParam{{Name: "percent", Default: "80", Does: "Of the usable memory that can be tested", Min: 1, Max: 97}}},
	{Name: "mig-on", Does: "The GPU is cut into slices: it cannot be tested as a whole, and most counters are not there.", Params: []GPUFaultParam{{Name: "slices", Default: "false", Does: "There are two slices, of half its memory each", Values: []string{"true", "false"}}}},
	{Name: "nvml-hang", Does: "The driver does not answer for this GPU.", counts: "calls", Params: []GPUFaultParam{{Name: "calls", Default: "0", Does: "How many calls hang; 0: all", Max: 1000}}},
	{
		Name: "recovery-action", Does: "The driver says that something is to be done.",
		Params: []GPUFaultParam{{Name: "action", Default: "1", Does: "1 reset the GPU, 2 reboot the node, 3 drain peer traffic, 4 drain and reset", Values: []string{"1", "2", "3", "4"}}},
	},
	{Name: "remap-failed", Does: "A row of memory could not be remapped: the board is to be returned.", Params: []GPUFaultParam{paramEvents}},
	{Name: "remap-pending", Does: "A row of memory is to be remapped by the next reset.", reset: true, Params: []GPUFaultParam{paramEvents}},
	{Name: "reordered-uuids", Does: "After the next reset on the host the driver lists its GPUs in another order.", counts: "times", Params: []GPUFaultParam{{Name: "times", Default: "1", Does: "How many resets", Min: 1, Max: 1000}}},
	{Name: "repair-pending", Does: "A repair of a memory channel takes effect with the next reset.", reset: true},
	{Name: "reset-fails", Does: "The GPU cannot be reset."},
	{Name: "reset-required", Does: "The driver does nothing with the GPU before a reset.", reset: true},
	{Name: "scrub-fails", Does: "The memory is not zero after a scrub."},
	{Name: "slow-memory", Does: "The memory is slower than it should be.", Params: []GPUFaultParam{{Name: "percent", Default: "70", Does: "Of its bandwidth that is left", Min: 1, Max: 100}}},
	{Name: "sram-threshold", Does: "The uncorrectable errors of the SRAM are past NVIDIA's limit: the board is to be returned."},
	{Name: "stray-holder", Does: "A process that is none of Kelvin's has the GPU open.", Params: []GPUFaultParam{{Name: "pid", Default: "4242", Does: "Of the process", Min: 1, Max: 1 << 22}, {Name: "command", Default: "python3", Does: "Its name"}}},
	{Name: "test-hangs", Does: "The memory test does not end, and is killed."},
	{Name: "throttled", Does: "Heat holds the clocks down.", Params: []GPUFaultParam{{Name: "percent", Default: "80", Does: "Of the bandwidth that is left", Min: 1, Max: 100}}},
	{Name: "uncorrected-contained", Does: "A memory error cannot be corrected: Xids 48, 63 and 94; who used the memory ends, and a row is to be remapped by the next reset.", counts: "times", Params: []GPUFaultParam{paramAddress, paramTimes, paramWhen}},
	{Name: "uncorrected-uncontained", Does: "A memory error cannot be corrected or contained: Xids 48, 63 and 95; all who used the GPU end, and it needs a reset.", counts: "times", Params: []GPUFaultParam{paramAddress, paramTimes, paramWhen}},
	{Name: "xid", Does: "The driver reports an Xid, and that is all.", once: true, Params: []GPUFaultParam{{Name: "xid", Default: "13", Does: "Its number", Min: 1, Max: 999}}},
}

// kind explains the fault.
func (f *GPUFault) kind() *GPUFaultKind {
	for i := range GPUFaults {
		if GPUFaults[i].Name == f.Name {
			return &GPUFaults[i]
		}
	}
	return &GPUFaultKind{Name: f.Name} // of another version's file
}

// Does explains the fault in a sentence.
func (f *GPUFault) Does() string { return f.kind().Does }

// text is what was said of a parameter, or its default.
func (f *GPUFault) text(param string) string {
	if v, ok := f.Params[param]; ok {
		return v
	}
	for _, p := range f.kind().Params {
		if p.Name == param {
			return p.Default
		}
	}
	return ""
}

func (f *GPUFault) uint(param string) uint64 {
	v, _ := strconv.ParseUint(f.text(param), 0, 64) // it was checked
	return v
}

func (f *GPUFault) number(param string) int { return int(f.uint(param)) } //nolint:gosec // within the parameter's limits

func (f *GPUFault) flag(param string) bool { return f.text(param) == "true" }

// Inject has something go wrong with a GPU, from now on. A fault of the same name replaces the former one.
// Invalid with the field and what is allowed, NotFound without the GPU.
func (g *GPUs) Inject(ctx context.Context, uuid, name string, params map[string]string) error {
	f := &GPUFault{Name: name, Params: params, Since: now()}
	if err := f.check(); err != nil {
		return err
	}
	used := len(g.tenants(ctx, uuid)) > 0
	g.mu.Lock()
	defer g.mu.Unlock()
	c, err := g.find(uuid)
	if err != nil {
		return err
	}
	if _, ok := params["address"]; ok && f.uint("address") >= c.total() {
		return refused("body.params.address", "the GPU has no such address", fmt.Sprintf("0x0 to 0x%x", c.total()-1))
	}
	kind := f.kind()
	if kind.counts != "" {
		f.Left = f.number(kind.counts)
	}
	c.Faults = slices.DeleteFunc(c.Faults, func(old *GPUFault) bool { return old.Name == name })
	if !kind.once {
		c.Faults = append(c.Faults, f)
	}
	g.plant(c, f)
	if used || f.text("when") == "now" {
		g.access(c, f, tera)
	}
	return g.save()
}

// stormy is how many corrected errors for 10¹² bytes the driver reports by itself.
const stormy = 100

// tera is how much memory an instance has used when a fault strikes it.
const tera = 1e12

// plant does what a fault does at once; the caller holds the lock.
func (g *GPUs) plant(c *card, f *GPUFault) {
	switch f.Name {
	case "ecc-off":
		c.ECC = false
	case "lost":
		g.xids(c, 79)
		g.tell(c, gpu.EventUnavailable, 0, "the GPU is off the bus")
	case "recovery-action":
		c.Recovery = f.number("action")
		g.tell(c, gpu.EventRecovery, 0, fmt.Sprintf("recovery action %d", c.Recovery))
	case "remap-failed":
		if f.flag("events") {
			g.xids(c, 64)
		}
	case "remap-pending":
		c.Remapped.Pending++
		if f.flag("events") {
			g.xids(c, 63)
		}
	case "sram-threshold":
		c.count(func(t *tally) { t.UncorrectedSRAM += 5 })
	case "xid":
		g.xids(c, f.number("xid"))
	}
}

// access does what a fault does to who uses so many bytes of the memory, and reports whether that ends
// them; the caller holds the lock.
func (g *GPUs) access(c *card, f *GPUFault, bytes float64) (ends bool) {
	if !c.ECC {
		return false // nobody notices but who reads it
	}
	switch f.Name {
	case "corrected-burst":
		n := uint64(float64(f.uint("per-tb"))*bytes/tera) + 1
		c.count(func(t *tally) { t.CorrectedDRAM += n })
		if f.uint("per-tb") >= stormy {
			g.tell(c, gpu.EventCorrectedStorm, 0, fmt.Sprintf("%d memory errors corrected", n))
			g.xids(c, 92)
		}
		return false
	case "uncorrected-contained", "uncorrected-uncontained":
		c.count(func(t *tally) { t.UncorrectedDRAM++ })
		c.Remapped.Pending++
		g.tell(c, gpu.EventUncorrected, 0, "a memory error could not be corrected, at "+f.text("address"))
		g.xids(c, 48, 63)
		if f.Name == "uncorrected-contained" {
			g.xids(c, 94)
		} else {
			g.xids(c, 95)
			c.Recovery = 1
			g.tell(c, gpu.EventRecovery, 0, "recovery action 1")
		}
		g.strike(c, f)
		return true
	}
	return false
}

// strike counts a strike of a fault, which goes with its last one; the caller holds the lock.
func (g *GPUs) strike(c *card, f *GPUFault) {
	if f.Left--; f.Left <= 0 {
		c.Faults = slices.DeleteFunc(c.Faults, func(other *GPUFault) bool { return other == f })
	}
}

// check refuses what is not in the table.
func (f *GPUFault) check() error {
	i := slices.IndexFunc(GPUFaults, func(k GPUFaultKind) bool { return k.Name == f.Name })
	if i < 0 {
		var names []string
		for _, k := range GPUFaults {
			names = append(names, k.Name)
		}
		return refused("body.name", "there is no such fault", strings.Join(names, ", "))
	}
	kind := &GPUFaults[i]
	for name, value := range f.Params {
		j := slices.IndexFunc(kind.Params, func(p GPUFaultParam) bool { return p.Name == name })
		if j < 0 {
			var names []string
			for _, p := range kind.Params {
				names = append(names, p.Name)
			}
			allowed := strings.Join(names, ", ")
			if allowed == "" {
				allowed = "none"
			}
			return refused("body.params", kind.Name+" has no such parameter", allowed)
		}
		if allowed := kind.Params[j].wrong(value); allowed != "" {
			return refused("body.params."+name, "the parameter cannot be that", allowed)
		}
	}
	return nil
}

// wrong is what is allowed, if the value is not.
func (p GPUFaultParam) wrong(value string) (allowed string) {
	switch {
	case p.Values != nil:
		if !slices.Contains(p.Values, value) {
			return strings.Join(p.Values, ", ")
		}
	case p.Max > 0:
		if n, err := strconv.ParseUint(value, 0, 64); err != nil || n < p.Min || n > p.Max {
			return fmt.Sprintf("%d to %d", p.Min, p.Max)
		}
	case len(value) > 64 || strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "a text of at most 64 bytes that can be printed"
	}
	return ""
}

func refused(field, message, allowed string) error {
	return &fleet.Error{
		Code: fleet.Invalid, Message: fmt.Sprintf("%s: %s; allowed: %s", field, message, allowed),
		Fields: []fleet.FieldError{{Field: field, Message: message, Allowed: allowed}},
	}
}

// Heal takes all that is wrong with a GPU away, also from its counters: it is as new. Its memory stays as
// it is. With "" that is all GPUs.
func (g *GPUs) Heal(uuid string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	healed := false
	for _, c := range g.cards {
		if uuid == "" || c.UUID == uuid {
			c.cardState = cardState{ECC: c.hasECC(), Dirty: c.Dirty}
			healed = true
		}
	}
	if !healed && uuid != "" {
		return fleet.Errorf(fleet.NotFound, "there is no GPU %s here", uuid)
	}
	return g.save()
}

// Faults are those that GPUs have, by UUID. GPUs that are well are not in it.
func (g *GPUs) Faults() map[string][]GPUFault {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := map[string][]GPUFault{}
	for _, c := range g.cards {
		for _, f := range c.Faults {
			all[c.UUID] = append(all[c.UUID], *f)
		}
	}
	return all
}
