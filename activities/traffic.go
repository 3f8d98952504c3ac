package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// pollEvery is how often a waiting step looks at the record.
const pollEvery = 50 * time.Millisecond

// A Drain is a wait for the requests in flight of an instance that takes no new ones.
type Drain struct {
	Claim Claim
	Limit fleet.Duration // past it they are cut
}

// Drained is how a drain ended.
type Drained struct {
	Cut int // requests that were still in flight at the limit
}

// HoldTraffic takes the instance out of the routes: it gets no new requests, and keeps
// those in flight.
func (c *Control) HoldTraffic(ctx context.Context, in Claim) error {
	return c.Store.HoldTraffic(ctx, in.OperationID, in.ResourceID)
}

// ReleaseTraffic takes back this operation's hold.
func (c *Control) ReleaseTraffic(ctx context.Context, in Claim) error {
	return c.Store.ReleaseTraffic(ctx, in.OperationID, in.ResourceID)
}

// AwaitDrained waits until every gateway has confirmed that the instance gets no new
// requests and has none in flight, or until the limit.
func (c *Control) AwaitDrained(ctx context.Context, in Drain) (Drained, error) {
	limit := time.Now().Add(time.Duration(in.Limit))
	for {
		d, err := c.Store.Drained(ctx, in.Claim.ResourceID)
		switch {
		case err != nil:
			return Drained{}, err
		case d.Empty:
			return Drained{}, nil
		case !time.Now().Before(limit):
			return Drained{Cut: d.InFlight}, nil
		}
		Report(ctx, fleet.Progress{Message: fmt.Sprintf("%d requests in flight", d.InFlight)})
		if err := pause(ctx, pollEvery); err != nil {
			return Drained{}, err
		}
	}
}

// pause waits, or returns why it should not.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
