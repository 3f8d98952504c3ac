package gateway

import "time"

// peakSpan is how far back a report's Peak looks, at the least, in seconds: so that what
// comes and goes between two reports, one of which may be lost, is seen.
const peakSpan = 3

// A peak is how many requests were in flight or waiting at the most, in the last seconds.
// Its endpoint's lock guards it.
type peak struct {
	level  int // now
	most   [peakSpan + 1]int
	second int64 // that the last entry written is of
}

// move notes that there are n more.
func (p *peak) move(now time.Time, n int) {
	p.reach(now)
	p.level += n
	at := &p.most[p.second%int64(len(p.most))]
	*at = max(*at, p.level)
}

// top is the most since peakSpan seconds, or up to one second longer.
func (p *peak) top(now time.Time) int {
	p.reach(now)
	top := 0
	for _, n := range p.most {
		top = max(top, n)
	}
	return top
}

// reach fills in the seconds in which nothing moved.
func (p *peak) reach(now time.Time) {
	second := now.Unix()
	for i := max(p.second+1, second-peakSpan); i <= second; i++ {
		p.most[i%int64(len(p.most))] = p.level
	}
	p.second = max(p.second, second)
}
