package docker

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"sync"

	"github.com/docker/docker/client"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine"
)

// Options say which engine an agent drives, and how.
type Options struct {
	// Host is the engine's address, such as unix:///var/run/docker.sock or
	// tcp://10.0.0.7:2376. Default: DOCKER_HOST with its companions for TLS, else the
	// platform's socket.
	Host string
	// HostID is the host whose containers these are. Required.
	HostID string
	// PublishAddress is the address of the host on which ports are published. Default:
	// 127.0.0.1, where only gateways on the same machine reach them.
	PublishAddress string
	// VolumesDir is an absolute folder of the engine's machine, also seen by this process
	// under the same path, where network volumes live: <VolumesDir>/<account>/<volume>.
	// Default: none, and a container with a network volume is Unsupported.
	VolumesDir string
	// Defaults are the limits of containers that do not set their own.
	Defaults Limits
	// Devices lists the host's GPUs as their driver does. Default: none, and a container cannot
	// have MIG slices, nor be looked after when it has GPUs.
	Devices func(context.Context) ([]gpu.Device, error)
	// DevDir is where this process sees their device nodes. Default: /dev.
	DevDir string
	// Refresh is a command that writes the CDI specification of the host's GPUs anew when the
	// engine does not know one, run
	// without a shell. Default: none.
	Refresh []string
	// Looker is a command that calls LookAtDevices; see access.go. Default: none, and nobody
	// sees that a container has lost its GPUs.
	Looker []string
	// Images are built here and never asked of a registry, by reference: kelvin/echo:latest.
	Images map[string]ImageBuilder
}

// Limits are what one container may use.
type Limits struct {
	CPUs     float64 // 0: no limit
	MemoryMB int64   // MiB, without swap; 0: no limit
	Pids     int64   // processes and threads; 0: 4096
}

const defaultPids = 4096

// An ImageBuilder makes an image present on the engine under ref, unless it is already as
// it should be. See FromBinary.
type ImageBuilder func(ctx context.Context, e *Engine, ref string, progress func(fleet.Progress)) error

// An Engine is an agent's handle on a Docker engine. It implements machine.Machine; safe
// for concurrent use.
type Engine struct {
	options Options
	images  map[string]ImageBuilder // by familiar name with tag
	client  *client.Client
	locks   keyed

	mu      sync.Mutex
	samples map[string]sample // of CPU time, by container
	nodes   map[string]nodes  // of GPUs, by container
}

var _ machine.Machine = (*Engine)(nil)

// New makes a handle. It does not ask whether the engine answers; Info does. Invalid if an
// option is no good.
func New(o Options) (*Engine, error) {
	o.PublishAddress = cmp.Or(o.PublishAddress, "127.0.0.1")
	o.DevDir = cmp.Or(o.DevDir, "/dev")
	o.Defaults.Pids = cmp.Or(o.Defaults.Pids, defaultPids)
	if o.HostID == "" {
		return nil, fleet.Errorf(fleet.Invalid, "the Docker driver needs the ID of its host")
	}
	if _, err := netip.ParseAddr(o.PublishAddress); err != nil {
		return nil, fleet.Errorf(fleet.Invalid, "the address to publish ports on is not an IP address")
	}
	if o.VolumesDir != "" && !filepath.IsAbs(o.VolumesDir) {
		return nil, fleet.Errorf(fleet.Invalid, "the folder of network volumes is not an absolute path")
	}
	e := &Engine{options: o, images: map[string]ImageBuilder{}, samples: map[string]sample{}, nodes: map[string]nodes{}}
	for ref, build := range o.Images {
		name, err := familiar(ref)
		if err != nil {
			return nil, err
		}
		e.images[name] = build
	}
	options := []client.Opt{client.FromEnv, client.WithAPIVersionNegotiation()}
	if o.Host != "" {
		options = append(options, client.WithHost(o.Host))
	}
	c, err := client.NewClientWithOpts(options...)
	if err != nil {
		return nil, fleet.Errorf(fleet.Invalid, "the Docker engine's address is no good: %s", err)
	}
	e.client = c
	return e, nil
}

// Close implements machine.Machine.
func (e *Engine) Close() error { return e.client.Close() }

// Info implements machine.Machine. Disk is zero if the engine keeps its data where this
// process cannot look, as in a virtual machine.
func (e *Engine) Info(ctx context.Context) (machine.Info, error) {
	info, err := e.client.Info(ctx)
	if err != nil {
		return machine.Info{}, fail(ctx, err, "ask the Docker engine about itself")
	}
	d := machine.Info{
		Driver: "docker", Version: fmt.Sprintf("%s (API %s)", info.ServerVersion, e.client.ClientVersion()),
		CPUs: info.NCPU, MemoryMB: info.MemTotal >> 20,
	}
	gpus := e.handing(info)
	d.GPUAccess, d.GPUNote = gpus.access, gpus.note
	if e.local() {
		d.Disk = disk(info.DockerRootDir)
		d.Archives = archives(info)
		d.Volumes = e.options.VolumesDir != ""
	}
	return d, nil
}
