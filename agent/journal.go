package agent

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A Journal is what a host must not forget: the highest epoch it has seen of each
// instance, and which containers it has fenced. It is a file, so that a restarted agent
// refuses what its predecessor refused. Steps that run or have been done are kept in memory
// only: every step can be repeated, and after a restart one is.
type Journal struct {
	db *bbolt.DB

	mu    sync.Mutex
	steps map[string]*flight
}

// flight is one step, running or done.
type flight struct {
	done      chan struct{} // closed when it has ended; the rest is valid then
	out       any
	err       error
	abandoned bool // it failed because its caller gave up
	ended     time.Time
}

var (
	epochs = []byte("epochs")
	fenced = []byte("fenced")
)

// keepSteps is how long a step that was done is remembered: longer than a late attempt of
// it can be under way.
const keepSteps = time.Hour

// OpenJournal opens the journal, and makes it if it is not there. A file that another
// agent has open is an error after a second.
func OpenJournal(path string) (*Journal, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		return nil, fmt.Errorf("open the journal %s (does another agent run?): %w", path, err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, bucket := range [][]byte{epochs, fenced} {
			if _, err := tx.CreateBucketIfNotExists(bucket); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		_ = db.Close() // the error that counts is the first
		return nil, fmt.Errorf("prepare the journal %s: %w", path, err)
	}
	return &Journal{db: db, steps: map[string]*flight{}}, nil
}

// Close closes the file.
func (j *Journal) Close() error { return j.db.Close() }

// Admit refuses an epoch lower than one it has seen of the instance, and remembers it.
func (j *Journal) Admit(instanceID string, epoch int64) error {
	var seen int64
	read := func(tx *bbolt.Tx) error {
		if v := tx.Bucket(epochs).Get([]byte(instanceID)); v != nil {
			seen = int64(binary.BigEndian.Uint64(v)) //nolint:gosec // it was an int64 when it was written
		}
		return nil
	}
	if err := j.db.View(read); err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	if epoch > seen {
		err := j.db.Update(func(tx *bbolt.Tx) error {
			if err := read(tx); err != nil || epoch <= seen {
				return err
			}
			return tx.Bucket(epochs).Put([]byte(instanceID), binary.BigEndian.AppendUint64(nil, uint64(epoch))) //nolint:gosec // epochs are positive
		})
		if err != nil {
			return fmt.Errorf("write the journal: %w", err)
		}
	}
	if epoch < seen {
		return fleet.Errorf(fleet.Fenced, "epoch %d of %s is over: the host has seen %d", epoch, instanceID, seen)
	}
	return nil
}

// Once runs a step, or joins it if it is running, or returns its answer at once if it has been
// done. A step that failed runs again; so does one whose caller gave up while others had joined it.
func (j *Journal) Once(ctx context.Context, key string, do func(context.Context) (any, error)) (any, error) {
	for {
		f, joined := j.board(key)
		if !joined {
			return j.fly(ctx, key, f, do)
		}
		select {
		case <-f.done:
			if !f.abandoned {
				return f.out, f.err
			}
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// board finds the flight of a step, or makes it.
func (j *Journal) board(key string) (f *flight, joined bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for k, f := range j.steps {
		if !f.ended.IsZero() && time.Since(f.ended) > keepSteps {
			delete(j.steps, k)
		}
	}
	if f, joined = j.steps[key]; !joined {
		f = &flight{done: make(chan struct{})}
		j.steps[key] = f
	}
	return f, joined
}

// fly runs a step. Whoever joined it hears how it ended, even if do panics.
func (j *Journal) fly(ctx context.Context, key string, f *flight, do func(context.Context) (any, error)) (any, error) {
	f.err = fleet.Errorf(fleet.Internal, "the step panicked")
	defer func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		f.ended, f.abandoned = time.Now(), f.err != nil && ctx.Err() != nil
		if f.err != nil {
			delete(j.steps, key)
		}
		close(f.done)
	}()
	f.out, f.err = do(ctx)
	return f.out, f.err
}

// Fence remembers that the agent stops the container of a lease for want of its own.
func (j *Journal) Fence(leaseID string) error {
	return j.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(fenced).Put([]byte(leaseID), []byte{1}) })
}

// Unfence forgets it.
func (j *Journal) Unfence(leaseID string) error {
	return j.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(fenced).Delete([]byte(leaseID)) })
}

// Fenced are the leases whose containers the agent has stopped.
func (j *Journal) Fenced() (map[string]bool, error) {
	leases := map[string]bool{}
	err := j.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(fenced).ForEach(func(k, _ []byte) error {
			leases[string(k)] = true
			return nil
		})
	})
	return leases, err
}
