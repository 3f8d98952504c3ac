package archive

import (
	"context"
	"io"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// HasImage reports whether the archive has an image.
func (a *Archive) HasImage(ctx context.Context, imageID string) (bool, error) {
	return false, fleet.Errorf(fleet.Unsupported, "not yet")
}

// SaveImage keeps what open returns, a stream of `docker save`, as the image. If the archive has
// it already, open is not called.
func (a *Archive) SaveImage(ctx context.Context, imageID string, open func() (io.ReadCloser, error), progress func(Progress)) error {
	return fleet.Errorf(fleet.Unsupported, "not yet")
}

// OpenImage returns an image's stream and its size, or NotFound.
func (a *Archive) OpenImage(ctx context.Context, imageID string) (io.ReadCloser, int64, error) {
	return nil, 0, fleet.Errorf(fleet.Unsupported, "not yet")
}
