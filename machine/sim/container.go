package sim

import (
	"slices"
	"sync"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// A container is one of a lease. The host's lock guards what changes.
type container struct {
	spec     fleet.ContainerSpec
	engineID string
	env      map[string]string
	imageID  string
	log      *journal
	tree     tree
	files    *disk // where its workload keeps its own

	run       *run // nil: it does not run
	exitCode  int
	oom       bool
	createdAt time.Time
	startedAt time.Time
	endedAt   time.Time

	tasking sync.Mutex
	tasks   map[string]*task // by the folder of their marks
}

func (c *container) hostname() string { return fleet.HostLabel(c.spec.Lease.InstanceID) }

func (c *container) describe() machine.Container {
	d := machine.Container{
		LeaseID: c.spec.Lease.ID, InstanceID: c.spec.Lease.InstanceID, AccountID: c.spec.AccountID,
		EndpointID: c.spec.EndpointID, Epoch: c.spec.Lease.Epoch, EngineID: c.engineID,
		ImageID: c.imageID, Running: c.run != nil, Paused: c.run != nil && c.run.gate.isShut(), Ports: slices.Clone(c.spec.Ports), CreatedAt: c.createdAt, StartedAt: c.startedAt,
	}
	for _, g := range c.spec.GPUs {
		d.GPUs, d.Simulated = append(d.GPUs, g.UUID), true
	}
	if !d.Running {
		d.ExitCode, d.OOMKilled, d.EndedAt = c.exitCode, c.oom, c.endedAt
	}
	return d
}
