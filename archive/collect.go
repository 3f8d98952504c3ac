package archive

import (
	"context"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Collected says what a collection removed.
type Collected struct {
	Snapshots int   `json:"snapshots"`
	Images    int   `json:"images"`
	Bytes     int64 `json:"bytes"` // of contents that nothing needs any more; the storage shrinks a day or so later
}

// Collect drops the snapshots that are not in keep and the images that no snapshot names, and
// then what only they needed. Nothing younger than grace is touched, so that what is being
// saved, and has no record yet, stays. If another agent is collecting, it does nothing.
func (a *Archive) Collect(ctx context.Context, keep map[string]bool, grace time.Duration) (Collected, error) {
	return Collected{}, fleet.Errorf(fleet.Unsupported, "not yet")
}
