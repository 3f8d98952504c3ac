package activities

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/kelvin-gpu/kelvin/archive"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// A Copy is a snapshot at a host: taken from the container of a lease, or restored into it.
type Copy struct {
	Container
	SnapshotID string
	Stopped    bool  // nothing changes the files while they are saved
	RateLimit  int64 // bytes a second; 0: none
}

// Saved is what a snapshot holds, and what saving it cost.
type Saved struct {
	ImageID string
	Bytes   int64 // of data and root filesystem
	Files   int64
	Read    int64 // bytes: of files that changed since the last pass
	New     int64 // bytes by which the archive grew
}

// An Archive keeps snapshots and images: *archive.Archive.
type Archive interface {
	Save(ctx context.Context, s archive.Snapshot, o archive.Saving) (archive.Saved, error)
	Verify(ctx context.Context, id string, progress func(archive.Progress)) (archive.Verified, error)
	Restore(ctx context.Context, id string, o archive.Restoring) (archive.Restored, error)
	Compare(ctx context.Context, id string, trees archive.Trees, progress func(archive.Progress)) error
	Find(ctx context.Context, id string) (archive.Info, error)
	SaveImage(ctx context.Context, imageID string, open func() (io.ReadCloser, error), progress func(archive.Progress)) error
	OpenImage(ctx context.Context, imageID string) (io.ReadCloser, int64, error)
	Collect(ctx context.Context, keep map[string]bool, grace time.Duration) (archive.Collected, error)
}

// SaveSnapshot saves the files of the lease's container under the snapshot's ID, and its
// image, which the archive has only once. Again, it reads only what has changed.
func (h *Host) SaveSnapshot(ctx context.Context, in Copy) (Saved, error) {
	files, err := h.Machine.Files(ctx, in.Lease.ID)
	if err != nil {
		return Saved{}, err
	}
	open := func() (io.ReadCloser, error) { return h.Machine.SaveImage(ctx, files.ImageID) }
	if err := h.Archive.SaveImage(ctx, files.ImageID, open, progress(ctx)); err != nil {
		return Saved{}, fmt.Errorf("save the image: %w", err)
	}
	snap := archive.Snapshot{ID: in.SnapshotID, InstanceID: in.Lease.InstanceID, ImageID: files.ImageID}
	saved, err := h.Archive.Save(ctx, snap, archive.Saving{Trees: trees(files), Stopped: in.Stopped, RateLimit: in.RateLimit, Progress: progress(ctx)})
	if err != nil {
		return Saved{}, err
	}
	return Saved{ImageID: files.ImageID, Bytes: saved.Bytes, Files: saved.Files, Read: saved.BytesRead, New: saved.BytesNew}, nil
}

// VerifySnapshot reads all that the archive has of the snapshot, and compares it with its
// hashes.
func (h *Host) VerifySnapshot(ctx context.Context, in Copy) error {
	_, err := h.Archive.Verify(ctx, in.SnapshotID, progress(ctx))
	return err
}

// RestoreSnapshot makes the container of the lease, stopped, from the image that the snapshot
// was taken with, and gives it the snapshot's files. Again, it writes only what differs.
func (h *Host) RestoreSnapshot(ctx context.Context, in Copy) error {
	info, err := h.Archive.Find(ctx, in.SnapshotID)
	if err != nil {
		return err
	}
	if err := h.loadImage(ctx, info.ImageID); err != nil {
		return err
	}
	spec, err := h.Specs(ctx, in.Lease.ID)
	if err != nil {
		return fmt.Errorf("ask for the container's spec: %w", err)
	}
	spec.ImageID = info.ImageID
	if err := h.Machine.Create(ctx, spec); err != nil {
		return err
	}
	files, err := h.Machine.Files(ctx, in.Lease.ID)
	if err != nil {
		return err
	}
	_, err = h.Archive.Restore(ctx, in.SnapshotID, archive.Restoring{Trees: trees(files), RateLimit: in.RateLimit, Progress: progress(ctx)})
	return err
}

// loadImage makes an image present that the archive has.
func (h *Host) loadImage(ctx context.Context, imageID string) error {
	has, err := h.Machine.HasImage(ctx, imageID)
	if err != nil || has {
		return err
	}
	image, size, err := h.Archive.OpenImage(ctx, imageID)
	if err != nil {
		return err
	}
	defer image.Close()
	Report(ctx, fleet.Progress{Message: "loading the image", Total: size})
	return h.Machine.LoadImage(ctx, imageID, &counted{Reader: image, report: func(n int64) {
		Report(ctx, fleet.Progress{Message: "loading the image", Done: n, Total: size, Percent: min(100, 100*float64(n)/float64(max(size, 1)))})
	}})
}

// counted reports how much has been read.
type counted struct {
	io.Reader
	n      int64
	report func(int64)
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	c.report(c.n)
	return n, err
}

// CheckRestored compares the container's files with the snapshot, by content.
func (h *Host) CheckRestored(ctx context.Context, in Copy) error {
	files, err := h.Machine.Files(ctx, in.Lease.ID)
	if err != nil {
		return err
	}
	return h.Archive.Compare(ctx, in.SnapshotID, trees(files), progress(ctx))
}

// RemoveRestored removes the container with what was restored. It need not be there.
func (h *Host) RemoveRestored(ctx context.Context, in Copy) error {
	return h.Machine.Remove(ctx, in.Lease.ID)
}

// trees are the parts of a container's files that it has.
func trees(f machine.Files) archive.Trees {
	t := archive.Trees{}
	if f.Data != "" {
		t["data"] = f.Data
	}
	if f.Root != "" {
		t["root"] = f.Root
	}
	return t
}

func progress(ctx context.Context) func(archive.Progress) {
	return func(p archive.Progress) { Report(ctx, p.Step()) }
}
