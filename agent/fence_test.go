package agent

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/sim"
)

func TestHostWithoutLeaseStopsWhatItRuns(t *testing.T) {
	t.Parallel()
	for _, how := range []wireState{cut, silent} {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			s := mustSite(t)
			a := s.mustLease()
			stays, leaves := s.mustServer(), s.mustServer()
			s.wire.become(how)
			_, renewed, _ := s.wire.last()
			ttl := time.Duration(s.wire.order.TTL)
			time.Sleep(time.Until(renewed.Add(ttl / 2)))
			require.True(t, s.runs(stays.ID), "it holds on while it has its lease")

			s.eventually(func() bool { return !s.runs(stays.ID) && !s.runs(leaves.ID) }, "it fences itself")
			_, renewed, _ = s.wire.last() // one may have been on its way
			require.Less(t, time.Since(renewed), ttl+fleet.LeaseGrace)
			require.False(t, a.Leased())
			fenced, err := a.Journal.Fenced()
			require.NoError(t, err)
			require.Equal(t, map[string]bool{stays.ID: true, leaves.ID: true}, fenced)

			_, _, err = s.store.Accept(t.Context(), s.ask(), fleet.KindInstance, leaves.InstanceID, "stop")
			require.NoError(t, err)
			s.wire.become(whole)
			s.eventually(func() bool { return s.runs(stays.ID) }, "what should run is started again")
			_, _, before := s.wire.last()
			s.eventually(func() bool { _, _, now := s.wire.last(); return now > before+2 }, "it renews")
			require.False(t, s.runs(leaves.ID), "what an operation has in hand is left to it")
			require.Equal(t, fleet.Running, s.state(stays))
			fenced, err = a.Journal.Fenced()
			require.NoError(t, err)
			require.Equal(t, map[string]bool{leaves.ID: true}, fenced)
			require.GreaterOrEqual(t, a.metric(t, "kelvin_agent_fenced_total"), 2.0)
		})
	}
}

func TestWhatStartsWithoutLeaseIsStoppedToo(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	a := s.mustLease()
	lease := s.mustServer()
	s.wire.become(silent)
	s.eventually(func() bool { return !s.runs(lease.ID) }, "it fences itself")
	require.NoError(t, s.engine.Start(t.Context(), lease.ID)) // a step that was under way
	s.eventually(func() bool { return !s.runs(lease.ID) }, "it does so again")
	require.False(t, a.Leased())
}

func TestFencingIsTriedUntilItWorks(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	s.machine.Behave(sim.Behaviour{IgnoreStop: true})
	s.mustLease()
	lease := s.mustServer()
	s.machine.Inject(sim.Fault{Verb: "Stop", Nth: 1, Code: fleet.Unavailable})
	s.wire.become(cut)
	s.eventually(func() bool { return !s.runs(lease.ID) }, "it is killed in the end")
	c, err := s.engine.Inspect(t.Context(), lease.ID)
	require.NoError(t, err)
	require.Equal(t, 137, c.ExitCode)
}

func TestContainerThatEndedBeforeTheFenceIsNotStartedAgain(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	a := s.mustLease()
	lease := s.mustServer()
	s.wire.become(cut)
	s.machine.Crash(lease.ID, 1)
	s.eventually(func() bool { return !a.Leased() }, "it loses its lease")
	s.wire.become(whole)
	s.eventually(func() bool { return s.state(lease) == fleet.Stopped }, "the record learns that it ended")
	require.False(t, s.runs(lease.ID))
}

