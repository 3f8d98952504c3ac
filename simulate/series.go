package simulate

// A series keeps one number for each of the last seconds.
type series struct {
	values []float64
	count  int // values ever seen
}

func newSeries(n int) series { return series{values: make([]float64, n)} }

func (s *series) add(v float64) {
	s.values[s.count%len(s.values)] = v
	s.count++
}

// mean is over the last n values, or as many as there are.
func (s *series) mean(n int) float64 {
	n = min(n, s.count, len(s.values))
	if n == 0 {
		return 0
	}
	sum := 0.0
	for i := range n {
		sum += s.values[(s.count-1-i)%len(s.values)]
	}
	return sum / float64(n)
}

func (s *series) sum(n int) float64 { return s.mean(n) * float64(min(n, s.count, len(s.values))) }

func (s *series) reset() { s.count = 0 }
