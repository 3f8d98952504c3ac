package docker

import (
	"context"
	"math"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// Start implements machine.Machine.
func (e *Engine) Start(ctx context.Context, leaseID string) error {
	c, err := e.own(ctx, leaseID)
	if err != nil {
		return err
	}
	if c.State.Paused {
		return e.unpause(ctx, c.ID)
	}
	err = e.client.ContainerStart(ctx, c.ID, container.StartOptions{})
	if err != nil && says(err, ": already exists") {
		return fleet.Errorf(fleet.Unavailable, "the engine has lost track of a container, as when it is killed at the wrong moment, and cannot start it any more: reset the instance, migrate it, or freeze and thaw it (%v)", err)
	}
	if err != nil && ctx.Err() == nil && refused(err) {
		return fleet.Errorf(fleet.Unavailable, "the engine does not give the container its GPUs: %s. Run: %s; and restart an engine that was started before NVIDIA's toolkit was installed", err, generate)
	}
	if err == nil || !cerrdefs.IsNotFound(err) {
		return fail(ctx, err, "start a container")
	}
	// Someone pruned the networks while the container was stopped.
	if err := e.rejoinNetwork(ctx, c); err != nil {
		return err
	}
	return fail(ctx, e.client.ContainerStart(ctx, c.ID, container.StartOptions{}), "start a container")
}

// Stop implements machine.Machine. The engine counts grace in whole seconds: it is rounded
// up. It lets a paused container go on when it has signalled it.
func (e *Engine) Stop(ctx context.Context, leaseID string, grace time.Duration) error {
	c, err := e.own(ctx, leaseID)
	if fleet.Is(err, fleet.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if !c.State.Running {
		return nil
	}
	seconds := int(math.Ceil(max(grace, 0).Seconds()))
	// Not the caller's context: the stop goes on without it.
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Duration(seconds)*time.Second+cleanUp)
	stopped := make(chan error, 1)
	go func() {
		defer cancel()
		stopped <- fail(stop, e.client.ContainerStop(stop, c.ID, container.StopOptions{Timeout: &seconds}), "stop a container")
	}()
	select {
	case err := <-stopped:
		if fleet.Is(err, fleet.NotFound) {
			return nil
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Remove implements machine.Machine.
func (e *Engine) Remove(ctx context.Context, leaseID string) error {
	account := "" // without a container it is not known, and every network is looked at
	c, err := e.own(ctx, leaseID)
	switch {
	case err == nil:
		account = c.Config.Labels[machine.LabelAccount]
		if err := e.remove(ctx, c.ID); err != nil {
			return err
		}
		e.forget(c.ID)
	case !fleet.Is(err, fleet.NotFound):
		return err
	}
	if err := e.removeDisk(ctx, leaseID); err != nil {
		return err
	}
	return e.leaveNetworks(ctx, account)
}

func (e *Engine) remove(ctx context.Context, id string) error {
	for {
		err := e.client.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
		switch {
		case err == nil, cerrdefs.IsNotFound(err):
			return nil
		case !cerrdefs.IsConflict(err):
			return fail(ctx, err, "remove a container")
		}
		// Another call is at it.
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
