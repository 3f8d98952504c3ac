package agent

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func mustJournal(t *testing.T, path string) *Journal {
	t.Helper()
	j, err := OpenJournal(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, j.Close()) })
	return j
}

func TestJournalOutlivesItsAgent(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.db")
	j := mustJournal(t, path)
	require.NoError(t, j.Admit("ins_a", 2))
	require.NoError(t, j.Admit("ins_a", 2), "the same epoch comes with every step")
	require.True(t, fleet.Is(j.Admit("ins_a", 1), fleet.Fenced))
	require.NoError(t, j.Admit("ins_b", 1), "each instance has its own")
	require.NoError(t, j.Fence("op_1"))
	require.NoError(t, j.Fence("op_2"))
	require.NoError(t, j.Unfence("op_2"))
	require.NoError(t, j.Unfence("op_3"), "it need not be there")

	_, err := OpenJournal(path)
	require.ErrorContains(t, err, "does another agent run?")
	require.NoError(t, j.Close())
	j = mustJournal(t, path)
	require.True(t, fleet.Is(j.Admit("ins_a", 1), fleet.Fenced))
	require.NoError(t, j.Admit("ins_a", 3))
	require.True(t, fleet.Is(j.Admit("ins_a", 2), fleet.Fenced))
	fenced, err := j.Fenced()
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"op_1": true}, fenced)
}

func TestRivalsForAnEpochAgreeOnTheHighest(t *testing.T) {
	t.Parallel()
	j := mustJournal(t, filepath.Join(t.TempDir(), "journal.db"))
	var group sync.WaitGroup
	for epoch := range int64(20) {
		group.Go(func() {
			if err := j.Admit("ins_a", epoch+1); err != nil {
				require.True(t, fleet.Is(err, fleet.Fenced), err)
			}
		})
	}
	group.Wait()
	require.True(t, fleet.Is(j.Admit("ins_a", 19), fleet.Fenced))
	require.NoError(t, j.Admit("ins_a", 20))
}

func TestStepRunsOnceHoweverManyAttemptsThereAre(t *testing.T) {
	t.Parallel()
	j := mustJournal(t, filepath.Join(t.TempDir(), "journal.db"))
	var runs atomic.Int32
	begun, finish := make(chan struct{}), make(chan struct{})
	step := func(context.Context) error {
		runs.Add(1)
		close(begun)
		<-finish
		return nil
	}
	var group sync.WaitGroup
	group.Go(func() { require.NoError(t, once(t.Context(), j, "run/1", step)) })
	<-begun
	for range 10 {
		group.Go(func() { require.NoError(t, once(t.Context(), j, "run/1", step)) })
	}
	ctx, giveUp := context.WithCancelCause(t.Context())
	why := errors.New("cancelled")
	giveUp(why)
	require.ErrorIs(t, once(ctx, j, "run/1", step), why, "who gives up does not wait")
	require.NoError(t, once(t.Context(), j, "run/2", func(context.Context) error { return nil }), "another step is not held back")
	close(finish)
	group.Wait()
	require.NoError(t, once(t.Context(), j, "run/1", step), "it has been done")
	require.EqualValues(t, 1, runs.Load())
}

func TestStepThatFailedRunsAgain(t *testing.T) {
	t.Parallel()
	j := mustJournal(t, filepath.Join(t.TempDir(), "journal.db"))
	broken := errors.New("broken")
	runs := 0
	step := func(context.Context) error {
		if runs++; runs == 1 {
			return broken
		}
		return nil
	}
	require.ErrorIs(t, once(t.Context(), j, "run/1", step), broken)
	require.NoError(t, once(t.Context(), j, "run/1", step))
	require.NoError(t, once(t.Context(), j, "run/1", step))
	require.Equal(t, 2, runs)
}

func TestStepWhoseCallerGaveUpIsTakenOver(t *testing.T) {
	t.Parallel()
	j := mustJournal(t, filepath.Join(t.TempDir(), "journal.db"))
	ctx, giveUp := context.WithCancel(t.Context())
	begun := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		require.ErrorIs(t, once(ctx, j, "run/1", func(ctx context.Context) error {
			close(begun)
			<-ctx.Done()
			return ctx.Err()
		}), context.Canceled)
	})
	<-begun
	taken := false
	group.Go(func() {
		require.NoError(t, once(t.Context(), j, "run/1", func(context.Context) error {
			taken = true
			return nil
		}))
	})
	time.Sleep(50 * time.Millisecond) // so that it joins
	giveUp()
	group.Wait()
	require.True(t, taken)
}

func TestStepThatPanicsLeavesNobodyWaiting(t *testing.T) {
	t.Parallel()
	j := mustJournal(t, filepath.Join(t.TempDir(), "journal.db"))
	begun, finish := make(chan struct{}), make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		require.Panics(t, func() {
			_ = once(t.Context(), j, "run/1", func(context.Context) error {
				close(begun)
				<-finish
				panic("a bug")
			})
		})
	})
	<-begun
	group.Go(func() {
		err := once(t.Context(), j, "run/1", func(context.Context) error { return nil })
		if err != nil { // it joined
			require.True(t, fleet.Is(err, fleet.Internal), err)
		}
	})
	close(finish)
	group.Wait()
	require.NoError(t, once(t.Context(), j, "run/1", func(context.Context) error { return nil }))
}

func TestStepsAreForgottenInTheEnd(t *testing.T) {
	t.Parallel()
	j := mustJournal(t, filepath.Join(t.TempDir(), "journal.db"))
	nothing := func(context.Context) error { return nil }
	require.NoError(t, once(t.Context(), j, "run/1", nothing))
	j.steps["run/1"].ended = time.Now().Add(-keepSteps - time.Second)
	require.NoError(t, once(t.Context(), j, "run/2", nothing))
	require.NotContains(t, j.steps, "run/1")
	require.Contains(t, j.steps, "run/2")
}

// once is Once for a step without an answer.
func once(ctx context.Context, j *Journal, key string, step func(context.Context) error) error {
	_, err := j.Once(ctx, key, func(ctx context.Context) (any, error) { return nil, step(ctx) })
	return err
}

func TestEveryAttemptHasTheAnswer(t *testing.T) {
	t.Parallel()
	j := mustJournal(t, filepath.Join(t.TempDir(), "journal.db"))
	for range 3 {
		out, err := j.Once(t.Context(), "run/1", func(context.Context) (any, error) { return 42, nil })
		require.NoError(t, err)
		require.Equal(t, 42, out)
	}
}
