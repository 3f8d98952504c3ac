package fleet

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// promised is the life as docs/architecture.md promises it, written by hand: operation,
// from, via, to.
var promised = map[Kind]map[string]struct {
	from    []State
	via, to State
}{
	KindInstance: {
		"create":    {[]State{Absent}, Provisioning, Running},
		"start":     {[]State{Stopped}, Starting, Running},
		"stop":      {[]State{Running}, Stopping, Stopped},
		"restart":   {[]State{Running}, Restarting, Running},
		"freeze":    {[]State{Running, Stopped}, Freezing, Frozen},
		"thaw":      {[]State{Frozen}, Thawing, Running},
		"migrate":   {[]State{Running, Stopped}, Migrating, AsBefore},
		"reset":     {[]State{Running, Stopped, Frozen}, Resetting, Running},
		"terminate": {[]State{Running, Stopped, Frozen, Lost, Failed}, Terminating, Terminated},
		"recover":   {[]State{Lost, Failed}, Recovering, Running},
	},
	KindEndpoint: {
		"create": {[]State{Absent}, Provisioning, Running},
		"start":  {[]State{Stopped}, Starting, Running},
		"stop":   {[]State{Running}, Stopping, Stopped},
		"update": {[]State{Running, Stopped}, Updating, AsBefore},
		"delete": {[]State{Running, Stopped, Failed}, Deleting, Deleted},
	},
}

// wins are the operations that are accepted over an open one: terminate over everything,
// stop over what is about to start, and likewise for endpoints.
var wins = map[Kind]map[string][]string{
	KindInstance: {
		"terminate": {"create", "start", "stop", "restart", "freeze", "thaw", "migrate", "reset", "recover"},
		"stop":      {"create", "start", "restart", "thaw"},
	},
	KindEndpoint: {
		"delete": {"create", "start", "stop", "update"},
		"stop":   {"create", "start", "update"},
	},
}

var statesOf = map[Kind][]State{KindInstance: InstanceStates, KindEndpoint: EndpointStates}

func TestEveryOperationInEveryState(t *testing.T) {
	t.Parallel()
	n := 0
	for _, op := range Operations {
		want, ok := promised[op.Kind][op.Name]
		require.True(t, ok, "%s %s", op.Kind, op.Name)
		require.Equal(t, want.via, op.Via)
		require.Equal(t, want.to, op.To)
		require.Positive(t, op.Limit)
		for _, state := range statesOf[op.Kind] {
			n++
			life := Life{State: state, Since: noon, Reason: "before"}
			before := life
			rec := Record{ID: "op_new", Kind: op.Kind, Name: op.Name}
			err := life.Accept(&rec, nil, noon.Add(time.Hour))
			if !slices.Contains(want.from, state) {
				require.Equal(t, Conflict, CodeOf(err), "%s in %s", op.Name, state)
				require.Equal(t, before, life, "a refusal changes nothing")
				continue
			}
			require.NoError(t, err, "%s in %s", op.Name, state)
			deadline := noon.Add(time.Hour + op.Limit)
			require.Equal(t, Life{State: want.via, Was: state, OperationID: "op_new", Since: noon.Add(time.Hour), Deadline: deadline}, life)
			require.Equal(t, deadline, rec.Deadline)
			require.Contains(t, Legal(op.Kind, state), op.Name)
		}
	}
	require.Equal(t, 10*17+5*10, n)
	require.Len(t, promised[KindInstance], 10)
	require.Len(t, promised[KindEndpoint], 5)
}

func TestEveryOperationOverEveryOpenOne(t *testing.T) {
	t.Parallel()
	for _, open := range Operations {
		for _, op := range Operations {
			if op.Kind != open.Kind {
				continue
			}
			was := open.From[0]
			life := Life{State: open.Via, Was: was, OperationID: "op_open", Since: noon}
			before := life
			holder := Record{ID: "op_open", Kind: open.Kind, Name: open.Name}
			rec := Record{ID: "op_new", Kind: op.Kind, Name: op.Name}
			err := life.Accept(&rec, &holder, noon)
			if !slices.Contains(wins[op.Kind][op.Name], open.Name) {
				require.Equal(t, Conflict, CodeOf(err), "%s over %s", op.Name, open.Name)
				var e *Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, "op_open", e.Operation)
				require.Equal(t, before, life)
				continue
			}
			require.NoError(t, err, "%s over %s", op.Name, open.Name)
			before.NextID = "op_new"
			require.Equal(t, before, life, "it waits, and the open one goes on")

			third := Record{ID: "op_third", Kind: op.Kind, Name: op.Name}
			err = life.Accept(&third, &holder, noon)
			var e *Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, Conflict, e.Code)
			require.Equal(t, "op_new", e.Operation, "only one waits")
		}
	}
}

func TestEveryStateHasAWayOut(t *testing.T) {
	t.Parallel()
	for kind, states := range statesOf {
		for _, state := range states {
			if state.Gone() && state != Absent {
				require.Empty(t, Legal(kind, state), "there is nothing left to move")
				continue
			}
			legal := Legal(kind, state)
			if i := viaOf(kind, state); i >= 0 {
				require.Empty(t, legal, "%s is passed through", state)
				require.Positive(t, Operations[i].Limit, "and for so long at most")
				continue
			}
			require.NotEmpty(t, legal, "%s of an %s", state, kind)
		}
	}
}

func viaOf(kind Kind, state State) int {
	for i, op := range Operations {
		if op.Kind == kind && op.Via == state {
			return i
		}
	}
	return -1
}

