package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestAnEndSettlesTheInstance(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		for _, c := range []struct {
			outcome fleet.Outcome
			state   fleet.State
			ready   bool
			event   string
		}{
			{fleet.Done, fleet.Stopped, false, "instance.stopped"},
			{fleet.Undone, fleet.Running, true, "operation.undone"},
			{fleet.Stuck, fleet.Failed, false, "operation.stuck"},
		} {
			inst := mustServer(t, s, a, 1)
			rec := mustAccept(t, s, inst, "stop")
			require.Equal(t, fleet.Stopping, mustInstance(t, s, inst.ID).State)
			mustEnd(t, s, rec, c.outcome)
			mustEnd(t, s, rec, fleet.Stuck) // a second end changes nothing

			inst = mustInstance(t, s, inst.ID)
			require.Equal(t, c.state, inst.State)
			require.Equal(t, c.ready, inst.Ready)
			require.Empty(t, inst.OperationID)
			require.Equal(t, c.outcome, mustRecord(t, s, rec).Outcome)
			names := eventNames(t, s, a.ID, inst.ID)
			require.Equal(t, c.event, names[len(names)-1])
			require.Equal(t, c.outcome != fleet.Done, inst.Reason != "")
		}
		requireCode(t, fleet.NotFound, s.EndOperation(t.Context(), Ending{OperationID: "op_none", Outcome: fleet.Done}))
		requireCode(t, fleet.Invalid, s.EndOperation(t.Context(), Ending{OperationID: "op_none"}))
	})
}

func TestTheOneThatWaitsIsNext(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		now := mustClock(t, s)
		inst := mustServer(t, s, a, 1)
		stop := mustAccept(t, s, inst, "stop")
		terminate, _, err := s.Accept(t.Context(), ask(a), fleet.KindInstance, inst.ID, "terminate")
		require.NoError(t, err)
		now.advance(time.Minute)
		mustEnd(t, s, stop, fleet.Done)

		inst = mustInstance(t, s, inst.ID)
		require.Equal(t, fleet.Terminating, inst.State)
		require.Equal(t, terminate.ID, inst.OperationID)
		require.Equal(t, now.now().Add(fleet.Terminate.Limit), inst.Deadline, "its time begins now")
		require.Equal(t, inst.Deadline, mustRecord(t, s, terminate).Deadline)
		require.False(t, inst.Ready)
		_, _, err = s.BeginInstance(t.Context(), terminate.ID)
		require.NoError(t, err)
		require.NoError(t, s.ReturnLease(t.Context(), inst.Home.ID))
		mustEnd(t, s, terminate, fleet.Done)
		require.Equal(t, fleet.Terminated, mustInstance(t, s, inst.ID).State)
	})
}

func TestBehindTheOneThatWaitedAnotherMayWait(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		inst := mustServer(t, s, a, 1)
		restart := mustAccept(t, s, inst, "restart")
		accept := func(operation string) fleet.Record {
			rec, _, err := s.Accept(t.Context(), ask(a), fleet.KindInstance, inst.ID, operation)
			require.NoError(t, err)
			return rec
		}
		stop := accept("stop")
		mustEnd(t, s, restart, fleet.Done)
		terminate := accept("terminate")
		inst = mustInstance(t, s, inst.ID)
		require.Equal(t, stop.ID, inst.OperationID)
		require.Equal(t, terminate.ID, inst.NextID)
	})
}

func TestAStopThatUndidAStartIsDone(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		inst := mustServer(t, s, a, 1)
		mustEnd(t, s, mustAccept(t, s, inst, "stop"), fleet.Done)
		start := mustAccept(t, s, inst, "start")
		stop, _, err := s.Accept(t.Context(), ask(a), fleet.KindInstance, inst.ID, "stop")
		require.NoError(t, err)
		mustEnd(t, s, start, fleet.Undone)

		require.Equal(t, fleet.Stopped, mustInstance(t, s, inst.ID).State)
		require.Equal(t, fleet.Done, mustRecord(t, s, stop).Outcome)
		_, _, err = s.BeginInstance(t.Context(), stop.ID)
		requireCode(t, fleet.Conflict, err)
		require.Equal(t, []string{"operation.undone", "instance.stopped"}, eventNames(t, s, a.ID, inst.ID)[6:])
	})
}

func TestBeginRefusesAVoidClaim(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		rec := mustCreate(t, s, a, 1)
		_, again, err := s.BeginInstance(t.Context(), rec.ID)
		require.NoError(t, err, "repeatable")
		require.Equal(t, rec.BegunAt, again.BegunAt)
		_, _, err = s.BeginEndpoint(t.Context(), rec.ID)
		requireCode(t, fleet.NotFound, err)
		_, _, err = s.BeginInstance(t.Context(), "op_none")
		requireCode(t, fleet.NotFound, err)
		mustEnd(t, s, rec, fleet.Undone)
		_, _, err = s.BeginInstance(t.Context(), rec.ID)
		requireCode(t, fleet.Conflict, err)
	})
}

func TestBeginSettlesALeftover(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		begun := mustServer(t, s, a, 1)
		stop := mustAccept(t, s, begun, "stop")
		terminate := mustAccept(t, s, begun, "terminate") // begins although stop never ended
		require.Equal(t, fleet.Stuck, mustRecord(t, s, stop).Outcome, "nobody took back what it did")
		require.Equal(t, fleet.Failed, mustInstance(t, s, begun.ID).Was)
		require.Equal(t, terminate.ID, mustInstance(t, s, begun.ID).OperationID)

		fresh := mustServer(t, s, a, 1)
		stop, _, err := s.Accept(t.Context(), ask(a), fleet.KindInstance, fresh.ID, "stop")
		require.NoError(t, err)
		mustAccept(t, s, fresh, "terminate")
		stop = mustRecord(t, s, stop)
		require.Equal(t, fleet.Undone, stop.Outcome, "it never did anything")
		require.Equal(t, fleet.Cancelled, stop.Code)
		require.Equal(t, fleet.Running, mustInstance(t, s, fresh.ID).Was)
	})
}

