package fleet

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// SchedulePrefix begins the IDs of schedules.
const SchedulePrefix = "sch_"

// CatchUp is how late a schedule still acts, when it could not at its time.
const CatchUp = 15 * time.Minute

// Limits of schedules.
const (
	MaxSchedules = 1000 // of an account
	MaxJitter    = Duration(time.Hour)
	MaxNote      = 1024 // characters
)

// A Schedule has something done to resources at times of the day, or for windows of time.
type Schedule struct {
	ID        string
	AccountID string
	Name      string
	Spec      ScheduleSpec
	State     ScheduleState
	Note      string // why it is paused
	Version   int64  // rises with every change
	Synced    bool   // Temporal has it as it is here
	CreatedAt time.Time
	UpdatedAt time.Time
}

// ScheduleState is whether a schedule acts.
type ScheduleState string

// The states of a schedule.
const (
	ScheduleActive  ScheduleState = "active"
	SchedulePaused  ScheduleState = "paused"
	ScheduleDeleted ScheduleState = "deleted"
)

// ScheduleStates are all of them.
var ScheduleStates = []ScheduleState{ScheduleActive, SchedulePaused, ScheduleDeleted}

// ScheduleAction is what a schedule has done to a resource.
type ScheduleAction string

// The actions.
const (
	DoStart      ScheduleAction = "start"
	DoStop       ScheduleAction = "stop"
	DoFreeze     ScheduleAction = "freeze"
	DoThaw       ScheduleAction = "thaw"
	DoSetWorkers ScheduleAction = "set-active-workers"
)

// ScheduleActions are all of them.
var ScheduleActions = []ScheduleAction{DoStart, DoStop, DoFreeze, DoThaw, DoSetWorkers}

// Operation is the operation that does the action to a resource of a kind; false if there
// is none.
func (a ScheduleAction) Operation(kind Kind) (Operation, bool) {
	if a == DoSetWorkers {
		return UpdateEndpoint, kind == KindEndpoint
	}
	return FindOperation(kind, string(a))
}

