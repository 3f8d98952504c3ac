package fleet

import "time"

// A DataCenter is a named place with hosts and a gateway. Its name is part of every URL of
// its endpoints and servers.
type DataCenter struct {
	Name string
	// GatewayURL is where its endpoints and servers are reached, with %s for the label of each:
	// http://%s.us-east.localhost:8081.
	GatewayURL string
}

// HostState is what a host is good for.
type HostState string

// The states of a host.
const (
	HostReady    HostState = "ready"    // its agent renews the lease
	HostLost     HostState = "lost"     // the lease expired
	HostCordoned HostState = "cordoned" // it runs what it runs, and gets nothing new
	HostDraining HostState = "draining" // cordoned, and what it runs is moved away
	HostDrained  HostState = "drained"  // cordoned, and nothing lives there any more
	HostJoining  HostState = "joining"  // it is known, and has never been heard of
	HostRetired  HostState = "retired"  // for good: its token is void, and its GPUs are gone

	HostPreempted HostState = "preempted" // its provider takes it away: it gets nothing new, and what it runs is replaced
	HostWarned    HostState = "warned"    // its provider may do that soon: likewise, but without hurry
)

// HostStates are all of them.
var HostStates = []HostState{HostReady, HostLost, HostCordoned, HostDraining, HostDrained, HostJoining, HostRetired, HostPreempted, HostWarned}

// A Host is a machine with GPUs that runs our agent.
type Host struct {
	ID         string
	Name       string
	DataCenter string
	Address    string // where gateways reach the ports of its containers
	State      HostState
	Version    string // of its agent
	Machine    string // the driver: docker or sim
	Simulated  bool   // its GPUs are declared, not found
	Market     Market
	Provider   string // who sells it: aws, gcp, …; empty: nobody said
	Zone       string // of the provider
	GPUType    string // of its first GPU
	Notice     Notice // that it is taken away
	PortFirst  int    // the range of ports it publishes containers on
	PortLast   int
	Disk       Disk
	Archives   bool      // it can save and restore instances
	GPUAccess  GPUAccess // how its containers get GPUs; "": it never said
	SeenAt     time.Time // the last renewal of its lease
	ExpiresAt  time.Time // when its lease ends unless renewed
	CreatedAt  time.Time
	RetiredAt  time.Time
	GPUs       []GPU
}

// Pool names the pool that the host comes from, by provider, type of GPU and zone: what is
// taken away is taken away in pools.
func (h *Host) Pool() string { return h.Provider + "/" + h.GPUType + "/" + h.Zone }

// Disk is the space where a host keeps images and data, in bytes.
type Disk struct {
	Total int64 `json:"total"`
	Free  int64 `json:"free"`
}

// GPUState is what a GPU is doing.
type GPUState string

// The states of a GPU. Reserved and assigned belong to a lease. Testing, scrubbing and
// resetting do, too, or nobody has the GPU: it is made fit for the next one.
const (
	GPUFree        GPUState = "free"
	GPUReserved    GPUState = "reserved" // a lease has it; nothing runs on it yet
	GPUTesting     GPUState = "testing"
	GPUAssigned    GPUState = "assigned" // an instance runs on it
	GPUScrubbing   GPUState = "scrubbing"
	GPUResetting   GPUState = "resetting"
	GPUQuarantined GPUState = "quarantined" // it failed; nobody gets it
	GPULost        GPUState = "lost"        // its host does not report it, or is lost
)

// GPUStates are all of them.
var GPUStates = []GPUState{GPUFree, GPUReserved, GPUTesting, GPUAssigned, GPUScrubbing, GPUResetting, GPUQuarantined, GPULost}

// A GPU is one device, or one MIG slice, of a host.
type GPU struct {
	ID         string
	HostID     string
	Index      int
	UUID       string // the driver's name for it
	Serial     string
	Type       string // a100-80gb
	MemoryMB   int64
	State      GPUState
	Since      time.Time // it is in this state
	Dirty      bool      // a lease had it since it was last scrubbed
	Score      int       // 0 to ScoreFull, by its last verdict; see Standing
	Probation  time.Time // until then it is watched closely; zero: it is not
	Rule       string    // of the verdict that quarantined it
	Reason     string    // of a quarantine
	Product    string    // as its driver names it
	Driver     string    // its version
	BusID      string
	Parent     string // of a MIG slice: UUID of its device
	Profile    string // of a slice: 3g.40gb
	Start      int    // of a slice's placement
	Size       int    // of a slice's placement
	Simulated  bool
	LeaseID    string // who has it
	InstanceID string
}

// How well a GPU stands: among those that fit, the better ones are handed out first.
const (
	ScoreFull      = 100
	ScoreProbation = 80 // at most, on probation
	ScoreDegraded  = 50 // its last verdict was a pass with reservations
	ScoreNone      = 0  // quarantined
)

// Probation is how long a GPU is on probation that had to be reset.
const Probation = 7 * 24 * time.Hour

// Standing is its score now.
func (g *GPU) Standing(now time.Time) int {
	switch {
	case g.State == GPUQuarantined:
		return ScoreNone
	case now.Before(g.Probation):
		return min(g.Score, ScoreProbation)
	default:
		return g.Score
	}
}

// Device is the UUID of the whole device.
func (g *GPU) Device() string { return g.report().Device() }

// Identity is what the GPU is known by for ever, wherever it turns up.
func (g *GPU) Identity() string { return g.report().Identity() }

func (g *GPU) report() GPUReport {
	return GPUReport{UUID: g.UUID, Parent: g.Parent, Profile: g.Profile, Start: g.Start}
}

// A Lease is the right of an instance to some GPUs and ports of a host, written down before
// anything is made there. It bears the ID of the operation that asked for it, and so do
// container and data. The host renews its lease over HTTP; when it cannot, it stops what it
// runs under them, and clears up before it works again.
type Lease struct {
	ID         string
	InstanceID string
	HostID     string
	Epoch      int64 // one more with every placement; a host refuses a lower one
	Expired    bool  // the host did not renew its lease in time
	Bare       bool  // it has no GPUs and no ports: only data lies there
	Kept       bool  // the instance lives elsewhere; what lies there is for its owner to decide
}

// Kept is the data of an instance that lies where it does not live any more: it was recovered
// elsewhere, from a snapshot that may be older. It stays there until its owner lets go of it.
type Kept struct {
	LeaseID string
	HostID  string
	Since   time.Time
}

// An Address is a port of a server's container and the TCP port of its data center's
// gateways where it is always reached, whichever host the server lives on.
type Address struct {
	Container int
	Port      int
}

// Published is a port of a container and the port of its host where it is reached.
type Published struct {
	Container int `json:"container" doc:"Port inside the container"`
	Host      int `json:"host" doc:"Port on the host"`
}
