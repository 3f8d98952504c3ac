package store

import (
	"context"
	"slices"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// NoteNotice takes down that a host's provider takes it away, or may do so: it gets nothing
// new from here on. If it goes, its workers are out of the gateways' choice at once where
// others are ready, and its instances' owners are told. In Changes are the endpoints whose
// autoscaler must look. The same again changes nothing, and what may happen does not take
// the place of what will.
//
// NotFound without the host, Conflict if it is retired, Invalid for a notice out of bounds.
func (s *Store) NoteNotice(ctx context.Context, hostID, actor string, r fleet.NoticeReport) (changes Changes, err error) {
	if err := checkNotice(r); err != nil {
		return changes, s.translate("note notice", err)
	}
	err = s.write(ctx, "note notice", func(t *tx) error {
		changes = Changes{}
		host, err := t.lockServing(hostID)
		if err != nil {
			return err
		}
		next := fleet.Notice{Kind: r.Kind, Source: r.Source, ID: r.ID, Actor: actor, At: t.now}
		if r.Kind == fleet.NoticePreempt {
			next.Deadline = t.now.Add(time.Duration(r.Left))
		}
		was := host.notice()
		if was.Kind == next.Kind && was.Source == next.Source && was.Deadline.Sub(next.Deadline).Abs() < noticeJitter || was.Preempts() && !next.Preempts() {
			return nil
		}
		if was.Kind == next.Kind { // the same, with another deadline
			next.At = was.At
		}
		if err := t.saveNotice(&host, next); err != nil {
			return err
		}
		return t.noticed(host, was, &changes)
	})
	return changes, err
}

// noticeJitter is by how much the deadline of one notice differs from one report to another.
const noticeJitter = 2 * time.Second

func checkNotice(r fleet.NoticeReport) error {
	switch {
	case !slices.Contains(fleet.NoticeKinds, r.Kind):
		return fleet.Errorf(fleet.Invalid, "a notice is preempt or rebalance")
	case !slices.Contains(fleet.NoticeSources, r.Source):
		return fleet.Errorf(fleet.Invalid, "a notice has a source: aws, gcp, azure, hook or operator")
	case time.Duration(r.Left) > fleet.MaxNotice || time.Duration(r.Left) < -fleet.MaxNotice:
		return fleet.Errorf(fleet.Invalid, "a host is given notice of at most %s", fleet.MaxNotice)
	case len(r.ID) > 256:
		return fleet.Errorf(fleet.Invalid, "the ID of a notice has at most 256 bytes")
	}
	return nil
}

func (t *tx) saveNotice(host *hostRow, n fleet.Notice) error {
	host.NoticeKind, host.NoticeSource, host.NoticeID, host.NoticeActor = n.Kind, n.Source, text(n.ID), n.Actor
	host.NoticedAt, host.NoticeDeadline = micros(n.At), micros(n.Deadline)
	_, err := t.exec(`UPDATE hosts SET notice_kind = ?, notice_source = ?, notice_id = ?, notice_actor = ?, noticed_at = ?, notice_deadline = ? WHERE id = ?`,
		host.NoticeKind, host.NoticeSource, host.NoticeID, host.NoticeActor, host.NoticedAt, host.NoticeDeadline, host.ID)
	return err
}

// noticed does what a new notice asks for, and tells of it.
func (t *tx) noticed(host hostRow, was fleet.Notice, changes *Changes) error {
	now := host.notice()
	left, err := t.occupants(host)
	if err != nil {
		return err
	}
	var events []fleet.Event
	for _, o := range left {
		if o.Kept || o.State.Gone() {
			continue
		}
		if o.EndpointID != "" {
			changes.wakes(o.EndpointID)
		}
		if now.Preempts() && o.Home {
			h, err := t.hold(fleet.KindInstance, o.InstanceID)
			if err != nil {
				return err
			}
			if err := t.divert(h, host.ID); err != nil {
				return err
			}
			if !was.Preempts() {
				e := h.happened("instance.preempted", "monitor", "", now.Words(t.now))
				e.HostID = host.ID
				events = append(events, e)
			}
		}
	}
	if was.Kind != now.Kind {
		if err := t.tally(TallyNotices, string(now.Source), string(now.Kind)); err != nil {
			return err
		}
		name := "host.warned"
		if now.Preempts() {
			name = "host.preempted"
			if err := t.rememberPreemption(host, noticedLoss); err != nil {
				return err
			}
		}
		message := host.Name + ": " + now.Words(t.now)
		if !now.Deadline.IsZero() {
			message += ", at " + now.Deadline.Format(time.RFC3339)
		}
		events = append(events, fleet.Event{Name: name, HostID: host.ID, Actor: now.Actor, Message: message})
	}
	for _, e := range events { // last: see event
		if err := t.event(e); err != nil {
			return err
		}
	}
	return nil
}

// divert takes a worker out of the gateways' choice, if its endpoint has another one that is
// ready on a host that stays. Its requests in flight go on.
func (t *tx) divert(h *holding, hostID string) error {
	if h.EndpointID == "" || h.Serving != ready {
		return nil
	}
	others := 0
	if err := t.get(&others, `SELECT COUNT(*) FROM instances i JOIN leases l ON l.instance_id = i.id AND l.home JOIN hosts h ON h.id = l.host_id
		WHERE i.endpoint_id = ? AND i.serving = 'ready' AND h.state = 'ready' AND h.notice_kind <> 'preempt' AND h.id <> ?`, h.EndpointID, hostID); err != nil || others == 0 {
		return err
	}
	return t.serve(h, draining)
}

// LiftNotice takes back a notice that the host was given, by its own agent or by an
// operator: it is as good as any other again. What has been replaced stays replaced. No
// notice is no error. NotFound without the host, Conflict if it is retired.
func (s *Store) LiftNotice(ctx context.Context, hostID, actor string) (changes Changes, err error) {
	return s.lift(ctx, hostID, actor, func(fleet.Notice) bool { return true })
}

// WithdrawNotice is LiftNotice for an agent whose host has no notice any more: it leaves
// alone what an operator has said.
func (s *Store) WithdrawNotice(ctx context.Context, hostID string) (changes Changes, err error) {
	return s.lift(ctx, hostID, "", func(n fleet.Notice) bool { return n.Source != fleet.NoticeOperator })
}

func (s *Store) lift(ctx context.Context, hostID, actor string, which func(fleet.Notice) bool) (changes Changes, err error) {
	err = s.write(ctx, "lift notice", func(t *tx) error {
		changes = Changes{}
		host, err := t.lockServing(hostID)
		if err != nil || !host.notice().Given() || !which(host.notice()) {
			return err
		}
		return t.lift(host, actor, "the notice was withdrawn", &changes)
	})
	return changes, err
}

func (t *tx) lift(host hostRow, actor, why string, changes *Changes) error {
	if err := t.saveNotice(&host, fleet.Notice{}); err != nil {
		return err
	}
	left, err := t.occupants(host)
	if err != nil {
		return err
	}
	for _, o := range left {
		if o.Kept || !o.Home || o.EndpointID == "" {
			continue
		}
		changes.wakes(o.EndpointID)
		h, err := t.hold(fleet.KindInstance, o.InstanceID)
		if err != nil {
			return err
		}
		if h.OperationID == "" && h.HeldBy == "" && h.Serving == draining {
			if err := t.serve(h, h.servingIn(h.State)); err != nil {
				return err
			}
		}
	}
	return t.event(fleet.Event{Name: "host.spared", HostID: host.ID, Actor: actor, Message: host.Name + ": " + why})
}

// SpareHosts lifts the notices whose deadline passed a while ago though the host is still
// there: they were not meant. In Changes are the endpoints whose autoscaler must look.
func (s *Store) SpareHosts(ctx context.Context) (changes Changes, err error) {
	var late []string
	overdue := func(t *tx) error {
		late = nil
		return t.all(&late, `SELECT id FROM hosts WHERE noticed_at > 0 AND retired_at = 0 AND state = 'ready'
			AND CASE WHEN notice_deadline > 0 THEN notice_deadline ELSE noticed_at END < ? ORDER BY id`, micros(t.now.Add(-fleet.NoticeSpared)))
	}
	if err := s.read(ctx, "find spared hosts", overdue); err != nil || len(late) == 0 {
		return changes, err
	}
	err = s.write(ctx, "spare hosts", func(t *tx) error {
		changes = Changes{}
		if err := overdue(t); err != nil {
			return err
		}
		for _, id := range late {
			host, err := t.lockServing(id)
			if err != nil {
				return err
			}
			if err := t.lift(host, "monitor", "it is still there long after the notice", &changes); err != nil {
				return err
			}
		}
		return nil
	})
	return changes, err
}

// wakes adds an endpoint whose autoscaler must look.
func (c *Changes) wakes(endpointID string) {
	if !slices.Contains(c.Endpoints, endpointID) {
		c.Endpoints = append(c.Endpoints, endpointID)
	}
}

// A Doomed instance lives on a host that is taken away.
type Doomed struct {
	InstanceID string
	AccountID  string
	EndpointID string // of a worker
	Notice     fleet.Notice
	HostID     string
	State      fleet.State
	Recover    string // of a server
	Open       bool   // an operation on it is
	Snapshots  bool   // its host can save it
}

// DoomedInstances are the instances that live on hosts that are taken away and are still there.
func (s *Store) DoomedInstances(ctx context.Context) (doomed []Doomed, err error) {
	err = s.read(ctx, "list doomed instances", func(t *tx) error {
		doomed = nil
		var hosts []hostRow
		if err := t.all(&hosts, `SELECT `+hostColumns+` FROM hosts WHERE noticed_at > 0 AND notice_kind = 'preempt' AND retired_at = 0 AND state = 'ready' ORDER BY id`); err != nil {
			return err
		}
		for _, host := range hosts {
			left, err := t.occupants(host)
			if err != nil {
				return err
			}
			for _, o := range left {
				if o.Kept || !o.Home || o.State.Gone() {
					continue
				}
				d := Doomed{
					InstanceID: o.InstanceID, AccountID: o.AccountID, EndpointID: o.EndpointID, Notice: host.notice(), HostID: host.ID,
					State: o.State, Open: o.OperationID != "", Snapshots: host.Archives,
				}
				if o.EndpointID == "" {
					inst, err := t.instance(o.InstanceID)
					if err != nil {
						return err
					}
					d.Recover = inst.Spec.Recover
				}
				doomed = append(doomed, d)
			}
		}
		return nil
	})
	return doomed, err
}

// NoteReplaced takes down that workers on hosts that are taken away are being replaced, and
// how long after the notice that was.
func (s *Store) NoteReplaced(ctx context.Context, endpointID string) error {
	return s.write(ctx, "note replacement", func(t *tx) error {
		var rows []struct {
			ID        string `db:"id"`
			NoticedAt int64  `db:"noticed_at"`
		}
		if err := t.all(&rows, `SELECT DISTINCT i.id, h.noticed_at FROM instances i JOIN leases l ON l.instance_id = i.id JOIN hosts h ON h.id = l.host_id
			WHERE i.endpoint_id = ? AND i.state <> 'terminated' AND NOT l.kept AND h.notice_kind = 'preempt' AND i.replaced_at < h.noticed_at`, endpointID); err != nil {
			return err
		}
		for _, r := range rows {
			if _, err := t.exec(`UPDATE instances SET replaced_at = ? WHERE id = ?`, micros(t.now), r.ID); err != nil {
				return err
			}
			if err := t.tallyAction(t.now.Sub(at(r.NoticedAt))); err != nil {
				return err
			}
		}
		return nil
	})
}
