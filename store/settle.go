package store

import (
	"context"
	"slices"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// EndOperation ends an operation and settles its resource, by fleet.Life.Settle. An
// operation that waited has the resource from there on, in the same transaction. One that
// has an outcome is left alone. NotFound without the operation, Invalid without an outcome.
func (s *Store) EndOperation(ctx context.Context, e Ending) error {
	return s.write(ctx, "end operation", func(t *tx) error {
		if !slices.Contains([]fleet.Outcome{fleet.Done, fleet.Undone, fleet.Stuck}, e.Outcome) {
			return fleet.Errorf(fleet.Invalid, "%s is no outcome", quote(string(e.Outcome)))
		}
		var rec fleet.Record
		h, err := t.holdFor(e.OperationID, &rec)
		if err != nil || rec.Outcome != fleet.Open {
			return err
		}
		return t.end(h, &rec, e)
	})
}

// end gives rec, which is open, its outcome.
func (t *tx) end(h *holding, rec *fleet.Record, e Ending) error {
	rec.Outcome, rec.Code, rec.Message, rec.EndedAt = e.Outcome, e.Code, text(e.Message), t.now
	rec.Downtime, rec.Moved = e.Downtime, e.Moved
	if err := t.failed(h, rec, e.Fault); err != nil {
		return err
	}
	if h.OperationID == rec.ID {
		return t.settle(h, rec)
	}
	if h.NextID == rec.ID { // it waited, and does not any more
		h.NextID = ""
		if err := t.release(h); err != nil {
			return err
		}
	}
	if err := t.saveEnd(*rec); err != nil {
		return err
	}
	return t.event(ended(h, *rec))
}

// settle ends the claim of rec, and passes it on.
func (t *tx) settle(h *holding, rec *fleet.Record) error {
	var next *fleet.Record
	if h.NextID != "" {
		waiting, err := t.record(h.NextID)
		if err != nil {
			return err
		}
		next = &waiting
	}
	lost, err := t.homeExpired(h)
	if err != nil {
		return err
	}
	alive := h.Life // what it would be if its host were there, and is again if that returns
	alive.Settle(rec, nil, false, t.now)
	h.Settle(rec, next, lost, t.now)

	if err := t.saveEnd(*rec); err != nil { // before next, which takes its slot
		return err
	}
	if h.kind == fleet.KindInstance {
		if err := t.rememberLaunch(h, rec); err != nil {
			return err
		}
	}
	events := []fleet.Event{ended(h, *rec)}
	if next != nil {
		if next.Outcome == fleet.Open {
			_, err = t.exec(`UPDATE operations SET waits = ?, deadline = ? WHERE id = ?`, false, micros(next.Deadline), next.ID)
		} else {
			err = t.saveEnd(*next)
			events = append(events, ended(h, *next))
		}
		if err != nil {
			return err
		}
	}
	if err := t.release(h); err != nil {
		return err
	}
	if h.kind == fleet.KindEndpoint {
		if _, err := t.exec(`UPDATE endpoints SET paused_at = 0, paused_by = '' WHERE id = ? AND paused_at > 0`, h.ID); err != nil {
			return err
		}
	}
	if h.kind == fleet.KindInstance {
		settled := h.State
		if h.OperationID != "" {
			settled = h.Was
		}
		if err := t.settleInstance(h, settled, alive.State); err != nil {
			return err
		}
		if settled == fleet.Lost && rec.Outcome == fleet.Done {
			events = append(events, h.happened("instance.lost", rec.Actor, rec.ID, "its host went silent"))
		}
	}
	for _, e := range events {
		if err := t.event(e); err != nil {
			return err
		}
	}
	return nil
}

// settleInstance writes what else follows from an instance's settled state.
func (t *tx) settleInstance(h *holding, settled, alive fleet.State) error {
	cause := ""
	switch {
	case settled != fleet.Lost:
		h.Found = ""
	case alive != fleet.Lost: // it is lost just now
		h.Found = alive
		cause = "lost"
	default:
		cause = "lost"
	}
	if _, err := t.exec(`UPDATE instances SET cause = ?, found_state = ?, held_by = '', held_version = 0 WHERE id = ?`, cause, h.Found, h.ID); err != nil {
		return err
	}
	return t.serve(h, h.servingIn(settled))
}

// servingIn is what the gateways are told of an instance that is settled.
func (h *holding) servingIn(settled fleet.State) string {
	if settled == fleet.Running && h.Ports > 0 {
		return ready
	}
	return notServing
}

// saveEnd writes an outcome, and closes the steps that are still open.
func (t *tx) saveEnd(rec fleet.Record) error {
	steps, err := t.steps(rec.ID)
	if err != nil {
		return err
	}
	for i := range steps {
		if steps[i].State != fleet.StepRunning {
			continue
		}
		steps[i].State, steps[i].EndedAt = fleet.StepFailed, t.now
		if rec.Outcome == fleet.Done {
			steps[i].State = fleet.StepDone
		}
	}
	_, err = t.exec(`UPDATE operations SET outcome = ?, code = ?, message = ?, ended_at = ?, phase = '', steps = ?, downtime = ?, moved = ? WHERE id = ?`,
		rec.Outcome, rec.Code, text(rec.Message), micros(rec.EndedAt), document(steps), rec.Downtime.Microseconds(), rec.Moved, rec.ID)
	if err == nil {
		_, err = t.exec(`DELETE FROM queue WHERE operation_id = ?`, rec.ID)
	}
	return err
}

// ended is the event of an operation's end.
func ended(h *holding, rec fleet.Record) fleet.Event {
	name := past(rec)
	switch rec.Outcome { //nolint:exhaustive // an end is not Open
	case fleet.Undone:
		name = "operation.undone"
	case fleet.Stuck:
		name = "operation.stuck"
	}
	return h.happened(name, rec.Actor, rec.ID, rec.Message)
}

// homeExpired reports whether the instance lives on a host that lost its lease.
func (t *tx) homeExpired(h *holding) (bool, error) {
	if h.kind != fleet.KindInstance {
		return false, nil
	}
	var states []fleet.HostState
	err := t.all(&states, `SELECT h.state FROM leases l JOIN hosts h ON h.id = l.host_id WHERE l.instance_id = ? AND l.home`, h.ID)
	return slices.Contains(states, fleet.HostLost), err
}

// expired reports whether a host whose lease ended at expiresAt has stopped what it ran.
func (t *tx) expired(expiresAt int64) bool { return t.now.After(at(expiresAt).Add(fleet.LeaseGrace)) }
