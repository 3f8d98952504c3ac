package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestAProspectIsWhatPlacementWouldFindAndTakesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		home := mustHost(t, s, 4)
		inst := mustServer(t, s, a, 2)
		require.Equal(t, home.ID, inst.Home.HostID)
		look := func(p Placing) Prospect {
			p.InstanceID = inst.ID
			found, err := s.Prospect(t.Context(), a.ID, p)
			require.NoError(t, err)
			return found
		}
		found := look(Placing{HostID: home.ID})
		require.Zero(t, found.Choice)
		require.Contains(t, found.Shortage, "not there, not ready, or not to be used")
		require.Equal(t, inst.Ports, found.Last)
		require.EqualValues(t, -1, found.Bytes, "nobody knows")

		other := mustHost(t, s, 2)
		found = look(Placing{HostID: other.ID})
		require.Empty(t, found.Shortage)
		require.GreaterOrEqual(t, found.Places, 2, "its own host has room for one more")
		require.Equal(t, found, look(Placing{HostID: other.ID}), "nothing was taken")
		rec := mustAccept(t, s, inst, "migrate")
		lease, err := s.PlaceAs(t.Context(), Placing{LeaseID: rec.ID, InstanceID: inst.ID, HostID: other.ID})
		require.NoError(t, err)
		require.Equal(t, found.Choice.HostID, lease.HostID)
		require.NoError(t, s.ReturnLease(t.Context(), lease.ID))
		_, err = s.Queue(t.Context(), rec.ID)
		require.NoError(t, err)
		waiting := look(Placing{}).Waiting
		require.NoError(t, s.EndOperation(t.Context(), Ending{OperationID: rec.ID, Outcome: fleet.Done, Moved: 7000, Downtime: time.Second}))
		require.Equal(t, waiting-1, look(Placing{}).Waiting)
		require.EqualValues(t, 7000, look(Placing{}).Bytes)
		require.Equal(t, rec.ID, look(Placing{}).Source)

		snap := mustSnapshot(t, s, inst, fleet.SnapshotManual)
		require.EqualValues(t, 1000, look(Placing{}).Bytes)
		require.Equal(t, snap.ID, look(Placing{}).Source)
		_, err = s.Prospect(t.Context(), mustAccount(t, s).ID, Placing{InstanceID: inst.ID})
		requireCode(t, fleet.NotFound, err)
	})
}

func TestHistoryIsOfThoseThatAreDone(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		mustHost(t, s, 8)
		inst := mustServer(t, s, a, 0)
		for i := range 3 {
			rec := mustAccept(t, s, inst, "restart")
			begun := s.Now()
			step := fleet.Step{Name: "StopContainer", Title: "stop container", State: fleet.StepDone, StartedAt: begun, EndedAt: begun.Add(time.Second)}
			require.NoError(t, s.SaveSteps(t.Context(), rec.ID, "", []fleet.Step{step}))
			now.advance(time.Duration(i+1) * time.Second)
			e := Ending{OperationID: rec.ID, Outcome: fleet.Done, Downtime: 300 * time.Millisecond, Moved: int64(i)}
			if i == 2 {
				e.Outcome, e.Code = fleet.Undone, fleet.Timeout
			}
			require.NoError(t, s.EndOperation(t.Context(), e))
		}
		all, err := s.History(t.Context(), fleet.KindInstance, "restart")
		require.NoError(t, err)
		history := all.Of(inst.ID)
		require.Len(t, history, 2)
		require.Equal(t, 2*time.Second, history[0].Took, "the newest first")
		require.Equal(t, time.Second, history[1].Took)
		require.EqualValues(t, 1, history[0].Moved)
		require.Equal(t, 300*time.Millisecond, history[0].Downtime)
		require.Equal(t, "StopContainer", history[0].Steps[0].Name)
		none, err := s.History(t.Context(), fleet.KindInstance, "none")
		require.NoError(t, err)
		require.Empty(t, none)
	})
}

