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
	// container of that lease on the same engine. With an ImageID it is made from that image,
	// whatever Spec.Image names by now.
	Create(ctx context.Context, c fleet.ContainerSpec) error

	// Start starts the container of a lease. Unchanged if it runs; a paused one goes on.
	// NotFound without one,
	// Exhausted if one of its ports is taken. A program or shell that is not in the image is
	// no error here: the container ends with 127 (or 126) and says so in its log.
	Start(ctx context.Context, leaseID string) error

	// Stop asks the container to end, and kills it after grace (rounded up to seconds): its
	// exit code is then 137. A paused one goes on until it has ended. When it returns nil
	// the container does not run. Not being there is no error. Cancelling ctx stops the wait,
	// not the stop.
	Stop(ctx context.Context, leaseID string, grace time.Duration) error

	// Remove kills the container and deletes it with its disk, and the account's network
	// if that was the last container on it. Not being there is no error.
	Remove(ctx context.Context, leaseID string) error

	// EraseVolume removes an account's network volume with all that is in it. Not being there
	// is no error; what links in it lead to stays. Unsupported without network volumes.
	EraseVolume(ctx context.Context, accountID, name string) error

	// Inspect describes the container of a lease. NotFound without one.
	Inspect(ctx context.Context, leaseID string) (Container, error)

	// List describes all containers of this host.
	List(ctx context.Context) ([]Container, error)

	// Logs reads what a container wrote, stdout and stderr in one stream, oldest first. It
	// ends at the end, or with Follow when the container ends or ctx does. With Timestamps
	// every line has its own before it, and is cut where it is longer than 256 KiB. NotFound
	// without a container.
	Logs(ctx context.Context, leaseID string, o LogOptions) (io.ReadCloser, error)

	// Stats reads what a running container uses. NotFound without a container, Conflict if
	// it does not run.
	Stats(ctx context.Context, leaseID string) (Stats, error)

	// Exec runs a command in a running container, without a shell, and returns its exit
	// code: 127 (or 126) if there is no such command. Stdin, Stdout and Stderr may be nil.
	// NotFound without a container, Conflict if it does not run or is paused. Cancelling ctx
	// stops the wait and hangs up: the command is told as if its terminal had been closed
	// (SIGHUP). One that does not care goes on until its container ends.
	Exec(ctx context.Context, leaseID string, e Exec) (exitCode int, err error)

	// StatPath describes what is at a path of a container, running or not. A slash at its end
	// follows a link, and asks for a folder. NotFound without the container or the path,
	// Invalid if it is no folder and a folder was asked for.
	StatPath(ctx context.Context, leaseID, path string) (PathStat, error)

	// CopyTo unpacks a tar stream into a folder of a container, running or not, with modes and
	// times. It belongs to the image's user, or where that is root to whom the archive says.
	// NotFound without the container or the folder; Invalid for what Sift refuses, and where
	// nothing can be written; Exhausted when the disk is full. What was unpacked before an
	// error stays. An error of from's is returned as it is. When it returns before from has
	// ended, a last Read may still be under way.
	CopyTo(ctx context.Context, leaseID, dir string, from io.Reader) error

	// CopyFrom packs a file, or a folder with all that is in it, into a tar stream whose names
	// begin with the last element of path, or "." for the root. A link is packed as a link
	// unless path ends in a slash. Errors as StatPath's; a stream that breaks ends with one,
	// never with io.EOF.
	CopyFrom(ctx context.Context, leaseID, path string) (io.ReadCloser, error)

	// Pause holds a running container's processes where they are, with their memory, files
	// and connections; callers of its ports wait. Unchanged if it is paused. NotFound without
	// a container, Conflict if it does not run.
	Pause(ctx context.Context, leaseID string) error

	// Unpause lets a paused container go on. Unchanged if it is not paused. NotFound without
	// a container.
	Unpause(ctx context.Context, leaseID string) error

	// Files says where the files of a lease's container lie on this host. They can be read at
	// any time, and are at rest while it does not run or is paused. Folders of a container
	// that has not been started yet can be filled: it then starts with what is in them. They
	// go with the container. NotFound without one, Unsupported unless Info says Archives.
	Files(ctx context.Context, leaseID string) (Files, error)

	// HasImage reports whether an image is here, by its ID. Invalid if that is no ID.
	HasImage(ctx context.Context, imageID string) (bool, error)

	// SaveImage streams an image that is here in a form that LoadImage takes on any machine
	// of the same driver. A stream that breaks ends with an error, never with io.EOF; so does
	// one whose ctx ends. NotFound if the image is not here.
	SaveImage(ctx context.Context, imageID string) (io.ReadCloser, error)

	// LoadImage makes an image present from such a stream, without a name. If it is here
	// already, from is not read. Invalid if the stream is cut off or holds something else;
	// nothing of it is kept then. An error of from's is returned as it is. When it returns
	// before from has ended, a last Read may still be under way.
	LoadImage(ctx context.Context, imageID string, from io.Reader) error

	// GPUsVisible reports whether a running container has the GPUs it was given: their devices
	// are there, and the kernel lets it open them. Nothing is opened. Simulated GPUs are there
	// as long as nobody plays otherwise; without GPUs nothing is amiss. Unhealthy: it lacks one,
	// and must be made again. NotFound without a container, Conflict if it does not run or is
	// paused, Unavailable or Unsupported if nobody can tell.
	GPUsVisible(ctx context.Context, leaseID string) error

	// RefreshGPUs has the engine find out anew which GPUs there are, after a reset or a change
	// of MIG. With nothing to do it is no error.
	RefreshGPUs(ctx context.Context) error

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
	Archives  bool // Files can say where the files of its containers lie
	Volumes   bool // it reaches network volumes

	// GPUAccess is how containers get real GPUs here, and GPUNote what an operator should know
	// of that: why they get none, or may lose them.
	GPUAccess fleet.GPUAccess
	GPUNote   string
}

