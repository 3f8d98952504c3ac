package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

const diagnosisColumns = `id, kind, gpu_id, uuid, serial, host_id, operation_id, instance_id, account_id, actor, document, simulated, at`

type diagnosisRow struct {
	ID          string              `db:"id"`
	Kind        fleet.DiagnosisKind `db:"kind"`
	GPUID       string              `db:"gpu_id"`
	UUID        string              `db:"uuid"`
	Serial      string              `db:"serial"`
	HostID      string              `db:"host_id"`
	OperationID string              `db:"operation_id"`
	InstanceID  string              `db:"instance_id"`
	AccountID   string              `db:"account_id"`
	Actor       string              `db:"actor"`
	Document    string              `db:"document"`
	Simulated   bool                `db:"simulated"`
	At          int64               `db:"at"`
}

// A diagnosisDocument is what of a diagnosis nobody looks for.
type diagnosisDocument struct {
	Examination *gpu.Examination `json:"examination,omitempty"`
	Scrub       *gpu.Result      `json:"scrub,omitempty"`
	Verdict     gpu.Verdict      `json:"verdict"`
	Signed      *gpu.Signed      `json:"signed,omitempty"`
}

func (r diagnosisRow) diagnosis() (fleet.Diagnosis, error) {
	var doc diagnosisDocument
	err := parse(r.Document, &doc)
	return fleet.Diagnosis{
		ID: r.ID, Kind: r.Kind, GPUID: r.GPUID, UUID: r.UUID, Serial: r.Serial, HostID: r.HostID, OperationID: r.OperationID,
		InstanceID: r.InstanceID, AccountID: r.AccountID, Actor: r.Actor, Examination: doc.Examination, Scrub: doc.Scrub,
		Verdict: doc.Verdict, Signed: doc.Signed, Simulated: r.Simulated, At: at(r.At),
	}, err
}

