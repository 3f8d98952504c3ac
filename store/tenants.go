package store

import (
	"fmt"
	"slices"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A tenant is a lease on a host, with the instance that has it.
type tenant struct {
	LeaseID     string      `db:"id"`
	InstanceID  string      `db:"instance_id"`
	Epoch       int64       `db:"epoch"`
	Home        bool        `db:"home"`
	Kept        bool        `db:"kept"`
	Suspect     int         `db:"suspect"`
	CreatedAt   int64       `db:"created_at"`
	Newest      int64       `db:"newest"` // epoch of the instance
	State       fleet.State `db:"state"`
	Found       fleet.State `db:"found_state"`
	OperationID string      `db:"operation_id"`
	Since       int64       `db:"since"`
}

// missingAfter is how old a lease must be before the lack of its container means anything.
const missingAfter = time.Minute

// tenants are the leases on a host, oldest first.
func (t *tx) tenants(hostID string) ([]tenant, error) {
	var rows []tenant
	err := t.all(&rows, `SELECT l.id, l.instance_id, l.epoch, l.home, l.kept, l.suspect, l.created_at,
		i.epoch AS newest, i.state, i.found_state, COALESCE(i.operation_id, '') AS operation_id, i.since
		FROM leases l JOIN instances i ON i.id = l.instance_id WHERE l.host_id = ? ORDER BY l.created_at, l.id`, hostID)
	return rows, err
}

// syncContainers compares the settled instances that live on a host with the containers it
// reports, and writes the differences. Tenants are updated to what is true afterwards.
// What an operation has under way is the operation's business.
func (t *tx) syncContainers(hostID string, tenants []tenant, reports []fleet.ContainerReport, changes *Changes) error {
	containers := map[string]fleet.ContainerReport{}
	for _, c := range reports {
		containers[c.LeaseID] = c
	}
	for i := range tenants {
		l := &tenants[i]
		if !l.Home || l.OperationID != "" {
			continue
		}
		var err error
		switch c, reported := containers[l.LeaseID]; l.State { //nolint:exhaustive // the rest has no container that should run
		case fleet.Lost:
			err = t.found(hostID, l, changes)
		case fleet.Running:
			err = t.watch(hostID, l, c, reported, changes)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// found brings an instance back that was lost with its host, and not placed elsewhere since.
func (t *tx) found(hostID string, l *tenant, changes *Changes) error {
	if l.Epoch != l.Newest || !slices.Contains([]fleet.State{fleet.Running, fleet.Stopped, fleet.Failed}, l.Found) {
		return nil
	}
	return t.turn(hostID, l, turn{to: l.Found, event: "instance.found", message: "its host is back"}, changes)
}

// watch looks for the container of a running instance. A report may be older than the
// instance's state: that a container does not run counts once the instance has run for as
// long as between two reports, or when two reports in a row say so.
func (t *tx) watch(hostID string, l *tenant, c fleet.ContainerReport, reported bool, changes *Changes) error {
	suspect := l.Suspect + 1
	switch {
	case reported && (c.Running || c.Fenced), // of a fenced one the answer says: run
		!reported && t.now.Sub(at(l.CreatedAt)) < missingAfter:
		suspect = 0
	case reported && (suspect > 1 || t.now.Sub(at(l.Since)) >= fleet.LeaseEvery):
		return t.turn(hostID, l, exited(c), changes)
	case !reported && suspect > 1:
		return t.turn(hostID, l, turn{
			to: fleet.Stopped, event: "instance.exited", cause: "missing", message: "its container is gone",
		}, changes)
	}
	if suspect == l.Suspect {
		return nil
	}
	_, err := t.exec(`UPDATE leases SET suspect = ? WHERE id = ?`, suspect, l.LeaseID)
	return err
}

func exited(c fleet.ContainerReport) turn {
	message := fmt.Sprintf("its process ended with code %d", c.ExitCode)
	if c.OOMKilled {
		message += " (out of memory)"
	}
	return turn{
		to: fleet.Stopped, event: "instance.exited", cause: fmt.Sprintf("exited (%d)", c.ExitCode), message: message,
		mishap: &fleet.Mishap{
			Cause: fleet.ExitCause(c.OOMKilled), ExitCode: &c.ExitCode, Message: "it ended: " + fleet.ExitMessage(c.ExitCode, c.OOMKilled), LastLines: c.LastLines,
		},
	}
}

// A turn is a change of a settled instance that no operation made.
type turn struct {
	to, found fleet.State // found: what it will be again, of a lost one
	event     string
	cause     string
	message   string        // of the event; also the reason, when it is not running
	mishap    *fleet.Mishap // if it is one, of a worker
}

// turn makes it, unless an operation has come in between.
func (t *tx) turn(hostID string, l *tenant, to turn, changes *Changes) error {
	h, err := t.hold(fleet.KindInstance, l.InstanceID)
	if err != nil {
		return err
	}
	if h.OperationID != "" || h.State != l.State {
		l.State, l.OperationID = h.State, h.OperationID
		return nil
	}
	served := t.now.Sub(h.Since)
	h.State, h.Since, h.Reason = to.to, t.now, ""
	if to.to != fleet.Running {
		h.Reason = to.message
	}
	if err := t.release(h); err != nil {
		return err
	}
	if _, err := t.exec(`UPDATE instances SET cause = ?, found_state = ? WHERE id = ?`, to.cause, to.found, h.ID); err != nil {
		return err
	}
	if _, err := t.exec(`UPDATE leases SET suspect = 0 WHERE id = ?`, l.LeaseID); err != nil {
		return err
	}
	if err := t.serve(h, h.servingIn(to.to)); err != nil {
		return err
	}
	l.State = to.to
	if h.EndpointID != "" && !slices.Contains(changes.Endpoints, h.EndpointID) {
		changes.Endpoints = append(changes.Endpoints, h.EndpointID)
	}
	if to.mishap != nil && h.EndpointID != "" {
		m := *to.mishap
		m.Served, m.HostID = served, hostID
		if err := t.mishap(h, "monitor", m); err != nil {
			return err
		}
	}
	event := h.happened(to.event, "monitor", "", to.message)
	event.HostID = hostID
	return t.event(event)
}