func TestSettle(t *testing.T) {
	t.Parallel()
	later := noon.Add(time.Minute)
	for _, op := range Operations {
		for _, was := range op.From {
			for _, outcome := range []Outcome{Done, Undone, Stuck} {
				for _, lost := range []bool{false, true} {
					life := Life{State: op.Via, Was: was, OperationID: "op_1", Since: noon, Deadline: later}
					rec := Record{ID: "op_1", Kind: op.Kind, Name: op.Name, Outcome: outcome, Message: "the image is not there"}
					life.Settle(&rec, nil, lost, later)

					want := op.To
					switch {
					case lost && (op.Kind != KindInstance || op.Name != "terminate"):
						want = Lost
					case outcome == Stuck:
						want = Failed
					case outcome == Undone && was == Absent && op.Kind == KindInstance:
						want = Terminated
					case outcome == Undone && was == Absent:
						want = Deleted
					case outcome == Undone, op.To == AsBefore:
						want = was
					}
					reason := op.Name + ": the image is not there"
					if outcome == Done {
						reason = ""
					}
					require.Equal(t, Life{State: want, Since: later, Reason: reason}, life, "%s from %s is %s", op.Name, was, outcome)
				}
			}
		}
	}
}

func TestSettlePassesTheClaimOn(t *testing.T) {
	t.Parallel()
	later := noon.Add(time.Minute)
	for _, c := range []struct {
		open    Operation
		was     State
		outcome Outcome
		next    Operation
		state   State
		holds   bool
		end     Outcome // of next
	}{
		{Stop, Running, Done, Terminate, Terminating, true, Open},
		{Stop, Running, Undone, Terminate, Terminating, true, Open},
		{Migrate, Stopped, Stuck, Terminate, Terminating, true, Open},
		{Create, Absent, Undone, Terminate, Terminated, false, Done},
		{Create, Absent, Done, Stop, Stopping, true, Open},
		{Create, Absent, Undone, Stop, Terminated, false, Undone},
		{Start, Stopped, Undone, Stop, Stopped, false, Done},
		{Start, Stopped, Done, Stop, Stopping, true, Open},
		{Start, Stopped, Stuck, Stop, Failed, false, Undone},
		{Thaw, Frozen, Undone, Stop, Frozen, false, Undone},
		{CreateEndpoint, Absent, Undone, DeleteEndpoint, Deleted, false, Done},
		{UpdateEndpoint, Stopped, Done, StopEndpoint, Stopped, false, Done},
		{UpdateEndpoint, Running, Undone, StopEndpoint, Stopping, true, Open},
	} {
		life := Life{State: c.open.Via, Was: c.was, OperationID: "op_1", NextID: "op_2", Since: noon}
		rec := Record{ID: "op_1", Kind: c.open.Kind, Name: c.open.Name, Outcome: c.outcome}
		next := Record{ID: "op_2", Kind: c.next.Kind, Name: c.next.Name}
		life.Settle(&rec, &next, false, later)
		require.Equal(t, c.state, life.State, "%s %s, then %s", c.open.Name, c.outcome, c.next.Name)
		require.Equal(t, c.end, next.Outcome, "%s %s, then %s", c.open.Name, c.outcome, c.next.Name)
		require.Equal(t, c.holds, life.OperationID == "op_2")
		require.Empty(t, life.NextID)
		if c.holds {
			require.Equal(t, later.Add(c.next.Limit), life.Deadline)
			require.Equal(t, life.Deadline, next.Deadline)
		} else {
			require.Equal(t, later, next.EndedAt)
		}
		if c.end == Undone {
			require.Equal(t, Conflict, next.Code)
			require.NotEmpty(t, next.Message)
		}
	}
}

func TestALostHomeWinsOverEveryOutcomeButTerminates(t *testing.T) {
	t.Parallel()
	life := Life{State: Stopping, Was: Running, OperationID: "op_1", NextID: "op_2"}
	next := Record{ID: "op_2", Kind: KindInstance, Name: Terminate.Name}
	life.Settle(&Record{ID: "op_1", Kind: KindInstance, Name: Stop.Name, Outcome: Undone}, &next, true, noon)
	require.Equal(t, Terminating, life.State)
	require.Equal(t, Lost, life.Was)
	life.Settle(&Record{ID: "op_2", Kind: KindInstance, Name: Terminate.Name, Outcome: Done}, nil, true, noon)
	require.Equal(t, Terminated, life.State)
}

func TestTarget(t *testing.T) {
	t.Parallel()
	life := Life{State: Stopped}
	require.Equal(t, Stopped, life.Target(nil))
	life = Life{State: Freezing, Was: Running}
	require.Equal(t, Frozen, life.Target(&Record{Kind: KindInstance, Name: "freeze"}))
	require.Equal(t, Running, life.Target(&Record{Kind: KindInstance, Name: "migrate"}))
}

func TestNamesOfOperationsAreKnownByKind(t *testing.T) {
	t.Parallel()
	workflows := map[string]bool{}
	for _, op := range Operations {
		found, ok := FindOperation(op.Kind, op.Name)
		require.True(t, ok)
		require.Equal(t, op, found)
		require.False(t, workflows[op.Workflow()], "a workflow has one operation")
		workflows[op.Workflow()] = true
	}
	require.True(t, workflows["stop-endpoint"])
	_, ok := FindOperation(KindEndpoint, "freeze")
	require.False(t, ok)
	require.Zero(t, (&Record{Kind: KindEndpoint, Name: "freeze"}).Operation())
}
