package archive

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"time"

	"github.com/kopia/kopia/repo/blob"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A Reading is a part of what instances wrote, about to be read.
type Reading struct {
	Head fleet.LogHead

	logs  *Logs
	query fleet.LogQuery
	since time.Time // of the query, or later: where its last lines begin
	skip  int       // of the lines that are not older than since
	names [][]segmentName
	read  map[string]*Segment // whose content must not change any more, or is read twice, by name; nil: it is damaged

	counting bool
}

// Read looks for the logs of instances. One instance's lines come in the order in which they
// were written, over all its placements; several instances' are merged by time.
func (l *Logs) Read(ctx context.Context, q fleet.LogQuery) (*Reading, error) {
	names, err := l.listMany(ctx, q.Instances)
	if err != nil {
		return nil, err
	}
	r := &Reading{
		Head: fleet.LogHead{Count: -1, Ends: map[string]fleet.LogPosition{}},
		logs: l, query: q, since: q.Since, names: names, read: map[string]*Segment{},
	}
	if err := r.ends(ctx); err != nil {
		return nil, err
	}
	if q.Tail > 0 {
		err = r.tail(ctx)
	}
	return r, err
}

// ends finds out where the logs of leases end now. What they grow by from here on is not read.
func (r *Reading) ends(ctx context.Context) error {
	for _, names := range r.names {
		for i, n := range names {
			if !slices.Contains(r.query.Ends, n.lease) || i+1 < len(names) && names[i+1].lease == n.lease {
				continue
			}
			s, err := r.segment(ctx, n)
			if err != nil {
				return err
			}
			r.read[string(n.blob())] = s
			for back := i; s == nil && back > 0 && names[back-1].lease == n.lease; back-- {
				if s, err = r.segment(ctx, names[back-1]); err != nil {
					return err
				}
			}
			if s != nil {
				r.Head.Ends[n.lease] = s.End
			}
		}
	}
	return nil
}

// tail finds out where the last lines begin.
func (r *Reading) tail(ctx context.Context) error {
	r.counting = true
	defer func() { r.counting = false }()
	var newest []segmentName
	for _, names := range r.names {
		for i, n := range names {
			if r.wanted(names, i) {
				newest = append(newest, n)
			}
		}
	}
	slices.SortFunc(newest, func(a, b segmentName) int { return b.first.Compare(a.first) })
	// Whole segments from the newest back, until they have enough. All their lines are no
	// older than the oldest of them, so the last lines of all are not, either.
	count := 0
	for _, n := range newest {
		if count >= r.query.Tail {
			break
		}
		s, err := r.segment(ctx, n)
		if err != nil {
			return err
		}
		if s == nil {
			continue
		}
		for _, line := range s.Lines {
			if r.in(line.At) {
				count++
			}
		}
		if count >= r.query.Tail && n.first.After(r.since) {
			r.since = n.first
		}
	}
	total := 0
	for _, err := range r.Lines(ctx) {
		if err != nil {
			return err
		}
		total++
	}
	r.Head.Count = min(total, r.query.Tail)
	r.skip = total - r.Head.Count
	return nil
}

// in reports whether a line of that time was asked for.
func (r *Reading) in(at time.Time) bool {
	return !at.Before(r.since) && (r.query.Until.IsZero() || at.Before(r.query.Until))
}

// wanted reports whether the i-th of an instance's segments can have lines that were asked for.
func (r *Reading) wanted(names []segmentName, i int) bool {
	last := names[i].first.Add(SegmentSpan)
	if i+1 < len(names) && names[i+1].lease == names[i].lease && names[i+1].first.Before(last) {
		last = names[i+1].first
	}
	const slack = 5 * time.Second // lines can be a little out of order
	return !last.Add(slack).Before(r.since) && (r.query.Until.IsZero() || names[i].first.Before(r.query.Until.Add(slack)))
}

// remembered is how many segments a reading keeps that it reads twice.
const remembered = 16

// segment reads a segment: nil if it is damaged, empty if it was pruned meanwhile.
func (r *Reading) segment(ctx context.Context, n segmentName) (*Segment, error) {
	if s, ok := r.read[string(n.blob())]; ok {
		return s, nil
	}
	s, err := r.logs.get(ctx, n)
	if err == nil && r.counting && len(r.read) < remembered {
		r.read[string(n.blob())] = s
	}
	if errors.Is(err, blob.ErrBlobNotFound) {
		return &Segment{}, nil
	}
	if lost(err) {
		r.logs.log.WarnContext(ctx, "a segment of a log cannot be read", slog.String("instance", n.instance), slog.Any("error", err))
		return nil, nil //nolint:nilnil // there is none
	}
	return s, err
}

