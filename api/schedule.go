package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// What is shown of a schedule's times and of what it did.
const (
	shownTimes = 5
	shownRuns  = 10
)

// SchedulePath is embedded in the input of what concerns one schedule.
type SchedulePath struct {
	ID string `path:"id" maxLength:"64" pattern:"^sch_" patternDescription:"an ID that begins with sch_" doc:"Of the schedule"`
}

// Schedule is a schedule as the API shows it.
type Schedule struct {
	ID        string              `json:"id" example:"sch_06f2r3k8x9m4n5p6q7s8t9v0w1"`
	Name      string              `json:"name"`
	State     fleet.ScheduleState `json:"state" doc:"Whether it acts"`
	Note      string              `json:"note,omitempty" doc:"Why it is paused"`
	Next      []ScheduleTime      `json:"next" doc:"Its next times, five at the most; none while it is paused"`
	InWindow  bool                `json:"in_window" doc:"One of its windows has begun and not ended"`
	WindowEnd time.Time           `json:"window_end,omitzero" doc:"When that window ends"`
	Warnings  []string            `json:"warnings" doc:"Times of the coming year that a change of the clocks takes or doubles"`
	Holds     []ScheduleHold      `json:"holds" doc:"What somebody has put otherwise, and is left alone until the window ends; not in lists"`
	Runs      []ScheduleRun       `json:"runs" doc:"What it did, the newest first, ten at the most; not in lists"`
	Synced    bool                `json:"synced" doc:"Temporal has it as it is here; otherwise it will in a moment"`
	CreatedAt time.Time           `json:"created_at"`
	UpdatedAt time.Time           `json:"updated_at"`

	TemporalURL string             `json:"temporal_url,omitempty" doc:"The schedule in Temporal's UI"`
	Spec        fleet.ScheduleSpec `json:"spec"`
}

// ScheduleTime is a time at which a schedule acts.
type ScheduleTime struct {
	At            time.Time            `json:"at" doc:"In UTC, without jitter"`
	Local         string               `json:"local" doc:"By the clocks of its time zone" example:"2026-10-26T20:00:00+01:00"`
	Action        fleet.ScheduleAction `json:"action"`
	ActiveWorkers *int                 `json:"active_workers,omitempty" doc:"Of set-active-workers"`
}

// ScheduleHold is a resource that somebody has put otherwise than a schedule's window would.
type ScheduleHold struct {
	Kind       fleet.Kind `json:"kind"`
	ResourceID string     `json:"resource_id"`
	Name       string     `json:"name,omitempty"`
	Actor      string     `json:"actor" doc:"Who did"`
	Until      time.Time  `json:"until" doc:"The end of the window"`
}

// ScheduleRun is one time that a schedule acted.
type ScheduleRun struct {
	At            time.Time            `json:"at" doc:"When it was due; of a trigger, when that was"`
	Action        fleet.ScheduleAction `json:"action"`
	ActiveWorkers *int                 `json:"active_workers,omitempty" doc:"Of set-active-workers"`
	Edge          fleet.Edge           `json:"edge" doc:"Which of a window's two actions: that of its beginning, or of its end"`
	Actor         string               `json:"actor,omitempty" doc:"Who triggered it; absent when it was time"`
	State         fleet.RunState       `json:"state"`
	BegunAt       time.Time            `json:"begun_at,omitzero"`
	EndedAt       time.Time            `json:"ended_at,omitzero"`
	Accepted      int                  `json:"accepted" doc:"Targets whose operation was accepted"`
	Skipped       int                  `json:"skipped" doc:"Targets with nothing to do, or reason not to"`
	Refused       int                  `json:"refused" doc:"Targets of which it could not be asked"`
	Busy          int                  `json:"busy" doc:"Targets that another operation holds; they are asked again for up to 15 minutes"`
	Targets       []ScheduleRunTarget  `json:"targets" doc:"The first 50, those that were not accepted or skipped before the others"`
}

// ScheduleRunTarget is what became of one target of a run.
type ScheduleRunTarget struct {
	Kind           fleet.Kind       `json:"kind"`
	ResourceID     string           `json:"resource_id"`
	Name           string           `json:"name,omitempty"`
	Outcome        fleet.RunOutcome `json:"outcome"`
	Code           fleet.Code       `json:"code,omitempty" doc:"Why it was refused"`
	Message        string           `json:"message,omitempty" doc:"Why it was not accepted"`
	OperationID    string           `json:"operation_id,omitempty"`
	OperationState OperationState   `json:"operation_state,omitempty" doc:"How that ended; running until then"`
}

// ScheduleCreate asks for a schedule.
type ScheduleCreate struct {
	Name string `json:"name" minLength:"1" maxLength:"128" doc:"Unique among the account's schedules" example:"nights"`
	fleet.ScheduleSpec
}