func TestContainerThatCrashesAfterAFenceIsNotTakenForFenced(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	s.mustLease()
	lease := s.mustServer()
	s.wire.become(cut)
	s.eventually(func() bool { return !s.runs(lease.ID) }, "it fences itself")
	_, _, err := s.store.Accept(t.Context(), s.ask(), fleet.KindInstance, lease.InstanceID, "restart")
	require.NoError(t, err)
	s.wire.become(whole)
	s.eventually(func() bool { c, _ := s.wire.reported(lease.ID); return c.Fenced }, "the record learns that it was fenced")
	require.NoError(t, s.engine.Start(t.Context(), lease.ID)) // by the operation's step
	s.eventually(func() bool { c, _ := s.wire.reported(lease.ID); return c.Running }, "it is reported to run")
	_, _, before := s.wire.last()
	s.eventually(func() bool { _, _, now := s.wire.last(); return now > before+1 }, "the mark is gone")
	s.machine.Crash(lease.ID, 1)
	s.eventually(func() bool { c, _ := s.wire.reported(lease.ID); return !c.Running }, "its end is reported")
	c, _ := s.wire.reported(lease.ID)
	require.False(t, c.Fenced, "the operation must learn that it crashed")
}

func TestNewAgentAdoptsWhatItsPredecessorRan(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	first := s.mustLease()
	lease := s.mustServer()
	before, err := s.engine.Inspect(t.Context(), lease.ID)
	require.NoError(t, err)
	first.stop()
	require.True(t, s.runs(lease.ID), "containers outlive their agent")

	second := s.mustLease()
	_, _, count := s.wire.last()
	s.eventually(func() bool { _, _, now := s.wire.last(); return now > count+2 }, "it renews")
	after, err := s.engine.Inspect(t.Context(), lease.ID)
	require.NoError(t, err)
	require.Equal(t, before, after, "it is the same run of the same container")
	require.Zero(t, second.metric(t, "kelvin_agent_fenced_total"))
}

func TestNewAgentStartsWhatItsPredecessorFenced(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	first := s.mustLease()
	lease := s.mustServer()
	s.wire.become(cut)
	s.eventually(func() bool { return !s.runs(lease.ID) }, "it fences itself")
	first.stop()
	s.wire.become(whole)
	s.mustLease()
	s.eventually(func() bool { return s.runs(lease.ID) }, "it is started again")
	require.Equal(t, fleet.Running, s.state(lease))
}

func TestNewAgentWithoutAServerGivesItAMoment(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	first := s.mustLease()
	lease := s.mustServer()
	first.stop()
	s.wire.become(cut)
	began := time.Now()
	s.mustRun()
	s.eventually(func() bool { return !s.runs(lease.ID) }, "without a lease nothing runs")
	require.GreaterOrEqual(t, time.Since(began), firstChance)
	require.Less(t, time.Since(began), fleet.LeaseGrace)
}

func TestServicesAreStartedAgainAfterAFence(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	s.mustLease()
	lease := s.mustServer()
	_, err := s.store.CreateTemplate(t.Context(), s.account, "key_test", "mine", fleet.TemplateSpec{
		Services: []fleet.TemplateService{{Name: "serve", Command: "sleep 1h"}},
	}.Defaults())
	require.NoError(t, err)
	require.NoError(t, s.store.AttachTemplate(t.Context(), s.account, "key_test", lease.InstanceID, fleet.Attachment{Name: "mine"}))
	spec, err := s.store.ContainerSpec(t.Context(), s.hostID, lease.ID)
	require.NoError(t, err)
	task := machine.Task{Dir: "/var/lib/kelvin/templates/mine/" + spec.Templates[0].Mark() + "/service-serve", Shell: "/bin/sh", Command: "sleep 1h", Service: true}
	require.NoError(t, machine.StartTask(t.Context(), s.engine, lease.ID, task))

	s.wire.become(cut)
	s.eventually(func() bool { return !s.runs(lease.ID) }, "it fences itself")
	s.wire.become(whole)
	s.eventually(func() bool { return s.runs(lease.ID) }, "the container is started again")
	s.eventually(func() bool {
		state, err := machine.LookAtTask(t.Context(), s.engine, lease.ID, task)
		return err == nil && state.Phase == machine.TaskRunning
	}, "and its service")
}
