package gateway

import "time"

// A queue is the requests of one endpoint that wait for a worker: first come, first served
// for each caller, and in turn between callers, so that one with a thousand requests does
// not keep another's one waiting. Its endpoint's lock guards it.
type queue struct {
	n     int
	lines map[string]*line // by caller; none is empty
	turn  *line            // in a ring: whose turn it is
}

// A line is the waiting requests of one caller.
type line struct {
	caller      string
	n           int
	first, last *waiter
	prev, next  *line
}

// A waiter is one request that waits. Who takes it out of its queue calls it.
type waiter struct {
	line       *line // nil when it is not in a queue
	prev, next *waiter
	since      time.Time
	called     chan struct{} // closed when one of these is set:
	seat       seat
	refused    *problem
}

// call ends the wait, with a seat or a problem.
func (w *waiter) call(s seat, p *problem) {
	w.seat, w.refused = s, p
	close(w.called)
}

// lineOf returns a caller's line, which is made at the end of the ring if there is none.
func (q *queue) lineOf(caller string) *line {
	l := q.lines[caller]
	if l != nil {
		return l
	}
	l = &line{caller: caller}
	if q.lines == nil {
		q.lines = map[string]*line{}
	}
	q.lines[caller] = l
	if q.turn == nil {
		l.prev, l.next, q.turn = l, l, l
		return l
	}
	l.prev, l.next = q.turn.prev, q.turn
	l.prev.next, l.next.prev = l, l
	return l
}

// push puts w at the end of its caller's line.
func (q *queue) push(caller string, w *waiter) {
	l := q.lineOf(caller)
	w.line, w.prev = l, l.last
	if l.last != nil {
		l.last.next = w
	} else {
		l.first = w
	}
	l.last = w
	l.n++
	q.n++
}

// pushFirst puts w, which had a seat already, at the head of its caller's line.
func (q *queue) pushFirst(caller string, w *waiter) {
	l := q.lineOf(caller)
	w.line, w.next = l, l.first
	if l.first != nil {
		l.first.prev = w
	} else {
		l.last = w
	}
	l.first = w
	l.n++
	q.n++
}

// pop takes out the request whose turn it is. The queue is not empty.
func (q *queue) pop() *waiter {
	w := q.turn.first
	q.turn = q.turn.next
	q.remove(w)
	return w
}

// remove takes w out, if it is still in.
func (q *queue) remove(w *waiter) {
	l := w.line
	if l == nil {
		return
	}
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		l.first = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	} else {
		l.last = w.prev
	}
	w.line, w.prev, w.next = nil, nil, nil
	l.n--
	q.n--
	if l.n > 0 {
		return
	}
	delete(q.lines, l.caller)
	if l.next == l {
		q.turn = nil
		return
	}
	if q.turn == l {
		q.turn = l.next
	}
	l.prev.next, l.next.prev = l.next, l.prev
}

// spare returns the last request of the longest line, if that is longer by two than the
// caller's: for when the queue is full, and that one has more than its share.
func (q *queue) spare(caller string) *waiter {
	longest := q.turn
	if longest == nil {
		return nil
	}
	for l := longest.next; l != q.turn; l = l.next {
		if l.n > longest.n {
			longest = l
		}
	}
	mine := 0
	if l := q.lines[caller]; l != nil {
		mine = l.n
	}
	if longest.n < mine+2 {
		return nil
	}
	return longest.last
}

// ahead counts the requests whose turn comes before w's, if no others come.
func (q *queue) ahead(w *waiter) int {
	if w.line == nil {
		return 0
	}
	before := 0 // in its own line: it goes in the round after that many
	for p := w.prev; p != nil; p = p.prev {
		before++
	}
	n, rounds := before, before+1
	for l := q.turn; ; l = l.next {
		if l == w.line {
			rounds = before // who comes after it in the ring has one turn less
		} else {
			n += min(l.n, rounds)
		}
		if l.next == q.turn {
			return n
		}
	}
}
