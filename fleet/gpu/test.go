package gpu

import (
	"slices"
	"time"
)

// Level is how thoroughly a GPU is examined. Each holds all of those before it.
type Level string

// The levels.
const (
	LevelNone     Level = "none"     // not at all
	LevelCounters Level = "counters" // L0: counters, events, processes; 0.1 s
	LevelQuick    Level = "quick"    // L1: every byte of memory, two patterns; about half a second of bandwidth
	LevelStandard Level = "standard" // L2: eight patterns, a march, a hold; seconds
	LevelRigorous Level = "rigorous" // L3: rounds of L2 for a minute, and a retention pause
)

// Levels are all of them, from least to most.
var Levels = []Level{LevelNone, LevelCounters, LevelQuick, LevelStandard, LevelRigorous}

// Covers reports whether an examination at this level holds all of one at another. What is no
// level covers nothing.
func (l Level) Covers(other Level) bool {
	i := slices.Index(Levels, l)
	return i >= 0 && i >= slices.Index(Levels, other)
}

// Next is the level above, if there is one.
func (l Level) Next() Level {
	i := slices.Index(Levels, l)
	return Levels[min(i+1, len(Levels)-1)]
}

// A Test is a memory test to be run on one GPU, which nobody else uses meanwhile.
type Test struct {
	UUID    string  `json:"uuid"` // of the GPU, or of a MIG slice
	Level   Level   `json:"level"`
	Seed    uint64  `json:"seed"`    // of the patterns
	Seconds float64 `json:"seconds"` // least duration of LevelRigorous; 0: 60
}

// A Result is what a memory test, or a scrub, did and found.
type Result struct {
	Level     Level     `json:"level,omitempty" doc:"Of a test; a scrub has none"`
	Seed      uint64    `json:"seed"`
	StartedAt time.Time `json:"started_at"`
	EndedAt   time.Time `json:"ended_at"`

	Usable   uint64  `json:"usable_bytes" doc:"Memory without what the driver reserves"`
	Covered  uint64  `json:"covered_bytes" doc:"Of it, what was tested"`
	Coverage float64 `json:"coverage" minimum:"0" maximum:"1" doc:"Covered of usable"`
	Moved    uint64  `json:"moved_bytes" doc:"Read and written"`
	Phases   []Phase `json:"phases"`

	// GBps is the highest rate of a phase, and Copy that of a plain copy on the device in the
	// same run; both count bytes read and written.
	GBps float64 `json:"gbps,omitempty" doc:"The best phase's rate in 10⁹ bytes a second"`
	Copy float64 `json:"copy_gbps,omitempty" doc:"A plain copy on the device in the same run"`
	Peak float64 `json:"peak_gbps,omitempty" doc:"What the product's memory can do; 0: unknown"`

	Simulated  bool       `json:"simulated,omitempty" doc:"The GPU is simulated, and its rates are made up"`
	Audited    bool       `json:"audited" doc:"The first pass read before anything was written"`
	Remanent   uint64     `json:"remanent_words" doc:"16-byte words that were not zero then"`
	Mismatches uint64     `json:"mismatches" doc:"16-byte words that did not hold what was written"`
	Records    []Mismatch `json:"records,omitempty" doc:"The first 64"`
	SharedMem  bool       `json:"shared_memory_cleared,omitempty" doc:"A scrub's: shared memory of every processor was overwritten"`

	MaxMemoryTemperature int `json:"max_memory_temperature,omitempty" doc:"Degrees Celsius; 0: unknown"`

	// How it ended, if not at its end.
	CUDA   int    `json:"cuda,omitempty" doc:"Error of the CUDA driver that ended it, such as 214"`
	Killed bool   `json:"killed,omitempty" doc:"It did not end in time, and was killed"`
	Hung   bool   `json:"hung,omitempty" doc:"It could not even be killed"`
	Error  string `json:"error,omitempty" doc:"Why it is not whole"`
}

// Whole reports whether the test came to its end.
func (r *Result) Whole() bool {
	return r.CUDA == 0 && !r.Killed && !r.Hung && r.Error == "" && !r.EndedAt.IsZero()
}

// A Phase is one pass, or several of one pattern, over all of the memory.
type Phase struct {
	Name    string  `json:"name"` // audit, hash, 00/ff, march c-, …
	Bytes   uint64  `json:"bytes" doc:"Read and written"`
	Seconds float64 `json:"seconds"`
	GBps    float64 `json:"gbps"`
	Found   uint64  `json:"found,omitempty" doc:"Words that did not hold what was written"`
}

// A Mismatch is one 16-byte word of memory that did not hold what was written.
type Mismatch struct {
	Pattern string   `json:"pattern"`
	Offset  uint64   `json:"offset" doc:"Of the word in the memory under test, in bytes"`
	Bits    []int    `json:"bits" doc:"Those that differ, 0 to 127, lowest first"`
	Again   []int    `json:"again,omitempty" doc:"Those that still differ when it is read once more"`
	XOR     []string `json:"xor" doc:"Both halves of what differs, in hexadecimal"`
	Hard    bool     `json:"hard,omitempty" doc:"The same word failed in a later pass"`
}

// Progress is how far a test or a scrub is.
type Progress struct {
	Phase   string  `json:"phase"`
	Percent float64 `json:"percent"`
	Done    uint64  `json:"done_bytes"`
	Total   uint64  `json:"total_bytes"` // 0: it goes by time
	GBps    float64 `json:"gbps"`
	Found   uint64  `json:"found"`
	Seconds float64 `json:"seconds_left"`
}

// Traffic is how often a memory test of that level moves each byte, at least: it tells how
// long a test takes, and whether what says it has tested can have.
func (l Level) Traffic() int {
	switch l {
	case LevelQuick:
		return 11
	case LevelStandard, LevelRigorous:
		return 47 // a round
	case LevelNone, LevelCounters:
	}
	return 0
}
