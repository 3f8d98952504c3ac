package archive

import (
	"context"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Trees are the directories of an instance, by name: "data" is its disk, "root" the changed
// part of its root filesystem.
type Trees map[string]string

// Snapshot names what is saved.
type Snapshot struct {
	ID         string `json:"id"` // snp_…
	InstanceID string `json:"instance_id"`
	ImageID    string `json:"image_id"` // the image below the root tree, kept as long as the snapshot
}

// Info is a snapshot that the archive has.
type Info struct {
	Snapshot

	SavedAt time.Time // the end of its last pass
	Bytes   int64     // content of its files, holes left out
	Files   int64     // everything with a name: files, directories, links, devices
}

// Saving says what to save, and how.
type Saving struct {
	Trees Trees

	// Stopped promises that nothing changes the trees meanwhile. Then a file that does is an
	// error (Unavailable: stop it and save again); else it is saved as it was found, counted in
	// Saved.Changed, and read again by the next pass.
	Stopped bool

	RateLimit int64 // bytes of files per second; 0: only the archive's own limit
	Progress  func(Progress)
}

// Saved says what a pass did.
type Saved struct {
	Bytes     int64         `json:"bytes"`      // content of all files, holes left out
	Files     int64         `json:"files"`      // everything with a name
	BytesRead int64         `json:"bytes_read"` // what was read of it: changed since this host last looked
	BytesNew  int64         `json:"bytes_new"`  // what the storage grew by, compressed
	Changed   int64         `json:"changed"`    // files that changed or vanished while they were read
	Took      time.Duration `json:"took"`
}

// Save keeps the trees under s.ID. The same ID again is the next pass: it replaces the last one
// when it is complete, and reads only the files that changed since this host last saved or
// restored the same directories. After a crash it goes on where it was.
func (a *Archive) Save(ctx context.Context, s Snapshot, o Saving) (Saved, error) {
	return Saved{}, fleet.Errorf(fleet.Unsupported, "not yet")
}

// Verified says what was read to verify a snapshot.
type Verified struct {
	Bytes int64         `json:"bytes"`
	Took  time.Duration `json:"took"`
}

// Verify reads all that a snapshot consists of, its image included, and compares it with the
// hashes it was saved under. Damage is a Conflict. With it the storage is told to keep what it
// has (a directory is synced), so it belongs before any deletion of the original.
func (a *Archive) Verify(ctx context.Context, id string, progress func(Progress)) (Verified, error) {
	return Verified{}, fleet.Errorf(fleet.Unsupported, "not yet")
}

// Restoring says where to restore a snapshot to, and how.
type Restoring struct {
	Trees     Trees // all of the snapshot's trees, or some; directories that are not there are made
	RateLimit int64 // bytes of files per second; 0: only the archive's own limit
	Progress  func(Progress)
}

// Restored says what a restore did.
type Restored struct {
	Bytes        int64         `json:"bytes"`         // content of all files, holes left out
	Files        int64         `json:"files"`         // everything with a name
	BytesFetched int64         `json:"bytes_fetched"` // what was read from the archive
	FilesChanged int64         `json:"files_changed"` // made, written, changed or removed
	Took         time.Duration `json:"took"`
}

// Restore makes the directories equal to the snapshot: only what differs is written, and what
// the snapshot does not have is deleted. Nothing may use the directories meanwhile. It never
// follows a link out of them.
func (a *Archive) Restore(ctx context.Context, id string, o Restoring) (Restored, error) {
	return Restored{}, fleet.Errorf(fleet.Unsupported, "not yet")
}

// Compare reads the directories and reports the first differences to the snapshot, in content,
// metadata or links, as a Conflict. What Compare has read before and has not changed since is
// not read again. In the end the directories are synced to the disk: after Compare the
// original may go.
func (a *Archive) Compare(ctx context.Context, id string, trees Trees, progress func(Progress)) error {
	return fleet.Errorf(fleet.Unsupported, "not yet")
}

// Find returns what the archive knows of a snapshot, or NotFound.
func (a *Archive) Find(ctx context.Context, id string) (Info, error) {
	return Info{}, fleet.Errorf(fleet.Unsupported, "not yet")
}

// Drop forgets a snapshot; one that is not there is fine. Collect frees its space later.
func (a *Archive) Drop(ctx context.Context, id string) error {
	return fleet.Errorf(fleet.Unsupported, "not yet")
}
