package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// remembering is how far back a GPU's uncorrectable errors are told. A policy looks at less.
const remembering = 366 * 24 * time.Hour

// GPUHistory is what is remembered of a GPU, on whichever host it was: by its UUID, and by its
// serial as far as that was of UUIDs that no host has any more. Uncorrected and LinkErrors are
// those of a year that have been judged; Since has those that have not, the newest 256.
// NotFound without the GPU.
func (s *Store) GPUHistory(ctx context.Context, gpuID string) (gpu.History, error) {
	var h gpu.History
	err := s.read(ctx, "read history of GPU", func(t *tx) error {
		h = gpu.History{}
		var row gpuRow
		if err := t.get(&row, gpuQuery+` WHERE g.id = ?`, gpuID); err != nil {
			return missing(err, "GPU", gpuID)
		}
		g := row.gpu()
		base, baselineAt, err := t.baseline(g.Identity())
		if err != nil {
			return err
		}
		h.Certified = base
		devices, err := t.devicesOf(gpuID)
		if err != nil {
			return err
		}
		from, err := t.heldAgainst(devices)
		if err != nil {
			return err
		}
		if h.Since, err = t.eventsSince(g, devices, max(baselineAt, from)); err != nil {
			return err
		}
		if h.Uncorrected, err = t.uncorrectedOf(devices, from); err != nil {
			return err
		}
		h.LinkErrors, err = t.judgedEvents(devices, from, `kind = 'xid' AND xid = 74`)
		return err
	})
	return h, err
}

// devicesOf is the condition that a row is of a GPU's device. NotFound without the GPU.
func (t *tx) devicesOf(gpuID string) (query, error) {
	var row gpuRow
	if err := t.get(&row, gpuQuery+` WHERE g.id = ?`, gpuID); err != nil {
		return query{}, missing(err, "GPU", gpuID)
	}
	g := row.gpu()
	devices := []string{g.Device()}
	if tells(g.Serial) {
		var others []string
		if err := t.all(&others, `SELECT DISTINCT device FROM gpu_diagnoses WHERE serial = ? AND device <> ?
			AND NOT EXISTS (SELECT 1 FROM gpus o WHERE (o.uuid = device OR o.parent = device) AND o.state <> 'lost')`, g.Serial, g.Device()); err != nil {
			return query{}, err
		}
		devices = append(devices, others...)
	}
	q := query{text: `device IN (?`}
	for i, d := range devices {
		if i > 0 {
			q.text += `, ?`
		}
		q.args = append(q.args, d)
	}
	q.text += `)`
	return q, nil
}

// baseline is what was last found well; nil: nothing was.
func (t *tx) baseline(identity string) (*gpu.Health, int64, error) {
	var row struct {
		Health string `db:"health"`
		At     int64  `db:"at"`
	}
	err := t.get(&row, `SELECT health, at FROM gpu_baselines WHERE identity = ?`, identity)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	var h gpu.Health
	return &h, row.At, parse(row.Health, &h)
}

// keepBaseline makes what a diagnosis found the GPU's baseline.
func (t *tx) keepBaseline(g fleet.GPU, d fleet.Diagnosis) error {
	if d.Examination == nil {
		return nil
	}
	h := newestOf(d.Examination)
	if h == nil {
		return nil
	}
	when := d.Examination.EndedAt
	if when.IsZero() {
		when = d.At
	}
	_, err := t.exec(`INSERT INTO gpu_baselines (identity, serial, health, at, diagnosis_id) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (identity) DO UPDATE SET serial = excluded.serial, health = excluded.health, at = excluded.at, diagnosis_id = excluded.diagnosis_id`,
		g.Identity(), g.Serial, document(h), micros(when), d.ID)
	return err
}

// eventsSince are the events of a GPU that nobody has judged. Those of a device with slices
// are judged by each slice for itself.
func (t *tx) eventsSince(g fleet.GPU, devices query, from int64) ([]gpu.Event, error) {
	q := selecting(gpuEventColumns, "gpu_events").and(devices.text, devices.args...).and(`last_at > ?`, from)
	if g.Parent == "" {
		q = q.and(`judged = ''`)
	}
	var rows []gpuEventRow
	if err := t.all(&rows, q.text+` ORDER BY at DESC, id DESC LIMIT 256`, q.args...); err != nil {
		return nil, err
	}
	var events []gpu.Event
	for _, r := range slices.Backward(rows) {
		events = append(events, r.event().Event)
	}
	return events, nil
}

