package spot

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// What the memory lives by.
const (
	HalfLife   = 30 * time.Minute // in which a score falls to its half
	RiskWindow = 3 * time.Minute  // after a preemption, in which others of the pool are likely to follow
	HoldOff    = 30 * time.Second // after a launch that failed; doubling
	holdOffMax = time.Minute
	forget     = 24 * HalfLife // after which a pool is as good as unknown
	keepTold   = 256           // events that are remembered, so that they count once
)

// A Score is how bad a pool has been lately, in millionths of a preemption.
type Score int64

// What events weigh.
const (
	preemptionWeighs   Score = 1_000_000
	launchFailedWeighs Score = 500_000
	worst              Score = 1_000_000_000
)

// Memory is what is remembered of pools from one decision to the next. It is small, it must
// be kept durably, and it is never reset: it fades.
type Memory struct {
	Pools     map[string]PoolMemory `json:"pools,omitempty"`
	Told      []Told                `json:"told,omitempty"`
	TroubleAt time.Time             `json:"trouble_at,omitzero"` // the last preemption, notice or failed launch of a spot worker
	FailedAt  time.Time             `json:"failed_at,omitzero"`  // the last failed launch of one
}

// PoolMemory is what is remembered of one pool.
type PoolMemory struct {
	Score    Score     `json:"score"`
	At       time.Time `json:"at"`               // when the score was that
	LossAt   time.Time `json:"loss_at,omitzero"` // the last preemption or notice
	FailedAt time.Time `json:"failed_at,omitzero"`
	Failures int       `json:"failures,omitempty"` // launches that failed, in a row
}

// Told is an event that has counted.
type Told struct {
	Worker string    `json:"worker"`
	Kind   EventKind `json:"kind"`
	At     time.Time `json:"at"`
}

// now is the score as it has faded.
func (p PoolMemory) now(now time.Time) Score { return p.Score.after(now.Sub(p.At)) }

// risky reports whether more losses are likely.
func (p PoolMemory) risky(now time.Time) bool {
	return !p.LossAt.IsZero() && now.Before(p.LossAt.Add(RiskWindow))
}

// heldOff is when the next launch may be tried.
func (p PoolMemory) heldOff() time.Time {
	if p.Failures == 0 {
		return time.Time{}
	}
	return p.FailedAt.Add(min(HoldOff<<min(p.Failures-1, 8), holdOffMax))
}

// Score is what a pool's score for spot workers is now.
func (m Memory) Score(p Pool, now time.Time) Score { return m.Pools[key(p, fleet.Spot)].now(now) }

// with is the memory after the events; m stays as it is.
func (m Memory) with(events []Event, now time.Time) Memory {
	m.Pools = maps.Clone(m.Pools)
	if m.Pools == nil {
		m.Pools = map[string]PoolMemory{}
	}
	m.Told = slices.Clone(m.Told)
	events = slices.Clone(events)
	slices.SortFunc(events, func(a, b Event) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Worker, b.Worker), cmp.Compare(a.Kind, b.Kind), a.Pool.compare(b.Pool))
	})
	for _, e := range events {
		m.take(e)
	}
	//workflowcheck:ignore // every order comes to the same
	maps.DeleteFunc(m.Pools, func(_ string, p PoolMemory) bool { return now.Sub(p.At) > forget })
	return m
}

// take counts one event.
func (m *Memory) take(e Event) {
	k := key(e.Pool, e.Market)
	p := m.Pools[k]
	weigh := func(w Score) {
		// An event may be told late: then it has faded already.
		if e.At.Before(p.At) {
			p.Score = min(p.Score+w.after(p.At.Sub(e.At)), worst)
			return
		}
		p.Score, p.At = min(p.now(e.At)+w, worst), e.At
	}
	switch e.Kind {
	case Noticed, Preempted:
		if m.told(e.Worker, Noticed) || m.told(e.Worker, Preempted) {
			return // a loss that had a notice is one loss
		}
		weigh(preemptionWeighs)
		p.LossAt = later(p.LossAt, e.At)
	case LaunchFailed:
		if m.told(e.Worker, e.Kind) {
			return
		}
		weigh(launchFailedWeighs)
		p.FailedAt = later(p.FailedAt, e.At)
		p.Failures++
	case Launched:
		if p.Failures == 0 || e.At.Before(p.FailedAt) {
			return
		}
		p.Failures = 0
	default:
		return
	}
	if e.Kind != Launched {
		if e.Worker != "" {
			m.Told = append(m.Told[max(0, len(m.Told)+1-keepTold):], Told{e.Worker, e.Kind, e.At})
		}
		if e.Market == fleet.Spot {
			m.TroubleAt = later(m.TroubleAt, e.At)
			if e.Kind == LaunchFailed {
				m.FailedAt = later(m.FailedAt, e.At)
			}
		}
	}
	m.Pools[k] = p
}

func (m *Memory) told(worker string, kind EventKind) bool {
	return worker != "" && slices.ContainsFunc(m.Told, func(t Told) bool { return t.Worker == worker && t.Kind == kind })
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// halves are 2^(-1/2), 2^(-1/4), … in parts of 2^32. Integers give the same on every machine,
// which a workflow that is replayed elsewhere needs.
var halves = [...]uint64{
	3037000500, 3611622603, 3938502376, 4112874773, 4202935003,
	4248701965, 4271771996, 4283353945, 4289156690, 4292061010,
}

// after is what is left of a score.
func (s Score) after(age time.Duration) Score {
	if age <= 0 {
		return s
	}
	whole := age / HalfLife
	if whole > 62 {
		return 0
	}
	v := uint64(s) >> uint(whole)
	fraction := uint64(age%HalfLife) << len(halves) / uint64(HalfLife)
	for i, half := range halves {
		if fraction>>(len(halves)-1-i)&1 == 1 {
			v = v * half >> 32
		}
	}
	return Score(v)
}