// SchedulePatch changes a schedule: what it leaves out stays as it is. Target, when and
// only_if are replaced as a whole. With another action, the numbers of workers go.
type SchedulePatch struct {
	Name             *string                  `json:"name,omitempty" minLength:"1" maxLength:"128" doc:"A new name"`
	Target           *fleet.ScheduleTarget    `json:"target,omitempty" doc:"What it acts on: exactly one of these"`
	Action           *fleet.ScheduleAction    `json:"action,omitempty" doc:"What is done"`
	ActiveWorkers    *int                     `json:"active_workers,omitempty" minimum:"0" maximum:"1000" doc:"Of set-active-workers: how many"`
	EndActiveWorkers *int                     `json:"end_active_workers,omitempty" minimum:"0" maximum:"1000" doc:"Of set-active-workers in windows: how many from their end on"`
	When             *fleet.ScheduleTimes     `json:"when,omitempty" doc:"Exactly one of at, from and to, or cron"`
	TimeZone         *string                  `json:"time_zone,omitempty" minLength:"1" maxLength:"64" doc:"An IANA name" example:"Europe/Berlin"`
	OnlyIf           *fleet.ScheduleCondition `json:"only_if,omitempty" doc:"Leave alone what is not like this; {} takes the condition off"`
	Jitter           *fleet.Duration          `json:"jitter,omitempty" doc:"Act up to this much later, by chance" example:"5m"`
}

// TransformSchema implements huma.SchemaTransformer. A change that changes nothing is a
// mistake.
func (SchedulePatch) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	one := 1
	s.MinProperties = &one
	return s
}

// over is spec with the fields that are present in the place of its own.
func (p SchedulePatch) over(spec fleet.ScheduleSpec) (fleet.ScheduleSpec, error) {
	if p.Action != nil && *p.Action != spec.Action || p.When != nil && p.When.From == "" {
		spec.EndActiveWorkers = nil
	}
	if p.Action != nil && *p.Action != spec.Action {
		spec.ActiveWorkers = nil
	}
	if p.Target != nil {
		spec.Target = fleet.ScheduleTarget{}
	}
	if p.When != nil {
		spec.When = fleet.ScheduleTimes{}
	}
	if p.OnlyIf != nil {
		spec.OnlyIf = fleet.ScheduleCondition{}
	}
	p.Name = nil
	data, err := json.Marshal(p)
	if err == nil {
		err = json.Unmarshal(data, &spec)
	}
	if err != nil {
		return spec, fmt.Errorf("read a schedule's fields: %w", err)
	}
	return spec, nil
}

// SchedulePause pauses a schedule.
type SchedulePause struct {
	Note string `json:"note,omitempty" maxLength:"1024" doc:"Why, for people"`
}

// ScheduleTrigger has a schedule act now.
type ScheduleTrigger struct {
	Edge fleet.Edge `json:"edge,omitempty" doc:"With windows: the action of their beginning, or of their end. Default: what makes things as they are meant to be now"`
}

type createScheduleInput struct {
	Mutation
	Body ScheduleCreate
}

// createdSchedule answers with a new schedule, and where it is.
type createdSchedule struct {
	Location string `header:"Location" doc:"The schedule"`
	Body     Schedule
}

func (s *Server) createSchedule(ctx context.Context, in *createScheduleInput) (*createdSchedule, error) {
	if err := in.Body.Validate(in.Body.Name); err != nil {
		return nil, err
	}
	sum, err := digest("create-schedule", "", in.Body)
	if err != nil {
		return nil, err
	}
	who := callerOf(ctx)
	ask := store.Ask{AccountID: who.AccountID, Actor: who.KeyID, Key: in.Key, Digest: sum}
	made, repeated, err := s.Store.CreateSchedule(ctx, ask, in.Body.Name, in.Body.ScheduleSpec)
	if err != nil {
		return nil, err
	}
	if !repeated {
		s.Logger.InfoContext(ctx, "schedule created", slog.String("schedule", made.ID), slog.String("actor", who.KeyID))
		made = s.sync(ctx, made)
	}
	shown, err := s.showSchedule(ctx, made)
	if err != nil {
		return nil, err
	}
	return &createdSchedule{Location: "/v1/schedules/" + made.ID, Body: shown}, nil
}

// sync tells Temporal of a change, even if its caller has gone meanwhile. What it does not
// get to know now, the timekeeper tells.
func (s *Server) sync(ctx context.Context, sch fleet.Schedule) fleet.Schedule {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), startTimeout)
	defer cancel()
	if err := s.Operations.SyncSchedule(ctx, sch.ID); err != nil {
		s.Logger.WarnContext(ctx, "schedule not synced yet", slog.String("schedule", sch.ID), slog.Any("error", err))
		return sch
	}
	if now, err := s.Store.Schedule(ctx, sch.ID); err == nil {
		return now
	}
	return sch
}

