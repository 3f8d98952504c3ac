package store

import (
	"context"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A Blind instance runs and cannot open its GPUs any more, as hook-injected devices are lost
// when systemd reloads its units.
type Blind struct {
	fleet.Instance
	Again bool // it was started again for that lately, and that did not last
}

const (
	remakeEvery = 10 * time.Minute // for one instance
	remakeAgain = time.Hour        // within that, starting it again did not help
)

// TakeBlind finds the instances whose containers are to be made anew, each at most every ten
// minutes, and takes note of that.
func (s *Store) TakeBlind(ctx context.Context) (blind []Blind, err error) {
	err = s.write(ctx, "find instances without access to their GPUs", func(t *tx) error {
		blind = nil
		var rows []struct {
			ID       string `db:"id"`
			HostID   string `db:"host_id"`
			RemadeAt int64  `db:"remade_at"`
		}
		if err := t.all(&rows, `SELECT DISTINCT i.id, l.host_id, i.remade_at FROM gpu_events e
			JOIN gpus g ON g.host_id = e.host_id AND (g.uuid = e.device OR g.parent <> '' AND g.parent = e.device)
			JOIN lease_gpus lg ON lg.gpu_id = g.id JOIN leases l ON l.id = lg.lease_id AND l.home JOIN instances i ON i.id = l.instance_id
			WHERE e.kind = 'access_lost' AND e.last_at > ? AND e.last_at > i.since AND i.state = 'running' AND i.operation_id IS NULL AND i.remade_at < ? ORDER BY i.id LIMIT 100`,
			micros(t.now.Add(-24*time.Hour)), micros(t.now.Add(-remakeEvery))); err != nil {
			return err
		}
		for _, r := range rows {
			inst, err := t.instance(r.ID)
			if err != nil {
				return err
			}
			n, err := t.exec(`UPDATE instances SET remade_at = ? WHERE id = ? AND remade_at = ?`, micros(t.now), r.ID, r.RemadeAt)
			if err != nil {
				return err
			}
			if n > 0 { // else a rival does it
				blind = append(blind, Blind{inst, t.now.Sub(at(r.RemadeAt)) < remakeAgain})
			}
		}
		for _, b := range blind {
			message := "its container cannot open its GPUs any more: it is started again"
			switch {
			case b.EndpointID != "":
				message = "its container cannot open its GPUs any more: another worker takes its place"
			case b.Again:
				message = "its container has lost its GPUs again: it is made anew, elsewhere"
			}
			if err := t.event(fleet.Event{AccountID: b.AccountID, InstanceID: b.ID, EndpointID: b.EndpointID, HostID: b.Home.HostID, Actor: Watchman, Name: "instance.gpu_access_lost", Message: message}); err != nil {
				return err
			}
		}
		return nil
	})
	return blind, err
}