// Lines reads the lines. A segment that is damaged is a line that says so; an error ends them.
func (r *Reading) Lines(ctx context.Context) iter.Seq2[fleet.LogLine, error] {
	return func(yield func(fleet.LogLine, error) bool) {
		var cursors cursors
		for _, names := range r.names {
			c := &cursor{reading: r, names: names, skips: map[string]*fleet.LogSkip{}}
			if c.advance(); !c.over {
				cursors = append(cursors, c)
			}
		}
		heap.Init(&cursors)
		for skip := r.skip; len(cursors) > 0; {
			c := cursors[0]
			line, ok, err := c.next(ctx)
			if err != nil {
				yield(fleet.LogLine{}, err)
				return
			}
			if c.over {
				heap.Pop(&cursors)
			} else {
				heap.Fix(&cursors, 0)
			}
			if !ok {
				continue
			}
			if skip > 0 {
				skip--
				continue
			}
			if !yield(line, nil) {
				return
			}
		}
	}
}

// A cursor goes over what one instance wrote.
type cursor struct {
	reading *Reading
	names   []segmentName
	at      time.Time // no line to come is older
	i       int       // the segment, of names
	lines   []fleet.LogLine
	skips   map[string]*fleet.LogSkip // by lease, to where the query begins in it
	opened  bool
	over    bool
}

// advance goes to the next segment that is wanted.
func (c *cursor) advance() {
	if c.opened {
		c.i, c.opened = c.i+1, false
	}
	for ; c.i < len(c.names); c.i++ {
		if c.reading.wanted(c.names, c.i) {
			c.later(c.names[c.i].first)
			return
		}
	}
	c.over = true
}

func (c *cursor) later(t time.Time) {
	if t.After(c.at) {
		c.at = t
	}
}

// next is the next line, if there is one here; otherwise the cursor has got further.
func (c *cursor) next(ctx context.Context) (line fleet.LogLine, ok bool, err error) {
	r := c.reading
	if !c.opened {
		n := c.names[c.i]
		s, err := r.segment(ctx, n)
		if err != nil {
			return line, false, err
		}
		c.opened = true
		if s == nil {
			c.advance()
			gone := fmt.Sprintf("(lines are missing here, from %s on: a segment of the log cannot be read)", n.first.Format(time.RFC3339))
			return fleet.LogLine{InstanceID: n.instance, LeaseID: n.lease, At: n.first, Text: []byte(gone)}, true, nil
		}
		c.lines = c.behind(n, s.Lines)
	} else {
		line, c.lines = c.lines[0], c.lines[1:]
		ok = r.in(line.At)
	}
	if len(c.lines) == 0 {
		c.advance()
	} else {
		c.later(c.lines[0].At)
	}
	return line, ok, nil
}

// behind are those of the lines that lie behind where the query begins in their lease.
func (c *cursor) behind(n segmentName, lines []fleet.LogLine) []fleet.LogLine {
	after, ok := c.reading.query.After[n.lease]
	if !ok {
		return lines
	}
	skip := c.skips[n.lease]
	if skip == nil {
		skip = fleet.NewLogSkip(after)
		c.skips[n.lease] = skip
	}
	var left []fleet.LogLine
	for _, line := range lines {
		left = append(left, skip.Next(line)...)
	}
	if c.i+1 == len(c.names) || c.names[c.i+1].lease != n.lease {
		left = append(left, skip.End()...)
	}
	return left
}

// cursors are a heap, by the time of what comes next.
type cursors []*cursor

func (c cursors) Len() int           { return len(c) }
func (c cursors) Less(i, j int) bool { return c[i].at.Before(c[j].at) }
func (c cursors) Swap(i, j int)      { c[i], c[j] = c[j], c[i] }
func (c *cursors) Push(x any)        { *c = append(*c, x.(*cursor)) } // only heap calls it
func (c *cursors) Pop() any {
	last := (*c)[len(*c)-1]
	*c = (*c)[:len(*c)-1]
	return last
}
