package archive

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/object"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// An image is the manifest of one.
type image struct {
	ID      string    `json:"id"`
	Size    int64     `json:"size"`
	SavedAt time.Time `json:"saved_at"` // or wanted again
	Object  object.ID `json:"object"`
}

const (
	imageType  = "kelvin-image"
	imageLabel = "image"

	// renewAfter is the age at which an image that is wanted again counts as saved now, so that
	// it is not collected before a snapshot names it.
	renewAfter = 10 * time.Minute
)

func imageLabels(id string) map[string]string {
	return map[string]string{typeLabel: imageType, imageLabel: id}
}

func (a *Archive) findImage(ctx context.Context, id string) (image, error) {
	var i image
	if err := a.repo.Refresh(ctx); err != nil {
		return i, failed("look into the archive", err)
	}
	found, err := newest(ctx, a.repo, imageLabels(id), &i)
	if err == nil && !found {
		err = fleet.Errorf(fleet.NotFound, "the archive has no image %q", id)
	}
	return i, failed("find the image", err)
}

// HasImage reports whether the archive has an image.
func (a *Archive) HasImage(ctx context.Context, imageID string) (bool, error) {
	_, err := a.findImage(ctx, imageID)
	if fleet.Is(err, fleet.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// SaveImage keeps what open returns, a stream of `docker save`, as the image. If the archive has
// it already, open is not called. Layers that other images share are stored once.
func (a *Archive) SaveImage(ctx context.Context, imageID string, open func() (io.ReadCloser, error), progress func(Progress)) error {
	if imageID == "" {
		return fleet.Errorf(fleet.Invalid, "an image has an ID")
	}
	m := newMeter("saving the image", progress)
	defer m.end()
	i, err := a.findImage(ctx, imageID)
	switch {
	case err == nil && a.now().Sub(i.SavedAt) < renewAfter:
		return nil
	case err != nil && !fleet.Is(err, fleet.NotFound):
		return err
	}
	err = repo.WriteSession(ctx, a.repo, repo.WriteSessionOptions{Purpose: "image"}, func(ctx context.Context, w repo.RepositoryWriter) error {
		if i.ID == "" {
			if i.Object, err = a.writeImage(ctx, w, open, m); err != nil {
				return err
			}
			i.ID, i.Size = imageID, m.bytes.Load()
		}
		i.SavedAt = a.now().UTC()
		_, err := w.ReplaceManifests(ctx, imageLabels(imageID), i)
		return err
	})
	return failed("save the image", err)
}

// writeImage writes a stream. After a crash the stream is read again, but what the last attempt
// has stored is not stored twice.
func (a *Archive) writeImage(ctx context.Context, w repo.RepositoryWriter, open func() (io.ReadCloser, error), m *meter) (object.ID, error) {
	stream, err := open()
	if err != nil {
		return object.EmptyID, err
	}
	defer func() { _ = stream.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = stream.Close() }) // it may be waiting
	defer stop()
	o := w.NewObjectWriter(ctx, object.WriterOptions{
		Splitter: "DYNAMIC-4M-BUZHASH", Compressor: "s2-default", MetadataCompressor: "s2-default", AsyncWrites: workers(),
	})
	defer func() { _ = o.Close() }()
	var checkpoints sync.WaitGroup
	done := make(chan struct{})
	checkpoints.Go(func() {
		ticker := time.NewTicker(a.checkpoint)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				_ = w.Flush(ctx) // the last one counts, and reports
			case <-done:
				return
			}
		}
	})
	_, err = io.CopyBuffer(onlyWriter{o}, &metered{ctx, a, stream, m}, make([]byte, chunkSize))
	close(done)
	checkpoints.Wait()
	if ctx.Err() != nil {
		return object.EmptyID, ctx.Err()
	}
	if err != nil {
		return object.EmptyID, err
	}
	return o.Result()
}

type onlyWriter struct{ io.Writer }

// metered is a stream that is counted, and limited.
type metered struct {
	ctx    context.Context
	a      *Archive
	stream io.Reader
	meter  *meter
}

func (r *metered) Read(b []byte) (int, error) {
	n, err := r.stream.Read(b[:min(len(b), chunkSize)])
	r.meter.bytes.Add(int64(n))
	if err := wait(r.ctx, n, r.a.limiter); err != nil {
		return n, err
	}
	return n, err
}

// OpenImage returns an image's stream and its size, or NotFound.
func (a *Archive) OpenImage(ctx context.Context, imageID string) (io.ReadCloser, int64, error) {
	i, err := a.findImage(ctx, imageID)
	if err != nil {
		return nil, 0, err
	}
	r, err := a.repo.OpenObject(ctx, i.Object)
	if err != nil {
		return nil, 0, failed("open the image", err)
	}
	return r, i.Size, nil
}
