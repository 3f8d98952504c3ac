package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine/sim"
	"github.com/kelvin-gpu/kelvin/store"
	"github.com/kelvin-gpu/kelvin/workflows"
)

// A revision whose workers cannot start, for whatever reason, never takes the old ones down: it
// is taken back, and says why.
func TestARevisionThatCannotBeIsTakenBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault     sim.Fault
		behaviour sim.Behaviour
		cause     fleet.Cause
		code      fleet.Code
		lines     string
	}{
		"its image is not there":   {fault: sim.Fault{Verb: "Pull", Image: "kelvin/echo:bad", Code: fleet.NotFound, Message: "manifest unknown"}, cause: fleet.PullError, code: fleet.NotFound},
		"the disk is full":         {fault: sim.Fault{Verb: "Pull", Image: "kelvin/echo:bad", Code: fleet.Exhausted, Message: "no space left on device"}, cause: fleet.PullError, code: fleet.Unhealthy},
		"it crashes":               {behaviour: sim.Behaviour{Image: "kelvin/echo:bad", StartDelay: fleet.Duration(time.Hour), ExitAfter: fleet.Duration(time.Millisecond), ExitCode: 3}, cause: fleet.Crash, code: fleet.Unhealthy},
		"it uses too much memory":  {behaviour: sim.Behaviour{Image: "kelvin/echo:bad", StartDelay: fleet.Duration(time.Hour), ExitAfter: fleet.Duration(time.Millisecond), OutOfMemory: true}, cause: fleet.OutOfMemory, code: fleet.Unhealthy},
		"it never answers":         {behaviour: sim.Behaviour{Image: "kelvin/echo:bad", NeverReady: true}, cause: fleet.FailingProbe, code: fleet.Unhealthy},
		"its host cannot start it": {fault: sim.Fault{Verb: "Start", Image: "kelvin/echo:bad", Code: fleet.Unsupported, Message: "no runtime"}, cause: fleet.HostError, code: fleet.Unsupported},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.endpoint(fleet.Running)
			before := w.endpointPicture(id)
			for _, host := range w.simulated {
				if c.fault.Verb != "" {
					host.Inject(c.fault)
				}
				if c.behaviour.Image != "" {
					host.Behave(c.behaviour)
				}
			}
			rec, _, err := w.store.UpdateEndpoint(t.Context(), w.ask(), id, "", func(s fleet.EndpointSpec) (fleet.EndpointSpec, error) {
				s.Image, s.StartTimeout = "kelvin/echo:bad", fleet.Duration(time.Second)
				return s, nil
			})
			require.NoError(t, err)
			err = w.start(rec)
			require.Equal(t, c.code, fleet.CodeOf(err), "%v", err)
			require.Equal(t, before, w.endpointPicture(id), "the old ones serve")
			mishaps, err := w.store.Mishaps(t.Context(), w.account, store.MishapFilter{EndpointID: id})
			require.NoError(t, err)
			require.NotEmpty(t, mishaps)
			for _, m := range mishaps {
				require.Equal(t, c.cause, m.Cause, m.Message)
				require.Equal(t, 2, m.Revision)
			}
			ep, err := w.store.Endpoint(t.Context(), id)
			require.NoError(t, err)
			require.Nil(t, ep.Trouble, "what runs is in none")
			one, err := w.store.Revision(t.Context(), w.account, id, 2)
			require.NoError(t, err)
			require.Equal(t, fleet.RevisionWithdrawn, one.State)
			require.Equal(t, c.code, one.Code)
		})
	}
}

// Temporal ends a workflow that takes too long without undoing anything: a roll-out that is
// paused for as long as it may be is not too long.
func TestAPausedRollOutIsNotCutShort(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.endpoint(fleet.Running)
	rec, _, err := w.store.UpdateEndpoint(t.Context(), w.ask(), id, "", func(s fleet.EndpointSpec) (fleet.EndpointSpec, error) {
		s.ActiveWorkers = 1
		return s, nil
	})
	require.NoError(t, err)
	require.NoError(t, w.start(rec))
	require.Greater(t, w.may, fleet.PauseLimit+fleet.UpdateEndpoint.Limit)
}

