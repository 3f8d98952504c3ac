package agent

import (
	"context"
	"errors"
	"time"
)

// collectEvery is how often an agent offers to clear up the archive. The server takes one
// offer in a while in each data center.
const collectEvery = 10 * time.Minute

// CollectGrace is how old something in the archive must be before it is removed when no record
// names it: longer than the longest operation, which may be saving what no snapshot holds yet.
const CollectGrace = 24 * time.Hour

// collect clears up the archive when it is this host's turn: what no record names goes, and so do
// logs that are too old.
func (a *Agent) collect(ctx context.Context) error {
	for a.Archive != nil && sleep(ctx, collectEvery) {
		if !a.Leased() {
			continue
		}
		order, err := a.Server.Collect(ctx)
		if err == nil && order.Collect {
			keep := make(map[string]bool, len(order.Snapshots))
			for _, id := range order.Snapshots {
				keep[id] = true
			}
			done, cerr := a.Archive.Collect(ctx, keep, CollectGrace)
			if err = cerr; err == nil {
				a.Logger.InfoContext(ctx, "archive cleared up", "host", a.HostID, "result", done)
			}
			if a.keeper != nil {
				err = errors.Join(err, a.keeper.prune(ctx))
			}
		}
		if err != nil && ctx.Err() == nil {
			a.Logger.WarnContext(ctx, "archive not cleared up", "host", a.HostID, "error", err)
		}
	}
	return nil
}
