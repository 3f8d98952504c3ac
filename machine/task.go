package machine

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A Task is a command in a running container that outlives the call that started it, and the
// agent: a step of a template, or a service. It runs as the container's root. What it wrote
// and how it ended are kept in the container's own files, so they move, freeze and vanish
// with it.
type Task struct {
	Dir     string // of its marks: what names it
	Log     string // file that it writes to
	Shell   string // that runs it: /bin/sh
	Command string
	Env     []string // NAME=value
	// Service says that it belongs to one life of the container: what ended in the life before
	// is started again, and it writes to the container's own log if it can.
	Service bool
}

// TaskPhase is how far a task is.
type TaskPhase string

// The phases.
const (
	TaskGone    TaskPhase = "gone" // never started, or killed, or of a former life
	TaskRunning TaskPhase = "running"
	TaskEnded   TaskPhase = "ended"
)

// TaskState is what is known of a task.
type TaskState struct {
	Phase    TaskPhase
	ExitCode int    // once it has ended
	Output   string // the end of what it wrote to its own log, at most TaskOutput bytes
}

// TaskOutput is how much of its output is looked at; task.sh repeats it.
const TaskOutput = 4096

//go:embed task.sh
var taskScript string

// TaskName is the name that a task's command line has behind its script; see Words.
const TaskName = "kelvin-task"

// StartTask starts a task, unless it runs, or has ended with 0. Unhealthy if the container
// has not what that needs: a POSIX shell, mkdir, mv and rm. NotFound and Conflict as Exec.
func StartTask(ctx context.Context, m Machine, leaseID string, t Task) error {
	_, err := t.exec(ctx, m, leaseID, "start")
	return err
}

// LookAtTask says how far a task is. Errors as StartTask.
func LookAtTask(ctx context.Context, m Machine, leaseID string, t Task) (TaskState, error) {
	out, err := t.exec(ctx, m, leaseID, "look")
	if err != nil {
		return TaskState{}, err
	}
	first, rest, _ := strings.Cut(out, "\n")
	phase, code, _ := strings.Cut(first, " ")
	state := TaskState{Phase: TaskPhase(phase), Output: rest}
	if state.Phase == TaskEnded {
		if state.ExitCode, err = strconv.Atoi(code); err != nil {
			return TaskState{}, fleet.Errorf(fleet.Unhealthy, "the marks of a task in the container are damaged")
		}
	}
	return state, nil
}

// StopTask kills a task, with what it started. Not running is no error.
func StopTask(ctx context.Context, m Machine, leaseID string, t Task) error {
	_, err := t.exec(ctx, m, leaseID, "stop")
	return err
}

// Words is the command line that does a verb to the task. Nothing in it is read by a shell
// but the script, which is ours, and the command, which is meant to be. The variables, where
// secrets are, are not in it: engines log command lines.
func (t Task) Words(verb string) []string {
	keep := "always"
	if t.Service {
		keep = "boot"
	}
	return []string{t.Shell, "-c", taskScript, TaskName, verb, t.Dir, t.Log, keep, t.Shell, t.Command}
}

func (t Task) exec(ctx context.Context, m Machine, leaseID, verb string) (string, error) {
	var out, errs bytes.Buffer
	code, err := m.Exec(ctx, leaseID, Exec{Command: t.Words(verb), Env: t.Env, User: "0", Stdout: &out, Stderr: &errs})
	switch {
	case err != nil:
		return "", err
	case code == 126 || code == 127:
		return "", fleet.Errorf(fleet.Unhealthy, "the container has no %s, which runs templates", t.Shell)
	case code != 0:
		return "", fleet.Errorf(fleet.Unhealthy, "the container cannot run templates (a POSIX shell, mkdir, mv and rm are needed)%s", said(errs.String()))
	}
	return out.String(), nil
}

func said(text string) string {
	text = strings.TrimSpace(strings.ToValidUTF8(text, ""))
	if text == "" {
		return ""
	}
	return fmt.Sprintf(": %.300s", text)
}
