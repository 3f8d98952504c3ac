package docker

import (
	"context"

	cerrdefs "github.com/containerd/errdefs"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Pause implements machine.Machine.
func (e *Engine) Pause(ctx context.Context, leaseID string) error {
	c, err := e.running(ctx, leaseID)
	if err != nil || c.State.Paused {
		return err
	}
	err = e.client.ContainerPause(ctx, c.ID)
	if !cerrdefs.IsConflict(err) {
		return fail(ctx, err, "pause a container")
	}
	// It has ended meanwhile, or another call was quicker.
	if c, err = e.running(ctx, leaseID); err == nil && !c.State.Paused {
		err = fleet.Errorf(fleet.Unavailable, "the engine does not pause the container of lease %s", leaseID)
	}
	return err
}

// Unpause implements machine.Machine.
func (e *Engine) Unpause(ctx context.Context, leaseID string) error {
	c, err := e.own(ctx, leaseID)
	if err != nil || !c.State.Paused {
		return err
	}
	return e.unpause(ctx, c.ID)
}

func (e *Engine) unpause(ctx context.Context, id string) error {
	err := e.client.ContainerUnpause(ctx, id)
	if err == nil || cerrdefs.IsNotFound(err) {
		return fail(ctx, err, "let a container go on")
	}
	// It has ended meanwhile, or another call was quicker; engines have no one code for that.
	if c, again := e.client.ContainerInspect(ctx, id); again == nil && !c.State.Paused {
		return nil
	}
	return fail(ctx, err, "let a container go on")
}
