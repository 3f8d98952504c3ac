package agent

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine/sim"
)

func TestAgentRenewsItsLeaseAndSaysWhatItHas(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	a := s.mustLease()
	lease := s.mustServer()
	_, _, before := s.wire.last()
	s.eventually(func() bool {
		c, ok := s.wire.reported(lease.ID)
		_, _, now := s.wire.last()
		return ok && c.Running && now > before+3
	}, "it goes on renewing, and reports the container")

	report, _, _ := s.wire.last()
	require.Equal(t, "sim", report.Machine)
	require.Len(t, report.GPUs, 4)
	require.NotZero(t, report.Disk.Total)
	host, err := s.store.GetHost(t.Context(), s.hostID)
	require.NoError(t, err)
	require.Equal(t, fleet.HostReady, host.State)
	require.Equal(t, fleet.Running, s.state(lease))
	require.InDelta(t, 3, a.metric(t, "kelvin_agent_lease_seconds_left"), 3)
	require.Positive(t, a.metric(t, "kelvin_agent_lease_seconds_left"))
	require.InDelta(t, 1, a.metric(t, "kelvin_agent_containers", "true"), 0)
	require.InDelta(t, 0, a.metric(t, "kelvin_agent_containers", "false"), 0)
}

func TestContainerThatEndsIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	s.wire.order.TTL, s.wire.order.Every = fleet.Duration(time.Minute), fleet.Duration(40*time.Second)
	s.mustLease()
	lease := s.mustServer()
	s.eventually(func() bool { c, _ := s.wire.reported(lease.ID); return c.Running }, "its start is reported at once")
	s.machine.Crash(lease.ID, 3)
	s.eventually(func() bool { c, ok := s.wire.reported(lease.ID); return ok && !c.Running }, "its end is reported at once")
	c, _ := s.wire.reported(lease.ID)
	require.Equal(t, 3, c.ExitCode)
	require.False(t, c.Fenced)
}

func TestBrokenEventsAreFollowedAgain(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	s.wire.order.TTL, s.wire.order.Every = fleet.Duration(time.Minute), fleet.Duration(40*time.Second)
	s.machine.Inject(sim.Fault{Verb: "Watch", Nth: 1, Code: fleet.Unavailable})
	s.mustLease()
	lease := s.mustServer()
	time.Sleep(1500 * time.Millisecond) // until it watches again
	s.machine.Crash(lease.ID, 1)
	s.eventually(func() bool { c, ok := s.wire.reported(lease.ID); return ok && !c.Running }, "its end is reported")
}

func TestMachineThatHangsDoesNotKeepTheLease(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	a := s.mustLease()
	lease := s.mustServer()
	s.machine.Inject(sim.Fault{Verb: "List", Hang: true})
	s.eventually(func() bool { return !a.Leased() }, "it loses its lease")
	require.True(t, s.runs(lease.ID), "there is no way to stop it")
	s.machine.Heal()
	s.eventually(a.Leased, "it has its lease again")
	s.eventually(func() bool { return s.runs(lease.ID) }, "and runs what it should")
}

func TestAnswerThatIsLostIsAskedForAgain(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	a := s.mustLease()
	lease := s.mustServer()
	s.wire.become(silent)
	time.Sleep(500 * time.Millisecond) // a renewal is under way, and stays unanswered
	s.wire.become(whole)
	_, _, before := s.wire.last()
	s.eventually(func() bool { _, _, now := s.wire.last(); return now > before }, "the next is answered")
	require.True(t, a.Leased())
	require.True(t, s.runs(lease.ID))
	require.Zero(t, a.metric(t, "kelvin_agent_fenced_total"))
}
