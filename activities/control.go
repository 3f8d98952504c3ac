package activities

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/fleet/spot"
	"github.com/kelvin-gpu/kelvin/store"
)

// Control does the steps that own the record. It runs beside the database, never on a host.
type Control struct {
	Store      *store.Store
	Operations Operations
	Logger     *slog.Logger
	Supported  []fleet.Operation // what schedules can ask for here; nil: all of fleet.Operations
	Providers  spot.Providers    // of spot hosts; nil: those that Kelvin knows
	GPUPolicy  *gpu.Policy       // by which GPUs are tested and judged; nil: the default
}

// Operations starts what has been accepted. It is the typed Temporal client of package
// workflows, which imports this one; hence the interface.
type Operations interface {
	// Start starts an accepted operation's workflow. It can be repeated; what fails here is
	// tried again by the outbox.
	Start(ctx context.Context, rec fleet.Record) error
	// StartAutoscaler makes sure that an endpoint's autoscaler runs.
	StartAutoscaler(ctx context.Context, accountID, endpointID string) error
	// StopAutoscaler cancels it, and returns when it has ended. Not running is no error.
	StopAutoscaler(ctx context.Context, endpointID string) error
	// Wake makes it look again. Not running is no error.
	Wake(ctx context.Context, endpointID string) error
}

// A Claim names an operation and the resource it holds.
type Claim struct {
	OperationID string
	ResourceID  string
	AccountID   string
}

// An Instance is what an operation must know of the instance it moves.
type Instance struct {
	ID         string
	AccountID  string
	EndpointID string
	GPUs       int
	Was        fleet.State
	Home       Container   // zero when it lives nowhere
	Leases     []Container // every place where something of it can be
	Snapshot   string      // of a frozen one: all there is of it
	Newest     string      // its newest whole snapshot; empty: it has none
	Saved      int64       // bytes that its newest whole snapshot holds
	Params     fleet.Params
	Drain      fleet.Duration
	AcceptedAt time.Time // when the operation was
}

// A Container is what a host must know of the container of a lease to run it. What it must
// know to make one, secrets included, it asks the record for.
type Container struct {
	Lease       fleet.Lease
	Image       string
	ProbePath   string // empty: it is ready as soon as it runs
	ProbePort   int    // inside the container
	StopTimeout fleet.Duration
	// StartTimeout is how long it may take until it answers; 0: the default.
	StartTimeout fleet.Duration
	Templates    int   // that are installed in it
	Held         int   // how many GPUs its lease has
	GPUs         []GPU // of the lease, when it has just been placed
}

// OfLease is the lease whose host does a step, for the guard that stands before it.
func (c Container) OfLease() fleet.Lease { return c.Lease }

// A Placing is a place to be found.
type Placing struct {
	Claim  Claim
	Try    int      // from 1: each has a lease of its own
	HostID string   // the only host that will do; empty: any
	Avoid  []string // hosts that will not do

	Archives bool // only hosts that can restore what the archive has will do

	Purpose   gpu.Purpose // of its GPUs: how thoroughly they are tested
	SkipTests bool        // its owner does not want them tested
}

// LeaseID names the lease of a try.
func (p Placing) LeaseID() string {
	if p.Try > 1 {
		return fmt.Sprintf("%s-%d", p.Claim.OperationID, p.Try)
	}
	return p.Claim.OperationID
}

// Ending is how an operation ended, and why.
type Ending struct {
	OperationID string
	Outcome     fleet.Outcome
	Code        fleet.Code
	Message     string
	Steps       []fleet.Step
	AcceptedAt  time.Time // when the operation was; zero if it never began
	Downtime    time.Duration
	Moved       int64        // bytes
	Fault       *fleet.Fault // of a worker that did not come up
}

// Steps are the steps of an operation so far.
type Steps struct {
	OperationID string
	Phase       string
	Steps       []fleet.Step
}

// BeginInstance confirms an operation's claim, and describes the instance.
func (c *Control) BeginInstance(ctx context.Context, in Claim) (Instance, error) {
	inst, rec, err := c.Store.BeginInstance(ctx, in.OperationID)
	if err != nil {
		return Instance{}, err
	}
	out := Instance{
		ID: inst.ID, AccountID: inst.AccountID, EndpointID: inst.EndpointID, GPUs: inst.Spec.GPUs,
		Was: inst.Was, Drain: inst.Spec.DrainTimeout, Home: container(inst, inst.Home),
		AcceptedAt: rec.AcceptedAt, Snapshot: inst.Snapshot, Params: rec.Params,
	}
	newest, err := c.Store.NewestSnapshot(ctx, inst.ID)
	if err != nil && !fleet.Is(err, fleet.NotFound) {
		return Instance{}, err
	}
	out.Newest, out.Saved = newest.ID, newest.Bytes
	for _, l := range inst.Leases {
		out.Leases = append(out.Leases, container(inst, l))
	}
	if inst.EndpointID == "" {
		return out, nil
	}
	if cut := inst.Notice.Cut(); !cut.IsZero() { // then its host is gone
		left := time.Until(cut)
		out.Drain = min(out.Drain, fleet.Duration(max(left, 0).Round(time.Millisecond)))
	}
	// An endpoint that stops has waited for its requests since it was told to.
	ep, err := c.Store.Endpoint(ctx, inst.EndpointID)
	if err != nil {
		return Instance{}, err
	}
	if ep.State == fleet.Stopping || ep.State == fleet.Deleting {
		left := time.Until(ep.Since.Add(time.Duration(out.Drain)))
		out.Drain = fleet.Duration(max(left, 0).Round(time.Millisecond))
	}
	return out, nil
}

