package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/autoscale"
	"github.com/kelvin-gpu/kelvin/fleet/spot"
	"github.com/kelvin-gpu/kelvin/store"
)

// An Endpoint is what an operation must know of the endpoint it moves.
type Endpoint struct {
	ID         string
	AccountID  string
	Was        fleet.State
	Active     int
	Revision   int // that it runs now
	Next       int // that an update moves it to
	Drain      fleet.Duration
	AcceptedAt time.Time // of the operation
}

// A Revision is a version of an endpoint's spec.
type Revision struct {
	EndpointID string
	Number     int
}

// A WorkersWait is a wait for an endpoint's workers.
type WorkersWait struct {
	EndpointID string
	Since      time.Time // failures before it are not this operation's
}

// BeginEndpoint confirms an operation's claim, and describes the endpoint.
func (c *Control) BeginEndpoint(ctx context.Context, in Claim) (Endpoint, error) {
	ep, rec, err := c.Store.BeginEndpoint(ctx, in.OperationID)
	if err != nil {
		return Endpoint{}, err
	}
	return Endpoint{
		ID: ep.ID, AccountID: ep.AccountID, Was: ep.Was, Active: ep.Spec.ActiveWorkers, Drain: ep.Spec.DrainTimeout,
		Revision: ep.Revision, Next: rec.Params.Revision, AcceptedAt: rec.AcceptedAt,
	}, nil
}

// StartAutoscaler makes sure that the endpoint's autoscaler runs.
func (c *Control) StartAutoscaler(ctx context.Context, in Claim) error {
	return c.Operations.StartAutoscaler(ctx, in.AccountID, in.ResourceID)
}

// StopAutoscaler ends it. No worker is made after that.
func (c *Control) StopAutoscaler(ctx context.Context, in Claim) error {
	return c.Operations.StopAutoscaler(ctx, in.ResourceID)
}

// WakeAutoscaler makes it look again now.
func (c *Control) WakeAutoscaler(ctx context.Context, in Claim) error {
	return c.Operations.Wake(ctx, in.ResourceID)
}

// SetRevision makes the endpoint run a revision of its spec.
func (c *Control) SetRevision(ctx context.Context, in Revision) error {
	return c.Store.SetRevision(ctx, in.EndpointID, in.Number)
}

// StopWorkers ends the autoscaler, then terminates every worker, and returns when none is
// left.
func (c *Control) StopWorkers(ctx context.Context, in Claim) error {
	if err := c.Operations.StopAutoscaler(ctx, in.ResourceID); err != nil {
		return err
	}
	most := 0
	for {
		workers, err := c.Store.Workers(ctx, in.ResourceID)
		if err != nil {
			return err
		}
		if len(workers) == 0 {
			return nil
		}
		for _, w := range workers {
			if err := c.terminate(ctx, in.OperationID, w); err != nil {
				return err
			}
		}
		most = max(most, len(workers))
		Report(ctx, fleet.Progress{Message: fmt.Sprintf("%d workers to go", len(workers)), Done: int64(most - len(workers)), Total: int64(most)})
		if err := pause(ctx, pollEvery); err != nil {
			return err
		}
	}
}

// terminate asks for a worker's end, under a key of who asks and of the state the worker
// is in: repeated, it is the same request; after an end that failed, it is another.
func (c *Control) terminate(ctx context.Context, by string, w fleet.Instance) error {
	if w.State == fleet.Terminating || w.NextID != "" {
		return nil
	}
	ask := store.Ask{AccountID: w.AccountID, Actor: "autoscaler", Key: fmt.Sprintf("%s:terminate:%s:%d", by, w.ID, w.Since.UnixMicro())}
	rec, _, err := c.Store.Accept(ctx, ask, fleet.KindInstance, w.ID, fleet.Terminate.Name)
	if fleet.Is(err, fleet.Conflict) || fleet.Is(err, fleet.NotFound) {
		return nil // it changed meanwhile: whoever waits for its end looks again
	}
	if err != nil {
		return err
	}
	c.start(ctx, rec)
	return nil
}

