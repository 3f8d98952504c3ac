package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// DrainShift is how long DrainHost works before it answers, so that a drain of days does
// not hold one step for days.
const DrainShift = 10 * time.Minute

// rewake is how often an autoscaler is reminded of workers that leave.
const rewake = 30 * time.Second

// DrainHost has what lives on a host leave, a few at a time, and reports whether that is
// over: nothing is left, or nobody wants it any more. All it knows is in the record.
func (c *Control) DrainHost(ctx context.Context, hostID string) (over bool, err error) {
	woken := map[string]time.Time{} // by endpoint
	for began := time.Now(); time.Since(began) < DrainShift; {
		drain, err := c.Store.HostDrain(ctx, hostID)
		if err != nil || !drain.Running() {
			return err == nil, err
		}
		if drain.Empty() {
			if err := c.Store.EndDrain(ctx, hostID); err != nil {
				return false, err
			}
			continue
		}
		for _, o := range drain.Next(c.Store.Now()) {
			if err := c.evict(ctx, hostID, o); err != nil {
				return false, err
			}
			delete(woken, o.EndpointID)
		}
		if err := c.remind(ctx, drain, woken); err != nil {
			return false, err
		}
		Report(ctx, fleet.Progress{
			Message: fmt.Sprintf("%d instances to go", len(drain.Left)),
			Done:    int64(max(0, drain.Total-len(drain.Left))), Total: int64(drain.Total),
		})
		if err := pause(ctx, 10*pollEvery); err != nil {
			return false, err
		}
	}
	return false, nil
}

// evict has one instance leave: a server migrates, and a worker is replaced.
func (c *Control) evict(ctx context.Context, hostID string, o fleet.Occupant) error {
	if o.EndpointID != "" {
		return c.Store.MarkLeaving(ctx, hostID, o.InstanceID)
	}
	// Under a key of the state it is in: repeated, it is the same request; after a move that
	// failed, it is another.
	key := fmt.Sprintf("%s:%s:%d", fleet.DrainID(hostID), o.InstanceID, o.Since.UnixMicro())
	rec, repeated, err := c.Store.Accept(ctx, store.Ask{AccountID: o.AccountID, Actor: fleet.DrainActor(hostID), Key: key}, fleet.KindInstance, o.InstanceID, fleet.Migrate.Name)
	if fleet.Is(err, fleet.Conflict) || fleet.Is(err, fleet.NotFound) {
		return nil // it changed meanwhile: the next look sees how
	}
	if err != nil {
		return err
	}
	if !repeated {
		c.start(ctx, rec)
	}
	return nil
}

// remind wakes the autoscalers whose workers are to leave. A word that was lost costs half
// a minute.
func (c *Control) remind(ctx context.Context, drain fleet.HostDrain, woken map[string]time.Time) error {
	for _, o := range drain.Left {
		// One that was marked just now is not in what was read before: it is woken next time.
		if o.EndpointID == "" || o.LeavingAt.IsZero() || !o.Serving || time.Since(woken[o.EndpointID]) < rewake {
			continue
		}
		woken[o.EndpointID] = time.Now()
		if err := c.Operations.Wake(ctx, o.EndpointID); err != nil {
			return err
		}
	}
	return nil
}
