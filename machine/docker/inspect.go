package docker

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/go-connections/nat"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// own is the engine's description of a lease's container. NotFound if there is none, or if
// it is another host's.
func (e *Engine) own(ctx context.Context, leaseID string) (container.InspectResponse, error) {
	c, err := e.client.ContainerInspect(ctx, name(leaseID))
	if err != nil && !cerrdefs.IsNotFound(err) {
		return c, fail(ctx, err, "look for a container")
	}
	if err != nil || c.Config.Labels[machine.LabelHost] != e.options.HostID {
		return c, fleet.Errorf(fleet.NotFound, "there is no container of lease %s here", leaseID)
	}
	return c, nil
}

// running is own, and Conflict if it does not run.
func (e *Engine) running(ctx context.Context, leaseID string) (container.InspectResponse, error) {
	c, err := e.own(ctx, leaseID)
	if err == nil && !c.State.Running {
		err = fleet.Errorf(fleet.Conflict, "the container of lease %s does not run", leaseID)
	}
	return c, err
}

// Inspect implements machine.Machine.
func (e *Engine) Inspect(ctx context.Context, leaseID string) (machine.Container, error) {
	c, err := e.own(ctx, leaseID)
	if err != nil {
		return machine.Container{}, err
	}
	return describe(c), nil
}

// List implements machine.Machine.
func (e *Engine) List(ctx context.Context) ([]machine.Container, error) {
	found, err := e.client.ContainerList(ctx, container.ListOptions{
		All: true, Filters: filters.NewArgs(filters.Arg("label", machine.LabelHost+"="+e.options.HostID)),
	})
	if err != nil {
		return nil, fail(ctx, err, "list containers")
	}
	all := []machine.Container{}
	for _, f := range found {
		// A list does not tell exit codes.
		c, err := e.client.ContainerInspect(ctx, f.ID)
		if cerrdefs.IsNotFound(err) {
			continue // just removed
		}
		if err != nil {
			return nil, fail(ctx, err, "look at a container")
		}
		all = append(all, describe(c))
	}
	return all, nil
}

func describe(c container.InspectResponse) machine.Container {
	labels := c.Config.Labels
	d := machine.Container{
		LeaseID: labels[machine.LabelLease], InstanceID: labels[machine.LabelInstance],
		AccountID: labels[machine.LabelAccount], EndpointID: labels[machine.LabelEndpoint],
		EngineID: c.ID, ImageID: c.Image, Running: c.State.Running, Paused: c.State.Paused, Ports: published(c.HostConfig.PortBindings),
		CreatedAt: when(c.Created), StartedAt: when(c.State.StartedAt),
	}
	d.GPUs, d.Simulated = gpusOf(c)
	d.Epoch, _ = strconv.ParseInt(labels[machine.LabelEpoch], 10, 64) // ours: Create wrote it
	if !d.Running {
		d.ExitCode, d.OOMKilled, d.EndedAt = c.State.ExitCode, c.State.OOMKilled, when(c.State.FinishedAt)
	}
	return d
}

// gpusOf are the GPUs that a container was given, as its labels say.
func gpusOf(c container.InspectResponse) (uuids []string, simulated bool) {
	if all := c.Config.Labels[machine.LabelGPUs]; all != "" {
		uuids = strings.Split(all, ",")
	}
	return uuids, c.Config.Labels[machine.LabelPretence] == "true"
}

func published(bindings nat.PortMap) []fleet.Published {
	var ports []fleet.Published
	for inside, outside := range bindings {
		for _, b := range outside {
			if host, err := strconv.Atoi(b.HostPort); err == nil {
				ports = append(ports, fleet.Published{Container: inside.Int(), Host: host})
			}
		}
	}
	slices.SortFunc(ports, func(a, b fleet.Published) int { return a.Container - b.Container })
	return ports
}

// when reads an engine's time. What never happened is the zero time.
func when(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.Year() <= 1 {
		return time.Time{}
	}
	return t.UTC()
}
