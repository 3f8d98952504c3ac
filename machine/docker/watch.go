package docker

import (
	"context"

	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// Watch implements machine.Machine.
func (e *Engine) Watch(ctx context.Context, changed func(leaseID string)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	messages, broken := e.client.Events(ctx, events.ListOptions{Filters: filters.NewArgs(
		filters.Arg("type", string(events.ContainerEventType)),
		filters.Arg("label", machine.LabelHost+"="+e.options.HostID),
		filters.Arg("event", string(events.ActionStart)),
		filters.Arg("event", string(events.ActionDie)),
	)})
	for {
		select {
		case m := <-messages:
			changed(m.Actor.Attributes[machine.LabelLease])
		case err := <-broken:
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fleet.Errorf(fleet.Unavailable, "the engine's stream of events broke: %v", err)
		}
	}
}
