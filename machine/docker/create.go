package docker

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/strslice"
	"github.com/docker/go-connections/nat"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// capabilities are those that a container keeps. They let root inside do what packages and
// programs expect of root within their own files, users and ports: change owners and modes,
// become another user, signal, listen below 1024, chroot. Of the engine's usual set these
// are missing:
//
//   - NET_RAW: forged packets on the account's bridge; ping works without it
//   - MKNOD: device files, the first step to the host's devices
//   - AUDIT_WRITE: forged lines in the host's audit log
//   - SETFCAP: capabilities on files, which no-new-privileges ignores anyway
var capabilities = strslice.StrSlice{
	"CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETGID",
	"SETPCAP", "SETUID", "SYS_CHROOT",
}

// cleanUp is how long it may take to take back what a failed call has made.
const cleanUp = 30 * time.Second

// Create implements machine.Machine.
func (e *Engine) Create(ctx context.Context, c fleet.ContainerSpec) error {
	if err := machine.Check(c, e.options.HostID); err != nil {
		return err
	}
	if _, err := e.own(ctx, c.Lease.ID); !fleet.Is(err, fleet.NotFound) {
		return err // it is there, or the engine does not answer
	}
	gpus, err := e.give(ctx, c)
	if err != nil {
		return err
	}
	// Under the lock the network is not taken away between its making and its first container.
	unlock, err := e.locks.lock(ctx, e.network(c.AccountID))
	if err != nil {
		return err
	}
	err = e.create(ctx, c, gpus)
	unlock()
	if err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUp)
		defer cancel()
		// The caller hears why the creation failed; what is left is also taken by Remove.
		_ = e.removeDisk(ctx, c.Lease.ID)
		_ = e.leaveNetworks(ctx, c.AccountID)
	}
	return err
}

func (e *Engine) create(ctx context.Context, c fleet.ContainerSpec, gpus given) error {
	config := e.config(c, gpus)
	host, err := e.hostConfig(ctx, c)
	if err != nil {
		return err
	}
	host.DeviceRequests = gpus.request()
	if err := e.ensureNetwork(ctx, c.AccountID); err != nil {
		return err
	}
	networks := &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{
		e.network(c.AccountID): {Aliases: []string{config.Hostname}},
	}}
	_, err = e.client.ContainerCreate(ctx, config, host, networks, nil, name(c.Lease.ID))
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case cerrdefs.IsConflict(err):
		// Another call was quicker; or the name is another host's, then own says so.
		if _, ours := e.own(ctx, c.Lease.ID); ours == nil {
			return nil
		}
		return fleet.Errorf(fleet.Conflict, "the engine has a container %s that is not this host's", name(c.Lease.ID))
	case cerrdefs.IsNotFound(err):
		return fleet.Errorf(fleet.NotFound, "image %s is not here", cmp.Or(c.ImageID, c.Spec.Image))
	}
	return fail(ctx, err, "create a container")
}

// config is what is in the container.
func (e *Engine) config(c fleet.ContainerSpec, gpus given) *container.Config {
	config := &container.Config{
		Hostname: fleet.HostLabel(c.Lease.InstanceID),
		Image:    cmp.Or(c.ImageID, c.Spec.Image),
		Labels: map[string]string{
			// All of them, also the empty ones: labels of the image would show through.
			machine.LabelHost:     c.Lease.HostID,
			machine.LabelInstance: c.Lease.InstanceID,
			machine.LabelLease:    c.Lease.ID,
			machine.LabelEpoch:    strconv.FormatInt(c.Lease.Epoch, 10),
			machine.LabelAccount:  c.AccountID,
			machine.LabelEndpoint: c.EndpointID,
			machine.LabelGPUs:     strings.Join(gpus.uuids, ","),
			machine.LabelPretence: strconv.FormatBool(gpus.simulated),
		},
		ExposedPorts: nat.PortSet{},
	}
	env := machine.Environment(c)
	env["KELVIN_GPU_UUIDS"] = strings.Join(gpus.uuids, ",")
	if gpus.access == fleet.AccessHook {
		// The engine tells the hook by this variable, beside what is here: they must agree.
		env["NVIDIA_VISIBLE_DEVICES"] = strings.Join(gpus.uuids, ",")
	}
	for _, k := range slices.Sorted(maps.Keys(env)) {
		config.Env = append(config.Env, k+"="+env[k])
	}
	if c.Spec.Command != "" {
		shell := c.Spec.Shell
		if shell == "" {
			shell = fleet.DefaultShell
		}
		config.Entrypoint = strslice.StrSlice{shell, "-c", c.Spec.Command}
	}
	for _, p := range c.Ports {
		config.ExposedPorts[port(p)] = struct{}{}
	}
	return config
}

// hostConfig is what the host allows it.
func (e *Engine) hostConfig(ctx context.Context, c fleet.ContainerSpec) (*container.HostConfig, error) {
	mounts, err := e.mounts(ctx, c)
	if err != nil {
		return nil, err
	}
	initProcess := true // reaps zombies, and passes signals on to programs that are no init
	config := &container.HostConfig{
		NetworkMode:   container.NetworkMode(e.network(c.AccountID)),
		PortBindings:  nat.PortMap{},
		RestartPolicy: container.RestartPolicy{Name: container.RestartPolicyDisabled},
		Init:          &initProcess,
		IpcMode:       container.IPCModePrivate,
		CapDrop:       strslice.StrSlice{"ALL"},
		CapAdd:        capabilities,
		SecurityOpt:   []string{"no-new-privileges:true"},
		LogConfig:     container.LogConfig{Type: "json-file", Config: map[string]string{"max-size": "10m", "max-file": "3"}},
		Mounts:        mounts,
		Resources:     e.resources(c.Spec),
	}
	if config.Memory > 0 {
		// Programs that share tensors between processes need more than the usual 64 MB; it
		// counts as the container's memory.
		config.ShmSize = config.Memory / 2
	}
	if c.Spec.ReadOnly {
		config.ReadonlyRootfs = true
		config.Tmpfs = map[string]string{"/tmp": "rw,nosuid,nodev,mode=1777"}
	}
	for _, p := range c.Ports {
		config.PortBindings[port(p)] = []nat.PortBinding{{HostIP: e.options.PublishAddress, HostPort: strconv.Itoa(p.Host)}}
	}
	return config, nil
}

func (e *Engine) resources(s fleet.InstanceSpec) container.Resources {
	limits := e.options.Defaults
	if s.CPUs > 0 {
		limits.CPUs = s.CPUs
	}
	if s.MemoryMB > 0 {
		limits.MemoryMB = s.MemoryMB
	}
	return container.Resources{
		NanoCPUs:   int64(limits.CPUs * 1e9),
		Memory:     limits.MemoryMB << 20,
		MemorySwap: limits.MemoryMB << 20, // the sum of both: no swap
		PidsLimit:  &limits.Pids,
	}
}

// name is what a lease's container, and its disk, is called.
func name(leaseID string) string { return "kelvin-" + leaseID }

func port(p fleet.Published) nat.Port { return nat.Port(fmt.Sprintf("%d/tcp", p.Container)) }
