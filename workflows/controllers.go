package workflows

import (
	"context"
	"log/slog"
	"time"

	"github.com/kelvin-gpu/kelvin/store"
)

// Controllers takes the controllers of data centers down when nothing has needed them for a
// while. Countdowns are in the record, and what is accepted ends them there: so any number of
// processes may run one, and none has to be up all the time.
type Controllers struct {
	Store  *store.Store
	Logger *slog.Logger
	Every  time.Duration // between two looks; default 2 s
}

// Run looks until ctx ends.
func (c *Controllers) Run(ctx context.Context) {
	every := c.Every
	if every == 0 {
		every = 2 * time.Second
	}
	for ctx.Err() == nil {
		stopped, err := c.Store.TendControllers(ctx)
		for _, dataCenter := range stopped {
			c.Logger.InfoContext(ctx, "controller stopped", "data_center", dataCenter, "actor", "autostop")
		}
		if err != nil && ctx.Err() == nil {
			c.Logger.WarnContext(ctx, "controllers", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(every):
		}
	}
}
