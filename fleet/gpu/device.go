package gpu

import "time"

// A Device is one GPU of a host, as its driver lists it.
type Device struct {
	Index    int     `json:"index"`
	UUID     string  `json:"uuid"`
	Serial   string  `json:"serial,omitempty"`
	BusID    string  `json:"bus_id"`
	Minor    int     `json:"minor"` // of /dev/nvidia<minor>
	Product  string  `json:"product"`
	Type     string  `json:"type"` // Kelvin's name for it: a100-80gb
	MemoryMB int64   `json:"memory_mb"`
	Driver   string  `json:"driver"`
	NUMA     int     `json:"numa"` // node; -1: unknown
	MIG      bool    `json:"mig"`
	Slices   []Slice `json:"slices,omitempty"` // with MIG
	Links    []Link  `json:"links,omitempty"`  // to other GPUs of the host
}

// A Slice is one MIG device. Its UUID is another after it was made again: profile and
// placement are what it is known by.
type Slice struct {
	UUID     string `json:"uuid"`
	Profile  string `json:"profile"`   // 3g.40gb
	Start    int    `json:"start"`     // of its placement, in memory slices
	Size     int    `json:"size"`      // of its placement
	MemoryMB int64  `json:"memory_mb"` //
}

// A Link is how a GPU reaches another one of its host.
type Link struct {
	Peer    string `json:"peer"`              // its UUID
	NVLinks int    `json:"nvlinks,omitempty"` // directly between both, or through the switch
	Path    string `json:"path"`              // over PCI: internal, single, multiple, hostbridge, node, system
}

// An Event is what a GPU's driver reported by itself.
type Event struct {
	At      time.Time `json:"at"`
	UUID    string    `json:"uuid"`
	Kind    EventKind `json:"kind"`
	LeaseID string    `json:"lease_id,omitempty" doc:"Of the container it befell"`
	Xid     int       `json:"xid,omitempty" doc:"NVIDIA's number for what went wrong"`
	Message string    `json:"message,omitempty"`
	Source  string    `json:"source" enum:"nvml,kernel,agent,simulated" doc:"Who told"`
}

// EventKind is what an event tells.
type EventKind string

// The kinds of events.
const (
	EventXid            EventKind = "xid"
	EventCorrected      EventKind = "corrected"       // an error was corrected
	EventCorrectedStorm EventKind = "corrected_storm" // many were
	EventUncorrected    EventKind = "uncorrected"
	EventRetired        EventKind = "retired"          // a page or row is to be replaced
	EventRetireFailed   EventKind = "retire_failed"    // it could not be
	EventUnavailable    EventKind = "unavailable"      // the driver has lost the GPU
	EventRecovery       EventKind = "recovery_changed" // what the driver wants done
	EventAccessLost     EventKind = "access_lost"      // a container cannot open its GPU any more
)

// A Holder is a process that has a GPU open.
type Holder struct {
	PID         int    `json:"pid"`
	Command     string `json:"command,omitempty"`
	MemoryBytes uint64 `json:"memory_bytes,omitempty" doc:"Of the GPU; 0: unknown"`
	Container   string `json:"container,omitempty" doc:"The engine's ID of the container it is in"`
	LeaseID     string `json:"lease_id,omitempty" doc:"If the container is one of Kelvin's"`
	Monitor     bool   `json:"monitor,omitempty" doc:"It only watches the GPU: in the way of a reset, of nothing else"`
}
