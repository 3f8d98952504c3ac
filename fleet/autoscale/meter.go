package autoscale

import (
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A Meter keeps one endpoint's load of a while, in rings of 4 KiB that never grow. The zero
// Meter has seen nothing.
type Meter struct {
	began    time.Time // of the first sample
	since    time.Time // of the first of the unbroken row of samples; zero: broken
	request  time.Time // when there was one
	last     Sample
	slow     time.Duration // mean time of a request, as recalled
	seconds  ring[moment]  // a minute of them
	quarters ring[moment]  // of a minute: 15 minutes
	tenths   ring[int32]   // of an hour: a day, and only its peaks
}

// A moment is what samples came to.
type moment struct {
	arrived, ended, inflight, queued, peak int32
	busy                                   time.Duration
}

const (
	quarter = 15 // seconds
	tenth   = 360
	minute  = 60
)

// Add takes in a sample. They come once a second, in order; one that is older than the
// last means that the clock was set back, and everything begins anew.
func (m *Meter) Add(s Sample) {
	at := s.At.Unix()
	if m.began.IsZero() || s.At.Before(m.last.At) {
		*m = Meter{
			began:   s.At,
			seconds: ring[moment]{make([]moment, 64), at}, quarters: ring[moment]{make([]moment, 64), at / quarter}, tenths: ring[int32]{make([]int32, 256), at / tenth},
		}
	}
	s.Peak = max(s.Peak, s.InFlight+s.Queued)
	switch {
	case !s.Whole:
		m.since = time.Time{}
	case m.since.IsZero() || s.At.Sub(m.last.At) > staleAfter:
		m.since = s.At
	}
	if s.Peak > 0 || s.Arrived > 0 || s.Ended > 0 {
		m.request = s.At
	}
	m.last = s
	m.seconds.to(at).add(s)
	m.quarters.to(at / quarter).add(s)
	if s.Ended > 0 {
		m.recall()
	}
	t := m.tenths.to(at / tenth)
	*t = max(*t, int32(min(s.Peak, mostRequests)))
}

func (m *moment) add(s Sample) {
	m.arrived += int32(min(s.Arrived, mostRequests))
	m.ended += int32(min(s.Ended, mostRequests))
	m.busy += s.Busy
	m.inflight = max(m.inflight, int32(min(s.InFlight, mostRequests)))
	m.queued = max(m.queued, int32(min(s.Queued, mostRequests)))
	m.peak = max(m.peak, int32(min(s.Peak, mostRequests)))
}

// Load is what the samples come to.
func (m *Meter) Load(o Options) Load {
	if m.began.IsZero() {
		return Load{}
	}
	l := Load{
		At: m.last.At, Since: m.since, LastRequest: m.request, InFlight: m.last.InFlight, Queued: m.last.Queued,
		Service: m.service(), Peak: m.peak(whole(o.Hold)),
	}
	if o.Recall {
		l.Service = max(l.Service, fleet.Duration(m.slow))
	}
	for i := range min(o.Patience, patience) {
		l.Longer[i] = m.peak(whole(o.Hold) << (i + 1))
	}
	arrived, over := m.arrived(0, o)
	l.Arrived, l.Over = arrived, seconds(over)
	if o.CancelAfter > 0 {
		l.Need = m.need(l.Service, o)
	}
	return l
}

// arrived are the arrivals of Options.Rate that ended so many seconds ago, or of as many
// more seconds as it takes to find MinArrivals, up to a minute.
func (m *Meter) arrived(ago int, o Options) (n, over int) {
	rate, least := int(whole(o.Rate)/time.Second), o.MinArrivals
	young := int(m.last.At.Unix()-m.began.Unix()) + 1 - ago
	for over < min(minute-ago, max(young, 1)) && (over < rate || n < least) {
		n += int(m.seconds.ago(ago + over).arrived)
		over++
	}
	return n, max(over, 1)
}

// recall follows the mean time of requests, if those of the last minute are a hundred (the mean
// of fewer is mostly chance), at every second in which some end: up in two
// minutes or so, down in four. When load jumps up, the short requests end first, and their
// mean says for a while that all are short.
func (m *Meter) recall() {
	const up, down = 128, 256
	switch mean := m.mean(100); {
	case m.slow == 0:
		m.slow = mean
	case mean > m.slow:
		m.slow += (mean - m.slow) / up
	case mean > 0:
		m.slow -= (m.slow - mean) / down
	}
}

// mean is the mean time of the requests that ended in the last minute, if those are so many.
func (m *Meter) mean(least int64) time.Duration {
	ended, busy := m.ended()
	if ended < least {
		return 0
	}
	return busy / time.Duration(ended)
}

// ended are the requests that ended in the last minute, and their summed time.
func (m *Meter) ended() (ended int64, busy time.Duration) {
	for i := range minute {
		s := m.seconds.ago(i)
		ended, busy = ended+int64(s.ended), busy+s.busy
	}
	return ended, busy
}

// service is the mean time of the requests that ended in the last minute, or in as much
// more as it takes to find twenty, up to 15 minutes.
func (m *Meter) service() fleet.Duration {
	ended, busy := m.ended()
	if ended < 20 {
		ended, busy = 0, 0
		for i := 0; i <= minute && (i < 4 || ended < 20); i++ {
			s := m.quarters.ago(i)
			ended, busy = ended+int64(s.ended), busy+s.busy
		}
	}
	if ended == 0 {
		return 0
	}
	return fleet.Duration(busy / time.Duration(ended))
}

// peak is the most requests at once in the last d, or a little longer.
func (m *Meter) peak(d time.Duration) (peak int) {
	s := int(d / time.Second)
	switch {
	case s <= minute:
		for i := range s + 1 {
			peak = max(peak, int(m.seconds.ago(i).peak))
		}
	case s <= 15*minute:
		for i := range ceil(s, quarter) + 1 {
			peak = max(peak, int(m.quarters.ago(i).peak))
		}
	default:
		for i := range min(ceil(s, tenth)+1, len(m.tenths.cells)) {
			peak = max(peak, int(*m.tenths.ago(i)))
		}
	}
	return peak
}

// need is the largest need of Options.CancelAfter, in thousandths of a request. It is never
// less than what was in flight.
func (m *Meter) need(service fleet.Duration, o Options) (most int) {
	for ago := range min(int(whole(o.CancelAfter)/time.Second), minute-10) + 1 {
		s := m.seconds.ago(ago)
		if service == 0 {
			most = max(most, 1000*int(s.inflight+s.queued))
			continue
		}
		arrived, over := m.arrived(ago, o)
		f := flow{int(s.inflight), int(s.queued), arrived, time.Duration(over) * time.Second, whole(service), o.drained(int(s.queued)), true}
		most = max(most, f.need().thousandths())
	}
	return most
}
