package gateway

import "time"

// place is that of a request with so many ahead of it, and when its turn may come: from the
// time that requests take, and, while no worker is there, from the time that it took before
// until one was.
func (e *endpoint) place(ahead int, now time.Time) place {
	at := place{position: ahead + 1}
	limit, workers := e.rules.Load().limit, len(e.ready)
	if workers == 0 {
		if e.wakes == 0 {
			return at
		}
		at.eta = max(time.Second, e.wakes-now.Sub(e.dry))
		workers = 1
		ahead -= limit // the first find it empty
	}
	if limit > 0 && ahead >= 0 {
		at.eta += e.service * time.Duration(ahead+1) / time.Duration(limit*workers)
	}
	return at
}

// learn is a mean in which the newest value counts an eighth; the first is taken as it is.
func learn(mean *time.Duration, value time.Duration) {
	if *mean == 0 {
		*mean = value
	}
	*mean += (value - *mean) / 8
}