func TestListsShowTheStepsOfWhatIsOpen(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		inst := mustServer(t, s, a, 1)
		rec := mustAccept(t, s, inst, "migrate")
		require.NoError(t, s.SaveSteps(t.Context(), rec.ID, "", []fleet.Step{{Name: "AwaitPlace", State: fleet.StepRunning, StartedAt: s.Now()}}))
		place, err := s.Queue(t.Context(), rec.ID)
		require.NoError(t, err)
		all, err := s.ListOperations(t.Context(), a.ID, OperationFilter{ResourceID: inst.ID})
		require.NoError(t, err)
		require.Len(t, all, 2)
		require.Len(t, all[0].Steps, 1)
		require.Equal(t, place, all[0].Place)
		require.Empty(t, all[1].Steps, "the create is over")
	})
}

func TestWhatCameToNothingIsAskedForAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		inst := mustServer(t, s, a, 1)
		params := fleet.Params{RateLimit: 1 << 20, Wait: true}
		first := ask(a)
		first.Params = params
		rec, _, err := s.Accept(t.Context(), first, fleet.KindInstance, inst.ID, "migrate")
		require.NoError(t, err)
		mustEnd(t, s, rec, fleet.Undone)
		again, repeated, err := s.Retry(t.Context(), ask(a), rec)
		require.NoError(t, err)
		require.False(t, repeated)
		require.NotEqual(t, rec.ID, again.ID)
		require.Equal(t, params, again.Params)
		mustEnd(t, s, again, fleet.Undone)

		created := mustCreate(t, s, a, 1)
		made := mustInstance(t, s, created.ResourceID)
		mustEnd(t, s, created, fleet.Undone)
		again, _, err = s.Retry(t.Context(), ask(a), created)
		require.NoError(t, err)
		anew := mustInstance(t, s, again.ResourceID)
		require.NotEqual(t, made.ID, anew.ID)
		require.Equal(t, made.Name, anew.Name)
		require.Equal(t, made.Spec, anew.Spec)
		_, _, err = s.Retry(t.Context(), ask(a), created)
		requireCode(t, fleet.Conflict, err)

		ep := mustEndpoint(t, s, a)
		update, _, err := s.UpdateEndpoint(t.Context(), ask(a), ep.ID, "", func(spec fleet.EndpointSpec) (fleet.EndpointSpec, error) {
			spec.MaxWorkers = 9
			return spec, nil
		})
		require.NoError(t, err)
		mustEnd(t, s, update, fleet.Undone)
		again, _, err = s.Retry(t.Context(), ask(a), update)
		require.NoError(t, err)
		require.Equal(t, update.Params.Revision+1, again.Params.Revision)
		require.NoError(t, s.SetRevision(t.Context(), ep.ID, again.Params.Revision))
		mustEnd(t, s, again, fleet.Done)
		ep, err = s.Endpoint(t.Context(), ep.ID)
		require.NoError(t, err)
		require.Equal(t, 9, ep.Spec.MaxWorkers)

		failed, _, err := s.CreateEndpoint(t.Context(), ask(a), unique("endpoint"), endpointSpec())
		require.NoError(t, err)
		mustEnd(t, s, failed, fleet.Undone)
		again, _, err = s.Retry(t.Context(), ask(a), failed)
		require.NoError(t, err)
		require.NotEqual(t, failed.ResourceID, again.ResourceID)

		worker, _, err := s.CreateInstance(t.Context(), ask(a), NewInstance{Name: unique("worker"), Spec: ep.Spec.Worker(), EndpointID: ep.ID, Revision: ep.Revision})
		require.NoError(t, err)
		mustEnd(t, s, worker, fleet.Undone)
		_, _, err = s.Retry(t.Context(), ask(a), worker)
		requireCode(t, fleet.Conflict, err)
	})
}