// insertDiagnosis writes a diagnosis down, of the GPU as it is now. false: it is there.
func (t *tx) insertDiagnosis(g fleet.GPU, d fleet.Diagnosis) (bool, error) {
	base, baselineAt, err := t.baseline(g.Identity())
	if err != nil {
		return false, err
	}
	if d.OperationID != "" { // whose it is, is not for the caller to say
		var op struct {
			AccountID string `db:"account_id"`
		}
		err := t.get(&op, `SELECT account_id FROM operations WHERE id = ?`, d.OperationID)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return false, err
		}
		d.AccountID = op.AccountID
	}
	d.Simulated = d.Simulated || g.Simulated
	doc := diagnosisDocument{Examination: d.Examination, Scrub: d.Scrub, Verdict: d.Verdict, Signed: d.Signed}
	n, err := t.exec(`INSERT INTO gpu_diagnoses (id, kind, gpu_id, uuid, identity, device, serial, host_id, operation_id, instance_id, account_id, actor,
		outcome, rule, message, document, uncorrected, baseline, simulated, at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
		d.ID, d.Kind, g.ID, g.UUID, g.Identity(), g.Device(), g.Serial, g.HostID, d.OperationID, d.InstanceID, d.AccountID, d.Actor,
		d.Verdict.Outcome, d.Verdict.Rule, text(d.Verdict.Message), document(doc), countedUncorrected(base, d.Examination), baselineAt, d.Simulated, micros(d.At))
	if err != nil || n == 0 {
		return false, err
	}
	switch d.Kind {
	case fleet.DiagnosisHand, fleet.DiagnosisSkip:
		return true, nil
	case fleet.DiagnosisScrub:
		return true, t.tally(TallyScrubs, string(d.Verdict.Outcome), "")
	default:
		return true, t.tally(TallyVerdicts, string(d.Verdict.Outcome), d.Verdict.Rule)
	}
}

// What is counted for Prometheus.
const (
	TallyVerdicts = "verdicts" // outcome, rule
	TallyScrubs   = "scrubs"   // outcome
	TallyEvents   = "events"   // kind, Xid
	TallyScaling  = "scaling"  // rule

	TallyNotices     = "spot_notices"     // source, kind
	TallyPreemptions = "spot_preemptions" // provider, noticed or silent
	TallyActions     = "spot_actions"     // bucket of NoticeBuckets, or +Inf
	TallyActionTime  = "spot_action_time" // "ms"
	TallyMishaps     = "mishaps"          // cause: why workers failed
)

// tally counts for Prometheus.
func (t *tx) tally(metric, one, two string) error {
	_, err := t.exec(`INSERT INTO gpu_tallies (metric, one, two, n) VALUES (?, ?, ?, 1)
		ON CONFLICT (metric, one, two) DO UPDATE SET n = gpu_tallies.n + 1`, metric, one, two)
	return err
}

// A DiagnosisFilter selects diagnoses; the zero value selects all.
type DiagnosisFilter struct {
	GPUID string // those of that GPU, on whichever host it was
	Page
}

// ListDiagnoses lists diagnoses of the fleet, newest first. NotFound without the GPU.
func (s *Store) ListDiagnoses(ctx context.Context, f DiagnosisFilter) ([]fleet.Diagnosis, error) {
	return s.diagnoses(ctx, "list diagnoses", func(t *tx) (query, error) {
		q := selecting(diagnosisColumns, "gpu_diagnoses")
		if f.GPUID == "" {
			return q.newest(f.Page, "gpu_diagnoses"), nil
		}
		devices, err := t.devicesOf(f.GPUID)
		return q.and(devices.text, devices.args...).newest(f.Page, "gpu_diagnoses"), err
	})
}

// OperationDiagnoses lists what an operation of the account had examined, oldest first.
// NotFound without the operation.
func (s *Store) OperationDiagnoses(ctx context.Context, accountID, operationID string) ([]fleet.Diagnosis, error) {
	return s.diagnoses(ctx, "list diagnoses of an operation", func(t *tx) (query, error) {
		var id string
		if err := t.get(&id, `SELECT id FROM operations WHERE id = ? AND account_id = ?`, operationID, accountID); err != nil {
			return query{}, missing(err, "operation", operationID)
		}
		q := selecting(diagnosisColumns, "gpu_diagnoses").and(`operation_id = ? AND account_id = ?`, operationID, accountID)
		return query{q.text + ` ORDER BY at, id LIMIT ?`, append(q.args, MaxLimit)}, nil
	})
}

// Diagnosis reads a diagnosis. NotFound without it.
func (s *Store) Diagnosis(ctx context.Context, id string) (fleet.Diagnosis, error) {
	all, err := s.diagnoses(ctx, "get diagnosis", func(*tx) (query, error) {
		return selecting(diagnosisColumns, "gpu_diagnoses").and(`id = ?`, id), nil
	})
	if err == nil && len(all) == 0 {
		err = fleet.Errorf(fleet.NotFound, "there is no diagnosis %s", quote(id))
	}
	if err != nil {
		return fleet.Diagnosis{}, err
	}
	return all[0], nil
}

func (s *Store) diagnoses(ctx context.Context, what string, build func(*tx) (query, error)) (found []fleet.Diagnosis, err error) {
	err = s.read(ctx, what, func(t *tx) error {
		q, err := build(t)
		if err != nil {
			return err
		}
		var rows []diagnosisRow
		if err := t.all(&rows, q.text, q.args...); err != nil {
			return err
		}
		found = make([]fleet.Diagnosis, len(rows))
		for i, r := range rows {
			if found[i], err = r.diagnosis(); err != nil {
				return err
			}
		}
		return nil
	})
	return found, err
}

// newest orders by time, the newest first, and ends the page.
func (q query) newest(p Page, table string) query {
	if p.After != "" {
		q = q.and(`(at, id) < (SELECT at, id FROM `+table+` WHERE id = ?)`, p.After)
	}
	return query{q.text + ` ORDER BY at DESC, id DESC LIMIT ?`, append(q.args[:len(q.args):len(q.args)], p.limit())}
}
