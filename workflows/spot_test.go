package workflows_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine/sim"
	"github.com/kelvin-gpu/kelvin/store"
	"github.com/kelvin-gpu/kelvin/workflows"
)

// markets makes the world's second host one of a spot pool, and adds one of another pool. The
// first is on-demand.
func (w *world) markets(provider string) (onDemand, near, far string) {
	w.Helper()
	_, third, err := w.store.CreateHost(w.Context(), "host-2", "us-east")
	require.NoError(w, err)
	w.hosts = append(append([]string{}, w.hosts...), third.ID)
	host := sim.NewHost(sim.Options{})
	w.Cleanup(host.Close)
	w.simulated = append(w.simulated, host)
	w.machines[third.ID] = host.Open(third.ID)
	w.gpu[third.ID], err = sim.NewGPUs(sim.GPUOptions{Devices: sim.DevicesOf(declared(third.ID)), Seconds: 1e-6})
	require.NoError(w, err)
	w.sold = map[string]fleet.HostReport{
		w.hosts[1]: {Market: fleet.Spot, Provider: provider, Zone: "near"},
		w.hosts[2]: {Market: fleet.Spot, Provider: provider, Zone: "zfar"},
	}
	w.renew(w.hosts[1])
	w.renew(w.hosts[2])
	return w.hosts[0], w.hosts[1], w.hosts[2]
}

// onSpot makes an endpoint that may use spot hosts, and the environment of its autoscaler.
// The record follows the clock of that.
func (w *world) onSpot(active, most int, spot fleet.SpotSpec) (string, *testsuite.TestWorkflowEnvironment) {
	w.Helper()
	spot.Market = fleet.Spot
	spec := fleet.EndpointSpec{Image: "kelvin/echo", ActiveWorkers: active, MaxWorkers: most, ProbePath: "/healthz", Spot: spot}.Defaults()
	rec, _, err := w.store.CreateEndpoint(w.Context(), w.ask(), "mine", spec)
	require.NoError(w, err)
	_, _, err = w.store.BeginEndpoint(w.Context(), rec.ID)
	require.NoError(w, err)
	require.NoError(w, w.store.EndOperation(w.Context(), store.Ending{OperationID: rec.ID, Outcome: fleet.Done}))
	env := w.environment()
	env.SetTestTimeout(2 * time.Minute)
	return rec.ResourceID, env
}

// stage runs an endpoint's autoscaler through what happens at some seconds. The record's
// clock follows, and hosts that are there renew their leases.
type stage struct {
	*world
	env  *testsuite.TestWorkflowEnvironment
	id   string
	gone map[string]bool // hosts that are silent
}

func (s *stage) at(second int, do func()) {
	s.env.RegisterDelayedCallback(func() {
		s.tick()
		do()
	}, time.Duration(second)*time.Second)
}

// tick brings the record to the time of the autoscaler.
func (s *stage) tick() {
	s.skew.Store(int64(time.Until(s.env.Now())))
	for _, id := range s.hosts {
		if !s.gone[id] {
			s.renew(id)
		}
	}
}

func (s *stage) wake() { s.env.SignalWorkflow(workflows.Wake, nil) }

// where are the endpoint's workers that answer, by host.
func (s *stage) where() map[string]int {
	all, err := s.store.Workers(s.Context(), s.id)
	require.NoError(s, err)
	at := map[string]int{}
	for _, w := range all {
		if w.Ready {
			at[w.Home.HostID]++
		}
	}
	return at
}

// run runs it until a second.
func (s *stage) run(until int) {
	for second := 1; second < until; second++ { // clock and leases go on
		s.env.RegisterDelayedCallback(s.tick, time.Duration(second)*time.Second-time.Millisecond)
	}
	s.at(until, s.env.CancelWorkflow)
	s.env.ExecuteWorkflow(workflows.AutoscaleEndpoint, workflows.Autoscaling{AccountID: s.account, EndpointID: s.id})
	require.True(s, s.env.IsWorkflowCompleted())
}

