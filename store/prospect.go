package store

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A Prospect is what placement would find for an instance at this moment, and what is known
// of its data. Nothing is held: a moment later it may be another.
type Prospect struct {
	Instance fleet.Instance
	Choice   fleet.Choice      // where it would go; zero when it would go nowhere
	Shortage string            // why not
	Places   int               // how many instances like it would fit in its data center, besides the places that are taken
	Waiting  int               // operations that wait there for the same GPUs
	Last     []fleet.Published // the ports where it is or was reached last, on its host
	Bytes    int64             // of its data and root filesystem; -1: nobody knows
	Source   string            // where that is known from: a snapshot, or an operation
}

// Prospect looks for a place for an instance of an account, as PlaceAs does, and takes none.
// NotFound if the account has no such instance.
func (s *Store) Prospect(ctx context.Context, accountID string, p Placing) (Prospect, error) {
	var out Prospect
	err := s.read(ctx, "look for a place", func(t *tx) error {
		inst, err := t.instance(p.InstanceID)
		if err == nil && inst.AccountID != accountID {
			err = fleet.Errorf(fleet.NotFound, "there is no instance %s", quote(p.InstanceID))
		}
		if err != nil {
			return err
		}
		out = Prospect{Instance: inst}
		want, err := t.want(inst, p)
		if err != nil {
			return err
		}
		hosts, err := t.views(inst.Spec.DataCenter, want)
		if err != nil {
			return err
		}
		p.unfit(&want, hosts)
		out.Choice, err = t.choose(want, hosts)
		switch {
		case fleet.Is(err, fleet.Exhausted):
			out.Choice, out.Shortage = fleet.Choice{}, err.Error()
		case err != nil:
			return err
		}
		anywhere := want
		anywhere.Avoid, anywhere.Only = p.Avoid, ""
		p.unfit(&anywhere, hosts)
		out.Places = fleet.Places(anywhere, hosts)
		if err := t.get(&out.Waiting, `SELECT COUNT(*) FROM queue WHERE data_center = ? AND gpu_type = ?`, inst.Spec.DataCenter, inst.Spec.GPUType); err != nil {
			return err
		}
		if out.Last, err = t.lastPorts(inst.ID, inst.Home.ID); err != nil {
			return err
		}
		out.Bytes, out.Source, err = t.sizeOf(inst)
		return err
	})
	return out, err
}

// sizeOf is how much an instance would have to carry along, as far as that is known.
func (t *tx) sizeOf(inst fleet.Instance) (int64, string, error) {
	var known []struct {
		Source string `db:"source"`
		Bytes  int64  `db:"bytes"`
	}
	err := t.all(&known, `SELECT id AS source, bytes FROM snapshots WHERE instance_id = ? AND state = 'ready' ORDER BY CASE id WHEN ? THEN 1 ELSE 0 END DESC, saved_at DESC, id DESC LIMIT 1`, inst.ID, inst.Snapshot)
	if err == nil && len(known) == 0 {
		err = t.all(&known, `SELECT id AS source, moved AS bytes FROM operations WHERE resource_id = ? AND outcome = 'done' AND moved > 0
			AND name IN ('freeze', 'thaw', 'migrate') ORDER BY accepted_at DESC, id DESC LIMIT 1`, inst.ID)
	}
	if err != nil || len(known) == 0 {
		return -1, "", err
	}
	return known[0].Bytes, known[0].Source, nil
}

// historySize is how many operations a history is made of, at most.
const historySize = 50

// History is how long the newest operations of a name took that are done, of all accounts:
// it tells times, and of whom not.
func (s *Store) History(ctx context.Context, kind fleet.Kind, name string) (fleet.History, error) {
	var history fleet.History
	err := s.read(ctx, "read history", func(t *tx) error {
		var rows []struct {
			recordRow
			Steps string `db:"steps"`
		}
		if err := t.all(&rows, `SELECT `+recordColumns+`, steps FROM operations WHERE kind = ? AND name = ? AND outcome = 'done'
			ORDER BY ended_at DESC LIMIT ?`, kind, name, historySize); err != nil {
			return err
		}
		history = nil
		for _, r := range rows {
			rec, err := r.record()
			if err != nil {
				return err
			}
			if err := parse(r.Steps, &rec.Steps); err != nil {
				return err
			}
			history = append(history, rec.Timing())
		}
		return nil
	})
	return history, err
}
