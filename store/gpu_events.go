package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

const gpuEventColumns = `id, device, host_id, kind, xid, message, source, at, last_at, count, judged`

type gpuEventRow struct {
	ID      string        `db:"id"`
	Device  string        `db:"device"`
	HostID  string        `db:"host_id"`
	Kind    gpu.EventKind `db:"kind"`
	Xid     int           `db:"xid"`
	Message string        `db:"message"`
	Source  string        `db:"source"`
	At      int64         `db:"at"`
	LastAt  int64         `db:"last_at"`
	Count   int64         `db:"count"`
	Judged  string        `db:"judged"`
}

func (r gpuEventRow) event() GPUEvent {
	return GPUEvent{
		ID: r.ID, HostID: r.HostID, Count: r.Count, LastAt: at(r.LastAt), Judged: r.Judged,
		Event: gpu.Event{At: at(r.At), UUID: r.Device, Kind: r.Kind, Xid: r.Xid, Message: r.Message, Source: r.Source},
	}
}

// A GPUEvent is an event that a host reported, or several of one kind.
type GPUEvent struct {
	gpu.Event
	ID     string
	HostID string
	Count  int64
	LastAt time.Time
	Judged string // ID of the diagnosis that took it into account
}

// Limits of events. A GPU that is about to die can report thousands a second.
const (
	sameEvent      = 10 * time.Second // within that, it is the same
	mostEvents     = 30               // of one kind of a GPU in eventsWithin; the rest is counted
	eventsWithin   = time.Hour
	mostInOneBatch = 1000
)

// RecordGPUEvents writes down what a host's drivers reported, and returns what is new: not
// the same as within the last seconds, and not one of too many. Events of GPUs that the host
// does not have are dropped. Invalid for too many at once.
//
// What follows from them is done, too: see gpu.React. Health is of the GPUs whose events say
// nothing without it.
func (s *Store) RecordGPUEvents(ctx context.Context, hostID string, events []gpu.Event, health ...gpu.Health) (fresh []gpu.Event, err error) {
	if len(events) > mostInOneBatch {
		return nil, s.translate("record GPU events", fleet.Errorf(fleet.Invalid, "more than %d events at once", mostInOneBatch))
	}
	err = s.write(ctx, "record GPU events", func(t *tx) error {
		fresh = nil
		if _, err := t.lockHost(hostID); err != nil {
			return err
		}
		known, err := t.inventory(hostID)
		if err != nil {
			return err
		}
		serials := map[string]string{} // of devices
		for _, row := range known.byIdentity {
			g := row.gpu()
			serials[g.UUID], serials[g.Device()] = g.Serial, g.Serial
		}
		ordered := slices.Clone(events)
		slices.SortStableFunc(ordered, func(a, b gpu.Event) int { return a.At.Compare(b.At) })
		for _, e := range ordered {
			serial, ours := serials[e.UUID]
			if !ours || e.Kind == "" {
				continue
			}
			if row := known.byUUID[e.UUID]; row != nil {
				g := row.gpu()
				e.UUID = g.Device()
			}
			isNew, err := t.recordGPUEvent(hostID, serial, e)
			if err != nil {
				return err
			}
			if isNew {
				fresh = append(fresh, e)
			}
		}
		then, err := t.reactToAll(known, fresh, health)
		if err != nil {
			return err
		}
		for _, e := range fresh {
			if e.Kind == gpu.EventCorrected { // that is what ECC is for
				continue
			}
			if err := t.event(fleet.Event{Name: "gpu.reported", HostID: hostID, Actor: "host", Message: e.UUID + ": " + told(e)}); err != nil {
				return err
			}
		}
		for _, e := range then {
			if err := t.event(e); err != nil {
				return err
			}
		}
		return nil
	})
	return fresh, err
}

func told(e gpu.Event) string {
	what := string(e.Kind)
	if e.Kind == gpu.EventXid {
		what = fmt.Sprintf("Xid %d (%s)", e.Xid, gpu.XidOf(e.Xid).Name)
	}
	if e.Message != "" {
		what += ": " + e.Message
	}
	return what
}

func (t *tx) recordGPUEvent(hostID, serial string, e gpu.Event) (bool, error) {
	if e.At.IsZero() || e.At.After(t.now.Add(scrubSkew)) {
		e.At = t.now // a clock that is wrong must not hide what comes
	}
	n, err := t.exec(`UPDATE gpu_events SET count = count + 1, last_at = CASE WHEN last_at < ? THEN ? ELSE last_at END
		WHERE id = (SELECT id FROM gpu_events WHERE device = ? AND kind = ? AND xid = ? AND last_at >= ? AND at <= ? ORDER BY last_at DESC, id DESC LIMIT 1)`,
		micros(e.At), micros(e.At), e.UUID, e.Kind, e.Xid, micros(e.At.Add(-sameEvent)), micros(e.At.Add(sameEvent)))
	if err != nil || n > 0 {
		return false, err
	}
	var lately int
	if err := t.get(&lately, `SELECT COUNT(*) FROM gpu_events WHERE device = ? AND kind = ? AND xid = ? AND last_at > ?`,
		e.UUID, e.Kind, e.Xid, micros(e.At.Add(-eventsWithin))); err != nil {
		return false, err
	}
	if lately >= mostEvents {
		_, err := t.exec(`UPDATE gpu_events SET count = count + 1 WHERE id = (SELECT id FROM gpu_events WHERE device = ? AND kind = ? AND xid = ? ORDER BY last_at DESC, id DESC LIMIT 1)`,
			e.UUID, e.Kind, e.Xid)
		return false, err
	}
	if _, err := t.exec(`INSERT INTO gpu_events (id, device, serial, host_id, kind, xid, message, source, at, last_at, count, noted_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)`,
		fleet.NewID("gev_", t.now), e.UUID, serial, hostID, e.Kind, e.Xid, text(e.Message), text(e.Source), micros(e.At), micros(e.At), micros(t.now)); err != nil {
		return false, err
	}
	return true, t.tally(TallyEvents, string(e.Kind), strconv.Itoa(e.Xid))
}

// GPUEvents lists what the drivers reported of a GPU, on whichever host it was, newest first.
// NotFound without the GPU.
func (s *Store) GPUEvents(ctx context.Context, gpuID string, p Page) (events []GPUEvent, err error) {
	err = s.read(ctx, "list events of GPU", func(t *tx) error {
		devices, err := t.devicesOf(gpuID)
		if err != nil {
			return err
		}
		q := selecting(gpuEventColumns, "gpu_events").and(devices.text, devices.args...).newest(p, "gpu_events")
		var rows []gpuEventRow
		if err := t.all(&rows, q.text, q.args...); err != nil {
			return err
		}
		events = make([]GPUEvent, len(rows))
		for i, r := range rows {
			events[i] = r.event()
		}
		return nil
	})
	return events, err
}