// start starts an accepted operation now rather than at the outbox's next look.
func (c *Control) start(ctx context.Context, rec fleet.Record) {
	if err := c.Operations.Start(ctx, rec); err != nil && !fleet.Is(err, fleet.Unavailable) {
		c.Logger.WarnContext(ctx, "operation not started, the outbox will", "operation", rec.ID, "error", err)
	}
}

// AwaitWorkers waits until as many workers of the endpoint's revision are ready as it
// keeps active, none of an older one is left, and every gateway knows them. What the load
// wants beyond that is not waited for: with none active, none is. It fails with
// the workers' own error when they fail to start for a reason that waiting does not mend.
func (c *Control) AwaitWorkers(ctx context.Context, in WorkersWait) error {
	_, err := c.awaitWorkers(ctx, in, false)
	return err
}

func (c *Control) awaitWorkers(ctx context.Context, in WorkersWait, pausable bool) (RolledOut, error) {
	for {
		ep, err := c.Store.Endpoint(ctx, in.EndpointID)
		if err != nil {
			return RolledOut{}, err
		}
		if pausable && !ep.PausedAt.IsZero() {
			return RolledOut{Paused: true}, nil
		}
		workers, err := c.Store.Workers(ctx, in.EndpointID)
		if err != nil {
			return RolledOut{}, err
		}
		ready, old := 0, 0
		for _, w := range workers {
			switch {
			case !ep.Runs(&w):
				old++
			case w.Ready:
				ready++
			}
		}
		want := ep.Spec.ActiveWorkers
		if ready >= want && old == 0 {
			return RolledOut{}, c.awaitRoutes(ctx, ep.Spec.DataCenter)
		}
		p := fleet.Progress{Message: fmt.Sprintf("%d of %d workers ready", ready, want), Done: int64(ready), Total: int64(want)}
		if old > 0 {
			total := max(want, ready+old)
			p = fleet.Progress{Message: fmt.Sprintf("%d of %d workers on revision %d", ready, total, ep.Revision), Done: int64(ready), Total: int64(total)}
		}
		mishaps, err := c.Store.MishapsSince(ctx, in.EndpointID, in.Since)
		if err != nil {
			return RolledOut{}, err
		}
		if n := len(mishaps); n > 0 {
			p.Message += fmt.Sprintf("; the last failure (%s): %s", mishaps[n-1].Cause.Word(false), mishaps[n-1].Message)
		}
		if err := fleet.Hopeless(mishaps); err != nil {
			return RolledOut{}, err
		}
		Report(ctx, p)
		if err := pause(ctx, pollEvery); err != nil {
			return RolledOut{}, err
		}
	}
}

// awaitRoutes waits until the gateways follow the routes as they are now, so that a request
// sent after the operation is done finds the workers.
func (c *Control) awaitRoutes(ctx context.Context, dataCenter string) error {
	version, err := c.Store.RoutesVersion(ctx, dataCenter)
	if err != nil {
		return err
	}
	for range int(5 * time.Second / pollEvery) { // a gateway that is slower catches up by itself
		ok, err := c.Store.RoutesFollowed(ctx, dataCenter, version)
		if ok || err != nil {
			return err
		}
		if err := pause(ctx, pollEvery); err != nil {
			return err
		}
	}
	return nil
}

// AwaitIdle waits until no worker of a closed endpoint has a request in flight, or until
// the limit. New requests have been refused since the operation was accepted.
func (c *Control) AwaitIdle(ctx context.Context, in Drain) (Drained, error) {
	ep, err := c.Store.Endpoint(ctx, in.Claim.ResourceID)
	if err != nil {
		return Drained{}, err
	}
	limit := ep.Since.Add(time.Duration(in.Limit))
	if err := c.awaitRoutes(ctx, ep.Spec.DataCenter); err != nil {
		return Drained{}, err
	}
	for {
		workers, err := c.Store.Workers(ctx, ep.ID)
		if err != nil {
			return Drained{}, err
		}
		inflight := 0
		for _, w := range workers {
			d, err := c.Store.Drained(ctx, w.ID)
			if err != nil {
				return Drained{}, err
			}
			inflight += d.InFlight
		}
		if inflight == 0 || !time.Now().Before(limit) {
			return Drained{Cut: inflight}, nil
		}
		Report(ctx, fleet.Progress{Message: fmt.Sprintf("%d requests in flight", inflight)})
		if err := pause(ctx, pollEvery); err != nil {
			return Drained{}, err
		}
	}
}