type listSchedulesInput struct {
	Name     string              `query:"name" maxLength:"128" doc:"Only the one of this name"`
	Resource string              `query:"resource" maxLength:"64" pattern:"^(ins|ep)_" patternDescription:"an ID that begins with ins_ or ep_" doc:"Only those whose target this instance or endpoint is; those with a selector are not among them"`
	State    fleet.ScheduleState `query:"state" doc:"Only those in this state"`
	All      bool                `query:"all" doc:"Deleted ones, too"`
	Page
}

func (s *Server) listSchedules(ctx context.Context, in *listSchedulesInput) (*listed[Schedule], error) {
	found, err := s.Store.ListSchedules(ctx, callerOf(ctx).AccountID, store.ScheduleFilter{
		Name: in.Name, ResourceID: in.Resource, State: in.State, Gone: in.All || in.State == fleet.ScheduleDeleted, Page: in.more(),
	})
	if err != nil {
		return nil, err
	}
	var bad error
	out := list(in.Page, found, func(sch fleet.Schedule) string { return sch.ID }, func(sch fleet.Schedule) Schedule {
		shown, err := s.outlineSchedule(sch)
		bad = errors.Join(bad, err)
		return shown
	})
	return out, bad
}

func (s *Server) getSchedule(ctx context.Context, in *struct{ SchedulePath }) (*shown[Schedule], error) {
	sch, err := s.Store.GetSchedule(ctx, callerOf(ctx).AccountID, in.ID)
	if err != nil {
		return nil, err
	}
	out, err := s.showSchedule(ctx, sch)
	return &shown[Schedule]{out}, err
}

type updateScheduleInput struct {
	SchedulePath
	Mutation
	Body SchedulePatch
}

func (s *Server) updateSchedule(ctx context.Context, in *updateScheduleInput) (*shown[Schedule], error) {
	return s.changeSchedule(ctx, in.ID, "updated", func(account, actor string) (fleet.Schedule, error) {
		return s.Store.UpdateSchedule(ctx, account, actor, in.ID, func(name string, spec fleet.ScheduleSpec) (string, fleet.ScheduleSpec, error) {
			if in.Body.Name != nil {
				name = *in.Body.Name
			}
			spec, err := in.Body.over(spec)
			return name, spec, err
		})
	})
}

type pauseScheduleInput struct {
	SchedulePath
	Mutation
	Body *SchedulePause
}

func (s *Server) pauseSchedule(ctx context.Context, in *pauseScheduleInput) (*shown[Schedule], error) {
	note := ""
	if in.Body != nil {
		note = in.Body.Note
	}
	return s.changeSchedule(ctx, in.ID, "paused", func(account, actor string) (fleet.Schedule, error) {
		return s.Store.PauseSchedule(ctx, account, actor, in.ID, note)
	})
}

type scheduleInput struct {
	SchedulePath
	Mutation
}

func (s *Server) resumeSchedule(ctx context.Context, in *scheduleInput) (*shown[Schedule], error) {
	return s.changeSchedule(ctx, in.ID, "resumed", func(account, actor string) (fleet.Schedule, error) {
		return s.Store.ResumeSchedule(ctx, account, actor, in.ID)
	})
}

func (s *Server) deleteSchedule(ctx context.Context, in *scheduleInput) (*shown[Schedule], error) {
	return s.changeSchedule(ctx, in.ID, "deleted", func(account, actor string) (fleet.Schedule, error) {
		return s.Store.DeleteSchedule(ctx, account, actor, in.ID)
	})
}

// changeSchedule answers with the schedule as it is then. It is not an operation: nothing
// moves yet.
func (s *Server) changeSchedule(ctx context.Context, id, what string, change func(account, actor string) (fleet.Schedule, error)) (*shown[Schedule], error) {
	who := callerOf(ctx)
	sch, err := change(who.AccountID, who.KeyID)
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "schedule changed", slog.String("schedule", id), slog.String("change", what), slog.String("actor", who.KeyID))
	if !sch.Synced {
		sch = s.sync(ctx, sch)
	}
	out, err := s.showSchedule(ctx, sch)
	return &shown[Schedule]{out}, err
}

type triggerScheduleInput struct {
	SchedulePath
	Mutation
	Body *ScheduleTrigger
}

