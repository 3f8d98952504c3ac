package store

import (
	"context"
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

// Dequeue takes an operation out of the queue. Not being in it is no error.
func (s *Store) Dequeue(ctx context.Context, operationID string) error {
	return s.write(ctx, "dequeue", func(t *tx) error {
		_, err := t.exec(`DELETE FROM queue WHERE operation_id = ?`, operationID)
		return err
	})
}

// position is an operation's place in the queue, from 1; 0 if it does not wait.
func (t *tx) position(operationID string) (int, error) {
	var n int
	err := t.get(&n, `SELECT COUNT(*) FROM queue q JOIN queue me ON me.operation_id = ? AND me.data_center = q.data_center AND me.gpu_type = q.gpu_type
		WHERE q.since < me.since OR q.since = me.since AND q.operation_id <= me.operation_id`, operationID)
	return n, err
}
