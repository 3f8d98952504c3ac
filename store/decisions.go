package store

import (
	"context"
	"fmt"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// DecisionsKept is how many decisions of an endpoint are kept.
const DecisionsKept = 1000

type decisionRow struct {
	ID         string `db:"id"`
	AccountID  string `db:"account_id"`
	EndpointID string `db:"endpoint_id"`
	Seq        int64  `db:"seq"`
	Rule       string `db:"rule"`
	Was        int    `db:"was"`
	Became     int    `db:"became"`
	Document   string `db:"document"`
	At         int64  `db:"at"`
}

const decisionColumns = `id, account_id, endpoint_id, seq, rule, was, became, document, at`

// A decisionDocument is what of a decision nobody looks for.
type decisionDocument struct {
	Reason string            `json:"reason"`
	Create int               `json:"create,omitempty"`
	Remove []string          `json:"remove,omitempty"`
	Votes  []fleet.ScaleVote `json:"votes,omitempty"`
	Inputs fleet.ScaleInputs `json:"inputs"`
}

func (r decisionRow) decision() (fleet.ScaleDecision, error) {
	var doc decisionDocument
	err := parse(r.Document, &doc)
	return fleet.ScaleDecision{
		ID: r.ID, AccountID: r.AccountID, EndpointID: r.EndpointID, Seq: r.Seq, At: at(r.At), From: r.Was, To: r.Became,
		Rule: r.Rule, Reason: doc.Reason, Create: doc.Create, Remove: doc.Remove, Votes: doc.Votes, Inputs: doc.Inputs,
	}, err
}

// SaveScaleDecision appends a decision to those of its endpoint, of which the newest
// DecisionsKept are kept. Repeatable: the same key is the same decision. An event says when
// another number of workers is wanted. NotFound without the endpoint.
func (s *Store) SaveScaleDecision(ctx context.Context, key string, d fleet.ScaleDecision) error {
	return s.write(ctx, "save decision", func(t *tx) error {
		var ep struct {
			AccountID string `db:"account_id"`
			Name      string `db:"name"`
			Last      int64  `db:"last"`
		}
		err := t.get(&ep, `SELECT account_id, name, (SELECT COALESCE(MAX(seq), 0) FROM scale_decisions WHERE endpoint_id = e.id) AS last
			FROM endpoints e WHERE id = ?`, d.EndpointID)
		if err != nil {
			return missing(err, "endpoint", d.EndpointID)
		}
		if d.At.IsZero() {
			d.At = t.now
		}
		doc := decisionDocument{Reason: text(d.Reason), Create: d.Create, Remove: d.Remove, Votes: d.Votes, Inputs: d.Inputs}
		n, err := t.exec(`INSERT INTO scale_decisions (`+decisionColumns+`, key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (endpoint_id, key) DO NOTHING`,
			fleet.NewID(fleet.DecisionPrefix, t.now), ep.AccountID, d.EndpointID, ep.Last+1, d.Rule, d.From, d.To, document(doc), micros(d.At), key)
		if err != nil {
			if t.engine.duplicate(err) { // a rival had the number
				return errAgain
			}
			return err
		}
		if n == 0 {
			return nil
		}
		if _, err := t.exec(`DELETE FROM scale_decisions WHERE endpoint_id = ? AND seq <= ?`, d.EndpointID, ep.Last+1-DecisionsKept); err != nil {
			return err
		}
		if err := t.tally(TallyScaling, d.Rule, ""); err != nil {
			return err
		}
		if d.From == d.To {
			return nil
		}
		return t.event(fleet.Event{
			Name: "endpoint.scaled", AccountID: ep.AccountID, EndpointID: d.EndpointID, Actor: "autoscaler",
			Message: fmt.Sprintf("%d → %d workers (%s): %s", d.From, d.To, d.Rule, d.Reason),
		})
	})
}

// ListScaleDecisions lists what an endpoint's autoscaler decided, newest first. NotFound if
// the account has no such endpoint.
func (s *Store) ListScaleDecisions(ctx context.Context, accountID, endpointID string, p Page) ([]fleet.ScaleDecision, error) {
	var all []fleet.ScaleDecision
	err := s.read(ctx, "list decisions", func(t *tx) error {
		if err := t.ownEndpoint(accountID, endpointID); err != nil {
			return err
		}
		q := selecting(decisionColumns, "scale_decisions").and(`endpoint_id = ?`, endpointID)
		if p.After != "" {
			q = q.and(`seq < (SELECT seq FROM scale_decisions WHERE endpoint_id = ? AND id = ?)`, endpointID, p.After)
		}
		var rows []decisionRow
		if err := t.all(&rows, q.text+` ORDER BY seq DESC LIMIT ?`, append(q.args, p.limit())...); err != nil {
			return err
		}
		all = make([]fleet.ScaleDecision, len(rows))
		for i, r := range rows {
			var err error
			if all[i], err = r.decision(); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

// ownEndpoint is NotFound if the account has no such endpoint.
func (t *tx) ownEndpoint(accountID, endpointID string) error {
	var id string
	return missing(t.get(&id, `SELECT id FROM endpoints WHERE account_id = ? AND id = ?`, accountID, endpointID), "endpoint", endpointID)
}