func mustStage(t *testing.T, provider string, active, most int, spot fleet.SpotSpec) (s *stage, onDemand, near, far string) {
	w := newWorld(t)
	onDemand, near, far = w.markets(provider)
	id, env := w.onSpot(active, most, spot)
	return &stage{w, env, id, map[string]bool{}}, onDemand, near, far
}

func notice(left time.Duration) fleet.NoticeReport {
	return fleet.NoticeReport{Kind: fleet.NoticePreempt, Source: fleet.NoticeAWS, Left: fleet.Duration(left)}
}

// A pool is taken away with notice: its workers are replaced at once in another one, which
// serves by the time that theirs is over. The pool that lost them gets none for a while.
func TestWorkersOfAPoolThatIsTakenAwayAreReplacedAtOnce(t *testing.T) {
	t.Parallel()
	s, onDemand, near, far := mustStage(t, "aws", 3, 3, fleet.SpotSpec{})
	s.at(60, func() {
		at := s.where()
		require.Equal(t, 3, at[near]+at[far], "all are spot")
		require.Zero(t, at[onDemand])
		require.Positive(t, at[near], "and spread")
		require.Positive(t, at[far])
	})
	s.at(61, func() {
		changes, err := s.store.NoteNotice(t.Context(), near, "", notice(2*time.Minute))
		require.NoError(t, err)
		require.Equal(t, []string{s.id}, changes.Endpoints)
		s.wake()
	})
	s.at(63, func() {
		at := s.where()
		require.Zero(t, at[near], "within two seconds")
		require.GreaterOrEqual(t, at[far]+at[onDemand], 3)
		all, err := s.store.Workers(t.Context(), s.id)
		require.NoError(t, err)
		for _, worker := range all {
			require.False(t, worker.Notice.Given(), "nobody is left there")
		}
	})
	s.run(80)
	decisions, err := s.store.ListScaleDecisions(t.Context(), s.account, s.id, store.Page{})
	require.NoError(t, err)
	said := map[string]bool{}
	for _, d := range decisions {
		for _, v := range d.Votes {
			said[v.Rule] = true
		}
	}
	require.True(t, said["spot: fallback"] && said["pool aws/a100-80gb/near"], "%v", said)
	counts, err := s.store.Counts(t.Context())
	require.NoError(t, err)
	acted := int64(0)
	for _, tally := range counts.Tallies {
		if tally.Metric == store.TallyActions {
			acted += tally.Count
		}
	}
	require.Positive(t, acted, "the time to the replacements was measured")
}

// Without a spot place on-demand workers stand in; they go when spot has been back for two
// minutes, and not before.
func TestOnDemandStandsInUntilSpotIsBack(t *testing.T) {
	t.Parallel()
	s, onDemand, near, far := mustStage(t, "runpod", 2, 2, fleet.SpotSpec{})
	s.at(60, func() { at := s.where(); require.Equal(t, 2, at[near]+at[far]) })
	s.at(61, func() { // both pools go silent
		s.gone[near], s.gone[far] = true, true
	})
	s.at(83, func() {
		lost, err := s.store.ExpireHosts(t.Context())
		require.NoError(t, err)
		require.Len(t, lost.Hosts, 2)
		require.Equal(t, []string{s.id}, lost.Endpoints)
		s.wake()
	})
	s.at(85, func() { require.Equal(t, map[string]int{onDemand: 2}, s.where()) })
	s.at(300, func() { // after the risk window
		s.gone = map[string]bool{}
		s.tick()
		s.wake()
	})
	s.at(302, s.wake) // as the operations do when they end
	s.at(360, func() {
		at := s.where()
		require.Equal(t, 2, at[near]+at[far], "spot is back")
		require.Equal(t, 2, at[onDemand], "but has not proven itself")
	})
	s.at(560, func() { at := s.where(); require.Equal(t, 2, at[near]+at[far]); require.Zero(t, at[onDemand]) })
	s.run(561)
}

