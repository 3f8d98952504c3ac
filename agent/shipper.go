package agent

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/kelvin-gpu/kelvin/archive"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// A shipper brings what the container of one lease writes into the archive: into a segment
// that is written again, with more in it, until it is full. Where the archive's part ends is
// in the archive itself, so that nothing is lost or doubled when the agent is killed.
type shipper struct {
	keeper *keeper
	lease  fleet.Lease
	ctx    context.Context
	stop   context.CancelFunc
	nudge  chan struct{}          // holds one token: the container has changed
	wanted chan chan error        // who wants all of it shipped, and is told when it is
	seen   atomic.Pointer[lifeOf] // the container, as it was looked at last

	segment *archive.Segment          // the newest; nil: not known yet
	full    []*archive.Segment        // before it, and not in the archive
	fresh   bool                      // segment has more than the archive's has
	waiting atomic.Pointer[time.Time] // when the oldest line was read that is not in the archive; nil: none
	retry   time.Time                 // the archive did not answer: not before then again
	asked   []chan error              // taken from wanted
	leaving atomic.Bool               // all is shipped, and the container is being removed
	limit   *rate.Limiter             // by the container's clock; nil: none
	dropped int                       // bytes, in a row
}

// lifeOf is what tells one run of a container from another.
type lifeOf struct {
	running bool
	started int64
}

func (k *keeper) newShipper(lease fleet.Lease) *shipper {
	ctx, stop := context.WithCancel(k.ctx)
	return &shipper{keeper: k, lease: lease, ctx: ctx, stop: stop, nudge: make(chan struct{}, 1), wanted: make(chan chan error), limit: k.limiter()}
}

// look has the log read if the container has started or ended since the last look.
func (s *shipper) look(c machine.Container) {
	now := lifeOf{c.Running, c.StartedAt.UnixNano()}
	if old := s.seen.Swap(&now); old == nil || *old != now {
		if c.Running {
			s.leaving.Store(false)
		}
		select {
		case s.nudge <- struct{}{}:
		default: // it will be read anyway
		}
	}
}

// finish ships all that there is of a container that has ended.
func (s *shipper) finish(ctx context.Context) error {
	done := make(chan error, 1)
	select {
	case s.wanted <- done:
	case <-s.ctx.Done():
		return s.ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-done:
		s.leaving.Store(err == nil)
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run ships until the container is gone or the agent ends.
func (s *shipper) run() {
	defer s.stop()
	for {
		select {
		case <-s.nudge:
			s.report(s.keepUp())
		case done := <-s.wanted:
			s.asked = append(s.asked, done)
		case <-s.ctx.Done():
			ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), flushLimit/6) // an agent has not long to end
			_ = s.flush(ctx)                                                               // what is not shipped now, the next agent reads again
			cancel()
			return
		}
		for len(s.asked) > 0 {
			done := s.asked[0]
			s.asked = s.asked[1:]
			done <- s.all()
		}
	}
}

// report says what went wrong, and has the next look try again.
func (s *shipper) report(err error) {
	if err == nil || s.ctx.Err() != nil || s.leaving.Load() || fleet.Is(err, fleet.NotFound) {
		return
	}
	s.seen.Store(nil)
	s.keeper.agent.Logger.WarnContext(s.ctx, "log not kept", "host", s.keeper.agent.HostID, "instance", s.lease.InstanceID, "lease", s.lease.ID, "error", err)
}

// keepUp ships what there is, then what is written until the container ends, and then what
// came last: an engine that follows a log need not get to its very end.
func (s *shipper) keepUp() error {
	var err error
	for _, follow := range []bool{false, true, false} {
		if err = s.take(follow); err != nil || len(s.asked) > 0 {
			break
		}
	}
	return errors.Join(s.flush(s.ctx), err)
}

// all ships what there is.
func (s *shipper) all() error {
	err := s.take(false)
	return errors.Join(s.flush(s.ctx), err)
}

