package machine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A local machine runs commands beside the test, as an engine does: each is the first of a
// session of its own, and what it leaves behind goes on.
type local struct{ Machine }

// Exec implements Machine.
func (local) Exec(ctx context.Context, _ string, x Exec) (int, error) {
	cmd := exec.CommandContext(ctx, x.Command[0], x.Command[1:]...)
	cmd.Env = append(os.Environ(), x.Env...)
	cmd.Stdout, cmd.Stderr = x.Stdout, x.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), nil
	}
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
		return 127, nil
	}
	return 0, err
}

// shells are the POSIX shells that this machine has, of those that images have.
func shells(t *testing.T) []string {
	t.Helper()
	found := []string{"/bin/sh"}
	for _, name := range []string{"dash", "bash", "ash", "ksh", "mksh"} {
		if path, err := exec.LookPath(name); err == nil {
			found = append(found, path)
		}
	}
	return found
}

func onShells(t *testing.T, test func(t *testing.T, task Task)) {
	for _, shell := range shells(t) {
		t.Run(filepath.Base(shell), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			test(t, Task{Dir: filepath.Join(dir, "a task", "marks"), Log: filepath.Join(dir, "a log", "log"), Shell: shell})
		})
	}
}

func mustStart(t *testing.T, task Task) {
	t.Helper()
	require.NoError(t, StartTask(t.Context(), local{}, "", task))
}

func mustLook(t *testing.T, task Task) TaskState {
	t.Helper()
	state, err := LookAtTask(t.Context(), local{}, "", task)
	require.NoError(t, err)
	return state
}

func mustEnd(t *testing.T, task Task) TaskState {
	t.Helper()
	var state TaskState
	require.Eventually(t, func() bool {
		state = mustLook(t, task)
		return state.Phase != TaskRunning
	}, 10*time.Second, 10*time.Millisecond)
	return state
}

func TestATaskOutlivesItsStartAndRunsOnce(t *testing.T) {
	t.Parallel()
	onShells(t, func(t *testing.T, task Task) {
		require.Equal(t, TaskGone, mustLook(t, task).Phase)
		count := filepath.Join(t.TempDir(), "count")
		task.Env = []string{"COUNT=" + count, "PARAM_WORD=$(touch /tmp/never) 'quoted'"}
		task.Command = `echo one >>"$COUNT"; echo "$PARAM_WORD"; until [ -e "$COUNT.go" ]; do sleep 0.02; done; echo end >&2`
		for range 3 {
			mustStart(t, task)
		}
		state := mustLook(t, task)
		require.Equal(t, TaskRunning, state.Phase)
		require.NoError(t, os.WriteFile(count+".go", nil, 0o600))
		state = mustEnd(t, task)
		require.Equal(t, TaskState{Phase: TaskEnded, Output: "$(touch /tmp/never) 'quoted'\nend\n"}, state)
		mustStart(t, task)
		require.Equal(t, TaskEnded, mustLook(t, task).Phase)
		text, err := os.ReadFile(count)
		require.NoError(t, err)
		require.Equal(t, "one\n", string(text), "what is done is not done again")
	})
}

func TestATaskThatFailedIsStartedAgain(t *testing.T) {
	t.Parallel()
	onShells(t, func(t *testing.T, task Task) {
		task.Command = `echo "try $$"; exit 3`
		mustStart(t, task)
		first := mustEnd(t, task)
		require.Equal(t, 3, first.ExitCode)
		mustStart(t, task)
		second := mustEnd(t, task)
		require.Equal(t, 3, second.ExitCode)
		require.NotEqual(t, first.Output, second.Output, "its log is of the last try only")
		require.Equal(t, 1, strings.Count(second.Output, "try"))
	})
}

func TestAStoppedTaskTakesWhatItStartedWithIt(t *testing.T) {
	t.Parallel()
	onShells(t, func(t *testing.T, task Task) {
		task.Command = `sleep 1000 & echo "$!"; wait`
		mustStart(t, task)
		var child string
		require.Eventually(t, func() bool {
			child = strings.TrimSpace(mustLook(t, task).Output)
			return child != ""
		}, 5*time.Second, 10*time.Millisecond)
		for range 2 {
			require.NoError(t, StopTask(t.Context(), local{}, "", task))
		}
		require.Equal(t, TaskGone, mustEnd(t, task).Phase)
		require.Eventually(t, func() bool { return !runs(child) }, 5*time.Second, 10*time.Millisecond)
	})
}