func TestALeftoverWithNothingNextToDoIsSettledAllTheSame(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		create, _, err := s.CreateInstance(t.Context(), ask(a), NewInstance{Name: "model", Spec: serverSpec(0)})
		require.NoError(t, err)
		terminate, _, err := s.Accept(t.Context(), ask(a), fleet.KindInstance, create.ResourceID, "terminate")
		require.NoError(t, err)
		_, _, err = s.BeginInstance(t.Context(), terminate.ID)
		requireCode(t, fleet.Conflict, err)
		require.Equal(t, fleet.Undone, mustRecord(t, s, create).Outcome)
		require.Equal(t, fleet.Done, mustRecord(t, s, terminate).Outcome)
		require.Equal(t, fleet.Terminated, mustInstance(t, s, create.ResourceID).State)
	})
}

func TestCancel(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		inst := mustServer(t, s, a, 1)

		never, _, err := s.Accept(t.Context(), ask(a), fleet.KindInstance, inst.ID, "stop")
		require.NoError(t, err)
		rec, err := s.RequestCancel(t.Context(), a.ID, never.ID)
		require.NoError(t, err)
		require.Equal(t, fleet.Undone, rec.Outcome, "nothing was started that could be told")
		require.Equal(t, fleet.Cancelled, rec.Code)
		require.Equal(t, fleet.Running, mustInstance(t, s, inst.ID).State)
		_, err = s.RequestCancel(t.Context(), a.ID, never.ID)
		requireCode(t, fleet.Conflict, err)

		started, _, err := s.Accept(t.Context(), ask(a), fleet.KindInstance, inst.ID, "stop")
		require.NoError(t, err)
		require.NoError(t, s.MarkStarted(t.Context(), started.ID))
		requireCode(t, fleet.NotFound, s.MarkStarted(t.Context(), "op_none"))
		rec, err = s.RequestCancel(t.Context(), a.ID, started.ID)
		require.NoError(t, err)
		require.Equal(t, fleet.Open, rec.Outcome)
		again, err := s.RequestCancel(t.Context(), a.ID, started.ID)
		require.NoError(t, err, "repeatable")
		require.Equal(t, rec.CancelledAt, again.CancelledAt)

		waits, _, err := s.Accept(t.Context(), ask(a), fleet.KindInstance, inst.ID, "terminate")
		require.NoError(t, err)
		_, err = s.RequestCancel(t.Context(), a.ID, waits.ID)
		require.NoError(t, err)
		require.Empty(t, mustInstance(t, s, inst.ID).NextID, "it does not wait any more")
		_, _, err = s.Accept(t.Context(), ask(a), fleet.KindInstance, inst.ID, "terminate")
		require.NoError(t, err)

		cancelled, err := s.CancelledOperations(t.Context(), -time.Second, 10)
		require.NoError(t, err)
		require.Len(t, cancelled, 1)
		require.Equal(t, started.ID, cancelled[0].ID)
	})
}

func TestStepsAreShownAndClosedWithTheirOperation(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		rec := mustCreate(t, s, a, 0)
		steps := []fleet.Step{
			{Name: "PullImage", Title: "Pull the image", State: fleet.StepDone, Message: "bad \x00 bytes \xff", StartedAt: now.now(), EndedAt: now.now()},
			{Name: "StartContainer", Title: "Start", State: fleet.StepRunning, StartedAt: now.now()},
		}
		require.NoError(t, s.SaveSteps(t.Context(), rec.ID, "StartContainer", steps[:1]))
		require.NoError(t, s.SaveSteps(t.Context(), rec.ID, "StartContainer", steps))
		got := mustRecord(t, s, rec)
		require.Equal(t, "StartContainer", got.Phase)
		require.Len(t, got.Steps, 2)
		require.Equal(t, "bad  bytes \uFFFD", got.Steps[0].Message)
		now.advance(time.Second)
		mustEnd(t, s, rec, fleet.Undone)
		require.NoError(t, s.SaveSteps(t.Context(), rec.ID, "late", steps), "a late word is no error")
		got = mustRecord(t, s, rec)
		require.Empty(t, got.Phase)
		require.Equal(t, fleet.StepDone, got.Steps[0].State)
		require.Equal(t, fleet.StepFailed, got.Steps[1].State)
		require.Equal(t, now.now(), got.Steps[1].EndedAt)
		requireCode(t, fleet.NotFound, s.SaveSteps(t.Context(), "op_none", "", nil))
	})
}

func TestPendingOperationsAreThoseThatNeverBegan(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		var want []string
		for range 3 {
			rec, _, err := s.CreateInstance(t.Context(), ask(a), NewInstance{Name: unique("server"), Spec: serverSpec(0)})
			require.NoError(t, err)
			want = append(want, rec.ID)
			now.advance(time.Second)
		}
		mustCreate(t, s, a, 0) // has begun
		pending := func(older time.Duration, limit int) []string {
			recs, err := s.PendingOperations(t.Context(), older, limit)
			require.NoError(t, err)
			ids := []string{}
			for _, r := range recs {
				ids = append(ids, r.ID)
			}
			return ids
		}
		require.Equal(t, want, pending(0, 10))
		require.Equal(t, want[:2], pending(0, 2))
		require.Equal(t, want[:1], pending(2*time.Second, 10))
		require.Empty(t, pending(time.Minute, 10))
	})
}
