package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// Version is that of the lines.
const Version = 1

// A Line is one thing that a child says. One field is set.
type Line struct {
	Hello    *Hello        `json:"hello,omitempty"`
	Alloc    *Alloc        `json:"alloc,omitempty"`
	Progress *gpu.Progress `json:"progress,omitempty"`
	Mismatch *gpu.Mismatch `json:"mismatch,omitempty"`
	Result   *gpu.Result   `json:"result,omitempty"`
}

// Hello is who talks, and what GPU it has.
type Hello struct {
	Version    int     `json:"version"`
	PID        int     `json:"pid"`
	UUID       string  `json:"uuid"`   // of the GPU or MIG slice that it sees
	Driver     int     `json:"driver"` // version of CUDA: 13000
	Processors int     `json:"processors"`
	ECC        bool    `json:"ecc"`
	Cache      uint64  `json:"cache_bytes"` // L2
	Peak       float64 `json:"peak_gbps"`   // of the memory, by its clock and width; 0: unknown
	Seconds    float64 `json:"seconds"`     // until now: driver, context, kernels
}

// Alloc is how much memory is under test.
type Alloc struct {
	Free    uint64  `json:"free_bytes"`
	Usable  uint64  `json:"usable_bytes"`
	Covered uint64  `json:"covered_bytes"`
	Chunks  int     `json:"chunks"`
	Seconds float64 `json:"seconds"`
}

// The limits of what is listened to.
const (
	maxLine    = 256 << 10
	maxText    = 200 // characters of a name or message
	maxPhases  = 64
	MaxRecords = 64 // mismatches told one by one
)

var errEmpty = errors.New("no message")

// Parse reads one line. Text is cut and cleaned; numbers that cannot be are an error.
func Parse(line []byte) (Line, error) {
	var l Line
	if len(line) > maxLine {
		return l, fmt.Errorf("a line of %d bytes", len(line))
	}
	if line = bytes.TrimSpace(line); len(line) == 0 {
		return l, errEmpty
	}
	if err := json.Unmarshal(line, &l); err != nil {
		return Line{}, fmt.Errorf("not a message: %w", err)
	}
	set := 0
	for _, is := range []bool{l.Hello != nil, l.Alloc != nil, l.Progress != nil, l.Mismatch != nil, l.Result != nil} {
		if is {
			set++
		}
	}
	if set != 1 {
		return Line{}, fmt.Errorf("a line with %d messages", set)
	}
	if err := l.check(); err != nil {
		return Line{}, err
	}
	return l, nil
}

func (l *Line) check() error {
	switch {
	case l.Hello != nil:
		l.Hello.UUID = Text(l.Hello.UUID)
		return numbers(l.Hello.Peak, l.Hello.Seconds)
	case l.Alloc != nil:
		if l.Alloc.Chunks < 0 {
			return fmt.Errorf("%d chunks", l.Alloc.Chunks)
		}
		return numbers(l.Alloc.Seconds)
	case l.Progress != nil:
		p := l.Progress
		p.Phase = Text(p.Phase)
		if p.Percent > 100 {
			return fmt.Errorf("%v percent", p.Percent)
		}
		return numbers(p.Percent, p.GBps, p.Seconds)
	case l.Mismatch != nil:
		return checkMismatch(l.Mismatch)
	}
	return checkResult(l.Result)
}

func checkMismatch(m *gpu.Mismatch) error {
	m.Pattern = Text(m.Pattern)
	if len(m.XOR) > 2 {
		return fmt.Errorf("%d halves of a word", len(m.XOR))
	}
	for i := range m.XOR {
		m.XOR[i] = Text(m.XOR[i])
	}
	for _, bits := range [][]int{m.Bits, m.Again} {
		for i, bit := range bits {
			if bit < 0 || bit > 127 || i > 0 && bit <= bits[i-1] {
				return fmt.Errorf("bits %v", bits[:min(len(bits), 10)])
			}
		}
	}
	return nil
}

func checkResult(r *gpu.Result) error {
	if len(r.Phases) > maxPhases || len(r.Records) > MaxRecords {
		return fmt.Errorf("a result with %d phases and %d records", len(r.Phases), len(r.Records))
	}
	if !slices.Contains(gpu.Levels, r.Level) && r.Level != "" {
		return fmt.Errorf("level %q", Text(string(r.Level)))
	}
	if err := numbers(r.Coverage, r.GBps, r.Copy, r.Peak); err != nil {
		return err
	}
	r.Error = Text(r.Error)
	for i := range r.Phases {
		p := &r.Phases[i]
		p.Name = Text(p.Name)
		if err := numbers(p.Seconds, p.GBps); err != nil {
			return err
		}
	}
	for i := range r.Records {
		if err := checkMismatch(&r.Records[i]); err != nil {
			return err
		}
	}
	return nil
}

// numbers refuses those that are below zero or absurd.
func numbers(all ...float64) error {
	for _, n := range all {
		if math.IsNaN(n) || n < 0 || n > 1e15 {
			return fmt.Errorf("the number %v", n)
		}
	}
	return nil
}

// Text is s without what a terminal would obey, and not too long.
func Text(s string) string {
	clean := make([]rune, 0, min(len(s), maxText))
	for _, r := range s {
		if len(clean) == maxText {
			break
		}
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfffd {
			r = '?'
		}
		clean = append(clean, r)
	}
	return string(clean)
}
