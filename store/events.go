package store

import (
	"context"
	"strings"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const eventColumns = `id, account_id, name, instance_id, endpoint_id, host_id, operation_id, schedule_id, actor, message, at`

type eventRow struct {
	ID          string `db:"id"`
	AccountID   string `db:"account_id"`
	Name        string `db:"name"`
	InstanceID  string `db:"instance_id"`
	EndpointID  string `db:"endpoint_id"`
	HostID      string `db:"host_id"`
	OperationID string `db:"operation_id"`
	ScheduleID  string `db:"schedule_id"`
	Actor       string `db:"actor"`
	Message     string `db:"message"`
	At          int64  `db:"at"`
}

// event writes an event down, and gives it its number. The number's row stays locked until
// the commit, so numbers and commits have one order; call it last.
func (t *tx) event(e fleet.Event) error {
	var seq int64
	err := t.get(&seq, `INSERT INTO event_clocks (account_id, last) VALUES (?, 1)
		ON CONFLICT (account_id) DO UPDATE SET last = event_clocks.last + 1 RETURNING last`, e.AccountID)
	if err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO events (seq, `+eventColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		seq, fleet.NewID(fleet.EventPrefix, t.now), e.AccountID, e.Name, e.InstanceID, e.EndpointID, e.HostID,
		e.OperationID, e.ScheduleID, e.Actor, text(e.Message), micros(t.now))
	return err
}

// ListEvents lists what happened to an account's resources, newest first. Account "" has
// the fleet's own events, those of hosts and GPUs.
func (s *Store) ListEvents(ctx context.Context, accountID string, f EventFilter) ([]fleet.Event, error) {
	return s.events(ctx, "list events", func() query {
		q := selecting(eventColumns, "events").and(`account_id = ?`, accountID).equal(eventColumn(f.ResourceID), f.ResourceID)
		if f.After != "" {
			q = q.and(`seq < (SELECT seq FROM events WHERE account_id = ? AND id = ?)`, accountID, f.After)
		}
		return query{text: q.text + ` ORDER BY seq DESC LIMIT ?`, args: append(q.args, f.limit())}
	})
}

// EventsSince lists what happened after the event afterID, oldest first; all of it when
// afterID is empty or not known. Following by the last ID misses nothing.
func (s *Store) EventsSince(ctx context.Context, accountID, afterID string, limit int) ([]fleet.Event, error) {
	return s.events(ctx, "follow events", func() query {
		return query{
			text: `SELECT ` + eventColumns + ` FROM events WHERE account_id = ?
			AND seq > COALESCE((SELECT seq FROM events WHERE account_id = ? AND id = ?), 0) ORDER BY seq LIMIT ?`,
			args: []any{accountID, accountID, afterID, Page{Limit: limit}.limit()},
		}
	})
}

func (s *Store) events(ctx context.Context, what string, build func() query) ([]fleet.Event, error) {
	var rows []eventRow
	err := s.read(ctx, what, func(t *tx) error {
		q := build()
		return t.all(&rows, q.text, q.args...)
	})
	events := make([]fleet.Event, len(rows))
	for i, r := range rows {
		events[i] = fleet.Event{
			ID: r.ID, AccountID: r.AccountID, Name: r.Name, InstanceID: r.InstanceID, EndpointID: r.EndpointID,
			HostID: r.HostID, OperationID: r.OperationID, ScheduleID: r.ScheduleID, Actor: r.Actor, Message: r.Message, At: at(r.At),
		}
	}
	return events, err
}

// eventColumn is where events have a resource of that ID.
func eventColumn(id string) string {
	switch {
	case strings.HasPrefix(id, fleet.EndpointPrefix):
		return "endpoint_id"
	case strings.HasPrefix(id, fleet.HostPrefix):
		return "host_id"
	case strings.HasPrefix(id, fleet.OperationPrefix):
		return "operation_id"
	case strings.HasPrefix(id, fleet.SchedulePrefix):
		return "schedule_id"
	default:
		return "instance_id"
	}
}
