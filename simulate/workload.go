package simulate

import "time"

// A Workload is an endpoint and its requests.
type Workload struct {
	Name  string
	Title string
	// Target is the concurrency per worker that policies aim at, Limit what a worker gets at the most.
	Target, Limit int
	Active, Max   int
	Service       Service
	// Warm is the time at the beginning that is not measured.
	Warm time.Duration
	// Block is the stretch of time that intervals resample; 0: whole seeds.
	Block time.Duration
	Steps []time.Duration // ends of surges, for the time to settle
	Open  func(seed uint64) (Arrivals, error)
}

// arrivals opens the requests of a seed with their service times.
func (w *Workload) arrivals(seed uint64) (*served, error) {
	from, err := w.Open(seed)
	if err != nil {
		return nil, err
	}
	return &served{from: from, service: w.Service, random: NewRandom(seed, "service "+w.Name)}, nil
}

// served are arrivals with service times.
type served struct {
	from    Arrivals
	service Service
	random  *Random
	until   int64
}

func (s *served) over() bool { return s.until == s.from.Span() }

func (s *served) Next() ([]Request, int64) {
	requests, until := s.from.Next()
	s.until = until
	s.service.fill(requests, s.random)
	return requests, until
}
