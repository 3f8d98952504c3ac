package fleet

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNextOfADrain(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	server := func(id string, change ...func(*Occupant)) Occupant {
		o := Occupant{InstanceID: id, State: Running, Home: true}
		for _, c := range change {
			c(&o)
		}
		return o
	}
	worker := func(id string, change ...func(*Occupant)) Occupant {
		o := server(id, change...)
		o.EndpointID, o.Serving = "ep_1", true
		return o
	}
	moving := func(o *Occupant) { o.State, o.OperationID, o.Operation, o.Moving = Migrating, "op_1", "migrate", true }
	leaving := func(o *Occupant) { o.LeavingAt = now }
	failed := func(n int, ago time.Duration) func(*Occupant) {
		return func(o *Occupant) { o.Failures, o.FailedAt, o.Failure = n, now.Add(-ago), "no GPU is free" }
	}
	state := func(s State) func(*Occupant) { return func(o *Occupant) { o.State = s } }
	for name, c := range map[string]struct {
		left []Occupant
		want []string
	}{
		"nothing is left":                        {nil, nil},
		"up to the limit":                        {[]Occupant{server("a"), worker("b"), server("c")}, []string{"a", "b"}},
		"stopped ones, too":                      {[]Occupant{server("a", state(Stopped))}, []string{"a"}},
		"those on their way count":               {[]Occupant{server("a", moving), server("b"), server("c")}, []string{"b"}},
		"workers that are replaced count":        {[]Occupant{worker("a", leaving), worker("b", leaving), server("c")}, nil},
		"a replacement that fails makes room":    {[]Occupant{worker("a", leaving, failed(1, 0)), worker("b", leaving), server("c")}, []string{"c"}},
		"a move that failed waits":               {[]Occupant{server("a", failed(1, 14*time.Second)), server("b")}, []string{"b"}},
		"... and is tried again":                 {[]Occupant{server("a", failed(1, 15*time.Second)), server("b"), server("c")}, []string{"b", "c"}},
		"... in the end at most 10 minutes late": {[]Occupant{server("a", failed(40, 10*time.Minute))}, []string{"a"}},
		"what is busy, failed or lost stays":     {[]Occupant{server("a", func(o *Occupant) { o.OperationID = "op_1" }), server("b", state(Failed)), server("c", state(Lost))}, nil},
		"what is kept stays":                     {[]Occupant{server("a", func(o *Occupant) { o.Kept = true })}, nil},
		"what is not at home stays":              {[]Occupant{server("a", func(o *Occupant) { o.Home = false })}, nil},
		"no worker of a stopped endpoint":        {[]Occupant{{InstanceID: "a", EndpointID: "ep_1", State: Running, Home: true}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := HostDrain{StartedAt: now, Parallel: 2, Left: c.left}
			var got []string
			for _, o := range d.Next(now) {
				got = append(got, o.InstanceID)
			}
			require.Equal(t, c.want, got)
			d.EndedAt = now
			require.Empty(t, d.Next(now), "it has ended")
			for _, o := range c.left {
				require.NotEmpty(t, o.Reason(now))
			}
		})
	}
}

func TestADrainIsOverWhenNothingLivesThere(t *testing.T) {
	t.Parallel()
	d := HostDrain{StartedAt: time.Now()}
	require.True(t, d.Empty())
	d.Left = []Occupant{{Kept: true}}
	require.True(t, d.Empty(), "what is kept for owners cannot be moved")
	d.Left = append(d.Left, Occupant{State: Failed, Home: true})
	require.False(t, d.Empty())
	require.True(t, d.Running())
	d.EndedAt = time.Now()
	require.False(t, d.Running())
	require.False(t, (&HostDrain{}).Running())
}

func TestWhySomethingIsStillThere(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for want, o := range map[string]Occupant{
		"it is being moved":                                                {Moving: true, Home: true, State: Migrating, OperationID: "op_1"},
		"restart is open on it":                                            {Home: true, State: Restarting, OperationID: "op_1", Operation: "restart"},
		"it is failed: recover it, or terminate it":                        {Home: true, State: Failed},
		"it is running: recover it, or terminate it":                       {State: Running},
		"it waits for its turn":                                            {Home: true, State: Stopped},
		"its move failed, try 3 is in 20s: no room":                        {Home: true, State: Running, Failures: 2, FailedAt: now.Add(-10 * time.Second), Failure: "no room"},
		"its replacement does not start: no room":                          {Home: true, State: Running, EndpointID: "ep_1", Serving: true, LeavingAt: now, Failures: 1, Failure: "no room"},
		"it is being replaced":                                             {Home: true, State: Running, EndpointID: "ep_1", Serving: true, LeavingAt: now},
		"it is being removed":                                              {Home: true, State: Terminating, EndpointID: "ep_1", Serving: true, LeavingAt: now},
		"its endpoint is not started: delete that, or start it":            {Home: true, State: Running, EndpointID: "ep_1"},
		"it is lost: it waits for its host, or for its recovery elsewhere": {Home: true, State: Lost},
	} {
		require.Equal(t, want, o.Reason(now))
	}
}
