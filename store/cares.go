package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

const careQuery = `SELECT c.id, c.gpu_id, g.host_id, g.uuid, c.what, c.level, c.actor, c.state, c.phase, c.percent, c.message, c.diagnosis_id,
	c.quarantine, c.asked_at, c.ended_at, c.drains, c.broken, c.rule, c.reason, c.cancelled_at FROM gpu_cares c JOIN gpus g ON g.id = c.gpu_id`

type careRow struct {
	ID         string          `db:"id"`
	GPUID      string          `db:"gpu_id"`
	HostID     string          `db:"host_id"`
	UUID       string          `db:"uuid"`
	What       fleet.CareKind  `db:"what"`
	Level      gpu.Level       `db:"level"`
	Actor      string          `db:"actor"`
	State      fleet.CareState `db:"state"`
	Phase      string          `db:"phase"`
	Percent    float64         `db:"percent"`
	Message    string          `db:"message"`
	Diagnosis  string          `db:"diagnosis_id"`
	Quarantine bool            `db:"quarantine"`
	AskedAt    int64           `db:"asked_at"`
	EndedAt    int64           `db:"ended_at"`
	Drains     bool            `db:"drains"`
	Broken     bool            `db:"broken"`
	Rule       string          `db:"rule"`
	Reason     string          `db:"reason"`
	Cancelled  int64           `db:"cancelled_at"`
}

func (r careRow) care() fleet.Care {
	return fleet.Care{
		ID: r.ID, GPUID: r.GPUID, HostID: r.HostID, UUID: r.UUID, What: r.What, Level: r.Level, Actor: r.Actor, State: r.State, Phase: r.Phase,
		Percent: r.Percent, Message: r.Message, Diagnosis: r.Diagnosis, Quarantine: r.Quarantine, AskedAt: at(r.AskedAt), EndedAt: at(r.EndedAt),
		Drains: r.Drains, Broken: r.Broken, Rule: r.Rule, Reason: r.Reason, CancelledAt: at(r.Cancelled),
	}
}

// CareForGPU asks for something to be done with a GPU that nobody has: from now on nobody
// gets it, until EndCare. Asked again for what is under way it answers the same. NotFound
// without the GPU; Conflict if a lease has it, if its host is gone, or while something else
// is under way.
func (s *Store) CareForGPU(ctx context.Context, gpuID, actor string, what fleet.CareKind, level gpu.Level) (care fleet.Care, err error) {
	if !slices.Contains(fleet.CareKinds, what) || !slices.Contains(gpu.Levels, level) {
		return care, s.translate("care for GPU", fleet.Errorf(fleet.Invalid, "there is no such care, or no such level"))
	}
	err = s.write(ctx, "care for GPU", func(t *tx) error {
		g, err := t.gpu(gpuID)
		if err != nil {
			return err
		}
		open, err := t.openCare(gpuID)
		switch {
		case err != nil:
			return err
		case open != nil && open.What == what && open.Level == level:
			care = *open
			return nil
		case open != nil:
			return fleet.Errorf(fleet.Conflict, "GPU %s is cared for already (%s): wait until that is over", gpuID, open.What)
		}
		if err := carable(g); err != nil {
			return err
		}
		care, err = t.insertCare(g, fleet.Care{What: what, Level: level, Actor: actor})
		if err != nil {
			return err
		}
		return t.event(fleet.Event{Name: "gpu.care_asked", HostID: g.HostID, Actor: actor, Message: gpuID + ": " + string(what)})
	})
	return care, err
}

// carable reports whether nobody has a GPU.
func carable(g fleet.GPU) error {
	switch {
	case g.LeaseID != "":
		return fleet.Errorf(fleet.Conflict, "GPU %s is %s for instance %s: migrate, stop or freeze that first, or drain its host", g.ID, g.State, g.InstanceID)
	case g.State == fleet.GPULost:
		return fleet.Errorf(fleet.Conflict, "GPU %s is lost: its host does not report it", g.ID)
	}
	return nil
}

