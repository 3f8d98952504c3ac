package machine

import (
	"context"
	"io"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Machine is one host's containers and images. Every method can be repeated: it leaves
// alone what is already as it should be. Errors are *fleet.Error: NotFound for an image or
// container that is not there, Invalid for a spec that can never work, Unavailable when
// the engine does not answer, Exhausted when a port or the disk is taken, Unsupported for
// what this machine has not (real GPUs, network volumes). A call whose ctx ends returns
// ctx's error as it is.
//
// A container is named by its lease. A Machine only sees and touches containers that bear
// its host's ID in a label, so that two agents can share one engine.
type Machine interface {
	// Info describes the machine. Unavailable if the engine does not answer.
	Info(ctx context.Context) (Info, error)

	// Pull makes the image present, reporting progress at most ten times a second. An
	// image that is already there is not asked for again unless its tag is "latest" and a
	// registry is reachable; a registry that cannot be reached is no error if the image is
	// there. NotFound: no registry has it.
	Pull(ctx context.Context, image string, progress func(fleet.Progress)) error

	// Create makes the container of c.Lease, stopped, with what it needs: its account's
	// network, its disk and its ports. If there is one of the same lease already, it stays.
	// NotFound: the image is not there (Pull it first). Conflict: another host has a
	// container of that lease on the same engine.
	Create(ctx context.Context, c fleet.ContainerSpec) error

	// Start starts the container of a lease. Unchanged if it runs. NotFound without one,
	// Exhausted if one of its ports is taken. A program or shell that is not in the image is
	// no error here: the container ends with 127 (or 126) and says so in its log.
	Start(ctx context.Context, leaseID string) error

	// Stop asks the container to end, and kills it after grace (rounded up to seconds): its
	// exit code is then 137. When it returns nil the container does not run. Not being
	// there is no error. Cancelling ctx stops the wait, not the stop.
	Stop(ctx context.Context, leaseID string, grace time.Duration) error

	// Remove kills the container and deletes it with its disk, and the account's network
	// if that was the last container on it. Not being there is no error.
	Remove(ctx context.Context, leaseID string) error

	// Inspect describes the container of a lease. NotFound without one.
	Inspect(ctx context.Context, leaseID string) (Container, error)

	// List describes all containers of this host.
	List(ctx context.Context) ([]Container, error)

	// Logs reads what a container wrote, stdout and stderr in one stream, oldest first. It
	// ends at the end, or with Follow when the container ends or ctx does. NotFound without
	// a container.
	Logs(ctx context.Context, leaseID string, o LogOptions) (io.ReadCloser, error)

	// Stats reads what a running container uses. NotFound without a container, Conflict if
	// it does not run.
	Stats(ctx context.Context, leaseID string) (Stats, error)

	// Exec runs a command in a running container, without a shell, and returns its exit
	// code: 127 (or 126) if there is no such command. Stdin, Stdout and Stderr may be nil.
	// NotFound without a container, Conflict if it does not run. Cancelling ctx stops the
	// wait; the command may go on until its container ends.
	Exec(ctx context.Context, leaseID string, e Exec) (exitCode int, err error)

	// Watch calls changed whenever a container of this host starts or ends, until ctx
	// ends. It returns Unavailable when the engine's stream breaks; call it again. What
	// happens before the stream is open is not told: List now and then.
	Watch(ctx context.Context, changed func(leaseID string)) error

	// Close lets go of the engine. Containers stay.
	Close() error
}

// Info describes a machine.
type Info struct {
	Driver    string // docker or sim
	Version   string // of the engine
	Simulated bool   // the machine itself is simulated, not only its GPUs
	CPUs      int
	MemoryMB  int64
	Disk      fleet.Disk
}

// Container is one container of a lease.
type Container struct {
	LeaseID    string
	InstanceID string
	AccountID  string
	EndpointID string
	Epoch      int64
	EngineID   string // the engine's own name for it
	Running    bool
	ExitCode   int
	OOMKilled  bool
	Ports      []fleet.Published
	StartedAt  time.Time
	EndedAt    time.Time
	Fenced     bool // Fence stopped it; see agent
}

// LogOptions say which part of the log.
type LogOptions struct {
	Follow     bool
	Tail       int // the last lines only; 0: all
	Since      time.Time
	Timestamps bool
}

// Stats are what a container uses now.
type Stats struct {
	CPUPercent float64 // of one CPU
	MemoryMB   float64
	Processes  int
}

// Exec is a command to run in a container.
type Exec struct {
	Command []string
	Env     []string // NAME=value, beside the container's own and before them
	User    string   // who runs it; empty: the image's user
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
}

// Labels on everything Kelvin makes on an engine.
const (
	LabelHost     = "kelvin.host"
	LabelInstance = "kelvin.instance"
	LabelLease    = "kelvin.lease"
	LabelEpoch    = "kelvin.epoch"
	LabelAccount  = "kelvin.account"
	LabelEndpoint = "kelvin.endpoint"
)
