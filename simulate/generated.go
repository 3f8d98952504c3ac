package simulate

import "time"

// A Phase is a stretch of Poisson arrivals whose rate goes in a straight line from one value
// to the other.
type Phase struct {
	Length   time.Duration
	From, To float64 // per second
}

// flat is a phase of one rate.
func flat(length time.Duration, perS float64) Phase { return Phase{length, perS, perS} }

func spanOf(phases []Phase) (span int64) {
	for _, p := range phases {
		span += int64(p.Length)
	}
	return span
}

// generate draws the arrivals of all phases: at the highest rate of a phase, of which the
// line says how many stay.
func generate(phases []Phase, random *Random) []Request {
	var out []Request
	begin := int64(0)
	for _, p := range phases {
		high := max(p.From, p.To)
		end := begin + int64(p.Length)
		for at := begin; high > 0; {
			at += int64(random.Exponential(float64(time.Second) / high))
			if at >= end {
				break
			}
			if p.From != p.To {
				now := p.From + float64((p.To-p.From)*(float64(at-begin)/float64(p.Length)))
				if random.Float()*high >= now {
					continue
				}
			}
			out = append(out, Request{At: at})
		}
		begin = end
	}
	return out
}

func repeat(n int, phases ...Phase) []Phase {
	var out []Phase
	for range n {
		out = append(out, phases...)
	}
	return out
}