// The clock of a roll-out stands still while it is paused, and goes on after that.
func TestAPausedRollOutHasItsLimitStill(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ before, paused, limit time.Duration }{
		"within the limit": {30 * time.Minute, time.Hour, 3 * time.Hour},
		"up to it":         {30 * time.Minute, 90 * time.Minute, 210 * time.Minute},
		"beyond it":        {30 * time.Minute, 100 * time.Hour, 102 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newWorld(t).environment()
			env.RegisterWorkflow(workflows.Resting)
			began := env.Now()
			env.ExecuteWorkflow(workflows.Resting, c.before, c.paused)
			require.True(t, temporal.IsCanceledError(env.GetWorkflowError()), "%v", env.GetWorkflowError())
			require.InDelta(t, c.limit.Hours(), env.Now().Sub(began).Hours(), .01)
		})
	}
}

// Hosts go while a revision is rolled out that cannot be: as many workers serve as before, of the
// older revision, and one of the newer goes on being tried. When one of it can be, all are.
func TestWhatIsLostInARollOutIsReplacedByWhatServed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ spot, notice bool }{
		"a host is lost":                 {},
		"a host is taken away":           {notice: true},
		"a host of a pool is lost":       {spot: true},
		"a host of a pool is taken away": {spot: true, notice: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s *stage
			if c.spot {
				s, _, _, _ = mustStage(t, "aws", 3, 5, fleet.SpotSpec{})
			} else {
				w := newWorld(t)
				id, env := w.scaled(3, 5)
				env.SetTestTimeout(2 * time.Minute)
				s = &stage{w, env, id, map[string]bool{}}
			}
			for _, host := range s.simulated {
				host.Behave(sim.Behaviour{Image: "kelvin/echo:bad", StartDelay: fleet.Duration(time.Hour), ExitAfter: fleet.Duration(time.Millisecond), ExitCode: 3})
			}
			serving := func() map[int]int {
				all, err := s.store.Workers(t.Context(), s.id)
				require.NoError(t, err)
				count := map[int]int{}
				for _, w := range all {
					if w.Ready && !w.Notice.Given() {
						count[w.Revision]++
					}
				}
				return count
			}
			tried := func() int {
				all, err := s.store.Mishaps(t.Context(), s.account, store.MishapFilter{EndpointID: s.id})
				require.NoError(t, err)
				return len(all)
			}
			var rec fleet.Record
			move := func(image string) {
				var err error
				rec, _, err = s.store.UpdateEndpoint(t.Context(), s.ask(), s.id, "", func(e fleet.EndpointSpec) (fleet.EndpointSpec, error) {
					e.Image = image
					return e, nil
				})
				require.NoError(t, err)
				_, _, err = s.store.BeginEndpoint(t.Context(), rec.ID)
				require.NoError(t, err)
				require.NoError(t, s.store.SetRevision(t.Context(), s.id, rec.Params.Revision))
				s.wake()
			}
			s.at(60, func() { require.Equal(t, map[int]int{1: 3}, serving()) })
			s.at(61, func() { move("kelvin/echo:bad") })
			s.at(62, func() {
				require.Positive(t, tried())
				all, err := s.store.Workers(t.Context(), s.id)
				require.NoError(t, err)
				host := all[0].Home.HostID
				if c.notice {
					_, err := s.store.NoteNotice(t.Context(), host, "", notice(30*time.Second))
					require.NoError(t, err)
					s.wake()
					return
				}
				s.gone[host] = true
			})
			if !c.notice {
				s.at(84, func() {
					lost, err := s.store.ExpireHosts(t.Context())
					require.NoError(t, err)
					require.Len(t, lost.Hosts, 1)
					require.Less(t, serving()[1], 3)
					s.wake()
				})
			}
			before := 0
			s.at(90, func() {
				require.Equal(t, map[int]int{1: 3}, serving(), "those that are made up for")
				before = tried()
			})
			s.at(200, func() {
				require.Equal(t, map[int]int{1: 3}, serving(), "however long it lasts")
				require.Greater(t, tried(), before, "and the new one is tried still")
				require.NoError(t, s.store.SetRevision(t.Context(), s.id, 1))
				require.NoError(t, s.store.EndOperation(t.Context(), store.Ending{OperationID: rec.ID, Outcome: fleet.Undone, Code: fleet.Unhealthy, Message: "crash loop"}))
				move("kelvin/echo:good")
			})
			for second := 92; second < 280; second += 2 {
				s.at(second, s.wake) // as the operations do when they end
			}
			s.at(280, func() { require.Equal(t, map[int]int{3: 3}, serving()) })
			s.run(281)
			decisions, err := s.store.ListScaleDecisions(t.Context(), s.account, s.id, store.Page{Limit: store.MaxLimit})
			require.NoError(t, err)
			for _, d := range decisions {
				require.LessOrEqual(t, d.Create, 4, d.Reason)
			}
		})
	}
}
