package workflows

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/autoscale"
	"github.com/kelvin-gpu/kelvin/store"
)

const (
	evaluatorRole = "evaluator"
	// evaluatorTTL is how long a leader that fell silent is waited for.
	evaluatorTTL = 5 * time.Second
	// Signals are sent by so many at a time, and so many may wait: Temporal being slow must
	// not hold up the next look. One that finds no room is due again at once.
	signallers, signalsWaiting = 8, 4096
	signalTimeout              = 5 * time.Second
	// The same answer is given again, in case the word was lost or the autoscaler saw
	// otherwise, after a second, and then ever more seldom.
	againFirst, againMost = time.Second, time.Minute
)

// Observer is who is told that a decision may change.
type Observer interface {
	// Observe tells an endpoint's autoscaler of its load. Not running is no error.
	Observe(ctx context.Context, endpointID string, o Observation) error
	// Wake has it look again.
	Wake(ctx context.Context, endpointID string) error
}

// Observation is an endpoint's load as the evaluator sees it. Seq only rises: what is older
// than the last that was heard is ignored, so a second evaluator does no harm.
type Observation struct {
	Seq  int64
	Load autoscale.Load
}

// Evaluator adds up, each second, what all gateways report of all endpoints, and tells an
// endpoint's autoscaler when another number of workers may be right. Any number of
// processes may run one: the record says which of them leads.
type Evaluator struct {
	Store    *store.Store
	Observer Observer
	Logger   *slog.Logger
	Holder   string        // names this process
	Every    time.Duration // between two looks; default 1 s
	Metrics  *EvaluatorMetrics

	term      int64
	looks     int64 // of this term
	sums      sums
	endpoints map[string]*evaluated
	looked    time.Time
	forgot    time.Time

	once    sync.Once
	signals chan signal
	saving  atomic.Bool
	wakes   wakes
}

// evaluated is what the evaluator knows of one endpoint.
type evaluated struct {
	meter    autoscale.Meter
	options  autoscale.Options
	state    autoscale.State
	revision int
	version  int64 // of state
	charted  charted
	told     told
	figures  figures
	mark     int64 // the look that saw it last
}

// told is the answer that was given last.
type told struct {
	total int
	times int
	until time.Time // when it is given again
}

// A signal is an Observation; with Seq 0, a Wake.
type signal struct {
	endpointID string
	Observation
}

// Run looks every second until ctx ends, whenever this process leads.
func (v *Evaluator) Run(ctx context.Context) {
	every := v.Every
	if every == 0 {
		every = time.Second
	}
	var sent sync.WaitGroup
	for range signallers {
		sent.Go(func() { v.send(ctx) })
	}
	defer sent.Wait()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := v.Look(ctx); err != nil && ctx.Err() == nil {
			v.Logger.WarnContext(ctx, "evaluator", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	if v.term > 0 {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), signalTimeout)
		defer cancel()
		if err := v.Store.Resign(last, evaluatorRole, v.Holder); err != nil {
			v.Logger.WarnContext(ctx, "evaluator's lead not given back", "error", err)
		}
	}
}

// Look is one pass over all endpoints, if this process leads.
func (v *Evaluator) Look(ctx context.Context) error {
	term, err := v.Store.Lead(ctx, evaluatorRole, v.Holder, evaluatorTTL)
	if err != nil {
		return err
	}
	if term != v.term { // what was seen before has a gap
		v.term, v.looks, v.sums, v.endpoints, v.looked = term, 0, sums{}, nil, time.Time{}
	}
	v.Metrics.leads(term > 0)
	if term == 0 {
		return nil
	}
	began := time.Now()
	err = v.look(ctx)
	v.Metrics.looked(time.Since(began), v.endpoints)
	return err
}

func (v *Evaluator) look(ctx context.Context) error {
	watch, err := v.Store.Watch(ctx)
	if err != nil {
		return err
	}
	if err := v.learn(ctx, watch.Endpoints); err != nil {
		return err
	}
	now := v.Store.Now()
	seconds := min(now.Sub(v.looked).Seconds(), 10*time.Second.Seconds())
	if v.looked.IsZero() {
		seconds = 1
	}
	v.looked = now
	v.looks++
	happened, whole := v.sums.add(watch.Gateways, now)
	var points []store.EndpointPoint
	for _, w := range watch.Endpoints {
		e, ok := v.endpoints[w.ID]
		if !ok {
			continue // it was not there a moment ago
		}
		e.mark = v.looks
		h := happened[w.ID]
		if h == nil {
			h = &seen{}
		}
		h.At, h.Whole = now, whole[w.DataCenter]
		e.meter.Add(h.Sample)
		v.judge(w, e, now)
		desired := w.Ready + w.Starting
		if e.state.Begun() {
			desired = e.state.Total
		}
		e.figures = figures{desired, w.Ready, w.Starting, h.InFlight, h.Queued}
		if point, ok := e.charted.add(w.ID, h, w, desired, now, seconds); ok {
			points = append(points, point)
		}
	}
	for id, e := range v.endpoints {
		if e.mark != v.looks {
			delete(v.endpoints, id)
		}
	}
	v.save(ctx, points, now)
	return nil
}