// runs reports whether a process is there, and no zombie.
func runs(pid string) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func TestAnotherProcessUnderItsNumberIsNotTheTask(t *testing.T) {
	t.Parallel()
	onShells(t, func(t *testing.T, task Task) {
		require.NoError(t, os.MkdirAll(task.Dir, 0o700))
		// This test's own number, but not its beginning.
		require.NoError(t, os.WriteFile(filepath.Join(task.Dir, "pid"), fmt.Appendf(nil, "%d 1\n", os.Getpid()), 0o600))
		require.Equal(t, TaskGone, mustLook(t, task).Phase)
		require.NoError(t, StopTask(t.Context(), local{}, "", task), "and is not killed")
		task.Command = "true"
		mustStart(t, task)
		require.Zero(t, mustEnd(t, task).ExitCode)
	})
}

func TestAServiceIsOfOneLifeOfItsContainer(t *testing.T) {
	t.Parallel()
	onShells(t, func(t *testing.T, task Task) {
		count := filepath.Join(t.TempDir(), "count")
		task.Service, task.Env, task.Command = true, []string{"COUNT=" + count}, `echo one >>"$COUNT"`
		for range 2 {
			mustStart(t, task)
			require.Equal(t, TaskEnded, mustEnd(t, task).Phase)
		}
		// In another life process 1 began at another time.
		require.NoError(t, os.WriteFile(filepath.Join(task.Dir, "code"), []byte("0 17\n"), 0o600))
		require.Equal(t, TaskGone, mustLook(t, task).Phase)
		mustStart(t, task)
		mustEnd(t, task)
		text, err := os.ReadFile(count)
		require.NoError(t, err)
		require.Equal(t, "one\none\n", string(text))
	})
}

func TestALockOfSomebodyWhoDiedIsBroken(t *testing.T) {
	t.Parallel()
	onShells(t, func(t *testing.T, task Task) {
		require.NoError(t, os.MkdirAll(filepath.Join(task.Dir, "lock"), 0o700))
		task.Command = "true"
		mustStart(t, task)
		require.Equal(t, TaskEnded, mustEnd(t, task).Phase)
		require.NoDirExists(t, filepath.Join(task.Dir, "lock"))
	})
}

func TestManyStartATaskOnce(t *testing.T) {
	t.Parallel()
	onShells(t, func(t *testing.T, task Task) {
		count := filepath.Join(t.TempDir(), "count")
		task.Env, task.Command = []string{"COUNT=" + count}, `echo one >>"$COUNT"; sleep 0.1`
		errs := make(chan error)
		for range 4 {
			go func() { errs <- StartTask(t.Context(), local{}, "", task) }()
		}
		for range 4 {
			require.NoError(t, <-errs)
		}
		mustEnd(t, task)
		text, err := os.ReadFile(count)
		require.NoError(t, err)
		require.Equal(t, "one\n", string(text))
	})
}

func TestOutputIsBounded(t *testing.T) {
	t.Parallel()
	onShells(t, func(t *testing.T, task Task) {
		task.Command = `i=0; while [ $i -lt 2000 ]; do echo "line $i"; i=$((i + 1)); done`
		mustStart(t, task)
		out := mustEnd(t, task).Output
		require.Len(t, out, TaskOutput)
		require.True(t, strings.HasSuffix(out, "line 1999\n"))
	})
}

func TestAContainerThatCannotRunTasksIsUnhealthy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	err := StartTask(t.Context(), local{}, "", Task{Dir: filepath.Join(dir, "file", "marks"), Log: filepath.Join(dir, "log"), Shell: "/bin/sh", Command: "true"})
	require.Equal(t, fleet.Unhealthy, fleet.CodeOf(err))
	require.ErrorContains(t, err, "Not a directory")
	err = StartTask(t.Context(), local{}, "", Task{Dir: dir, Log: filepath.Join(dir, "log"), Shell: "/no/shell", Command: "true"})
	require.Equal(t, fleet.Unhealthy, fleet.CodeOf(err))
	require.ErrorContains(t, err, "has no /no/shell")
}

func TestNoVariableIsPartOfACommandLine(t *testing.T) {
	t.Parallel()
	task := Task{Dir: "/marks", Log: "/log", Shell: "/bin/sh", Command: "true", Env: []string{"PARAM_TOKEN=open-sesame"}}
	for _, verb := range []string{"start", "look", "stop"} {
		require.False(t, bytes.Contains([]byte(strings.Join(task.Words(verb), " ")), []byte("open-sesame")))
	}
}
