package fleet

import (
	"strings"
	"time"
)

// A Snapshot is an instance's data and root filesystem in the archive. Its row is written
// before anything is saved under its ID: what no row names, the archive may forget.
type Snapshot struct {
	ID          string
	AccountID   string
	InstanceID  string
	DataCenter  string // in whose archive it is
	OperationID string // that takes it; empty for one that was taken beside operations
	Kind        SnapshotKind
	State       SnapshotState
	ImageID     string // the image of its container
	Bytes       int64  // of data and root filesystem, without the image
	Files       int64
	CreatedAt   time.Time
	SavedAt     time.Time // when it was whole; it shows the data as of then
	ExpiresAt   time.Time // when it may be forgotten; zero: not by itself
}

// SnapshotKind is what a snapshot is for.
type SnapshotKind string

// The kinds of snapshots.
const (
	SnapshotFreeze  SnapshotKind = "freeze"  // all there is of a frozen instance
	SnapshotMigrate SnapshotKind = "migrate" // on its way to another host
	SnapshotSafety  SnapshotKind = "safety"  // taken before a reset or terminate, to undo it
	SnapshotAuto    SnapshotKind = "auto"    // taken on the instance's interval
	SnapshotManual  SnapshotKind = "manual"  // taken because somebody asked
)

// SnapshotState is how far a snapshot is.
type SnapshotState string

// The states of a snapshot.
const (
	SnapshotSaving SnapshotState = "saving" // it may be in parts, or not there at all
	SnapshotReady  SnapshotState = "ready"  // whole, and verified
)

// SnapshotID names the snapshot that an operation takes.
func SnapshotID(operationID string) string {
	return SnapshotPrefix + strings.TrimPrefix(operationID, OperationPrefix)
}

// What a stopped instance keeps besides its data.
const (
	HoldReserved = "reserved" // GPUs and ports: it is back in seconds
	HoldNone     = "none"     // nothing: a start places it anew
)

// What becomes of a server whose host is lost.
const (
	RecoverAuto = "auto" // it is recovered from its newest snapshot, if there is one
	RecoverWait = "wait" // it waits for its host, or for its owner
)

// How long a snapshot is kept that undoes a reset or a terminate.
const (
	DefaultKeep = Duration(7 * 24 * time.Hour)
	MaxKeep     = Duration(90 * 24 * time.Hour)
)

// MinSnapshotEvery is the shortest interval of automatic snapshots.
const MinSnapshotEvery = Duration(5 * time.Minute)

// KeepAutoSnapshots is how many automatic snapshots of an instance are kept.
const KeepAutoSnapshots = 2
