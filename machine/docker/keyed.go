package docker

import (
	"context"
	"sync"
)

// keyed are locks by name. They stay for good: there is one for each account and each image
// that a host has seen.
type keyed struct {
	mu    sync.Mutex
	locks map[string]chan struct{}
}

// lock waits for the lock of that name, or for ctx to end.
func (k *keyed) lock(ctx context.Context, name string) (unlock func(), err error) {
	k.mu.Lock()
	if k.locks == nil {
		k.locks = map[string]chan struct{}{}
	}
	l := k.locks[name]
	if l == nil {
		l = make(chan struct{}, 1)
		k.locks[name] = l
	}
	k.mu.Unlock()
	select {
	case l <- struct{}{}:
		return func() { <-l }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
