package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// Where templates keep their marks and logs in a container.
const (
	templateMarks = "/var/lib/kelvin/templates"
	templateLogs  = "/var/log/kelvin/templates"
)

// TemplateLog is the log of a template's step in its container.
func TemplateLog(template, step string) string { return path.Join(templateLogs, template, step+".log") }

// InstallTemplates runs the steps of the instance's templates in its container, which runs, in
// order. A step that was done in it is not run again: not by a repeated attempt, not after a
// restart, and not on another host that its files have been brought to. Unhealthy, with the
// end of what it wrote, for a step that fails or takes too long.
func (h *Host) InstallTemplates(ctx context.Context, in Container) error {
	spec, err := h.Specs(ctx, in.Lease.ID)
	if err != nil {
		return fmt.Errorf("ask for the container's templates: %w", err)
	}
	for _, installation := range spec.Templates {
		for n := range installation.Spec.Steps {
			w := work{host: h, lease: in.Lease.ID, shell: spec.Spec.Shell, Installation: installation}
			if err := w.step(ctx, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// ResumeContainer starts a container again that an operation had stopped which is now undone,
// with its services. It is as it was then: what fails to start had its chance, and no undo
// fails for it.
func (h *Host) ResumeContainer(ctx context.Context, in Container) error {
	if err := h.StartContainer(ctx, in); err != nil || in.Templates == 0 {
		return err
	}
	err := h.StartServices(ctx, in)
	if fleet.Is(err, fleet.Unhealthy) {
		h.Logger.WarnContext(ctx, "services not started", "instance", in.Lease.InstanceID, "error", err)
		return nil
	}
	return err
}

// StartServices starts the services of the instance's templates in its container, which runs.
// Those that run already are left alone. Unhealthy for one that fails at once.
func (h *Host) StartServices(ctx context.Context, in Container) error {
	spec, err := h.Specs(ctx, in.Lease.ID)
	if err != nil {
		return fmt.Errorf("ask for the container's templates: %w", err)
	}
	var started []work
	for _, installation := range spec.Templates {
		w := work{host: h, lease: in.Lease.ID, shell: spec.Spec.Shell, Installation: installation}
		for _, service := range installation.Spec.Services {
			Report(ctx, fleet.Progress{Message: fmt.Sprintf("template %s: starting %s", w.Name, service.Name)})
			if err := machine.StartTask(ctx, h.Machine, w.lease, w.service(service)); err != nil {
				return w.explain(err, "service "+service.Name)
			}
		}
		if len(installation.Spec.Services) > 0 {
			started = append(started, w)
		}
	}
	if len(started) == 0 {
		return nil
	}
	if err := pause(ctx, cmp.Or(h.Settling, time.Second)); err != nil {
		return err
	}
	for _, w := range started {
		for _, service := range w.Spec.Services {
			state, err := machine.LookAtTask(ctx, h.Machine, w.lease, w.service(service))
			if err != nil {
				return w.explain(err, "service "+service.Name)
			}
			if state.Phase != machine.TaskRunning && (state.Phase != machine.TaskEnded || state.ExitCode != 0) {
				return fleet.Errorf(fleet.Unhealthy, "template %s: service %s ended at once%s%s", w.Name, service.Name, withCode(state), w.words(ctx, state))
			}
		}
	}
	return nil
}

func withCode(state machine.TaskState) string {
	if state.Phase == machine.TaskEnded {
		return fmt.Sprintf(" with exit code %d", state.ExitCode)
	}
	return ", killed"
}

// A work is what is done for one template of a container.
type work struct {
	host  *Host
	lease string
	shell string
	fleet.Installation
}

// words are a service's last ones: those in its own log, or else in its container's.
func (w work) words(ctx context.Context, state machine.TaskState) string {
	if text := lastLines(w.output(state)); text != "" {
		return text
	}
	text := w.host.lastWords(ctx, w.lease)
	if i := strings.LastIndexByte(text, '\n'); i > 0 && len(text) > 1000 {
		text = text[:i] // the line after it is cut short, and a secret in it would be, too
	}
	return w.Redact(text)
}

// output is what a task wrote, without secrets: also none of which only the end is left.
func (w work) output(state machine.TaskState) string {
	text := state.Output
	if len(text) >= machine.TaskOutput {
		_, text, _ = strings.Cut(text, "\n")
	}
	return w.Redact(strings.TrimSpace(strings.ToValidUTF8(text, "")))
}

func (w work) service(s fleet.TemplateService) machine.Task {
	return machine.Task{
		Dir: path.Join(templateMarks, w.Name, w.Mark(), "service-"+s.Name), Log: TemplateLog(w.Name, s.Name),
		Shell: w.shell, Command: s.Command, Env: w.Environment(), Service: true,
	}
}

// step runs step n, or joins it if an attempt before this one has started it.
func (w work) step(ctx context.Context, n int) error {
	step := w.Spec.Steps[n]
	task := machine.Task{
		Dir: path.Join(templateMarks, w.Name, w.Mark(), fmt.Sprintf("step-%d", n+1)), Log: TemplateLog(w.Name, step.Name),
		Shell: w.shell, Command: step.Command, Env: w.Environment(),
	}
	title := fmt.Sprintf("step %s (%d of %d)", step.Name, n+1, len(w.Spec.Steps))
	if err := machine.StartTask(ctx, w.host.Machine, w.lease, task); err != nil {
		return w.explain(err, title)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, time.Duration(step.Timeout), errStepTimeout)
	defer cancel()
	for wait := 20 * time.Millisecond; ; wait = min(wait*3/2, 2*time.Second) {
		state, err := machine.LookAtTask(ctx, w.host.Machine, w.lease, task)
		switch {
		case ctx.Err() != nil:
			return w.abandon(ctx, task, title, step.Timeout)
		case err != nil:
			return w.explain(err, title)
		case state.Phase == machine.TaskGone:
			// It was killed from within, or its container has started again.
			return fleet.Errorf(fleet.Unavailable, "template %s: %s was interrupted", w.Name, title)
		case state.Phase == machine.TaskEnded && state.ExitCode != 0:
			return fleet.Errorf(fleet.Unhealthy, "template %s: %s failed with exit code %d%s", w.Name, title, state.ExitCode, lastLines(w.output(state)))
		case state.Phase == machine.TaskEnded:
			return nil
		}
		Report(ctx, fleet.Progress{Message: fmt.Sprintf("template %s: %s%s", w.Name, title, lastLine(w.output(state)))})
		if pause(ctx, wait) != nil {
			return w.abandon(ctx, task, title, step.Timeout)
		}
	}
}

var errStepTimeout = errors.New("the step took too long")

// abandon ends a step that nobody waits for any more: it was cancelled, or took too long. An
// agent that is killed abandons nothing, and the next one joins.
func (w work) abandon(ctx context.Context, task machine.Task, title string, limit fleet.Duration) error {
	why := context.Cause(ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	state, _ := machine.LookAtTask(ctx, w.host.Machine, w.lease, task) // a message is better with less than not at all
	if err := machine.StopTask(ctx, w.host.Machine, w.lease, task); err != nil {
		w.host.Logger.WarnContext(ctx, "a step of a template could not be stopped", "lease", w.lease, "template", w.Name, "error", err)
	}
	if errors.Is(why, errStepTimeout) {
		return fleet.Errorf(fleet.Unhealthy, "template %s: %s took longer than %s%s", w.Name, title, limit, lastLines(w.output(state)))
	}
	return why
}

// explain says what was being done. A container that has ended is no reason to try again.
func (w work) explain(err error, title string) error {
	if fleet.Is(err, fleet.Conflict) {
		return fleet.Errorf(fleet.Unhealthy, "template %s: the container does not run, so %s cannot", w.Name, title)
	}
	return fmt.Errorf("template %s: %s: %w", w.Name, title, err)
}

// lastLines is the end of an output, for an error message: one line, for that is how people
// are shown them.
func lastLines(text string) string {
	const most, bytes = 5, 1000
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' })
	text = strings.Join(lines[max(len(lines)-most, 0):], " | ")
	if over := len(text) - bytes; over > 0 {
		text = "…" + strings.ToValidUTF8(text[over:], "")
	}
	if text == "" {
		return ""
	}
	return "; its last words: " + text
}

// lastLine is what a step has just written, for people who wait.
func lastLine(text string) string {
	text = strings.TrimSpace(text[strings.LastIndexAny(text, "\r\n")+1:])
	if r := []rune(text); len(r) > 120 {
		text = string(r[:120]) + "…"
	}
	if text == "" {
		return ""
	}
	return ": " + text
}
