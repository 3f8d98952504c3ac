package nvidia

import (
	"time"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// The least that is expected of a GPU's memory: a tenth of what a T4 does. Starting takes
// seconds where the driver initialises the GPU first, and minutes at worst.
const (
	slowest = 30e9 // bytes a second
	start   = 90 * time.Second
)

// A Job is what a worker process does.
type Job struct {
	UUID    string // of a GPU or MIG slice
	Scrub   bool
	Level   gpu.Level // of a test
	Seed    uint64
	Seconds float64 // least duration of LevelRigorous; 0: 60
	Usable  uint64  // bytes of memory without what the driver reserves; 0: as the worker finds
}

// traffic is how often the job moves each byte, at least.
func (j *Job) traffic() int {
	if j.Scrub {
		return 4
	}
	return j.Level.Traffic()
}

// deadline is how long the job may take on that much memory.
func (j *Job) deadline(bytes uint64) time.Duration {
	rounds := 1.0
	d := start
	if !j.Scrub && j.Level == gpu.LevelRigorous {
		// The last round begins just before the time is up, and the first can be late.
		rounds = 2
		d += time.Duration(j.Seconds*float64(time.Second)) + 10*time.Second
	}
	return d + time.Duration(rounds*float64(j.traffic())*float64(bytes)/slowest*float64(time.Second))
}