// The base is on-demand whatever happens, and an endpoint that is not asked for spot, or not
// any more, has none.
func TestTheBaseIsOnDemand(t *testing.T) {
	t.Parallel()
	s, onDemand, near, far := mustStage(t, "aws", 3, 3, fleet.SpotSpec{BaseOnDemand: 1})
	s.at(60, func() {
		at := s.where()
		require.Equal(t, 1, at[onDemand])
		require.Equal(t, 2, at[near]+at[far])
	})
	s.at(61, func() {
		rec, _, err := s.store.UpdateEndpoint(t.Context(), s.ask(), s.id, "", func(spec fleet.EndpointSpec) (fleet.EndpointSpec, error) {
			spec.Spot = fleet.SpotSpec{}
			return spec, nil
		})
		require.NoError(t, err)
		require.NoError(t, s.store.SetRevision(t.Context(), s.id, rec.Params.Revision))
		require.NoError(t, s.store.EndOperation(t.Context(), store.Ending{OperationID: rec.ID, Outcome: fleet.Done}))
		s.wake()
	})
	s.at(200, func() { require.Equal(t, map[string]int{onDemand: 3}, s.where()) })
	s.run(201)
}

// The last ones that serve go on until another one does.
func TestTheLastWorkersServeUntilTheyAreReplaced(t *testing.T) {
	t.Parallel()
	s, onDemand, near, far := mustStage(t, "gcp", 1, 1, fleet.SpotSpec{})
	var first string
	s.at(60, func() {
		all, err := s.store.Workers(t.Context(), s.id)
		require.NoError(t, err)
		require.Len(t, all, 1)
		first = all[0].Home.HostID
		require.Equal(t, fleet.Spot, all[0].Market)
		changes, err := s.store.NoteNotice(t.Context(), first, "", notice(25*time.Second))
		require.NoError(t, err)
		require.Equal(t, []string{s.id}, changes.Endpoints)
		require.Equal(t, 1, s.where()[first], "nobody else serves")
		s.wake()
	})
	s.at(62, s.wake) // as the operation does when it ends
	s.at(65, func() {
		at := s.where()
		require.Zero(t, at[first])
		require.Equal(t, 1, at[onDemand]+at[near]+at[far])
	})
	s.run(80)
}

func TestServersOnHostsThatAreTakenAwayAreMoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, near, far := w.markets("aws")
	w.spec.Market = fleet.Spot
	id := w.server(fleet.Running)
	from, to := w.home(id), far
	if from == far {
		to = near
	}
	monitor := &workflows.Monitor{Store: w.store, Client: w.operations(), Logger: slog.New(slog.DiscardHandler)}
	require.NoError(t, monitor.Look(t.Context()))
	require.Equal(t, from, w.home(id))
	_, err := w.store.NoteNotice(t.Context(), from, "", notice(2*time.Minute))
	require.NoError(t, err)
	require.NoError(t, monitor.Look(t.Context()))
	require.NoError(t, w.err)
	require.Equal(t, to, w.home(id))
	w.requireState(id, fleet.Running)
	events, err := w.store.ListEvents(t.Context(), w.account, store.EventFilter{ResourceID: id})
	require.NoError(t, err)
	var names []string
	for _, e := range events {
		names = append(names, e.Name)
	}
	require.Contains(t, names, "instance.preempted")
	require.NoError(t, monitor.Look(t.Context()), "once is enough")
}

// A host that is taken away does not wait for a server that has just been started again.
func TestAMonitorLooksAfterDoomedHostsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, near, far := w.markets("aws")
	w.spec.Market = fleet.Spot
	id := w.server(fleet.Running)
	from, to := w.home(id), far
	if from == far {
		to = near
	}
	_, err := w.store.NoteNotice(t.Context(), from, "", notice(2*time.Minute))
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), fleet.LeaseTTL)
	defer cancel()
	monitor := &workflows.Monitor{Store: w.store, Client: w.operations(), Logger: slog.New(slog.DiscardHandler), Every: 10 * time.Millisecond}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		monitor.Run(ctx)
	}()
	for ctx.Err() == nil {
		if inst, err := w.store.Instance(t.Context(), id); err == nil && inst.State == fleet.Running && inst.Home.HostID == to {
			cancel()
		}
		time.Sleep(10 * time.Millisecond)
	}
	<-ended
	require.Equal(t, to, w.home(id))
}
