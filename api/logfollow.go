package api

import (
	"context"
	"sync"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// followEvery is how often whoever follows logs is shown containers that are new, or that
// have started again.
const followEvery = time.Second

// follow writes what containers write from now on, wherever the instances go. One instance is
// followed until nothing of it runs any more, an endpoint without end.
func (l *logs) follow(ctx context.Context, cancel func()) {
	var readers sync.WaitGroup
	defer readers.Wait()
	defer cancel()
	for _, src := range l.sources {
		if src.lease.ID != "" {
			readers.Go(func() { l.read(cancel, src) })
		}
	}
	l.query.tail = 0 // all of what comes later
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(followEvery):
		}
		now, err := l.look(ctx)
		if err != nil {
			continue // the record does not answer; what is open goes on
		}
		over := l.names == nil && rests(now)
		for _, lease := range l.closed(now) {
			readers.Go(func() { l.attach(ctx, cancel, lease) })
		}
		l.leftovers(ctx, cancel, now)
		if over {
			readers.Wait() // to the end of what does not run
			return
		}
	}
}

// rests reports whether nothing of an instance runs, or is about to.
func rests(instances []fleet.Instance) bool {
	for _, i := range instances {
		switch {
		case i.OperationID != "":
			return false
		case i.State == fleet.Stopped, i.State == fleet.Frozen, i.State == fleet.Terminated, i.State == fleet.Failed:
		default:
			return false
		}
	}
	return true
}

// closed are the leases whose logs are not being read, and counts them as open.
func (l *logs) closed(now []fleet.Instance) (leases []fleet.Lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, i := range now {
		if l.names != nil {
			l.names[i.ID] = i.Name
		}
	}
	for _, lease := range homes(now) {
		of := l.leases[lease.ID]
		if of == nil {
			of = &leaseLog{lease: lease}
			l.leases[lease.ID] = of
		}
		if !of.open {
			of.open = true
			leases = append(leases, lease)
		}
	}
	return leases
}

// attach reads the log of a lease from where it was left.
func (l *logs) attach(ctx context.Context, cancel func(), lease fleet.Lease) {
	l.mu.Lock()
	of := l.leases[lease.ID]
	last := of.last
	l.mu.Unlock()
	src, err := l.server.liveLog(ctx, lease, last, l.query)
	if err != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.after = nil
		if l.unreadable(of, err); ctx.Err() == nil && len(l.after) > 0 {
			l.tell(cancel, l.after)
			l.flush(cancel)
		}
		of.open = false
		return
	}
	defer src.close()
	l.read(cancel, src)
}

// read writes a container's lines until it ends, or is not reached any more.
func (l *logs) read(cancel func(), src *logSource) {
	l.mu.Lock()
	of := l.leases[src.lease.ID]
	of.silent = false
	l.mu.Unlock()
	for {
		line, err := src.lines.Next()
		l.mu.Lock()
		if err != nil {
			of.open = false // it is tried again
			l.mu.Unlock()
			return
		}
		of.last = of.last.Past(line)
		ok := l.write(cancel, line.InstanceID, line.At, line.Text) && l.flush(cancel)
		l.mu.Unlock()
		if !ok {
			return
		}
	}
}

// leftovers reads from the archive what was written last under leases that are no more, such
// as that of an instance which has moved.
func (l *logs) leftovers(ctx context.Context, cancel func(), now []fleet.Instance) {
	there := map[string]bool{}
	likely := []string{}
	for _, lease := range homes(now) {
		there[lease.ID], likely = true, append(likely, lease.HostID)
	}
	q := fleet.LogQuery{After: map[string]fleet.LogPosition{}}
	var left []*leaseLog
	l.mu.Lock()
	for id, of := range l.leases {
		if there[id] || of.open || of.gone {
			continue
		}
		of.gone = true
		left, likely = append(left, of), append(likely, of.lease.HostID)
		q.Instances, q.After[id] = append(q.Instances, of.lease.InstanceID), of.last
	}
	l.mu.Unlock()
	for _, of := range left {
		q.Instances, q.Since = []string{of.lease.InstanceID}, of.last.Since()
		if q.Since.Before(l.query.since) {
			q.Since = l.query.since
		}
		src, err := l.server.archivedLog(ctx, l.dataCenter, likely, q)
		if err != nil {
			continue // it was read to its end, as far as it was reached
		}
		for {
			line, err := src.lines.Next()
			if err != nil {
				break
			}
			if line.LeaseID == of.lease.ID {
				l.mu.Lock()
				l.write(cancel, line.InstanceID, line.At, line.Text)
				l.mu.Unlock()
			}
		}
		src.close()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(left) > 0 {
		l.flush(cancel)
	}
}
