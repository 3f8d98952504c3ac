package gpu

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// What the rules say of what they saw.

// most is the greatest of a counter before and after; 0 if it was not read.
func (f *findings) most(of func(*Health) Counter) (n uint64) {
	for _, s := range f.states {
		v, _ := of(s).Get()
		n = max(n, v)
	}
	return n
}

func (f *findings) banks(of func(Banks) int) (n int) {
	for _, s := range f.states {
		b, _ := s.Remap.Banks.Get()
		n = max(n, of(b))
	}
	return n
}

// sum adds two counters, as far as they were read.
func sum(a, b Counter) Counter {
	x, _ := a.Get()
	y, _ := b.Get()
	return Known(x + min(y, math.MaxUint64-x))
}

func (f *findings) mismatch() string {
	s := fmt.Sprintf("%s of 16 bytes did not hold what was written", some(f.mismatches, "word"))
	if f.x.Result != nil && len(f.x.Result.Records) > 0 {
		m := f.x.Result.Records[0]
		s += fmt.Sprintf(", the first at offset %#x, bits %v, pattern %s", m.Offset, m.Bits, m.Pattern)
	}
	return s
}

func (f *findings) slow(share float64) bool { return f.bandwidth > 0 && f.bandwidth < share }

func (f *findings) speed() string {
	if f.x.Result == nil {
		return ""
	}
	return fmt.Sprintf("its memory reached %.0f GB/s, %.1f %% of what a well one reaches", f.x.Result.GBps, 100*f.bandwidth)
}

func (f *findings) well() string {
	r := f.x.Result
	if r == nil {
		return "its counters are well"
	}
	s := fmt.Sprintf("no error in %.1f %% of its memory, %.3f TB moved", 100*r.covered(), float64(r.Moved)/1e12)
	if f.bandwidth > 0 {
		s += fmt.Sprintf(" at %.0f GB/s", r.GBps)
	}
	return s
}

// broken reports whether the test came to no end that says anything.
func (r *Result) broken() (string, bool) {
	switch {
	case r == nil || r.Whole() || r.Killed || r.Hung:
		return "", false
	case uncorrectableCUDA(r.CUDA):
		return fmt.Sprintf("the memory test ended with CUDA error %d", r.CUDA), true
	case r.CUDA != 0:
		return fmt.Sprintf("the memory test ended with CUDA error %d, which says nothing about memory", r.CUDA), true
	case r.Error != "":
		return "the memory test did not come to its end: " + r.Error, true
	default:
		return "the memory test has no end", true
	}
}

// uncovered reports whether too little was tested. What was covered has to be written and read
// once at least.
func (r *Result) uncovered(least float64) (string, bool) {
	if r == nil {
		return "", false
	}
	if share := r.covered(); share < least {
		return fmt.Sprintf("%.2f %% of its usable memory were covered; %.0f %% are the least", 100*share, 100*least), true
	}
	if r.Moved/2 < r.Covered {
		return fmt.Sprintf("%d bytes are told to be covered, with %d moved", r.Covered, r.Moved), true
	}
	return "", false
}

// remanent is what was in memory before the test. After a reset it is what the first test left
// when it was cut short.
func (f *findings) remanent() (string, bool) {
	if f.x.Retest {
		return "", false
	}
	return f.x.Result.remanent()
}

func (r *Result) remanent() (string, bool) {
	if r == nil || r.Remanent == 0 {
		return "", false
	}
	return fmt.Sprintf("%s of 16 bytes held something before anything was written", some(r.Remanent, "word")), true
}

// holders says who has a GPU open.
func holders(all []Holder) string {
	var names []string
	for _, h := range all {
		name := fmt.Sprintf("process %d", h.PID)
		if h.Command != "" {
			name += fmt.Sprintf(" (%.60q)", h.Command)
		}
		if h.LeaseID != "" {
			name += " of " + h.LeaseID
		}
		if names = append(names, name); len(names) == 5 && len(all) > 5 {
			names = append(names, fmt.Sprintf("%d more", len(all)-5))
			break
		}
	}
	return "open in " + strings.Join(names, ", ")
}

func at(t time.Time) string { return "at " + t.UTC().Format(time.RFC3339) }

// days writes a window as people do.
func days(d Duration) string {
	if day := 24 * time.Hour; time.Duration(d)%day == 0 {
		return fmt.Sprintf("%d days", time.Duration(d)/day)
	}
	return d.String()
}

// some counts things: 1 word, 2 words.
func some[N int | uint64](n N, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