// Observation is what an autoscaler sees.
type Observation struct {
	Started bool // the endpoint is: otherwise the autoscaler ends
	autoscale.Observed
	Options  autoscale.Options
	InFlight int      // requests at workers now, as the gateways reported last
	Queued   int      // requests that wait for one
	Known    bool     // all live gateways have reported just now
	Spot     *spot.In // what package spot decides by, but for Now and Want; nil: nothing is spot
}

// ObserveEndpoint looks at the endpoint and its workers.
func (c *Control) ObserveEndpoint(ctx context.Context, endpointID string) (Observation, error) {
	ep, err := c.Store.Endpoint(ctx, endpointID)
	if err != nil {
		return Observation{}, err
	}
	workers, err := c.Store.Workers(ctx, endpointID)
	if err != nil {
		return Observation{}, err
	}
	traffic, err := c.Store.Traffic(ctx, endpointID)
	if err != nil {
		return Observation{}, err
	}
	o := Observation{
		Started: ep.Serving(), Options: autoscale.OptionsOf(ep.Spec),
		InFlight: traffic.InFlight, Queued: traffic.Queued, Known: traffic.Known,
	}
	o.Active, o.Max, o.Revision = ep.Spec.ActiveWorkers, ep.Spec.MaxWorkers, ep.Revision
	older, err := c.Store.Older(ctx, ep.ID)
	if err != nil {
		return Observation{}, err
	}
	if older != nil {
		o.Unproved, o.Older = ep.PausedAt.IsZero(), holdoffOf(older.Trouble)
	}
	if o.Holdoff, err = c.holdoff(ctx, ep, o.Older); err != nil {
		return Observation{}, err
	}
	o.Paused, o.Shaky = !ep.PausedAt.IsZero(), ep.Trouble != nil && ep.Trouble.Cause != fleet.NoCapacity
	for _, w := range workers {
		revision := w.Revision
		if ep.Runs(&w) {
			revision = ep.Revision
			o.Unproved = o.Unproved && !w.Ready // one of before is like it
		}
		o.Workers = append(o.Workers, autoscale.Worker{ID: w.ID, State: w.State, Revision: revision, Ready: w.Ready, Since: w.Since, Leaving: w.Leaving, InFlight: traffic.Workers[w.ID], Doomed: w.Notice.Preempts(), Cut: w.Notice.Cut()})
	}
	if o.Spot, err = c.observeSpot(ctx, ep, workers, traffic.Workers); err != nil {
		return Observation{}, err
	}
	if o.Spot != nil && ep.Trouble != nil && ep.Trouble.Capacity { // the pools without room are left alone; others need not be
		o.Holdoff = autoscale.Holdoff{}
	}
	if o.Spot != nil && older != nil && older.Trouble != nil && older.Trouble.Capacity {
		o.Older = autoscale.Holdoff{}
	}
	return o, nil
}

// holdoff is how long no worker is to be made because those before it failed. older is that of
// the revision before the newest.
func (c *Control) holdoff(ctx context.Context, ep fleet.Endpoint, older autoscale.Holdoff) (autoscale.Holdoff, error) {
	if !ep.PausedAt.IsZero() { // those that are made meanwhile may be others than those that failed
		revision, _, err := c.Store.Makes(ctx, ep.ID)
		if err != nil || revision != ep.Revision {
			return older, err
		}
	}
	if t := ep.Trouble; t != nil && t.Capacity { // held up by nothing else: there may be some again
		if back, err := c.Store.Regained(ctx, ep.ID); back || err != nil {
			return autoscale.Holdoff{}, err
		}
	}
	return holdoffOf(ep.Trouble), nil
}

