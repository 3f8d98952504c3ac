package api

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// logs are what instances wrote, in one stream: what the archive has, then what their
// containers have written since, and then, if it follows, what they write. Where the
// archive's part ends is a position, which the hosts find again in their own.
type logs struct {
	server     *Server
	query      logQuery
	dataCenter string
	ids        []string          // of all instances
	names      map[string]string // of workers by ID, which go before their lines; nil: it is one instance
	now        []fleet.Instance  // those that are not gone
	look       func(context.Context) ([]fleet.Instance, error)

	sources []*logSource // first of all the archive's, if there is one
	before  []note       // what cannot be read of the past
	after   []note       // and of the present
	skip    int          // lines, for those that come last

	mu     sync.Mutex // held by who writes, or looks at leases, once it follows
	out    *stream
	leases map[string]*leaseLog
}

// A note says what is missing, in the stream.
type note struct{ instance, text string }

// A leaseLog is how far the log of a lease has been read.
type leaseLog struct {
	lease  fleet.Lease
	last   fleet.LogPosition
	open   bool
	silent bool // its host does not answer, and that was said
	gone   bool // the lease is no more, and its log read to its end
}

// homes are the leases of the instances that are not gone.
func homes(instances []fleet.Instance) (leases []fleet.Lease) {
	for _, i := range instances {
		for _, l := range i.Leases {
			l.InstanceID = i.ID
			leases = append(leases, l)
		}
	}
	return leases
}

// open opens all logs that there are. It is an error only if there is none.
func (l *logs) open(ctx context.Context) error {
	leases := homes(l.now)
	past := fleet.LogQuery{Instances: l.ids, Since: l.query.since, Until: l.query.until, Tail: l.query.tail}
	likely := []string{}
	l.leases = map[string]*leaseLog{}
	for _, lease := range leases {
		past.Ends, likely = append(past.Ends, lease.ID), append(likely, lease.HostID)
		l.leases[lease.ID] = &leaseLog{lease: lease}
	}
	var archived *logSource
	var why error
	if len(l.ids) > 0 && !l.unborn() {
		archived, why = l.server.archivedLog(ctx, l.dataCenter, likely, past)
	}
	if archived != nil {
		l.sources = append(l.sources, archived)
		for id, end := range archived.head.Ends {
			if known := l.leases[id]; known != nil {
				known.last = end
			}
		}
	}
	live, errs := l.live(ctx, leases)
	l.sources = append(l.sources, live...)
	if len(l.sources) == 0 && l.names == nil {
		why = l.nothing(why, errs)
		if !l.query.follow || !fleet.Is(why, fleet.Conflict) || rests(l.now) {
			return why
		}
		why = nil // there will be one
	}
	if why != nil && !fleet.Is(why, fleet.Unsupported) {
		l.before = append(l.before, note{text: "(older lines are missing here: " + why.Error() + ")"})
	}
	if l.query.tail > 0 {
		for _, src := range l.sources {
			l.skip += max(src.head.Count, 0)
		}
		l.skip = max(0, l.skip-l.query.tail)
	}
	return nil
}

// live opens the logs of leases, at the same time.
func (l *logs) live(ctx context.Context, leases []fleet.Lease) (opened []*logSource, errs map[string]error) {
	var group errgroup.Group
	group.SetLimit(16)
	all, failed := make([]*logSource, len(leases)), make([]error, len(leases))
	for i, lease := range leases {
		group.Go(func() error {
			all[i], failed[i] = l.server.liveLog(ctx, lease, l.leases[lease.ID].last, l.query)
			return nil
		})
	}
	_ = group.Wait() // each has its own error
	errs = map[string]error{}
	for i, src := range all {
		if src != nil {
			opened = append(opened, src)
			l.leases[leases[i].ID].open = true
			continue
		}
		errs[leases[i].ID] = failed[i]
		l.unreadable(l.leases[leases[i].ID], failed[i])
	}
	return opened, errs
}

// unreadable notes that a host has not answered. One that has no such container has none.
func (l *logs) unreadable(of *leaseLog, err error) {
	known, ok := errors.AsType[*fleet.Error](err)
	if !ok || known.Code == fleet.NotFound || of.silent {
		return
	}
	of.silent = true
	l.after = append(l.after, note{of.lease.InstanceID, "(no newer lines: " + known.Message + ")"})
}

// nothing is why there is no log of an instance at all.
func (l *logs) nothing(archive error, errs map[string]error) error {
	leases := homes(l.now)
	for _, lease := range leases {
		// A host without the container leaves it to the archive to say what is wrong.
		if err := errs[lease.ID]; err != nil && (fleet.Is(archive, fleet.Unsupported) || !fleet.Is(err, fleet.NotFound)) {
			return err
		}
	}
	if l.unborn() {
		return fleet.Errorf(fleet.Conflict, "the instance has been on no host yet")
	}
	if fleet.Is(archive, fleet.Unsupported) {
		return fleet.Errorf(fleet.Conflict, "the instance lives on no host now, and %s", archive.Error())
	}
	return archive
}

// unborn reports whether it is one instance that nothing can have been written by.
func (l *logs) unborn() bool { return l.names == nil && l.now[0].Epoch == 0 }

// close closes what is open.
func (l *logs) close() {
	for _, src := range l.sources {
		src.close()
	}
}

// run streams until the end, or until the client has gone.
func (l *logs) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, l.close)() // who waits for a line hears that the client has gone
	if !l.present(cancel) || !l.query.follow {
		return
	}
	l.follow(ctx, cancel)
}

// present writes the lines that were there. One instance's come in the order in which it
// wrote them, several instances' by time.
func (l *logs) present(cancel func()) bool {
	l.tell(cancel, l.before)
	for _, src := range l.sources {
		src.advance()
	}
	for left := l.sources; len(left) > 0; {
		first := 0
		for i, src := range left {
			if l.names != nil && left[first].err == nil && (src.err != nil || src.at.Before(left[first].at)) {
				first = i
			}
		}
		src := left[first]
		if src.err != nil {
			if !errors.Is(src.err, io.EOF) {
				l.tell(cancel, []note{{src.lease.InstanceID, "(lines are missing here: the log broke off)"}})
			}
			left = append(left[:first:first], left[first+1:]...)
			continue
		}
		if src.lease.ID != "" {
			of := l.leases[src.lease.ID]
			of.last = of.last.Past(src.next)
		}
		if l.skip--; l.skip < 0 && !l.write(cancel, src.next.InstanceID, src.next.At, src.next.Text) {
			return false
		}
		src.advance()
	}
	l.tell(cancel, l.after)
	return l.flush(cancel)
}

// tell writes notes.
func (l *logs) tell(cancel func(), notes []note) {
	for _, n := range notes {
		l.write(cancel, n.instance, time.Now(), []byte(n.text))
	}
}

// write writes a line, which arrives with the next flush. Without a client all ends.
func (l *logs) write(cancel func(), instance string, at time.Time, text []byte) bool {
	line := make([]byte, 0, len(text)+64)
	if name := l.names[instance]; name != "" {
		line = append(append(line, name...), " | "...)
	}
	if l.query.timestamps {
		line = append(at.UTC().AppendFormat(line, "2006-01-02T15:04:05.000000000Z07:00"), ' ')
	}
	line = append(append(line, text...), '\n')
	_, err := l.out.Write(line)
	if err != nil {
		cancel()
	}
	return err == nil
}

// flush sends what was written.
func (l *logs) flush(cancel func()) bool {
	err := l.out.Flush()
	if err != nil {
		cancel()
	}
	return err == nil
}
