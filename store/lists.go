package store

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// GetOperation reads an operation of an account, with its steps. NotFound if the account
// has no such one.
func (s *Store) GetOperation(ctx context.Context, accountID, id string) (fleet.Record, error) {
	var rec fleet.Record
	err := s.read(ctx, "get operation", func(t *tx) error {
		var err error
		if rec, err = t.record(id); err != nil {
			return err
		}
		if rec.AccountID != accountID {
			return fleet.Errorf(fleet.NotFound, "there is no operation %s", quote(id))
		}
		if rec.Steps, err = t.steps(id); err != nil {
			return err
		}
		rec.Place, err = t.position(id)
		return err
	})
	if err != nil {
		return fleet.Record{}, err
	}
	return rec, nil
}

// ListOperations lists operations of an account, newest first. Those that have ended come without
// their steps.
func (s *Store) ListOperations(ctx context.Context, accountID string, f OperationFilter) ([]fleet.Record, error) {
	var recs []fleet.Record
	err := s.read(ctx, "list operations", func(t *tx) error {
		q := selecting(recordColumns, "operations").and(`account_id = ?`, accountID).equal("resource_id", f.ResourceID)
		if f.Open {
			q = q.and(`outcome = ''`)
		}
		if f.After != "" { // an operation's ID does not sort by time
			q = q.and(`(accepted_at, id) < (SELECT accepted_at, id FROM operations WHERE account_id = ? AND id = ?)`, accountID, f.After)
		}
		var err error
		if recs, err = t.records(query{q.text + ` ORDER BY accepted_at DESC, id DESC LIMIT ?`, append(q.args, f.limit())}); err != nil {
			return err
		}
		return t.addSteps(recs)
	})
	return recs, err
}

// addSteps adds the steps of those that are open, and their places in the queue.
func (t *tx) addSteps(recs []fleet.Record) error {
	for i := range recs {
		if recs[i].Outcome != fleet.Open {
			continue
		}
		var err error
		if recs[i].Steps, err = t.steps(recs[i].ID); err != nil {
			return err
		}
		if recs[i].Place, err = t.position(recs[i].ID); err != nil {
			return err
		}
	}
	return nil
}

// ResourceNames are the names of an account's instances and endpoints with these IDs, gone
// ones too; those that the account does not have are left out.
func (s *Store) ResourceNames(ctx context.Context, accountID string, ids []string) (map[string]string, error) {
	names := map[string]string{}
	if len(ids) == 0 {
		return names, nil
	}
	err := s.read(ctx, "read names", func(t *tx) error {
		var rows []struct {
			ID   string `db:"id"`
			Name string `db:"name"`
		}
		err := t.in(&rows, `SELECT id, name FROM instances WHERE account_id = ? AND id IN (?)
			UNION ALL SELECT id, name FROM endpoints WHERE account_id = ? AND id IN (?)`, accountID, ids, accountID, ids)
		for _, r := range rows {
			names[r.ID] = r.Name
		}
		return err
	})
	return names, err
}