// heldAgainst is since when errors are held against a GPU: whoever released it from a
// quarantine knew of those before.
func (t *tx) heldAgainst(devices query) (int64, error) {
	var released int64
	q := query{text: `SELECT COALESCE(MAX(at), 0) FROM gpu_diagnoses WHERE kind = 'hand' AND outcome = 'pass'`}.and(devices.text, devices.args...)
	err := t.get(&released, q.text, q.args...)
	return max(released, micros(t.now.Add(-remembering))), err
}

// uncorrectedOf is when a device had errors that were not corrected: by its events, and by
// counters that rose without any.
func (t *tx) uncorrectedOf(devices query, from int64) ([]time.Time, error) {
	events, err := t.judgedEvents(devices, from, `(kind = 'uncorrected' OR kind = 'xid' AND xid IN (48, 94, 95, 140, 171, 172))`)
	if err != nil {
		return nil, err
	}
	var counted []struct {
		At       int64 `db:"at"`
		Baseline int64 `db:"baseline"`
	}
	q := query{text: `SELECT MIN(at) AS at, baseline FROM gpu_diagnoses WHERE uncorrected`}.and(devices.text, devices.args...).
		and(`at > ?`, from)
	if err := t.all(&counted, q.text+` GROUP BY baseline ORDER BY 1 LIMIT 10000`, q.args...); err != nil {
		return nil, err
	}
	times := events
	for _, c := range counted {
		if !slices.ContainsFunc(events, func(e time.Time) bool { return micros(e) > c.Baseline && !e.After(at(c.At).Add(scrubSkew)) }) {
			times = append(times, at(c.At))
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return times, nil
}

// judgedEvents is when a device had events of a kind that have been judged.
func (t *tx) judgedEvents(devices query, from int64, kind string) ([]time.Time, error) {
	q := query{text: `SELECT at FROM gpu_events WHERE 1 = 1`}.and(devices.text, devices.args...).and(`at > ? AND judged <> '' AND `+kind, from)
	var found []int64
	if err := t.all(&found, q.text+` ORDER BY at LIMIT 10000`, q.args...); err != nil {
		return nil, err
	}
	var times []time.Time
	for _, m := range found {
		times = append(times, at(m))
	}
	return times, nil
}

// countedUncorrected reports whether an examination saw errors that were not corrected: since
// the baseline, or for a GPU that was reset because of them, since then.
func countedUncorrected(base *gpu.Health, x *gpu.Examination) bool {
	if x == nil {
		return false
	}
	if slices.ContainsFunc(x.Events, func(e gpu.Event) bool { return e.Kind == gpu.EventUncorrected }) {
		return true
	}
	last := newestOf(x)
	if last == nil {
		return false
	}
	if base == nil || x.Retest {
		base = x.Before
	}
	if base != nil && gpu.Over(gpu.Rise(base.Aggregate.Uncorrected, last.Aggregate.Uncorrected), 0) {
		return true
	}
	return x.Before != nil && gpu.Over(gpu.Rise(x.Before.Volatile.Uncorrected, last.Volatile.Uncorrected), 0)
}

// GPUHealth is what the driver of a GPU told last, and when; nil: nothing yet.
func (s *Store) GPUHealth(ctx context.Context, gpuID string) (h *gpu.Health, checkedAt time.Time, err error) {
	err = s.read(ctx, "read health of GPU", func(t *tx) error {
		var row struct {
			Health    string `db:"health"`
			CheckedAt int64  `db:"checked_at"`
		}
		err := t.get(&row, `SELECT health, checked_at FROM gpu_health WHERE gpu_id = ?`, gpuID)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		h, checkedAt = new(gpu.Health), at(row.CheckedAt)
		return parse(row.Health, h)
	})
	return h, checkedAt, err
}
