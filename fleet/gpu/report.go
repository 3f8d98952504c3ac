package gpu

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Report is an examination and its verdict in plain lines, for people.
func Report(x Examination, v Verdict) string {
	var r report
	r.verdict(v)
	h := x.After
	if h == nil {
		h = x.Before
	}
	r.add("GPU", x.UUID, x.Type, simulated(x.Simulated))
	if h != nil {
		r.add("product", h.Product, "serial "+or(h.Serial, "unknown"), pair("bus", h.BusID))
		r.add("driver", h.Driver, pair("VBIOS", h.VBIOS), pair("InfoROM", h.InfoROM))
	}
	r.add("examined", stamp(x.StartedAt), "for "+string(x.Purpose), "level "+string(x.Level), lasted(x.StartedAt, x.EndedAt), when(x.Retest, "again, after a reset"))
	if x.Before != nil && x.After != nil {
		r.counters(x.Before, x.After)
	}
	if x.Result != nil {
		r.result(x.Result)
	}
	for _, e := range x.Events {
		r.add("event", e.told(), e.Message)
	}
	for _, h := range x.Holders {
		r.add("holder", holders([]Holder{h}))
	}
	r.add("error", x.Error)
	r.add("reset", x.ResetError)
	return r.String()
}

// Text is a certificate in plain lines, for people.
func (c Certificate) Text() string {
	var r report
	r.add("scrub", or(string(c.Outcome), "?"), "rule "+c.Rule)
	r.add("GPU", c.UUID, c.Product, "serial "+or(c.Serial, "unknown"), pair("bus", c.BusID), simulated(c.Simulated))
	r.add("driver", c.Driver)
	r.add("scrubbed", stamp(c.StartedAt), lasted(c.StartedAt, c.EndedAt), fmt.Sprintf("seed %#x", c.Seed))
	r.add("covered", fmt.Sprintf("%s of %s, %.2f %%", size(c.Covered), size(c.Usable), 100*c.Coverage))
	if c.Audited {
		r.add("before", some(c.Remanent, "word")+" of 16 bytes not zero")
	}
	r.add("after", some(c.Verified, "word")+" of 16 bytes read back as zero")
	for _, gap := range c.NotCovered {
		r.add("not covered", gap)
	}
	return r.String()
}

// report are lines of a name and what is said.
type report struct{ strings.Builder }

// add adds a line, unless there is nothing to say.
func (r *report) add(name string, parts ...string) {
	var said []string
	for _, p := range parts {
		if p != "" {
			said = append(said, clean(p))
		}
	}
	if len(said) > 0 {
		fmt.Fprintf(r, "%-14s %s\n", clean(name), strings.Join(said, ", "))
	}
}

func (r *report) verdict(v Verdict) {
	r.add("verdict", string(v.Outcome), "rule "+v.Rule)
	r.add("because", v.Message)
	r.add("action", v.Action)
	if len(v.All) > 1 {
		r.add("also", strings.Join(v.All[1:], ", "))
	}
}

// counters are those that a verdict looks at, before and after.
func (r *report) counters(before, after *Health) {
	counter := func(name string, of func(*Health) Counter) {
		b, a := told(of(before)), told(of(after))
		if b != a {
			a = b + " → " + a
		}
		r.add(name, a)
	}
	flag := func(name string, of func(*Health) Flag) {
		b, a := toldFlag(of(before)), toldFlag(of(after))
		if b != a {
			a = b + " → " + a
		}
		r.add(name, a)
	}
	flag("ECC", func(h *Health) Flag { return h.ECCCurrent })
	counter("corrected", func(h *Health) Counter { return h.Volatile.corrected() })
	counter("  in its life", func(h *Health) Counter { return h.Aggregate.corrected() })
	counter("uncorrected", func(h *Health) Counter { return h.Volatile.uncorrected() })
	counter("  in its life", func(h *Health) Counter { return h.Aggregate.uncorrected() })
	counter("rows replaced", func(h *Health) Counter { return h.Remap.Uncorrected })
	flag("row pending", func(h *Health) Flag { return h.Remap.Pending })
	flag("row failed", func(h *Health) Flag { return h.Remap.Failed })
	flag("SRAM limit", func(h *Health) Flag { return h.SRAMThreshold })
	flag("MIG", func(h *Health) Flag { return h.MIG })
}

func (r *report) result(t *Result) {
	r.add("tested", fmt.Sprintf("%s of %s, %.2f %%", size(t.Covered), size(t.Usable), 100*t.covered()), size(t.Moved)+" moved", lasted(t.StartedAt, t.EndedAt), fmt.Sprintf("seed %#x", t.Seed))
	if t.GBps > 0 {
		speed := fmt.Sprintf("%.0f GB/s", t.GBps)
		if t.Peak > 0 {
			speed += fmt.Sprintf(", %.1f %% of its memory's peak", 100*t.GBps/t.Peak)
		}
		if t.Copy > 0 {
			speed += fmt.Sprintf("; a plain copy %.0f GB/s", t.Copy)
		}
		r.add("speed", speed)
	}
	for _, p := range t.Phases {
		r.add("  "+p.Name, size(p.Bytes), fmt.Sprintf("%.2f s", p.Seconds), fmt.Sprintf("%.0f GB/s", p.GBps), when(p.Found > 0, some(p.Found, "word")+" found"))
	}
	if t.Audited {
		r.add("before", some(t.Remanent, "word")+" of 16 bytes not zero")
	}
	r.add("wrong", some(t.found(), "word")+" of 16 bytes")
	for i, m := range t.Records {
		if i == shownRecords {
			r.add("", "and "+some(len(t.Records)-i, "more record"))
			break
		}
		r.add("  at "+fmt.Sprintf("%#x", m.Offset), fmt.Sprintf("bits %v", m.Bits), pair("pattern", m.Pattern), when(m.Hard, "again in a later pass"))
	}
	if t.MaxMemoryTemperature > 0 {
		r.add("memory at", strconv.Itoa(t.MaxMemoryTemperature)+" °C at most")
	}
	r.add("ended by", when(t.Hung, "could not be killed"), when(t.Killed, "killed"), when(t.CUDA != 0, fmt.Sprintf("CUDA error %d", t.CUDA)), t.Error)
}

// shownRecords is how many mismatches are shown to people; all are in the JSON.
const shownRecords = 8

func told(c Counter) string {
	v, ok := c.Get()
	switch {
	case ok:
		return strconv.FormatUint(v, 10)
	case c.Unsupported:
		return "not there"
	default:
		return "not read"
	}
}

func toldFlag(f Flag) string {
	v, ok := f.Get()
	switch {
	case ok && v:
		return "yes"
	case ok:
		return "no"
	case f.Unsupported:
		return "not there"
	default:
		return "not read"
	}
}

// clean keeps what hosts and drivers say on one line of a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

func simulated(is bool) string { return when(is, "simulated") }

func when(is bool, s string) string {
	if is {
		return s
	}
	return ""
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func pair(name, value string) string {
	if value == "" {
		return ""
	}
	return name + " " + value
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func lasted(from, to time.Time) string {
	if from.IsZero() || to.Before(from) {
		return ""
	}
	return to.Sub(from).Round(time.Millisecond).String()
}
