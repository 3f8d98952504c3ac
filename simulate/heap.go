package simulate

// A running request ends at a time. Begin is when its service began.
type running struct {
	end, begin int64
	worker     int32
}

// A runningHeap gives the request that ends first; of those that end together, the one on
// the oldest worker. Four children a node: fewer cache misses than two.
type runningHeap []running

func (h *runningHeap) push(r running) {
	*h = append(*h, r)
	s := *h
	i := len(s) - 1
	for i > 0 {
		up := (i - 1) / 4
		if !r.before(&s[up]) {
			break
		}
		s[i] = s[up]
		i = up
	}
	s[i] = r
}

func (h *runningHeap) pop() running {
	s := *h
	first, n := s[0], len(s)-1
	last := s[n]
	*h = s[:n]
	s = s[:n]
	if n == 0 {
		return first
	}
	i := 0
	for {
		child := 4*i + 1
		if child >= n {
			break
		}
		least := child
		for c := child + 1; c < min(child+4, n); c++ {
			if s[c].before(&s[least]) {
				least = c
			}
		}
		if !s[least].before(&last) {
			break
		}
		s[i] = s[least]
		i = least
	}
	s[i] = last
	return first
}

func (r *running) before(o *running) bool {
	return r.end < o.end || r.end == o.end && (r.worker < o.worker || r.worker == o.worker && r.begin < o.begin)
}

// A turn is a time at which something happens to a worker.
type turn struct {
	at     int64
	worker int32
	kind   turnKind
}

type turnKind uint8

const (
	turnReady turnKind = iota
	turnFailed
	turnCrashed
	turnDrained // the grace of a draining worker is over
)

// turns are few: a sorted list, the next at the end.
type turns []turn

func (t *turns) push(e turn) {
	*t = append(*t, e)
	s := *t
	for i := len(s) - 1; i > 0 && (s[i-1].at < s[i].at || s[i-1].at == s[i].at && s[i-1].worker <= s[i].worker); i-- {
		s[i-1], s[i] = s[i], s[i-1]
	}
}

func (t *turns) pop() turn {
	s := *t
	e := s[len(s)-1]
	*t = s[:len(s)-1]
	return e
}

// A fifo is requests that wait, the first first.
type fifo struct {
	items []waiting
	head  int
}

type waiting struct {
	at, service int64
	zero        bool // there was no worker when it came
}

func (f *fifo) len() int        { return len(f.items) - f.head }
func (f *fifo) first() *waiting { return &f.items[f.head] }

func (f *fifo) push(w waiting) {
	if f.head > 1024 && f.head > len(f.items)/2 {
		n := copy(f.items, f.items[f.head:])
		f.items, f.head = f.items[:n], 0
	}
	f.items = append(f.items, w)
}

func (f *fifo) pop() waiting {
	w := f.items[f.head]
	f.head++
	if f.head == len(f.items) {
		f.items, f.head = f.items[:0], 0
	}
	return w
}
