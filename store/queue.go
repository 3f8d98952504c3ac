package store

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Queue has an operation wait for a place, and says how many are before it that want the
// same GPUs in the same data center, itself included: 1 is its turn. It leaves the queue
// with Dequeue, or when it ends. Repeatable. NotFound without the operation.
func (s *Store) Queue(ctx context.Context, operationID string) (position int, err error) {
	err = s.write(ctx, "queue", func(t *tx) error {
		rec, err := t.record(operationID)
		if err != nil {
			return err
		}
		inst, err := t.instance(rec.ResourceID)
		if err != nil {
			return err
		}
		if _, err := t.exec(`INSERT INTO queue (operation_id, data_center, gpu_type, since) VALUES (?, ?, ?, ?) ON CONFLICT (operation_id) DO NOTHING`,
			operationID, inst.Spec.DataCenter, inst.Spec.GPUType, micros(t.now)); err != nil {
			return err
		}
		position, err = t.position(operationID)
		return err
	})
	return position, err
}

// Dequeue takes an operation out of the queue. From then on it has its limit, as one that did
// not wait. Not being in the queue is no error.
func (s *Store) Dequeue(ctx context.Context, operationID string) error {
	return s.write(ctx, "dequeue", func(t *tx) error {
		var rec fleet.Record
		h, err := t.holdFor(operationID, &rec)
		if err != nil {
			return err
		}
		n, err := t.exec(`DELETE FROM queue WHERE operation_id = ?`, operationID)
		if err != nil || n == 0 || h.OperationID != operationID {
			return err
		}
		h.Deadline = t.now.Add(rec.Operation().Limit)
		if _, err := t.exec(`UPDATE operations SET deadline = ? WHERE id = ?`, micros(h.Deadline), operationID); err != nil {
			return err
		}
		return t.release(h)
	})
}

// position is an operation's place in the queue, from 1; 0 if it does not wait.
func (t *tx) position(operationID string) (int, error) {
	var n int
	err := t.get(&n, `SELECT COUNT(*) FROM queue q JOIN queue me ON me.operation_id = ? AND me.data_center = q.data_center AND me.gpu_type = q.gpu_type
		WHERE q.since < me.since OR q.since = me.since AND q.operation_id <= me.operation_id`, operationID)
	return n, err
}
