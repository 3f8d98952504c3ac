package machine

import (
	"context"
	"sync"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// Exclusive are GPUs of which each is tested, scrubbed or reset by one caller at a time: the
// others wait for their turn. Health and the like do not wait.
type Exclusive struct {
	GPUs

	mu    sync.Mutex
	turns map[string]chan struct{} // by UUID; whoever has put something in has the turn
}

var _ GPUs = (*Exclusive)(nil)

// NewExclusive has the turns of GPUs kept.
func NewExclusive(g GPUs) *Exclusive {
	return &Exclusive{GPUs: g, turns: map[string]chan struct{}{}}
}

// heldKey is how a context says which GPU's turn its caller has.
type heldKey struct{ uuid string }

// Hold waits for the turn of a GPU. With the context it returns, Test, Scrub and Reset of that GPU do
// not wait, until release is called. It returns ctx's error when that ends first.
func (e *Exclusive) Hold(ctx context.Context, uuid string) (held context.Context, release func(), err error) {
	if ctx.Value(heldKey{uuid}) != nil {
		return ctx, func() {}, nil
	}
	turn := e.turn(uuid)
	if err := ctx.Err(); err != nil {
		return ctx, nil, err
	}
	select {
	case turn <- struct{}{}:
		return context.WithValue(ctx, heldKey{uuid}, true), func() { <-turn }, nil
	case <-ctx.Done():
		return ctx, nil, ctx.Err()
	}
}

// TryHold is Hold without waiting: it is false if somebody else has the turn.
func (e *Exclusive) TryHold(uuid string) (release func(), ok bool) {
	turn := e.turn(uuid)
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, true
	default:
		return nil, false
	}
}

func (e *Exclusive) turn(uuid string) chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.turns[uuid] == nil {
		e.turns[uuid] = make(chan struct{}, 1)
	}
	return e.turns[uuid]
}

// Test implements GPUs.
func (e *Exclusive) Test(ctx context.Context, t gpu.Test, progress func(gpu.Progress)) (gpu.Result, error) {
	ctx, release, err := e.Hold(ctx, t.UUID)
	if err != nil {
		return gpu.Result{}, err
	}
	defer release()
	return e.GPUs.Test(ctx, t, progress)
}

// Scrub implements GPUs.
func (e *Exclusive) Scrub(ctx context.Context, uuid string, seed uint64, progress func(gpu.Progress)) (gpu.Result, error) {
	ctx, release, err := e.Hold(ctx, uuid)
	if err != nil {
		return gpu.Result{}, err
	}
	defer release()
	return e.GPUs.Scrub(ctx, uuid, seed, progress)
}

// Reset implements GPUs.
func (e *Exclusive) Reset(ctx context.Context, uuid string) error {
	ctx, release, err := e.Hold(ctx, uuid)
	if err != nil {
		return err
	}
	defer release()
	return e.GPUs.Reset(ctx, uuid)
}

// hold waits for the turn of a GPU if turns are kept.
func hold(ctx context.Context, g GPUs, uuid string) (context.Context, func(), error) {
	if e, ok := g.(*Exclusive); ok {
		return e.Hold(ctx, uuid)
	}
	return ctx, func() {}, ctx.Err()
}
