package fleet

import (
	"fmt"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// A HostReport is what an agent sends to renew its host's lease.
type HostReport struct {
	Version   string      `json:"version"`
	Machine   string      `json:"machine"` // docker or sim
	Simulated bool        `json:"simulated"`
	Address   string      `json:"address"`
	PortFirst int         `json:"port_first"`
	PortLast  int         `json:"port_last"`
	Disk      Disk        `json:"disk"`
	Volumes   bool        `json:"volumes,omitempty"`  // it reaches the data center's network volumes
	Archives  bool        `json:"archives,omitempty"` // it has an archive, and a machine whose files can go there
	Scrubs    bool        `json:"scrubs,omitempty"`   // it scrubs GPUs: those that a lease had are not free before that
	GPUs      []GPUReport `json:"gpus"`
	// CertificateKey is the public half of the key that the host signs examinations and scrubs
	// with, an Ed25519 key in base64.
	CertificateKey string            `json:"certificate_key,omitempty"`
	Health         []gpu.Health      `json:"health,omitempty"` // of some or all of its GPUs, when there is something new
	Containers     []ContainerReport `json:"containers"`
	GPUAccess      GPUAccess         `json:"gpu_access,omitempty"` // how its containers get GPUs

	Market   Market `json:"market,omitempty"` // empty: on-demand
	Provider string `json:"provider,omitempty"`
	Zone     string `json:"zone,omitempty"`
}

// A GPUReport is one GPU that an agent found, or was told to simulate: a device, or a MIG
// slice of one, whose UUID is another after it was made again.
type GPUReport struct {
	Index    int    `json:"index"`
	UUID     string `json:"uuid"`
	Serial   string `json:"serial"`
	Type     string `json:"type"`
	MemoryMB int64  `json:"memory_mb"`
	Product  string `json:"product,omitempty"` // as the driver names it
	Driver   string `json:"driver,omitempty"`  // its version
	BusID    string `json:"bus_id,omitempty"`
	Parent   string `json:"parent,omitempty"`  // of a slice: UUID of its device
	Profile  string `json:"profile,omitempty"` // of a slice: 3g.40gb
	Start    int    `json:"start,omitempty"`   // of its placement, in memory slices
	Size     int    `json:"size,omitempty"`    // of its placement
}

// Device is the UUID of the whole device.
func (r GPUReport) Device() string {
	if r.Parent != "" {
		return r.Parent
	}
	return r.UUID
}

// Identity is what the GPU is known by for ever, wherever it turns up: its UUID, or for a
// slice device, profile and placement.
func (r GPUReport) Identity() string {
	if r.Parent == "" {
		return r.UUID
	}
	return fmt.Sprintf("%s/%s@%d", r.Parent, r.Profile, r.Start)
}

// A ContainerReport is one of Kelvin's containers on the host.
type ContainerReport struct {
	LeaseID    string `json:"lease_id"`
	InstanceID string `json:"instance_id"`
	Epoch      int64  `json:"epoch"`
	Running    bool   `json:"running"`
	ExitCode   int    `json:"exit_code"`
	OOMKilled  bool   `json:"oom_killed"`
	LastLines  string `json:"last_lines,omitempty"` // of its log, of a worker's that ended
	Fenced     bool   `json:"fenced"`               // the agent stopped it for want of a lease
	// AccessLost says that it runs and cannot open its GPUs any more: it is to be made again.
	AccessLost bool `json:"access_lost,omitempty"`
}

// A HostOrder is the answer to a HostReport: how long the lease holds, and what belongs on
// the host. A container that no lease here names, or one of an older epoch, is an orphan,
// and the agent removes it once it has been one for OrphanGrace.
type HostOrder struct {
	HostID string       `json:"host_id"`
	TTL    Duration     `json:"ttl"`
	Leases []LeaseOrder `json:"leases"`
	Now    time.Time    `json:"now"`
	Grace  Duration     `json:"grace"`           // OrphanGrace
	Every  Duration     `json:"every"`           // how often to report
	Scrub  []string     `json:"scrub,omitempty"` // UUIDs of GPUs that nobody has and that are not free before they are scrubbed
}

// A LeaseOrder is one lease that a host has.
type LeaseOrder struct {
	LeaseID    string `json:"lease_id"`
	InstanceID string `json:"instance_id"`
	Epoch      int64  `json:"epoch"`
	// Run says that the instance is settled and running: its container, if the agent had
	// stopped it for want of a lease, is started again. While an operation is open the
	// agent leaves the container to it.
	Run bool `json:"run"`
	// Halt says that the instance lives elsewhere by now, and this container must not run:
	// its agent was dead when the others took over, and stopped nothing. What lies there is
	// kept.
	Halt bool `json:"halt,omitempty"`
}

// The lease of a host. Expiry, not a timeout of Temporal's, is the truth about a host.
const (
	LeaseEvery  = 5 * time.Second  // how often an agent renews
	LeaseTTL    = 15 * time.Second // how long a renewal holds; past it the agent fences itself
	LeaseGrace  = 5 * time.Second  // beyond TTL, for skewed clocks, before others take over
	OrphanGrace = 30 * time.Second // how long a container may be without a record
)

// A ContainerSpec is all a host needs to make an instance's container. It goes from the
// record to the agent directly, not through Temporal, whose histories are no place for
// the secrets in Env.
type ContainerSpec struct {
	Lease      Lease        `json:"lease"`
	AccountID  string       `json:"account_id"`
	EndpointID string       `json:"endpoint_id,omitempty"`
	Name       string       `json:"name"`
	Spec       InstanceSpec `json:"spec"`
	GPUs       []GPUReport  `json:"gpus"`
	Simulated  bool         `json:"simulated"` // its GPUs are
	Ports      []Published  `json:"ports"`
	ImageID    string       `json:"image_id,omitempty"` // the image to make it from, whatever Spec.Image is by now; empty: that

	Templates []Installation `json:"templates,omitempty"`
}

// A CollectOrder answers an agent that offers to clear up its data center's archive.
type CollectOrder struct {
	Collect   bool     `json:"collect"`   // it is this host's turn
	Snapshots []string `json:"snapshots"` // those to keep
}

// CollectEvery is how often an archive is cleared up.
const CollectEvery = time.Hour
