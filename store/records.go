package store

import (
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// recordColumns are a record without its steps, which only GetOperation shows.
const recordColumns = `id, account_id, kind, resource_id, name, params, actor, digest, waits, outcome, code, message, phase,
	accepted_at, started_at, begun_at, cancelled_at, ended_at, deadline, downtime, moved`

type recordRow struct {
	ID          string        `db:"id"`
	AccountID   string        `db:"account_id"`
	Kind        fleet.Kind    `db:"kind"`
	ResourceID  string        `db:"resource_id"`
	Name        string        `db:"name"`
	Params      string        `db:"params"`
	Actor       string        `db:"actor"`
	Digest      string        `db:"digest"`
	Waits       bool          `db:"waits"`
	Outcome     fleet.Outcome `db:"outcome"`
	Code        fleet.Code    `db:"code"`
	Message     string        `db:"message"`
	Phase       string        `db:"phase"`
	AcceptedAt  int64         `db:"accepted_at"`
	StartedAt   int64         `db:"started_at"`
	BegunAt     int64         `db:"begun_at"`
	CancelledAt int64         `db:"cancelled_at"`
	EndedAt     int64         `db:"ended_at"`
	Deadline    int64         `db:"deadline"`
	Downtime    int64         `db:"downtime"`
	Moved       int64         `db:"moved"`
}

func (r recordRow) record() (fleet.Record, error) {
	rec := fleet.Record{
		ID: r.ID, AccountID: r.AccountID, Kind: r.Kind, ResourceID: r.ResourceID, Name: r.Name, Actor: r.Actor,
		Outcome: r.Outcome, Code: r.Code, Message: r.Message, Phase: r.Phase,
		AcceptedAt: at(r.AcceptedAt), StartedAt: at(r.StartedAt), BegunAt: at(r.BegunAt),
		CancelledAt: at(r.CancelledAt), EndedAt: at(r.EndedAt), Deadline: at(r.Deadline),
		Downtime: time.Duration(r.Downtime) * time.Microsecond, Moved: r.Moved,
	}
	return rec, parse(r.Params, &rec.Params)
}

func records(rows []recordRow) ([]fleet.Record, error) {
	recs := make([]fleet.Record, len(rows))
	for i, r := range rows {
		var err error
		if recs[i], err = r.record(); err != nil {
			return nil, err
		}
	}
	return recs, nil
}

// record reads an operation. NotFound without it.
func (t *tx) record(id string) (fleet.Record, error) {
	var row recordRow
	if err := t.get(&row, `SELECT `+recordColumns+` FROM operations WHERE id = ?`, id); err != nil {
		return fleet.Record{}, missing(err, "operation", id)
	}
	return row.record()
}

// insertRecord writes down an accepted operation. false: the key has been used, maybe just
// now by a rival that this waited for.
func (t *tx) insertRecord(rec fleet.Record, digest string, waits bool) (bool, error) {
	n, err := t.exec(`INSERT INTO operations (id, account_id, kind, resource_id, name, params, actor, digest, waits, accepted_at, deadline)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
		rec.ID, rec.AccountID, rec.Kind, rec.ResourceID, rec.Name, document(rec.Params), rec.Actor, digest, waits,
		micros(rec.AcceptedAt), micros(rec.Deadline))
	return n == 1, err
}