// judge tells an endpoint's autoscaler when it would decide otherwise now.
func (v *Evaluator) judge(w store.Watched, e *evaluated, now time.Time) {
	if !e.state.Begun() {
		return // its autoscaler is about to look for the first time
	}
	load := e.meter.Load(e.options)
	total, _ := autoscale.Total(e.options, e.state, load, autoscale.Count{Ready: w.Ready, Starting: w.Starting}, now)
	switch {
	case total == e.state.Total:
		e.told = told{}
		return
	case total == e.told.total && e.told.times > 0 && now.Before(e.told.until):
		return
	case total != e.told.total:
		e.told = told{total: total}
	}
	if v.tell(w.ID, load) {
		e.told.until = now.Add(min(againFirst<<min(e.told.times, 10), againMost))
		e.told.times++
	}
}

// tell has a load signalled; false if too much waits to be.
func (v *Evaluator) tell(endpointID string, load autoscale.Load) bool {
	return v.put(signal{endpointID, Observation{Seq: v.term<<32 + v.looks, Load: load}})
}

func (v *Evaluator) put(s signal) bool {
	v.open()
	select {
	case v.signals <- s:
		return true
	default:
		v.Metrics.dropped()
		return false
	}
}

func (v *Evaluator) open() {
	v.once.Do(func() { v.signals = make(chan signal, signalsWaiting) })
}

// send sends what is to be told, until ctx ends.
func (v *Evaluator) send(ctx context.Context) {
	v.open()
	for {
		select {
		case <-ctx.Done():
			return
		case s := <-v.signals:
			v.deliver(ctx, s)
		}
	}
}

func (v *Evaluator) deliver(ctx context.Context, s signal) {
	limited, cancel := context.WithTimeout(ctx, signalTimeout)
	defer cancel()
	var err error
	if s.Seq == 0 {
		err = v.Observer.Wake(limited, s.endpointID)
	} else {
		err = v.Observer.Observe(limited, s.endpointID, s.Observation)
	}
	if err != nil && ctx.Err() == nil {
		v.Logger.WarnContext(ctx, "autoscaler not told", "endpoint", s.endpointID, "error", err)
	}
}

// learn reads the specs of endpoints that have another one now, and what autoscalers know
// that have changed something.
func (v *Evaluator) learn(ctx context.Context, watched []store.Watched) error {
	if v.endpoints == nil {
		v.endpoints = make(map[string]*evaluated, len(watched))
	}
	var ids []string
	for _, w := range watched {
		if e := v.endpoints[w.ID]; e == nil || e.revision != w.Revision || e.version != w.Scaling {
			ids = append(ids, w.ID)
		}
	}
	for len(ids) > 0 {
		n := min(len(ids), store.MaxLimit)
		all, err := v.Store.Rules(ctx, ids[:n])
		if err != nil {
			return err
		}
		for _, r := range all {
			if err := v.adopt(r); err != nil {
				v.Logger.WarnContext(ctx, "what an autoscaler knows cannot be read", "endpoint", r.ID, "error", err)
			}
		}
		ids = ids[n:]
	}
	return nil
}

func (v *Evaluator) adopt(r store.Rules) error {
	e := v.endpoints[r.ID]
	if e == nil {
		e = &evaluated{}
		v.endpoints[r.ID] = e
	}
	e.revision, e.options = r.Revision, autoscale.OptionsOf(r.Spec)
	if e.version == r.Scaling.Version {
		return nil
	}
	e.version, e.state = r.Scaling.Version, autoscale.State{}
	return json.Unmarshal(r.Scaling.State, &e.state)
}

// save keeps points for charts. It takes its time beside the looks; while it does, the next
// ones are left out.
func (v *Evaluator) save(ctx context.Context, points []store.EndpointPoint, now time.Time) {
	forget := now.Sub(v.forgot) > 10*time.Minute
	if len(points) == 0 && !forget || !v.saving.CompareAndSwap(false, true) {
		return
	}
	if forget {
		v.forgot = now
	}
	go func() {
		defer v.saving.Store(false)
		err := v.Store.SaveLoads(ctx, points)
		if forget {
			err = errors.Join(err, v.Store.ForgetLoads(ctx))
		}
		if err != nil && ctx.Err() == nil {
			v.Logger.WarnContext(ctx, "loads not kept", "error", err)
		}
	}()
}

// wakes remember which endpoints were woken of late, so that a queue that goes on is not
// said again with every report.
type wakes struct {
	mu    sync.Mutex
	last  map[string]told
	swept time.Time
}

// due reports whether an endpoint is to be woken.
func (w *wakes) due(id string, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last == nil {
		w.last = map[string]told{}
	}
	if now.Sub(w.swept) > againMost {
		w.swept = now
		for id, t := range w.last {
			if now.Sub(t.until) > againMost {
				delete(w.last, id)
			}
		}
	}
	t := w.last[id]
	if now.Before(t.until) {
		return false
	}
	if now.Sub(t.until) > againMost {
		t.times = 0
	}
	t.until = now.Add(min(againFirst<<min(t.times, 10), againMost))
	t.times++
	w.last[id] = t
	return true
}

// Reported wakes endpoints at which requests wait and none is served, without waiting for
// the next look. Every server calls it with the reports that come to it, leader or not.
func (v *Evaluator) Reported(r fleet.GatewayReport) {
	now := time.Now()
	for id, load := range r.Load {
		if load.Queued > 0 && load.InFlight == 0 && v.wakes.due(id, now) {
			v.put(signal{endpointID: id})
		}
	}
}
