package autoscale

import (
	"math"
	"math/bits"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// need is how many requests would be in service if none had to wait (Little's law), and
// those that wait were gone after a while (D7, D8), as a fraction. A queue is work to be
// done once, not concurrency.
type need struct{ over, under uint64 }

// Bounds of what is multiplied, so that it fits 64 bits. Beyond them a need is a little
// less than it should be, and growth is bounded by Max workers long before.
const (
	mostRequests = 1_000_000
	mostService  = time.Hour
)

// flow is one moment of load.
type flow struct {
	inflight, queued int
	arrived          int           // in over
	over             time.Duration // at least a second
	service          time.Duration
	drain            time.Duration
	floor            bool // what is in flight is needed, whatever the arrivals say
}

func (f flow) need() need {
	const micro = uint64(time.Second / time.Microsecond)
	a, q := bounded(f.arrived), bounded(f.queued)
	s := uint64(min(max(f.service, 0), mostService) / time.Microsecond)
	o, d := uint64(max(f.over, time.Second)/time.Second), uint64(min(max(f.drain, time.Second), mostService)/time.Second)
	flying := bounded(f.inflight) * o * micro
	// Streams that last for hours: no more than can be there a minute from now.
	l := min(a*s, flying+a*60*micro)
	if f.floor {
		l = max(l, flying)
	}
	return need{l*d + q*s*o, o * d * micro}
}

// per is how many workers the need makes at so many requests each, in hundredths: rounded up.
func (n need) per(hundredths int) int {
	hi, lo := bits.Mul64(n.over, 100)
	by, much := bits.Mul64(n.under, uint64(hundredths))
	if by > 0 || hi >= much {
		return math.MaxInt32
	}
	workers, rest := bits.Div64(hi, lo, much)
	if rest > 0 {
		workers++
	}
	return int(min(workers, math.MaxInt32))
}

// thousandths of a request, rounded up.
func (n need) thousandths() int {
	hi, lo := bits.Mul64(n.over, 1000)
	if hi >= n.under {
		return math.MaxInt32
	}
	v, rest := bits.Div64(hi, lo, n.under)
	if rest > 0 {
		v++
	}
	return int(min(v, math.MaxInt32))
}

func bounded(n int) uint64 { return uint64(min(max(n, 0), mostRequests)) }

func ceil(a, b int) int { return (a + b - 1) / b }

func whole(d fleet.Duration) time.Duration { return time.Duration(d) }
