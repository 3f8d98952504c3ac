package store

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Counts are how much there is of what, over all accounts.
func (s *Store) Counts(ctx context.Context) (Counts, error) {
	c := Counts{Instances: map[fleet.State]int{}, Hosts: map[fleet.HostState]int{}, Open: map[string]int{}, Schedules: map[fleet.ScheduleState]int{}, Findings: map[fleet.FindingKind]int{}}
	err := s.read(ctx, "count", func(t *tx) error {
		var instances []struct {
			State fleet.State `db:"state"`
			Count int         `db:"n"`
		}
		if err := t.all(&instances, `SELECT state, COUNT(*) AS n FROM instances WHERE state <> 'terminated' GROUP BY state`); err != nil {
			return err
		}
		for _, r := range instances {
			c.Instances[r.State] = r.Count
		}
		var hosts []hostRow
		if err := t.all(&hosts, `SELECT state, cordoned, draining_at, drained_at, notice_kind FROM hosts WHERE retired_at = 0`); err != nil {
			return err
		}
		for _, r := range hosts {
			c.Hosts[r.host().State]++
		}
		var gpus []struct {
			Type  string         `db:"type"`
			State fleet.GPUState `db:"state"`
			Count int            `db:"n"`
		}
		if err := t.all(&gpus, `SELECT g.type, g.state, COUNT(*) AS n FROM gpus g JOIN hosts h ON h.id = g.host_id
			WHERE h.retired_at = 0 GROUP BY g.type, g.state ORDER BY g.type, g.state`); err != nil {
			return err
		}
		for _, r := range gpus {
			c.GPUs = append(c.GPUs, GPUCount{Type: r.Type, State: r.State, Count: r.Count})
		}
		var open []struct {
			Kind  fleet.Kind `db:"kind"`
			Name  string     `db:"name"`
			Count int        `db:"n"`
			Late  int        `db:"late"`
		}
		if err := t.all(&open, `SELECT kind, name, COUNT(*) AS n, COUNT(*) FILTER (WHERE deadline < ?) AS late
			FROM operations WHERE outcome = '' GROUP BY kind, name`, micros(t.now)); err != nil {
			return err
		}
		for _, r := range open {
			rec := fleet.Record{Kind: r.Kind, Name: r.Name}
			c.Open[rec.Operation().Workflow()] = r.Count
			c.Overdue += r.Late
		}
		if err := t.all(&c.Tallies, `SELECT metric, one, two, n FROM gpu_tallies ORDER BY metric, one, two`); err != nil {
			return err
		}
		if err := t.countFindings(&c); err != nil {
			return err
		}
		return t.countSchedules(&c)
	})
	return c, err
}

// countFindings counts what the audit has noted: 0 of what it has not.
func (t *tx) countFindings(c *Counts) error {
	for _, kind := range fleet.FindingKinds {
		c.Findings[kind] = 0
	}
	var rows []struct {
		Kind  fleet.FindingKind `db:"kind"`
		Count int               `db:"n"`
	}
	err := t.all(&rows, `SELECT kind, COUNT(*) AS n FROM findings GROUP BY kind`)
	for _, r := range rows {
		c.Findings[r.Kind] = r.Count
	}
	return err
}

func (t *tx) countSchedules(c *Counts) error {
	var rows []struct {
		State    fleet.ScheduleState `db:"state"`
		Count    int                 `db:"n"`
		Unsynced int                 `db:"unsynced"`
	}
	err := t.all(&rows, `SELECT state, COUNT(*) AS n, COUNT(*) FILTER (WHERE synced < version) AS unsynced FROM schedules GROUP BY state`)
	for _, r := range rows {
		if r.State != fleet.ScheduleDeleted {
			c.Schedules[r.State] = r.Count
		}
		c.Unsynced += r.Unsynced
	}
	return err
}