// take reads the log from where it got to. It stops early when someone asks for all of it.
func (s *shipper) take(follow bool) error {
	if s.segment == nil {
		last, err := s.keeper.Archive.Last(s.ctx, s.lease)
		if err != nil {
			return err
		}
		s.segment = last
	}
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	log, err := s.keeper.agent.openLog(ctx, s.lease.ID, s.segment.End, follow)
	if err != nil {
		return err
	}
	tick := time.NewTicker(max(s.keeper.Every/4, time.Millisecond))
	defer tick.Stop()
	for {
		in := log.lines
		if len(s.full) >= mostFull {
			in = nil // the machine keeps it until the archive answers
		}
		select {
		case line, ok := <-in:
			if !ok {
				s.add(log.skip.End(), log.lost())
				return log.broken
			}
			s.add(log.skip.Next(line), log.lost())
		case done := <-s.wanted:
			s.asked = append(s.asked, done)
			return nil
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if s.due() {
			s.flushOrWait()
		}
	}
}

// add takes lines into the segment, or drops them when there are too many.
func (s *shipper) add(lines []fleet.LogLine, lost bool) {
	for _, line := range lines {
		if lost {
			s.put(s.notice(line.At, missing))
			lost = false
		}
		if s.floods(line) {
			s.dropped += len(line.Text)
			s.keeper.agent.metrics.logsDropped.Add(float64(len(line.Text)))
		} else {
			s.resumed(line.At)
			s.put(line)
		}
		s.segment.End = s.segment.End.Past(line)
	}
}

// floods reports whether a line is too much. Who has begun to drop goes on until there is
// room for a second's lines, so that it is not said at every line.
func (s *shipper) floods(line fleet.LogLine) bool {
	if s.limit == nil {
		return false
	}
	if s.dropped > 0 && s.limit.TokensAt(line.At) < float64(s.limit.Limit()) {
		return true
	}
	return !s.limit.AllowN(line.At, min(len(line.Text)+1, s.limit.Burst()))
}

// resumed says what was dropped.
func (s *shipper) resumed(at time.Time) {
	if s.dropped > 0 {
		s.put(s.notice(at, fmt.Sprintf("(%d bytes are missing here: more than %d bytes a second were written)", s.dropped, s.keeper.Rate)))
		s.dropped = 0
	}
}

func (s *shipper) notice(at time.Time, text string) fleet.LogLine {
	return fleet.LogLine{InstanceID: s.lease.InstanceID, LeaseID: s.lease.ID, At: at, Text: []byte(text)}
}

// put puts a line into the segment, or begins the next one with it.
func (s *shipper) put(line fleet.LogLine) {
	if len(s.segment.Lines) == 0 {
		s.segment.First = line.At
	}
	if !s.segment.Add(line) {
		if s.fresh {
			s.full = append(s.full, s.segment)
		}
		s.segment = s.segment.After(line)
	}
	if s.fresh = true; s.waiting.Load() == nil {
		now := time.Now()
		s.waiting.Store(&now)
	}
}

const (
	// mostFull is how many segments wait in memory for an archive that does not answer.
	mostFull = 4

	// flushLimit is how long the archive may take for a segment.
	flushLimit = 30 * time.Second

	// flushRetry is between attempts at an archive that does not answer.
	flushRetry = 5 * time.Second
)

// due reports whether it is time to ship.
func (s *shipper) due() bool {
	since := s.waiting.Load()
	return since != nil && time.Now().After(s.retry) && (len(s.full) > 0 || time.Since(*since) >= s.keeper.Every)
}

// flushOrWait ships, while the log is being read.
func (s *shipper) flushOrWait() {
	if err := s.flush(s.ctx); err != nil && s.ctx.Err() == nil {
		s.retry = time.Now().Add(flushRetry)
		s.keeper.agent.Logger.WarnContext(s.ctx, "log not kept yet", "host", s.keeper.agent.HostID, "instance", s.lease.InstanceID, "lease", s.lease.ID, "error", err)
	}
}

// flush has all that was read in the archive.
func (s *shipper) flush(ctx context.Context) error {
	if s.segment == nil {
		return nil
	}
	if s.dropped > 0 {
		s.resumed(s.segment.End.At)
	}
	for len(s.full) > 0 {
		if err := s.ship(ctx, s.full[0]); err != nil {
			return err
		}
		s.full = s.full[1:]
	}
	if s.fresh {
		if err := s.ship(ctx, s.segment); err != nil {
			return err
		}
	}
	s.fresh = false
	s.waiting.Store(nil)
	return nil
}

func (s *shipper) ship(ctx context.Context, segment *archive.Segment) error {
	ctx, cancel := context.WithTimeout(ctx, flushLimit)
	defer cancel()
	bytes, err := s.keeper.Archive.Put(ctx, segment)
	if err != nil {
		return err
	}
	s.keeper.agent.metrics.logsShipped.Inc()
	s.keeper.agent.metrics.logsBytes.Add(float64(bytes))
	return nil
}
