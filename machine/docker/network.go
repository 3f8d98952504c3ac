package docker

import (
	"context"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// network names an account's network on this host. The engine keeps bridges apart, and so
// the accounts.
func (e *Engine) network(accountID string) string {
	return "kelvin-" + fleet.HostLabel(e.options.HostID) + "-" + accountID
}

// ensureNetwork makes the account's network if it is not there. The caller holds its lock.
func (e *Engine) ensureNetwork(ctx context.Context, accountID string) error {
	_, err := e.client.NetworkInspect(ctx, e.network(accountID), network.InspectOptions{})
	if err == nil || !cerrdefs.IsNotFound(err) {
		return fail(ctx, err, "look for a network")
	}
	_, err = e.client.NetworkCreate(ctx, e.network(accountID), network.CreateOptions{
		Driver: "bridge",
		Labels: map[string]string{machine.LabelHost: e.options.HostID, machine.LabelAccount: accountID},
	})
	if cerrdefs.IsConflict(err) {
		return nil // another agent of this host was quicker
	}
	return fail(ctx, err, "make a network")
}

// rejoinNetwork puts a container that does not run on its account's network, which may be
// another one of the same name by now.
func (e *Engine) rejoinNetwork(ctx context.Context, c container.InspectResponse) error {
	account := c.Config.Labels[machine.LabelAccount]
	unlock, err := e.locks.lock(ctx, e.network(account))
	if err != nil {
		return err
	}
	defer unlock()
	if err := e.ensureNetwork(ctx, account); err != nil {
		return err
	}
	// Engines remember the ID of the one that has gone; to be on none is as good.
	_ = e.client.NetworkDisconnect(ctx, e.network(account), c.ID, true)
	err = e.client.NetworkConnect(ctx, e.network(account), c.ID, &network.EndpointSettings{Aliases: []string{c.Config.Hostname}})
	return fail(ctx, err, "join a network")
}

// leaveNetworks removes the account's network if no container of its is left on the host;
// of all accounts if accountID is empty. A container that has been created but not started
// is no member of its network in the engine's eyes, so containers are counted by label.
func (e *Engine) leaveNetworks(ctx context.Context, accountID string) error {
	args := filters.NewArgs(filters.Arg("label", machine.LabelHost+"="+e.options.HostID))
	if accountID != "" {
		args.Add("label", machine.LabelAccount+"="+accountID)
	}
	networks, err := e.client.NetworkList(ctx, network.ListOptions{Filters: args})
	if err != nil {
		return fail(ctx, err, "look for networks")
	}
	for _, n := range networks {
		if err := e.leaveNetwork(ctx, n.ID, n.Labels[machine.LabelAccount]); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) leaveNetwork(ctx context.Context, id, accountID string) error {
	unlock, err := e.locks.lock(ctx, e.network(accountID))
	if err != nil {
		return err
	}
	defer unlock()
	left, err := e.client.ContainerList(ctx, container.ListOptions{All: true, Limit: 1, Filters: filters.NewArgs(
		filters.Arg("label", machine.LabelHost+"="+e.options.HostID),
		filters.Arg("label", machine.LabelAccount+"="+accountID),
	)})
	if err != nil {
		return fail(ctx, err, "look who is on a network")
	}
	if len(left) > 0 {
		return nil
	}
	err = e.client.NetworkRemove(ctx, id)
	if err == nil || cerrdefs.IsNotFound(err) {
		return nil
	}
	return fail(ctx, err, "remove a network")
}
