package store

import (
	"fmt"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A holding is an instance or an endpoint as operations move it: locked, with its life and
// what follows from a change of it.
type holding struct {
	kind fleet.Kind
	fleet.Life
	holdingRow
}

const lifeColumns = `state, was, COALESCE(operation_id, '') AS operation_id, COALESCE(next_id, '') AS next_id, since, deadline, reason`

type lifeRow struct {
	State       fleet.State `db:"state"`
	Was         fleet.State `db:"was"`
	OperationID string      `db:"operation_id"`
	NextID      string      `db:"next_id"`
	Since       int64       `db:"since"`
	Deadline    int64       `db:"deadline"`
	Reason      string      `db:"reason"`
}

func (r lifeRow) life() fleet.Life {
	return fleet.Life{
		State: r.State, Was: r.Was, OperationID: r.OperationID, NextID: r.NextID,
		Since: at(r.Since), Deadline: at(r.Deadline), Reason: r.Reason,
	}
}

type holdingRow struct {
	ID         string `db:"id"`
	AccountID  string `db:"account_id"`
	Name       string `db:"name"`
	DataCenter string `db:"data_center"`
	lifeRow

	// Of an instance only.
	EndpointID string      `db:"endpoint_id"`
	Ports      int         `db:"ports"`
	Protected  bool        `db:"protected"`
	Serving    string      `db:"serving"`
	HeldBy     string      `db:"held_by"`
	Found      fleet.State `db:"found_state"`
}

// What the gateways are told of a worker.
const (
	notServing = ""
	ready      = "ready"
	draining   = "draining"
)

// hold locks a resource and reads it. NotFound without it.
func (t *tx) hold(kind fleet.Kind, id string) (*holding, error) {
	query := `SELECT id, account_id, name, data_center, ` + lifeColumns + ` FROM endpoints WHERE id = ?`
	if kind == fleet.KindInstance {
		query = `SELECT id, account_id, name, data_center, ` + lifeColumns + `, COALESCE(endpoint_id, '') AS endpoint_id,
			ports, protected, serving, held_by, found_state FROM instances WHERE id = ?`
	}
	h := &holding{kind: kind}
	if err := t.get(&h.holdingRow, query+t.engine.lock, id); err != nil {
		return nil, missing(err, string(kind), id)
	}
	h.Life = h.life()
	return h, nil
}

// release writes a holding back, and tells the gateways of what concerns them.
func (t *tx) release(h *holding) error {
	before := h.life()
	if h.kind == fleet.KindEndpoint {
		if err := t.saveLife("endpoints", h); err != nil {
			return err
		}
		if before.State.Gone() != h.State.Gone() || open(before) != open(h.Life) {
			return t.bump(h.DataCenter)
		}
		return nil
	}
	if err := t.saveLife("instances", h); err != nil {
		return err
	}
	return t.readdress(h, before)
}

func (t *tx) saveLife(table string, h *holding) error {
	_, err := t.exec(`UPDATE `+table+` SET state = ?, was = ?, operation_id = ?, next_id = ?, since = ?, deadline = ?, reason = ?, updated_at = ? WHERE id = ?`,
		h.State, h.Was, null(h.OperationID), null(h.NextID), micros(h.Since), micros(h.Deadline), text(h.Reason), micros(t.now), h.ID)
	return err
}

// open reports whether the gateways accept requests for an endpoint.
func open(l fleet.Life) bool {
	switch l.State { //nolint:exhaustive // the rest is closed
	case fleet.Running, fleet.Provisioning, fleet.Starting:
		return true
	case fleet.Updating:
		return l.Was == fleet.Running
	}
	return false
}

// serve changes what the gateways are told of an instance.
func (t *tx) serve(h *holding, serving string) error {
	if h.Serving == serving {
		return nil
	}
	h.Serving = serving
	if serving == ready && h.EndpointID != "" {
		if err := t.provedRevision(h); err != nil {
			return err
		}
	}
	if _, err := t.exec(`UPDATE instances SET serving = ?, updated_at = ? WHERE id = ?`, serving, micros(t.now), h.ID); err != nil {
		return err
	}
	return t.reroute(h)
}

// reroute raises the version of the routes, if the instance is in any.
func (t *tx) reroute(h *holding) error {
	if h.EndpointID == "" && h.Ports == 0 {
		return nil
	}
	return t.bump(h.DataCenter)
}

// happened is an event of the resource.
func (h *holding) happened(name, actor, operationID, message string) fleet.Event {
	e := fleet.Event{AccountID: h.AccountID, Name: name, Actor: actor, OperationID: operationID, Message: message}
	if h.kind == fleet.KindEndpoint {
		e.EndpointID = h.ID
	} else {
		e.InstanceID, e.EndpointID = h.ID, h.EndpointID
	}
	return e
}

// past is the name of the event of an operation that is done.
func past(rec fleet.Record) string {
	verb := map[string]string{
		"create": "created", "start": "started", "stop": "stopped", "restart": "restarted", "freeze": "frozen",
		"thaw": "thawed", "migrate": "migrated", "reset": "reset", "recover": "recovered", "terminate": "terminated",
		"update": "updated", "delete": "deleted",
	}[rec.Name]
	return fmt.Sprintf("%s.%s", rec.Kind, verb)
}