// Container is one container of a lease.
type Container struct {
	LeaseID    string
	InstanceID string
	AccountID  string
	EndpointID string
	Epoch      int64
	EngineID   string // the engine's own name for it
	ImageID    string // what it was made from, even if the image's name is another's by now
	Running    bool   // also while it is paused
	Paused     bool
	ExitCode   int
	OOMKilled  bool
	Ports      []fleet.Published
	CreatedAt  time.Time
	StartedAt  time.Time
	EndedAt    time.Time
	Fenced     bool     // Fence stopped it; see agent
	GPUs       []string // UUIDs of those it was given
	Simulated  bool     // they are
}

// Files are where the files of a container lie on its host.
type Files struct {
	// ImageID is what the container was made from. Root makes sense on top of it only.
	ImageID string
	// Data is the folder of its own disk; "" without one. Network volumes are not meant.
	Data string
	// Root is the changed part of its root filesystem as overlayfs keeps it: what is new or
	// changed, a character device 0/0 for what is deleted, and the attribute
	// trusted.overlay.opaque on a folder that hides the image's. "" if its root is read-only.
	Root string
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
	Dir     string   // where; empty: the image's working folder
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer

	// TTY gives the command a terminal of that Size (zero: the engine's default), changed
	// by what comes from Resize, which may be nil. Stdin is what is typed and Stdout all that
	// is shown; Stderr gets nothing.
	TTY    bool
	Size   fleet.Size
	Resize <-chan fleet.Size
}

// LoginShell is a command that people can talk to: bash if the image has it, or else sh.
var LoginShell = []string{"/bin/sh", "-c", "if command -v bash >/dev/null 2>&1; then exec bash -l; else exec sh -l; fi"}

// Labels on everything Kelvin makes on an engine.
const (
	LabelHost     = "kelvin.host"
	LabelInstance = "kelvin.instance"
	LabelLease    = "kelvin.lease"
	LabelEpoch    = "kelvin.epoch"
	LabelAccount  = "kelvin.account"
	LabelEndpoint = "kelvin.endpoint"
	LabelGPUs     = "kelvin.gpus"      // UUIDs, with commas between
	LabelPretence = "kelvin.simulated" // "true": its GPUs are
)
