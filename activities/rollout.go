package activities

import (
	"context"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// RolledOut is how a wait for a roll-out ended: all is as the new revision wants it, unless
// somebody has paused it.
type RolledOut struct{ Paused bool }

// AwaitRollout is AwaitWorkers for workers that take the place of others, which may be paused.
func (c *Control) AwaitRollout(ctx context.Context, in WorkersWait) (RolledOut, error) {
	return c.awaitWorkers(ctx, in, true)
}

// AwaitResumed waits until a paused roll-out goes on, and says when it did. It fails when it has been paused
// for too long.
func (c *Control) AwaitResumed(ctx context.Context, endpointID string) (time.Time, error) {
	for {
		ep, err := c.Store.Endpoint(ctx, endpointID)
		if err != nil {
			return time.Time{}, err
		}
		if ep.PausedAt.IsZero() {
			return time.Now().UTC(), nil
		}
		if time.Since(ep.PausedAt) > fleet.PauseLimit {
			return time.Time{}, fleet.Errorf(fleet.Timeout, "the roll-out was paused for more than 30 days")
		}
		Report(ctx, fleet.Progress{Message: "paused by " + ep.PausedBy})
		if err := pause(ctx, 4*pollEvery); err != nil {
			return time.Time{}, err
		}
	}
}