func container(inst fleet.Instance, l fleet.Lease) Container {
	c := Container{Lease: l, Image: inst.Spec.Image, ProbePath: inst.Spec.ProbePath, StopTimeout: inst.Spec.StopTimeout, StartTimeout: inst.Spec.StartTimeout, Templates: len(inst.Spec.Templates)}
	if len(inst.Spec.Ports) > 0 {
		c.ProbePort = inst.Spec.Ports[0]
	}
	if l.ID != "" && !l.Bare {
		c.Held = inst.Spec.GPUs
	}
	return c
}

// EndOperation settles the resource and closes the record.
func (c *Control) EndOperation(ctx context.Context, in Ending) error {
	if err := c.Store.SaveSteps(ctx, in.OperationID, "", in.Steps); err != nil {
		return err
	}
	return c.Store.EndOperation(ctx, store.Ending{OperationID: in.OperationID, Outcome: in.Outcome, Code: in.Code, Message: in.Message, Downtime: in.Downtime, Moved: in.Moved, Fault: in.Fault})
}

// SaveSteps keeps an operation's steps for people to follow.
func (c *Control) SaveSteps(ctx context.Context, in Steps) error {
	return c.Store.SaveSteps(ctx, in.OperationID, in.Phase, in.Steps)
}

// PlaceInstance leases GPUs and ports for the instance on some host. Asked again, it
// answers the same. Exhausted when nothing fits.
func (c *Control) PlaceInstance(ctx context.Context, in Placing) (Container, error) {
	lease, err := c.Store.PlaceAs(ctx, store.Placing{LeaseID: in.LeaseID(), InstanceID: in.Claim.ResourceID, HostID: in.HostID, Avoid: in.Avoid, Archives: in.Archives})
	if err != nil {
		return Container{}, err
	}
	inst, err := c.Store.Instance(ctx, in.Claim.ResourceID)
	if err != nil {
		return Container{}, err
	}
	placed := container(inst, lease)
	gpus, err := c.Store.LeasedGPUs(ctx, lease.ID)
	if err != nil {
		return Container{}, err
	}
	for _, g := range gpus {
		placed.GPUs = append(placed.GPUs, c.tested(in, g))
	}
	return placed, nil
}

// AwaitPlace is PlaceInstance for one that waits in the queue until something fits, and it
// is its turn.
func (c *Control) AwaitPlace(ctx context.Context, in Placing) (Container, error) {
	for {
		position, err := c.Store.Queue(ctx, in.Claim.OperationID)
		if err != nil {
			return Container{}, err
		}
		p := fleet.Progress{Message: fmt.Sprintf("waiting for a place: number %d in the queue", position)}
		if position <= 1 {
			placed, err := c.PlaceInstance(ctx, in)
			if err == nil {
				return placed, c.Store.Dequeue(ctx, in.Claim.OperationID)
			}
			if !fleet.Is(err, fleet.Exhausted) {
				return Container{}, err
			}
			p.Message += ": " + err.Error()
		}
		Report(ctx, p)
		if err := pause(ctx, 10*pollEvery); err != nil {
			return Container{}, err
		}
	}
}

// ReturnLease gives a lease's GPUs and ports back. Nothing of it may be left on the host.
func (c *Control) ReturnLease(ctx context.Context, in Container) error {
	return c.Store.ReturnLease(ctx, in.Lease.ID)
}

// LeaseExpired reports whether a lease's host has gone silent, or the lease is gone.
func (c *Control) LeaseExpired(ctx context.Context, in fleet.Lease) (bool, error) {
	if strings.HasPrefix(in.ID, fleet.CarePrefix) {
		return c.Store.CareStranded(ctx, in.ID)
	}
	return c.Store.LeaseExpired(ctx, in.ID)
}

// MoveInstance records where the instance lives from now on.
func (c *Control) MoveInstance(ctx context.Context, in Container) error {
	return c.Store.MoveInstance(ctx, in.Lease.InstanceID, in.Lease.ID)
}