func holdoffOf(t *fleet.Trouble) autoscale.Holdoff {
	if t == nil {
		return autoscale.Holdoff{}
	}
	why := t.Word()
	if t.Times > 1 {
		why += fmt.Sprintf(", %d times", t.Times)
	}
	return autoscale.Holdoff{Until: t.Until, Why: why}
}

// Scale is a decision to carry out.
type Scale struct {
	EndpointID string
	Key        string // of the decision: carried out again, it makes nothing again
	Create     int
	Older      int    `json:",omitempty"` // of those, the first: of the revision before the newest
	Makes      []Make // where those to be made are; those beyond it are on-demand, anywhere
	Remove     []string
	Decision   fleet.ScaleDecision // for people
	Known      Known
}

// Known is what an autoscaler knows, for the evaluator and for people.
type Known struct {
	EndpointID string
	State      autoscale.State
	Rule       string
	Reason     string
}

// SaveScaling notes what an autoscaler knows.
func (c *Control) SaveScaling(ctx context.Context, in Known) error {
	state, err := json.Marshal(in.State)
	if err != nil {
		return err
	}
	return c.Store.SaveScaling(ctx, store.Scaling{EndpointID: in.EndpointID, Desired: in.State.Total, Rule: in.Rule, Reason: in.Reason, State: state})
}

// ScaleEndpoint stores a decision, and has the workers made and terminated that it names.
func (c *Control) ScaleEndpoint(ctx context.Context, in Scale) error {
	ep, err := c.Store.Endpoint(ctx, in.EndpointID)
	if err != nil {
		return err
	}
	if in.Known.State.Begun() {
		if err := c.Store.SaveScaleDecision(ctx, in.Key, in.Decision); err != nil {
			return err
		}
		if err := c.SaveScaling(ctx, in.Known); err != nil {
			return err
		}
	}
	revision, spec, err := c.Store.Makes(ctx, ep.ID)
	if err != nil {
		return err
	}
	var older *fleet.Endpoint
	if in.Older > 0 {
		if older, err = c.Store.Older(ctx, ep.ID); err != nil {
			return err
		}
	}
	for i := range in.Create {
		key := fmt.Sprintf("%s:create:%d", in.Key, i)
		w := store.NewInstance{Name: workerName(ep, key), Spec: spec.Worker(), EndpointID: ep.ID, Revision: revision}
		if i < in.Older && older != nil { // else the newest has been ready meanwhile, or is withdrawn
			w.Spec, w.Revision = older.Spec.Worker(), older.Revision
		}
		if i < len(in.Makes) {
			w.Spec.Market, w.Pools = in.Makes[i].Market, in.Makes[i].Pools
		}
		rec, _, err := c.Store.CreateInstance(ctx, store.Ask{AccountID: ep.AccountID, Actor: "autoscaler", Key: key}, w)
		if err != nil {
			return fmt.Errorf("create worker: %w", err)
		}
		c.start(ctx, rec)
	}
	if in.Create > 0 {
		if err := c.Store.NoteReplaced(ctx, ep.ID); err != nil {
			return err
		}
	}
	for _, id := range in.Remove {
		w, err := c.Store.Instance(ctx, id)
		if err != nil {
			return err
		}
		if err := c.terminate(ctx, in.Key, w); err != nil {
			return fmt.Errorf("terminate worker: %w", err)
		}
	}
	return nil
}

// workerName is the endpoint's name and four letters that tell its workers apart.
func workerName(ep fleet.Endpoint, key string) string {
	id := fleet.OperationID(ep.AccountID, key)
	name := []rune(ep.Name)
	return string(name[:min(len(name), fleet.MaxName-5)]) + "-" + id[len(id)-4:]
}
