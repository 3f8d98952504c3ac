package store

import (
	"cmp"
	"context"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A PoolEvent is something that happened in a pool of hosts.
type PoolEvent struct {
	ID     string
	Pool   string
	Market fleet.Market
	Kind   PoolEventKind
	At     time.Time
}

// PoolEventKind is what happened.
type PoolEventKind string

// The kinds of pool events.
const (
	PoolPreempted    PoolEventKind = "preempted"     // a host was taken away, or will be
	PoolLaunchFailed PoolEventKind = "launch_failed" // no host had room for a worker
	PoolLaunched     PoolEventKind = "launched"      // one had, again
)

const (
	poolMemory = 12 * time.Hour // what is older weighs nothing
	poolEvents = 512            // of a data center, that are read
)

// PoolEvents are what happened lately in the pools of a data center, oldest first. All its
// endpoints learn from them.
func (s *Store) PoolEvents(ctx context.Context, dataCenter string) (events []PoolEvent, err error) {
	err = s.read(ctx, "read what happened in pools", func(t *tx) error {
		var rows []struct {
			ID     string        `db:"id"`
			Pool   string        `db:"pool"`
			Market fleet.Market  `db:"market"`
			Kind   PoolEventKind `db:"kind"`
			At     int64         `db:"at"`
		}
		if err := t.all(&rows, `SELECT id, pool, market, kind, at FROM pool_events WHERE data_center = ? AND at > ? ORDER BY at DESC, id DESC LIMIT ?`,
			dataCenter, micros(t.now.Add(-poolMemory)), poolEvents); err != nil {
			return err
		}
		events = make([]PoolEvent, len(rows))
		for i, r := range rows {
			events[len(rows)-1-i] = PoolEvent{ID: r.ID, Pool: r.Pool, Market: r.Market, Kind: r.Kind, At: at(r.At)}
		}
		return nil
	})
	return events, err
}

// pool names the pool that a host comes from.
func (r hostRow) pool() string {
	h := r.host()
	return h.Pool()
}

// rememberPreemption keeps in mind that a host is taken away, with notice or without.
func (t *tx) rememberPreemption(host hostRow, how string) error {
	if err := t.tally(TallyPreemptions, cmp.Or(host.Provider, "unknown"), how); err != nil {
		return err
	}
	if !host.Spot {
		return nil
	}
	return t.remember(host.DataCenter, PoolEvent{Pool: host.pool(), Market: fleet.Spot, Kind: PoolPreempted})
}

// How hosts are taken away.
const (
	noticedLoss = "noticed"
	silentLoss  = "silent"
)

// rememberLaunch keeps in mind whether a worker that was to be made in some pools found room.
func (t *tx) rememberLaunch(h *holding, rec *fleet.Record) error {
	found := rec.Outcome == fleet.Done
	if rec.Name != fleet.Create.Name || h.EndpointID == "" || !found && rec.Code != fleet.Exhausted {
		return nil
	}
	inst, err := t.instance(h.ID)
	if err != nil {
		return err
	}
	if found {
		var failed int
		if err := t.get(&failed, `SELECT COUNT(*) FROM pool_events WHERE data_center = ? AND pool = ? AND market = ? AND kind = ? AND at > ?`,
			h.DataCenter, inst.Pool, inst.Market, PoolLaunchFailed, micros(t.now.Add(-poolMemory))); err != nil || failed == 0 {
			return err
		}
		return t.remember(h.DataCenter, PoolEvent{Pool: inst.Pool, Market: inst.Market, Kind: PoolLaunched})
	}
	var doc string
	if err := t.get(&doc, `SELECT pools FROM instances WHERE id = ?`, h.ID); err != nil {
		return err
	}
	var pools []string
	if err := parse(doc, &pools); err != nil {
		return err
	}
	for _, pool := range pools {
		if err := t.remember(h.DataCenter, PoolEvent{Pool: pool, Market: inst.Market, Kind: PoolLaunchFailed}); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) remember(dataCenter string, e PoolEvent) error {
	if _, err := t.exec(`DELETE FROM pool_events WHERE data_center = ? AND at < ?`, dataCenter, micros(t.now.Add(-poolMemory))); err != nil {
		return err
	}
	_, err := t.exec(`INSERT INTO pool_events (id, data_center, pool, market, kind, at) VALUES (?, ?, ?, ?, ?, ?)`,
		fleet.NewID(fleet.EventPrefix, t.now), dataCenter, e.Pool, e.Market, e.Kind, micros(t.now))
	return err
}

// A NoticeBucket is one of the histogram of the time from notices to replacements.
type NoticeBucket struct {
	Label   string
	Seconds float64
}

// NoticeBuckets are all but the last, which has no bound.
var NoticeBuckets = []NoticeBucket{{"0.1", .1}, {"0.25", .25}, {"0.5", .5}, {"1", 1}, {"2", 2}, {"5", 5}, {"15", 15}, {"25", 25}, {"60", 60}}

// tallyAction counts how long after a notice a replacement was started.
func (t *tx) tallyAction(took time.Duration) error {
	le := "+Inf"
	for _, b := range NoticeBuckets {
		if took.Seconds() <= b.Seconds {
			le = b.Label
			break
		}
	}
	if err := t.tally(TallyActions, le, ""); err != nil {
		return err
	}
	_, err := t.exec(`INSERT INTO gpu_tallies (metric, one, two, n) VALUES (?, 'ms', '', ?)
		ON CONFLICT (metric, one, two) DO UPDATE SET n = gpu_tallies.n + EXCLUDED.n`, TallyActionTime, took.Milliseconds())
	return err
}
