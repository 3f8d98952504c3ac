package fleet

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"
)

// A LogLine is one line that a container wrote.
type LogLine struct {
	InstanceID string
	LeaseID    string // whose container wrote it
	At         time.Time
	Text       []byte // without its end
}

// A LogPosition is a place in what the container of a lease has written: behind a line. The
// zero value is the beginning. It is found again by the line itself, so that it holds in the
// archive and on the host, whoever reads there.
type LogPosition struct {
	At   time.Time // of the line
	Sum  uint64    // of its text
	Same int       // how many such lines, of that time and text, lie before it, itself included
}

// Past is the position behind l, which follows on p.
func (p LogPosition) Past(l LogLine) LogPosition {
	next := LogPosition{At: l.At, Sum: sum(l.Text), Same: 1}
	if p.At.Equal(next.At) && p.Sum == next.Sum {
		next.Same = p.Same + 1
	}
	return next
}

func sum(text []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(text) // it never fails
	return h.Sum64()
}

// IsZero reports whether it is the beginning.
func (p LogPosition) IsZero() bool { return p.Same == 0 }

// MarshalText implements encoding.TextMarshaler.
func (p LogPosition) MarshalText() ([]byte, error) {
	if p.IsZero() {
		return nil, nil
	}
	return fmt.Appendf(nil, "%d.%x.%d", p.At.UnixNano(), p.Sum, p.Same), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *LogPosition) UnmarshalText(text []byte) error {
	*p = LogPosition{}
	if len(text) == 0 {
		return nil
	}
	parts := strings.Split(string(text), ".")
	if len(parts) != 3 {
		return Errorf(Invalid, "that is no position in a log")
	}
	nanos, err := strconv.ParseInt(parts[0], 10, 64)
	if err == nil {
		p.At = time.Unix(0, nanos).UTC()
		p.Sum, err = strconv.ParseUint(parts[1], 16, 64)
	}
	if err == nil {
		p.Same, err = strconv.Atoi(parts[2])
	}
	if err != nil || p.Same < 1 {
		return Errorf(Invalid, "that is no position in a log")
	}
	return nil
}

// logSlack is by how much lines can be out of order: stdout and stderr are read side by side,
// and each line has the time at which it was read.
const logSlack = 2 * time.Second

// Since is from when on a log must be read to find the position in it.
func (p LogPosition) Since() time.Time {
	if p.IsZero() {
		return time.Time{}
	}
	return p.At.Add(-logSlack)
}

// A LogSkip drops the lines up to a position from a log that is read from its Since on. If
// the line is not there any more, what is younger counts as new, and Lost says so.
type LogSkip struct {
	to   LogPosition
	seen int
	held []LogLine // young enough to be new if the position is not found
	done bool
	lost bool
}

// NewLogSkip skips up to a position.
func NewLogSkip(to LogPosition) *LogSkip { return &LogSkip{to: to, done: to.IsZero()} }

// Next takes the next line that was read, and returns those that are new now.
func (s *LogSkip) Next(l LogLine) []LogLine {
	if s.done {
		return []LogLine{l}
	}
	if l.At.Equal(s.to.At) && sum(l.Text) == s.to.Sum {
		if s.seen++; s.seen == s.to.Same {
			s.done, s.held = true, nil
		}
		return nil
	}
	if l.At.After(s.to.At) {
		s.held = append(s.held, l)
	}
	if l.At.After(s.to.At.Add(logSlack)) {
		return s.End()
	}
	return nil
}

// End says that there is no more to come for now, and returns what is new after all.
func (s *LogSkip) End() []LogLine {
	held := s.held
	s.lost = s.lost || !s.done && s.seen == 0
	s.done, s.held = true, nil
	return held
}

// Lost reports whether the position was not found: what was written right behind it may be
// missing.
func (s *LogSkip) Lost() bool { return s.lost }

// A LogQuery is what a server asks an agent for, of the logs that its archive keeps.
type LogQuery struct {
	Instances []string               `json:"instances"`       // in one stream, by time
	Since     time.Time              `json:"since,omitzero"`  // only what is not older; zero: all
	Until     time.Time              `json:"until,omitzero"`  // only what is older; zero: all
	Tail      int                    `json:"tail,omitempty"`  // the last lines only; 0: all
	Ends      []string               `json:"ends,omitempty"`  // leases: where does the archive's part of their logs end?
	After     map[string]LogPosition `json:"after,omitempty"` // by lease: only what lies behind
}

// A LogHead comes before the lines of a log.
type LogHead struct {
	Count int                    `json:"count"`          // of the lines that are there now; -1: nobody has counted
	Ends  map[string]LogPosition `json:"ends,omitempty"` // by lease, as was asked for
}
