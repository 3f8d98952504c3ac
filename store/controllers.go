package store

import (
	"context"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

type controllerRow struct {
	Name      string `db:"name"`
	State     string `db:"controller"`
	Since     int64  `db:"controller_since"`
	Actor     string `db:"controller_actor"`
	Paused    bool   `db:"autostop_paused"`
	Autostop  int64  `db:"autostop"`
	IdleSince int64  `db:"idle_since"`
	Endpoints int    `db:"endpoints"`
	Servers   int    `db:"servers"`
}

// controllerQuery selects controllers with what needs them.
const controllerQuery = `SELECT d.name, d.controller, d.controller_since, d.controller_actor, d.autostop_paused, d.autostop, d.idle_since,
	(SELECT COUNT(*) FROM endpoints e WHERE e.data_center = d.name AND e.state <> 'deleted') AS endpoints,
	(SELECT COUNT(*) FROM instances i WHERE i.data_center = d.name AND i.endpoint_id IS NULL AND i.ports > 0 AND i.state <> 'terminated') AS servers
	FROM data_centers d`

func (r controllerRow) needed() bool { return r.Endpoints+r.Servers > 0 }

// Controllers lists the controllers of all data centers, by name.
func (s *Store) Controllers(ctx context.Context) ([]fleet.Controller, error) {
	var all []fleet.Controller
	err := s.read(ctx, "list controllers", func(t *tx) error {
		var rows []controllerRow
		if err := t.all(&rows, controllerQuery+` ORDER BY d.name`); err != nil {
			return err
		}
		all = make([]fleet.Controller, len(rows))
		for i, r := range rows {
			var err error
			if all[i], err = t.controller(r); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

// Controller is that of one data center. NotFound without it.
func (s *Store) Controller(ctx context.Context, dataCenter string) (fleet.Controller, error) {
	var c fleet.Controller
	err := s.read(ctx, "read controller", func(t *tx) error {
		row, err := t.controllerRow(dataCenter)
		if err != nil {
			return err
		}
		c, err = t.controller(row)
		return err
	})
	return c, err
}

func (t *tx) controllerRow(dataCenter string) (controllerRow, error) {
	var row controllerRow
	err := t.get(&row, controllerQuery+` WHERE d.name = ?`, dataCenter)
	return row, missing(err, "data center", dataCenter)
}

func (t *tx) controller(r controllerRow) (fleet.Controller, error) {
	c := fleet.Controller{
		DataCenter: r.Name, State: fleet.ControllerState(r.State), Since: at(r.Since), Actor: r.Actor, Paused: r.Paused,
		Autostop: fleet.Duration(time.Duration(r.Autostop) * time.Microsecond), IdleSince: at(r.IdleSince), Endpoints: r.Endpoints, Servers: r.Servers,
	}
	gateways, err := t.gateways(selecting(gatewayColumns, "gateways").and(`data_center = ?`, r.Name))
	follows := false
	for _, g := range gateways {
		c.Gateways = append(c.Gateways, fleet.Gateway{ID: g.ID, Name: g.Name, Live: g.Live, Version: g.Version, SeenAt: g.SeenAt})
		follows = follows || g.Live && g.SeenAt.After(c.Since)
	}
	if c.State == fleet.ControllerUp && !follows {
		c.State = fleet.ControllerStarting
	}
	return c, err
}

// raise brings a data center's controller up in the transaction of what needs it, and takes
// back a countdown.
func (t *tx) raise(dataCenter, actor string) error {
	n, err := t.exec(`UPDATE data_centers SET controller = 'up', controller_since = ?, controller_actor = ?, idle_since = 0 WHERE name = ? AND controller = 'down'`,
		micros(t.now), actor, dataCenter)
	if err != nil {
		return err
	}
	if n == 0 {
		_, err := t.exec(`UPDATE data_centers SET idle_since = 0 WHERE name = ? AND idle_since > 0`, dataCenter)
		return err
	}
	if err := t.bump(dataCenter); err != nil {
		return err
	}
	return t.event(fleet.Event{Name: "controller.started", Actor: actor, Message: dataCenter})
}

// lower takes it down.
func (t *tx) lower(dataCenter, actor string) error {
	if _, err := t.exec(`UPDATE data_centers SET controller = 'down', controller_since = ?, controller_actor = ?, idle_since = 0 WHERE name = ?`,
		micros(t.now), actor, dataCenter); err != nil {
		return err
	}
	if err := t.bump(dataCenter); err != nil {
		return err
	}
	return t.event(fleet.Event{Name: "controller.stopped", Actor: actor, Message: dataCenter})
}

// StartController brings a data center's controller up; the countdown to its autostop begins
// anew. NotFound without the data center. Repeatable.
func (s *Store) StartController(ctx context.Context, dataCenter, actor string) error {
	return s.controllerChange(ctx, dataCenter, func(t *tx, r controllerRow) error {
		return t.raise(dataCenter, actor)
	})
}

// StopController takes it down now. Conflict while something needs it; NotFound without the
// data center. Repeatable.
func (s *Store) StopController(ctx context.Context, dataCenter, actor string) error {
	return s.controllerChange(ctx, dataCenter, func(t *tx, r controllerRow) error {
		switch {
		case r.needed():
			return fleet.Errorf(fleet.Conflict, "the controller of %s serves %d endpoints and %d servers with ports: delete and terminate them first", dataCenter, r.Endpoints, r.Servers)
		case r.State == string(fleet.ControllerDown):
			return nil
		}
		return t.lower(dataCenter, actor)
	})
}

// PauseAutostop keeps a controller up however idle it is, or ends that: the countdown begins
// anew then. NotFound without the data center. Repeatable.
func (s *Store) PauseAutostop(ctx context.Context, dataCenter, actor string, paused bool) error {
	return s.controllerChange(ctx, dataCenter, func(t *tx, r controllerRow) error {
		if r.Paused == paused {
			return nil
		}
		idle := int64(0)
		if r.IdleSince > 0 {
			idle = micros(t.now)
		}
		if _, err := t.exec(`UPDATE data_centers SET autostop_paused = ?, idle_since = ? WHERE name = ?`, paused, idle, dataCenter); err != nil {
			return err
		}
		name := "controller.autostop_resumed"
		if paused {
			name = "controller.autostop_paused"
		}
		return t.event(fleet.Event{Name: name, Actor: actor, Message: dataCenter})
	})
}

// SetAutostop says how long a controller stays up with nothing to serve. Invalid out of range,
// NotFound without the data center.
func (s *Store) SetAutostop(ctx context.Context, dataCenter, actor string, after fleet.Duration) error {
	if err := fleet.CheckAutostop(after); err != nil {
		return err
	}
	return s.controllerChange(ctx, dataCenter, func(t *tx, r controllerRow) error {
		if r.Autostop == time.Duration(after).Microseconds() {
			return nil
		}
		if _, err := t.exec(`UPDATE data_centers SET autostop = ? WHERE name = ?`, time.Duration(after).Microseconds(), dataCenter); err != nil {
			return err
		}
		return t.event(fleet.Event{Name: "controller.updated", Actor: actor, Message: dataCenter + ": autostop " + time.Duration(after).String()})
	})
}

// controllerChange changes a controller with its data center locked, so that nothing that
// needs it is accepted meanwhile.
func (s *Store) controllerChange(ctx context.Context, dataCenter string, change func(*tx, controllerRow) error) error {
	return s.write(ctx, "change controller", func(t *tx) error {
		if err := t.lockDataCenter(dataCenter); err != nil {
			return err
		}
		row, err := t.controllerRow(dataCenter)
		if err != nil {
			return err
		}
		return change(t, row)
	})
}

// TendControllers starts the countdowns of controllers that nothing needs any more, and takes
// those down whose countdown is over. It returns the data centers whose controller it took
// down.
func (s *Store) TendControllers(ctx context.Context) (stopped []string, err error) {
	var due []controllerRow
	err = s.read(ctx, "look at controllers", func(t *tx) error {
		return t.all(&due, `SELECT * FROM (`+controllerQuery+`) c WHERE controller = 'up' AND (
			endpoints + servers = 0 AND (idle_since = 0 OR NOT autostop_paused AND idle_since + autostop <= ?)
			OR endpoints + servers > 0 AND idle_since > 0) OR controller = 'down' AND endpoints + servers > 0`, micros(t.now))
	})
	for _, r := range due {
		down := false
		if err == nil {
			err = s.controllerChange(ctx, r.Name, func(t *tx, r controllerRow) (err error) {
				down, err = t.tend(r)
				return err
			})
		}
		if down {
			stopped = append(stopped, r.Name)
		}
	}
	return stopped, err
}

func (t *tx) tend(r controllerRow) (down bool, err error) {
	switch {
	case r.needed():
		return false, t.raise(r.Name, "submission")
	case r.State == string(fleet.ControllerDown):
		return false, nil
	case r.IdleSince == 0:
		if _, err := t.exec(`UPDATE data_centers SET idle_since = ? WHERE name = ?`, micros(t.now), r.Name); err != nil {
			return false, err
		}
		return false, t.event(fleet.Event{Name: "controller.idle", Actor: "autostop", Message: r.Name})
	case !r.Paused && r.IdleSince+r.Autostop <= micros(t.now):
		return true, t.lower(r.Name, "autostop")
	}
	return false, nil
}
