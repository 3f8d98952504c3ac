package agent

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/sim"
)

// toldOf are the events of a container's GPUs that an agent told of.
func (r *running) toldOf(c machine.Container) (events []gpu.Event) {
	for _, uuid := range c.GPUs {
		events = append(events, r.ward.watching.Events(uuid, time.Time{})...)
	}
	return events
}

// found are simulated GPUs that pass for real ones.
type found struct{ machine.GPUs }

func (found) Simulated() bool { return false }

func TestAContainerThatLosesItsGPUsIsReported(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	a := s.mustRunChanged(s.mustFour(), func(a *Agent) { a.AccessEvery = 20 * time.Millisecond })
	s.eventually(a.Leased, "the agent gets its lease")
	blind, well := s.mustServer(), s.mustServer()
	lost := func(lease fleet.Lease) bool {
		c, ok := s.wire.reported(lease.ID)
		return ok && c.AccessLost
	}
	s.eventually(func() bool { _, ok := s.wire.reported(well.ID); return ok }, "both are reported")
	require.False(t, lost(blind))

	s.machine.LoseAccess(blind.ID)
	s.eventually(func() bool { return lost(blind) }, "it is reported")
	require.False(t, lost(well))
	c, err := s.engine.Inspect(t.Context(), blind.ID)
	require.NoError(t, err)
	events := a.toldOf(c)
	require.Len(t, events, 1)
	require.Equal(t, gpu.EventAccessLost, events[0].Kind)
	require.Equal(t, blind.ID, events[0].LeaseID)
	require.Equal(t, c.GPUs, []string{events[0].UUID})
	require.Equal(t, "simulated", events[0].Source)
	require.WithinDuration(t, time.Now(), events[0].At, time.Minute)

	// Another start is the cure, and what comes after it is another loss.
	require.NoError(t, s.engine.Stop(t.Context(), blind.ID, time.Second))
	require.NoError(t, s.engine.Start(t.Context(), blind.ID))
	s.eventually(func() bool { return !lost(blind) }, "it is well")
	s.machine.LoseAccess(blind.ID)
	s.eventually(func() bool { return lost(blind) && len(a.toldOf(c)) == 2 }, "it is reported again")
	require.InDelta(t, 2, a.metric(t, "kelvin_agent_gpu_access_lost_total"), 0)
}

func TestOneThatIsJustEndingHasLostNothing(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	a := s.mustRunChanged(s.mustFour(), func(a *Agent) { a.AccessEvery = 20 * time.Millisecond })
	s.eventually(a.Leased, "the agent gets its lease")
	lease := s.mustServer()
	looks := func() (n int) {
		for _, c := range s.machine.Calls() {
			if c.Verb == "GPUsVisible" && c.Lease == lease.ID {
				n++
			}
		}
		return n
	}
	// One look fails, and the next does not.
	s.machine.Inject(sim.Fault{Verb: "GPUsVisible", Lease: lease.ID, Nth: 2, Code: fleet.Unhealthy})
	s.eventually(func() bool { return looks() > 5 }, "it is looked at")
	// Nobody can tell.
	s.machine.Inject(sim.Fault{Verb: "GPUsVisible", Lease: lease.ID, Code: fleet.Unavailable})
	before := looks()
	s.eventually(func() bool { return looks() > before+3 }, "it is looked at")
	report, _ := s.wire.reported(lease.ID)
	require.False(t, report.AccessLost)
	c, err := s.engine.Inspect(t.Context(), lease.ID)
	require.NoError(t, err)
	require.Len(t, c.GPUs, 1)
	require.Empty(t, a.toldOf(c))
}

// handing is a machine that hands GPUs over in its own way.
type handing struct {
	machine.Machine
	access fleet.GPUAccess
}

func (h handing) Info(ctx context.Context) (machine.Info, error) {
	info, err := h.Machine.Info(ctx)
	info.GPUAccess, info.GPUNote = h.access, "as the test has it"
	return info, err
}

func TestAHostThatCannotHandOverItsGPUsOffersNone(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		machine   fleet.GPUAccess
		simulated bool
		reported  fleet.GPUAccess
		gpus      int
		says      string
	}{
		"by name":                  {fleet.AccessCDI, false, fleet.AccessCDI, 4, "containers get GPUs by CDI"},
		"by the hook":              {fleet.AccessHook, false, fleet.AccessHook, 4, "can lose them"},
		"not at all":               {fleet.AccessNone, false, fleet.AccessNone, 0, "GPUs are not offered"},
		"simulated, not at all":    {fleet.AccessNone, true, fleet.AccessSimulated, 4, ""},
		"simulated, where it does": {fleet.AccessCDI, true, fleet.AccessSimulated, 4, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mustSite(t)
			var log bytes.Buffer
			s.handle = handing{s.handle, test.machine}
			a := s.mustRunChanged(s.mustFour(), func(a *Agent) {
				if !test.simulated {
					a.GPUs = found{a.GPUs}
				}
				a.Logger = slog.New(slog.NewTextHandler(&log, nil))
			})
			s.eventually(a.Leased, "the agent gets its lease")
			report, _, _ := s.wire.last()
			require.Equal(t, test.reported, report.GPUAccess)
			require.Len(t, report.GPUs, test.gpus)
			host, err := s.store.GetHost(t.Context(), s.hostID)
			require.NoError(t, err)
			require.Equal(t, test.reported, host.GPUAccess)
			require.Len(t, host.GPUs, test.gpus)
			a.stop()
			if test.says != "" {
				require.Contains(t, log.String(), test.says)
				require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("as the test has it")), "once")
			} else {
				require.NotContains(t, log.String(), "as the test has it")
			}
		})
	}
}