// triggerSchedule answers with the run as it was asked for. What it does shows soon after
// among the schedule's runs.
func (s *Server) triggerSchedule(ctx context.Context, in *triggerScheduleInput) (*shown[ScheduleRun], error) {
	var edge fleet.Edge
	if in.Body != nil {
		edge = in.Body.Edge
	}
	who := callerOf(ctx)
	run, repeated, err := s.Store.TriggerSchedule(ctx, store.Ask{AccountID: who.AccountID, Actor: who.KeyID, Key: in.Key}, in.ID, edge)
	if err != nil {
		return nil, err
	}
	if !repeated {
		s.Logger.InfoContext(ctx, "schedule triggered", slog.String("schedule", in.ID), slog.String("actor", who.KeyID))
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), startTimeout)
		defer cancel()
		if err := s.Operations.TriggerSchedule(ctx, in.ID, run.At); err != nil {
			s.Logger.WarnContext(ctx, "schedule not triggered yet", slog.String("schedule", in.ID), slog.Any("error", err))
		}
	}
	run.State, run.BegunAt, run.EndedAt = fleet.RunPending, time.Time{}, time.Time{} // as the first answer said
	return &shown[ScheduleRun]{showRun(run)}, nil
}

// outlineSchedule is a schedule as lists show it.
func (s *Server) outlineSchedule(sch fleet.Schedule) (Schedule, error) {
	out := Schedule{
		ID: sch.ID, Name: sch.Name, State: sch.State, Note: sch.Note, Synced: sch.Synced, CreatedAt: sch.CreatedAt, UpdatedAt: sch.UpdatedAt,
		Spec: sch.Spec, Next: []ScheduleTime{}, Warnings: []string{}, Holds: []ScheduleHold{}, Runs: []ScheduleRun{},
	}
	table, err := sch.Spec.Timetable()
	if err != nil || sch.State == fleet.ScheduleDeleted {
		return out, err
	}
	if s.TemporalUI != "" {
		out.TemporalURL = fmt.Sprintf("%s/namespaces/%s/schedules/%s", s.TemporalUI, url.PathEscape(s.TemporalNamespace), url.PathEscape(sch.ID))
	}
	now := s.Store.Now()
	out.WindowEnd, out.InWindow = table.Within(now)
	out.WindowEnd = out.WindowEnd.UTC()
	out.Warnings = table.Warnings(now)
	if sch.State != fleet.ScheduleActive {
		return out, nil
	}
	for _, f := range table.Next(now, shownTimes) {
		action, workers := sch.Spec.Does(f.Edge)
		out.Next = append(out.Next, ScheduleTime{At: f.At.UTC(), Local: f.At.Format(time.RFC3339), Action: action, ActiveWorkers: workersOf(action, workers)})
	}
	return out, nil
}

func workersOf(action fleet.ScheduleAction, n int) *int {
	if action != fleet.DoSetWorkers {
		return nil
	}
	return &n
}

// showSchedule is a schedule whole.
func (s *Server) showSchedule(ctx context.Context, sch fleet.Schedule) (Schedule, error) {
	out, err := s.outlineSchedule(sch)
	if err != nil {
		return out, err
	}
	runs, err := s.Store.ScheduleRuns(ctx, sch.AccountID, sch.ID, shownRuns)
	if err != nil {
		return out, err
	}
	for _, run := range runs {
		out.Runs = append(out.Runs, showRun(run))
	}
	holds, err := s.Store.ScheduleHolds(ctx, sch.AccountID, sch.ID)
	for _, h := range holds {
		out.Holds = append(out.Holds, ScheduleHold{Kind: h.Kind, ResourceID: h.ResourceID, Name: h.Name, Actor: h.Actor, Until: h.Until})
	}
	return out, err
}

func showRun(run fleet.ScheduleRun) ScheduleRun {
	out := ScheduleRun{
		At: run.At, Action: run.Action, ActiveWorkers: workersOf(run.Action, run.Workers), Edge: run.Edge, Actor: run.Actor, State: run.State,
		BegunAt: run.BegunAt, EndedAt: run.EndedAt, Targets: make([]ScheduleRunTarget, 0, len(run.Targets)),
		Accepted: run.Counts[fleet.RunAccepted], Skipped: run.Counts[fleet.RunSkipped], Refused: run.Counts[fleet.RunRefused], Busy: run.Counts[fleet.RunBusy],
	}
	for _, t := range run.Targets {
		shown := ScheduleRunTarget{
			Kind: t.Kind, ResourceID: t.ResourceID, Name: t.Name, Outcome: t.Outcome, Code: t.Code, Message: t.Message, OperationID: t.OperationID,
		}
		if t.OperationID != "" {
			shown.OperationState = OperationRunning
			if t.Ended != fleet.Open {
				shown.OperationState = OperationState(t.Ended)
			}
		}
		out.Targets = append(out.Targets, shown)
	}
	return out
}
