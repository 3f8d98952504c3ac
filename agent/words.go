package agent

import (
	"context"
	"time"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/machine"
)

// readWords is how long a report may take to read the last lines of containers that ended: the
// lease must not wait for them.
const readWords = time.Second

// finalWords are the last lines of workers whose containers have ended, by lease: the record
// keeps them with the cause, for the containers are gone soon.
type finalWords map[string]ending

type ending struct {
	ended time.Time
	lines string
}

// of reads those of the containers that have ended since, and forgets those that are gone.
func (w finalWords) of(ctx context.Context, m machine.Machine, containers []machine.Container) {
	ctx, cancel := context.WithTimeout(ctx, readWords)
	defer cancel()
	there := map[string]bool{}
	for _, c := range containers {
		if c.Running || c.EndpointID == "" || c.EndedAt.IsZero() {
			continue // a server's log stays with it
		}
		there[c.LeaseID] = true
		if before, ok := w[c.LeaseID]; ok && before.ended.Equal(c.EndedAt) || ctx.Err() != nil {
			continue
		}
		w[c.LeaseID] = ending{c.EndedAt, activities.LastLines(ctx, m, c.LeaseID)}
	}
	for lease := range w {
		if !there[lease] {
			delete(w, lease)
		}
	}
}