// insertCare writes a care down, and takes the GPU if nobody has it. One that drains takes it
// when it is returned.
func (t *tx) insertCare(g fleet.GPU, care fleet.Care) (fleet.Care, error) {
	care.ID, care.GPUID, care.HostID, care.UUID, care.State, care.AskedAt = fleet.NewID(fleet.CarePrefix, t.now), g.ID, g.HostID, g.UUID, fleet.CareAsked, t.now
	care.Quarantine = g.State == fleet.GPUQuarantined
	if _, err := t.exec(`INSERT INTO gpu_cares (id, gpu_id, what, level, actor, state, quarantine, asked_at, drains, broken, rule, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		care.ID, g.ID, care.What, care.Level, care.Actor, care.State, care.Quarantine, micros(t.now), care.Drains, care.Broken, care.Rule, text(care.Reason)); err != nil {
		return care, err
	}
	if care.Quarantine || care.Drains && g.LeaseID != "" {
		return care, nil
	}
	state := map[fleet.CareKind]fleet.GPUState{fleet.CareTest: fleet.GPUTesting, fleet.CareScrub: fleet.GPUScrubbing, fleet.CareReset: fleet.GPUResetting}[care.What]
	return care, t.must(`UPDATE gpus SET state = ?, since = ? WHERE id = ? AND NOT EXISTS (SELECT 1 FROM lease_gpus lg WHERE lg.gpu_id = gpus.id)`, state, micros(t.now), g.ID)
}

func (t *tx) openCare(gpuID string) (*fleet.Care, error) {
	var row careRow
	err := t.get(&row, careQuery+` WHERE c.gpu_id = ? AND c.ended_at = 0`, gpuID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	care := row.care()
	return &care, nil
}

// NextCares are the cares that are to be done or under way on hosts that are there, oldest
// first. GPUs that were to be reset when their lease was returned are cared for from now on.
func (s *Store) NextCares(ctx context.Context, limit int) (cares []fleet.Care, err error) {
	err = s.write(ctx, "list cares", func(t *tx) error {
		var ids []string
		if err := t.all(&ids, `SELECT g.id FROM gpus g JOIN hosts h ON h.id = g.host_id WHERE (g.state = 'resetting' OR g.reset_later AND g.state IN ('free', 'scrubbing')) AND h.state = 'ready'
			AND NOT EXISTS (SELECT 1 FROM lease_gpus lg WHERE lg.gpu_id = g.id) AND NOT EXISTS (SELECT 1 FROM gpu_cares c WHERE c.gpu_id = g.id AND c.ended_at = 0)
			ORDER BY g.id LIMIT 100`); err != nil {
			return err
		}
		for _, id := range ids {
			g, err := t.gpu(id)
			if err != nil {
				return err
			}
			if g.State == fleet.GPUQuarantined || g.State == fleet.GPULost || g.LeaseID != "" {
				continue
			}
			if _, err := t.insertCare(g, fleet.Care{What: fleet.CareReset, Level: gpu.LevelRigorous, Actor: Watchman}); err != nil {
				return err
			}
		}
		var rows []careRow
		if err := t.all(&rows, careQuery+` JOIN hosts h ON h.id = g.host_id WHERE c.ended_at = 0 AND h.state = 'ready' ORDER BY c.asked_at, c.id LIMIT ?`, Page{Limit: limit}.limit()); err != nil {
			return err
		}
		cares = make([]fleet.Care, len(rows))
		for i, r := range rows {
			cares[i] = r.care()
		}
		return nil
	})
	return cares, err
}

// Care reads a care. NotFound without it.
func (s *Store) Care(ctx context.Context, id string) (fleet.Care, error) {
	var row careRow
	err := s.read(ctx, "get care", func(t *tx) error {
		return missing(t.get(&row, careQuery+` WHERE c.id = ?`, id), "care", id)
	})
	return row.care(), err
}

// LastCare is the newest care of a GPU; nil: there was none.
func (s *Store) LastCare(ctx context.Context, gpuID string) (care *fleet.Care, err error) {
	err = s.read(ctx, "get care of GPU", func(t *tx) error {
		care = nil
		var row careRow
		err := t.get(&row, careQuery+` WHERE c.gpu_id = ? ORDER BY c.asked_at DESC, c.id DESC LIMIT 1`, gpuID)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err == nil {
			c := row.care()
			care = &c
		}
		return err
	})
	return care, err
}

// SaveCare says how far an open care is. One that has ended stays as it is. NotFound without
// it.
func (s *Store) SaveCare(ctx context.Context, id, phase string, percent float64) error {
	return s.write(ctx, "save care", func(t *tx) error {
		n, err := t.exec(`UPDATE gpu_cares SET state = 'running', phase = ?, percent = ? WHERE id = ? AND ended_at = 0`, text(phase), percent, id)
		if err != nil || n > 0 {
			return err
		}
		return missing(t.get(&id, `SELECT id FROM gpu_cares WHERE id = ?`, id), "care", id)
	})
}

// A CareEnding is how a care ended.
type CareEnding struct {
	ID        string
	Diagnosis string // the last that it led to; empty: none
	Failed    string // why it came to no verdict; empty: it did
	Message   string // what it came to, for people
}

// EndCare ends a care. The GPU is free if it is clean, and is scrubbed first otherwise, unless
// its verdict was another. One that was to be reset and was not is quarantined. Repeatable.
// NotFound without the care.
func (s *Store) EndCare(ctx context.Context, e CareEnding) error {
	return s.write(ctx, "end care", func(t *tx) error {
		var row careRow
		if err := t.get(&row, careQuery+` WHERE c.id = ?`, e.ID); err != nil {
			return missing(err, "care", e.ID)
		}
		g, err := t.gpu(row.GPUID)
		if err != nil {
			return err
		}
		state, message := fleet.CareDone, e.Message
		if e.Failed != "" {
			state, message = fleet.CareFailed, e.Failed
		}
		n, err := t.exec(`UPDATE gpu_cares SET state = ?, message = ?, diagnosis_id = ?, phase = '', ended_at = ? WHERE id = ? AND ended_at = 0`,
			state, text(message), e.Diagnosis, micros(t.now), e.ID)
		if err != nil || n == 0 {
			return err
		}
		if row.Drains {
			if err := t.stayOn(g); err != nil {
				return err
			}
		}
		if err := t.afterCare(g, row.care(), e); err != nil {
			return err
		}
		return t.event(fleet.Event{Name: "gpu.care_ended", HostID: g.HostID, Actor: row.Actor, Message: g.ID + ": " + string(row.What) + ": " + string(state) + ": " + message})
	})
}

func (t *tx) afterCare(g fleet.GPU, care fleet.Care, e CareEnding) error {
	if g.LeaseID != "" {
		return nil
	}
	if g.State == fleet.GPUResetting && care.What == fleet.CareTest && e.Failed == "" {
		return nil // that was the test's verdict: NextCares has it reset
	}
	if care.Drains && e.Failed != "" && care.CancelledAt.IsZero() && g.State == fleet.GPUTesting {
		return t.quarantine(g, g.Device(), "care-unfinished", care.Reason+", and what is behind it was not found out: "+e.Failed, care.Actor)
	}
	if g.State == fleet.GPUResetting {
		reason := "it was to be reset, and was not"
		if e.Failed != "" {
			reason += ": " + e.Failed
		}
		return t.quarantine(g, g.Device(), "reset-unfinished", reason, care.Actor)
	}
	if g.State != fleet.GPUTesting && g.State != fleet.GPUScrubbing {
		return nil
	}
	_, err := t.exec(`UPDATE gpus SET state = `+whenReturned+`, since = ? WHERE id = ?`, micros(t.now), g.ID)
	return err
}

// CancelCare asks for the end of what is under way with a GPU, which its workflow brings about.
// NotFound without the GPU, Conflict if nothing is under way. Repeatable.
func (s *Store) CancelCare(ctx context.Context, gpuID, actor string) (care fleet.Care, err error) {
	err = s.write(ctx, "cancel care", func(t *tx) error {
		g, err := t.gpu(gpuID)
		if err != nil {
			return err
		}
		open, err := t.openCare(gpuID)
		if err != nil {
			return err
		}
		if open == nil {
			return fleet.Errorf(fleet.Conflict, "nothing is being done with GPU %s", gpuID)
		}
		if care = *open; !care.CancelledAt.IsZero() {
			return nil
		}
		care.CancelledAt = t.now
		if _, err := t.exec(`UPDATE gpu_cares SET cancelled_at = ?, cancelled_by = ? WHERE id = ?`, micros(t.now), actor, care.ID); err != nil {
			return err
		}
		return t.event(fleet.Event{Name: "gpu.care_cancelled", HostID: g.HostID, Actor: actor, Message: gpuID + ": " + string(care.What)})
	})
	return care, err
}

// CareStranded reports whether nothing can be done in a care for now: it has ended, or the
// GPU's host is lost.
func (s *Store) CareStranded(ctx context.Context, id string) (stranded bool, err error) {
	err = s.read(ctx, "look at care", func(t *tx) error {
		var n int
		err := t.get(&n, `SELECT COUNT(*) FROM gpu_cares c JOIN gpus g ON g.id = c.gpu_id JOIN hosts h ON h.id = g.host_id
			WHERE c.id = ? AND c.ended_at = 0 AND h.state <> 'lost'`, id)
		stranded = n == 0
		return err
	})
	return stranded, err
}