// Kinds are the kinds of resources that the action can be done to.
func (a ScheduleAction) Kinds() (kinds []Kind) {
	for _, kind := range []Kind{KindInstance, KindEndpoint} {
		if _, ok := a.Operation(kind); ok {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// after is what is done at the end of a window that began with the action.
func (a ScheduleAction) after() (ScheduleAction, bool) {
	after, ok := map[ScheduleAction]ScheduleAction{DoStop: DoStart, DoFreeze: DoThaw, DoSetWorkers: DoSetWorkers}[a]
	return after, ok
}

// HeldBy reports whether somebody who does op to a resource in a window that began with the
// action wants it to stay like that until the window ends.
func (a ScheduleAction) HeldBy(op Operation) bool {
	switch a {
	case DoStop, DoFreeze:
		return op.To == Running && op.Name != Restart.Name
	case DoSetWorkers:
		return op.Workflow() == UpdateEndpoint.Workflow()
	default:
		return false
	}
}

// A ScheduleSpec is what a schedule does, to what, and when.
type ScheduleSpec struct {
	Target           ScheduleTarget    `json:"target" doc:"What it acts on: exactly one of these"`
	Action           ScheduleAction    `json:"action" doc:"What is done; with when.from, at the beginning of each window. At its end follow start after stop, thaw after freeze, and end_active_workers"`
	ActiveWorkers    *int              `json:"active_workers,omitempty" minimum:"0" maximum:"1000" doc:"Of set-active-workers: how many"`
	EndActiveWorkers *int              `json:"end_active_workers,omitempty" minimum:"0" maximum:"1000" doc:"Of set-active-workers in windows: how many from their end on"`
	When             ScheduleTimes     `json:"when" doc:"Exactly one of at, from and to, or cron"`
	TimeZone         string            `json:"time_zone" minLength:"1" maxLength:"64" doc:"Whose clocks the times are of: an IANA name" example:"Europe/Berlin"`
	OnlyIf           ScheduleCondition `json:"only_if,omitzero" doc:"Leave alone what is not like this when the time comes. In windows: at their beginning"`
	Jitter           Duration          `json:"jitter,omitempty" doc:"Act up to this much later, by chance. Default 0s, at most 1h" example:"5m"`
}

// A ScheduleTarget is what a schedule acts on.
type ScheduleTarget struct {
	Instance string `json:"instance,omitempty" maxLength:"64" doc:"ID of a server" example:"ins_06f2r3k8x9m4n5p6q7s8t9v0w1"`
	Endpoint string `json:"endpoint,omitempty" maxLength:"64" doc:"ID of an endpoint" example:"ep_06f2r3k8x9m4n5p6q7s8t9v0w1"`
	Selector string `json:"selector,omitempty" maxLength:"1024" doc:"Labels of the servers and endpoints: name=value and name!=value, with commas between, all of which must hold" example:"team=ml,env!=prod"`
}

// ScheduleTimes are when a schedule acts, by the clocks of its time zone.
type ScheduleTimes struct {
	At      string    `json:"at,omitempty" maxLength:"5" doc:"Time of day, HH:MM, from 00:00 to 23:59" example:"20:00"`
	Days    []Weekday `json:"days,omitempty" maxItems:"7" doc:"Of at, or of from. Default: every day"`
	From    string    `json:"from,omitempty" maxLength:"5" doc:"Time of day when windows begin" example:"20:00"`
	To      string    `json:"to,omitempty" maxLength:"5" doc:"Time of day when windows end" example:"08:00"`
	EndDays []Weekday `json:"end_days,omitempty" maxItems:"7" doc:"Of to. Default: those of days, or the days after them if to is not later than from"`
	Cron    string    `json:"cron,omitempty" maxLength:"256" doc:"Minute, hour, day of the month, month, day of the week" example:"30 7 1,15 * mon-fri"`
}

// Weekday is a day of the week, by the three letters it begins with.
type Weekday string

// Weekdays are all of them.
var Weekdays = []Weekday{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// set are the days as a calendar has them; every day, if there are none.
func weekdaySet(days []Weekday) (s Set) {
	for _, d := range days {
		s |= setOf((slices.Index(Weekdays, d) + 1) % 7)
	}
	if s == 0 {
		return everyWeekday
	}
	return s
}

// A ScheduleCondition is how a resource must be for a schedule to act on it.
type ScheduleCondition struct {
	States []State  `json:"states,omitempty" maxItems:"4" doc:"It is in one of these states" example:"[\"stopped\"]"`
	For    Duration `json:"for,omitempty" doc:"It has been in its state for at least this long" example:"72h"`
}

// IsZero reports whether there is no condition.
func (c ScheduleCondition) IsZero() bool { return len(c.States) == 0 && c.For == 0 }

// Met reports whether a resource is as the condition asks, and why not.
func (c ScheduleCondition) Met(l Life, now time.Time) (bool, string) {
	if len(c.States) > 0 && !slices.Contains(c.States, l.State) {
		return false, fmt.Sprintf("it is %s, and not %s", l.State, oneOf(c.States))
	}
	if been := now.Sub(l.Since); been < time.Duration(c.For) {
		return false, fmt.Sprintf("it has been %s for %s, and not for %s", l.State, been.Round(time.Second), c.For)
	}
	return true, ""
}

func oneOf[S ~string](words []S) string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = string(w)
	}
	return strings.Join(all, " or ")
}

// An Edge is which of its two actions a window calls for.
type Edge string

// The edges. A schedule without windows has only the first.
const (
	Begin Edge = "begin"
	End   Edge = "end"
)

// Windowed reports whether the schedule has windows, rather than single actions.
func (s ScheduleSpec) Windowed() bool { return s.When.From != "" }

// Does is what the schedule does at an edge, and with how many workers.
func (s ScheduleSpec) Does(e Edge) (action ScheduleAction, workers int) {
	action, n := s.Action, s.ActiveWorkers
	if e == End {
		action, _ = s.Action.after()
		n = s.EndActiveWorkers
	}
	if n != nil {
		workers = *n
	}
	return action, workers
}

// Covers reports whether a resource is the schedule's business.
func (s ScheduleSpec) Covers(kind Kind, id string, labels map[string]string) bool {
	switch {
	case !slices.Contains(s.Action.Kinds(), kind):
		return false
	case s.Target.Selector == "":
		return id == s.Target.Instance || id == s.Target.Endpoint
	}
	selector, err := ParseSelector(s.Target.Selector)
	return err == nil && selector.Matches(labels)
}

// A Selector says which labels a resource has, and which it has not.
type Selector []struct {
	Name, Value string
	Not         bool
}

// ParseSelector reads name=value and name!=value, with commas between.
func ParseSelector(text string) (Selector, error) {
	var all Selector
	for term := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(term, "=")
		name, not := strings.CutSuffix(strings.TrimSpace(name), "!")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || !labelName.MatchString(name) || !goodLabelValue(value) || strings.HasPrefix(value, "=") {
			return nil, Errorf(Invalid, "a selector is written like team=ml,env!=prod")
		}
		all = append(all, struct {
			Name, Value string
			Not         bool
		}{name, value, not})
	}
	if len(all) > MaxLabels {
		return nil, Errorf(Invalid, "a selector has at most %d parts", MaxLabels)
	}
	return all, nil
}

// Matches reports whether labels are as the selector says. A label that is not there has
// no value: it is != to all of them, and = to none.
func (s Selector) Matches(labels map[string]string) bool {
	for _, term := range s {
		if value, ok := labels[term.Name]; (ok && value == term.Value) == term.Not {
			return false
		}
	}
	return true
}

// A ScheduleRun is one time that a schedule acted.
type ScheduleRun struct {
	ScheduleID string
	At         time.Time // when it was to act, without jitter; of a trigger, when that was
	Edge       Edge
	Actor      string // who triggered it; empty when it was time
	State      RunState
	Action     ScheduleAction
	Workers    int
	BegunAt    time.Time
	EndedAt    time.Time
	Counts     map[RunOutcome]int
	Targets    []RunTarget
}

// RunState is how far a run is.
type RunState string

// The states of a run.
const (
	RunPending RunState = "pending" // triggered, not begun
	RunRunning RunState = "running"
	RunDone    RunState = "done"   // every target has its outcome
	RunMissed  RunState = "missed" // it could not begin in time
)

// RunStates are all of them.
var RunStates = []RunState{RunPending, RunRunning, RunDone, RunMissed}

// RunOutcome is what became of one target of a run.
type RunOutcome string

// The outcomes.
const (
	RunAccepted RunOutcome = "accepted" // an operation was accepted: its own outcome says how it went on
	RunSkipped  RunOutcome = "skipped"  // there was nothing to do, or reason not to
	RunRefused  RunOutcome = "refused"  // it could not be asked for
	RunBusy     RunOutcome = "busy"     // another operation is in the way: it is asked for again
)

// RunOutcomes are all of them.
var RunOutcomes = []RunOutcome{RunAccepted, RunSkipped, RunRefused, RunBusy}

// A RunTarget is one resource that a run was for.
type RunTarget struct {
	Kind        Kind
	ResourceID  string
	Name        string
	Outcome     RunOutcome
	Code        Code
	Message     string
	OperationID string
	Ended       Outcome // of the operation
}

// A Hold keeps a resource as somebody put it, in spite of schedules, until a window ends.
type Hold struct {
	ScheduleID string
	Kind       Kind
	ResourceID string
	Name       string // of the resource
	Actor      string
	Until      time.Time
	CreatedAt  time.Time
}
