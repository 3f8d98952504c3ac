package simulate

import (
	"cmp"
	"slices"
	"time"
)

// A Request arrives, and takes a while to serve. Times are nanoseconds since the run began.
type Request struct {
	At      int64
	Service int64
	Tokens  int32 // that are generated; 0 when the trace does not say
}

// Arrivals are the requests of a run in order, a stretch of time at a time.
type Arrivals interface {
	// Next puts the requests before until into a slice that the next call uses again. Times
	// until grow; the last is the span of the run.
	Next() (requests []Request, until int64)
	Span() int64
}

// window is how much time one stretch covers at the most.
const window = int64(600 * time.Second)

// longest is how long a run may be: more is a mistake in a file.
const longest = 400 * 24 * time.Hour

// A recording is arrivals that are all known.
type recording struct {
	requests []Request
	span     int64
	until    int64
}

func (r *recording) Span() int64 { return r.span }

func (r *recording) Next() ([]Request, int64) {
	r.until = min(r.until+window, r.span)
	n, _ := slices.BinarySearchFunc(r.requests, r.until, func(q Request, at int64) int { return cmp.Compare(q.At, at) })
	part := r.requests[:n]
	r.requests = r.requests[n:]
	return part, r.until
}

func byTime(a, b Request) int { return cmp.Compare(a.At, b.At) }
