package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// mustScrubber makes a host with n GPUs whose agent scrubs.
func mustScrubber(t testing.TB, s *Store, n int) fleet.Host {
	t.Helper()
	h := mustHost(t, s, n)
	mustOrder(t, s, h.ID, scrubber(h.ID, n))
	return h
}

func scrubber(hostID string, n int) fleet.HostReport {
	r := report(hostID, n)
	r.Scrubs = true
	return r
}

func mustOrder(t testing.TB, s *Store, hostID string, r fleet.HostReport) fleet.HostOrder {
	t.Helper()
	order, _, err := s.RenewLease(t.Context(), hostID, r)
	require.NoError(t, err)
	return order
}

func mustGPU(t testing.TB, s *Store, id string) fleet.GPU {
	t.Helper()
	g, err := s.GPU(t.Context(), id)
	require.NoError(t, err)
	return g
}

// aScrub is one that began just now.
func aScrub(s *Store, g fleet.GPU) fleet.GPUScrubbed {
	now := s.Now()
	return fleet.GPUScrubbed{UUID: g.UUID, Result: gpu.Result{Seed: uint64(serial.Add(1)), StartedAt: now, EndedAt: now.Add(time.Second), Coverage: 1}}
}

var clean = gpu.Verdict{Outcome: gpu.Pass, Rule: "scrubbed", Message: "all zeros"}

// aDiagnosis is of a test of the operation.
func aDiagnosis(g fleet.GPU, rec fleet.Record, outcome gpu.Outcome) fleet.Diagnosis {
	n := int(serial.Add(1))
	return fleet.Diagnosis{
		ID: fleet.DiagnosisID(rec.ID, g.ID, n), Kind: fleet.DiagnosisTest, GPUID: g.ID, OperationID: rec.ID, InstanceID: rec.ResourceID,
		Verdict: gpu.Verdict{Outcome: outcome, Rule: "a-rule", Message: "it was seen"},
		Examination: &gpu.Examination{
			Schema: gpu.SchemaVersion, UUID: g.UUID, Level: gpu.LevelRigorous,
			Before: &gpu.Health{UUID: g.UUID, Serial: g.Serial}, After: &gpu.Health{UUID: g.UUID, Serial: g.Serial},
		},
	}
}

// counted gives an examination's counters of uncorrectable errors before and after.
func counted(d fleet.Diagnosis, before, after uint64, at time.Time) fleet.Diagnosis {
	d.Examination.StartedAt, d.Examination.EndedAt = at.Add(-time.Minute), at
	d.Examination.Before.Aggregate.Uncorrected = gpu.Known(before)
	d.Examination.After.Aggregate.Uncorrected = gpu.Known(after)
	d.Examination.After.At = at
	return d
}

func TestAGPUThatALeaseHadIsScrubbedBeforeItIsFree(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx, a := t.Context(), mustAccount(t, s)
		now := mustClock(t, s)
		host := mustScrubber(t, s, 2)
		inst := mustServer(t, s, a, 1)
		g := inst.GPUs[0]
		require.True(t, mustGPU(t, s, g.ID).Dirty)
		require.Empty(t, mustOrder(t, s, host.ID, scrubber(host.ID, 2)).Scrub)

		require.NoError(t, s.ReturnLease(ctx, inst.Home.ID))
		require.Equal(t, fleet.GPUScrubbing, mustGPU(t, s, g.ID).State)
		order := mustOrder(t, s, host.ID, scrubber(host.ID, 2))
		require.Equal(t, []string{g.UUID}, order.Scrub)
		rec := mustCreate(t, s, a, 2)
		_, err := s.Place(ctx, rec.ID, rec.ResourceID)
		requireCode(t, fleet.Exhausted, err)

		inconclusive := gpu.Verdict{Outcome: gpu.Inconclusive, Rule: "scrub-killed", Message: "it was killed"}
		state, err := s.HostScrubbed(ctx, host.ID, aScrub(s, g), inconclusive)
		require.NoError(t, err)
		require.Equal(t, fleet.GPUScrubbing, state, "it is tried again")
		old := aScrub(s, g)
		old.Result.StartedAt = now.now().Add(-time.Hour)
		state, err = s.HostScrubbed(ctx, host.ID, old, clean)
		require.NoError(t, err)
		require.Equal(t, fleet.GPUScrubbing, state, "that was before")
		scrub := aScrub(s, g)
		state, err = s.HostScrubbed(ctx, host.ID, scrub, clean)
		require.NoError(t, err)
		require.Equal(t, fleet.GPUFree, state)
		require.False(t, mustGPU(t, s, g.ID).Dirty)
		require.Empty(t, mustOrder(t, s, host.ID, scrubber(host.ID, 2)).Scrub)

		_, err = s.Place(ctx, rec.ID, rec.ResourceID)
		require.NoError(t, err)
		_, err = s.HostScrubbed(ctx, host.ID, scrub, clean)
		requireCode(t, fleet.Conflict, err)
		require.NoError(t, s.ScrubbedGPU(ctx, host.ID, scrub, clean), "a late answer")
		require.True(t, mustGPU(t, s, g.ID).Dirty, "another lease has it")
		requireCode(t, fleet.NotFound, s.ScrubbedGPU(ctx, mustHost(t, s, 1).ID, aScrub(s, g), clean))
		requireCode(t, fleet.Invalid, s.ScrubbedGPU(ctx, host.ID, aScrub(s, g), gpu.Verdict{}))
		names := eventNames(t, s, "", host.ID)
		require.Contains(t, names, "gpu.scrubbed")
	})
}

func TestAGPUScrubbedBeforeItsLeaseIsReturnedIsFreeAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx, a := t.Context(), mustAccount(t, s)
		mustClock(t, s)
		host := mustScrubber(t, s, 3)
		inst := mustServer(t, s, a, 3)
		require.NoError(t, s.ScrubbedGPU(ctx, host.ID, aScrub(s, inst.GPUs[0]), clean))
		require.Equal(t, fleet.GPUScrubbing, mustGPU(t, s, inst.GPUs[0].ID).State)
		broken := gpu.Verdict{Outcome: gpu.Quarantine, Rule: "scrub-mismatch", Message: "it is not zero"}
		require.NoError(t, s.ScrubbedGPU(ctx, host.ID, aScrub(s, inst.GPUs[1]), broken))
		require.NoError(t, s.ReturnLease(ctx, inst.Home.ID))
		var states []fleet.GPUState
		for _, g := range inst.GPUs {
			states = append(states, mustGPU(t, s, g.ID).State)
		}
		require.Equal(t, []fleet.GPUState{fleet.GPUFree, fleet.GPUQuarantined, fleet.GPUScrubbing}, states)

		// Whatever is done after a scrub makes it dirty again.
		again := mustRun(t, s, mustCreate(t, s, a, 1))
		require.NoError(t, s.ScrubbedGPU(ctx, host.ID, aScrub(s, again.GPUs[0]), clean))
		require.NoError(t, s.SetGPUState(ctx, again.Home.ID, fleet.GPUScrubbing))
		require.False(t, mustGPU(t, s, again.GPUs[0].ID).Dirty)
		require.NoError(t, s.SetGPUState(ctx, again.Home.ID, fleet.GPUTesting))
		require.True(t, mustGPU(t, s, again.GPUs[0].ID).Dirty)
	})
}

func TestAHostThatDoesNotScrubHasItsGPUsBackAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		host := mustHost(t, s, 1)
		inst := mustServer(t, s, a, 1)
		require.NoError(t, s.ReturnLease(t.Context(), inst.Home.ID))
		g := mustGPU(t, s, inst.GPUs[0].ID)
		require.Equal(t, fleet.GPUFree, g.State)
		require.True(t, g.Dirty)
		order := mustOrder(t, s, host.ID, scrubber(host.ID, 1))
		require.Equal(t, []string{g.UUID}, order.Scrub, "once it can, it does")
	})
}

func TestADirtyGPUOfALostHostIsScrubbedWhenItReturns(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx, a := t.Context(), mustAccount(t, s)
		now := mustClock(t, s)
		host := mustScrubber(t, s, 2)
		one, two := mustServer(t, s, a, 1), mustServer(t, s, a, 1)
		require.NoError(t, s.ReturnLease(ctx, one.Home.ID))
		now.advance(time.Hour)
		_, err := s.ExpireHosts(ctx)
		require.NoError(t, err)
		require.NoError(t, s.ReturnLease(ctx, two.Home.ID))
		for _, inst := range []fleet.Instance{one, two} {
			require.Equal(t, fleet.GPULost, mustGPU(t, s, inst.GPUs[0].ID).State)
		}
		order := mustOrder(t, s, host.ID, scrubber(host.ID, 2))
		require.Len(t, order.Scrub, 2)
		for _, inst := range []fleet.Instance{one, two} {
			require.Equal(t, fleet.GPUScrubbing, mustGPU(t, s, inst.GPUs[0].ID).State)
		}
	})
}

func TestASliceIsKnownByItsPlace(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		mustAccount(t, s)
		host := mustHost(t, s, 0)
		r := report(host.ID, 0)
		slice := func(uuid string, start int) fleet.GPUReport {
			return fleet.GPUReport{UUID: uuid, Type: "a100-40gb.3g", MemoryMB: 20000, Parent: "GPU-whole", Profile: "3g.20gb", Start: start, Size: 4, Serial: "1"}
		}
		r.GPUs = []fleet.GPUReport{slice("MIG-a", 0), slice("MIG-b", 4)}
		mustOrder(t, s, host.ID, r)
		byStart := func() map[int]fleet.GPU {
			gpus, err := s.ListGPUs(t.Context(), GPUFilter{HostID: host.ID})
			require.NoError(t, err)
			require.Len(t, gpus, 2)
			return map[int]fleet.GPU{gpus[0].Start: gpus[0], gpus[1].Start: gpus[1]}
		}
		before := byStart()
		r.GPUs = []fleet.GPUReport{slice("MIG-b", 0), slice("MIG-c", 4)} // one has the other's
		mustOrder(t, s, host.ID, r)
		after := byStart()
		require.Equal(t, before[0].ID, after[0].ID)
		require.Equal(t, "MIG-b", after[0].UUID)
		require.Equal(t, before[4].ID, after[4].ID)
		require.Equal(t, "MIG-c", after[4].UUID)
		require.Equal(t, "GPU-whole/3g.20gb@0", func() string { g := after[0]; return g.Identity() }())

		r.GPUs = append(r.GPUs, slice("MIG-d", 4)) // which cannot be: the first counts
		mustOrder(t, s, host.ID, r)
		require.Equal(t, "MIG-c", byStart()[4].UUID)

		// A device that is bad is so in all of its slices.
		d := aDiagnosis(after[0], fleet.Record{}, gpu.Quarantine)
		require.NoError(t, s.RecordDiagnosis(t.Context(), d))
		for _, g := range byStart() {
			require.Equal(t, fleet.GPUQuarantined, g.State)
		}
		other := mustHost(t, s, 0)
		r = report(other.ID, 0)
		r.GPUs = []fleet.GPUReport{{UUID: "GPU-whole", Type: "a100-40gb", MemoryMB: 40000, Serial: "1"}}
		mustOrder(t, s, other.ID, r)
		gpus, err := s.ListGPUs(t.Context(), GPUFilter{HostID: other.ID})
		require.NoError(t, err)
		require.Equal(t, fleet.GPUQuarantined, gpus[0].State)
		require.NoError(t, s.ReleaseGPU(t.Context(), after[0].ID, "key_test", "repaired"))
		for _, g := range byStart() {
			require.Equal(t, fleet.GPUFree, g.State)
		}
	})
}

func TestABadGPUIsKnownWhereverItTurnsUp(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		mustAccount(t, s)
		one, two := mustHost(t, s, 0), mustHost(t, s, 0)
		g := fleet.GPUReport{UUID: "GPU-1", Serial: "1650", Type: "a100-80gb", MemoryMB: 81920}
		twin := fleet.GPUReport{Index: 1, UUID: "GPU-2", Serial: "1650", Type: "a100-80gb", MemoryMB: 81920} // of the same board
		none := fleet.GPUReport{Index: 2, UUID: "GPU-3", Serial: "0", Type: "a100-80gb", MemoryMB: 81920}
		on := func(h fleet.Host, gpus ...fleet.GPUReport) map[string]fleet.GPU {
			r := report(h.ID, 0)
			r.GPUs = gpus
			mustOrder(t, s, h.ID, r)
			all, err := s.ListGPUs(ctx, GPUFilter{HostID: h.ID})
			require.NoError(t, err)
			found := map[string]fleet.GPU{}
			for _, g := range all {
				found[g.UUID] = g
			}
			return found
		}
		gpus := on(one, g, twin, none)
		require.NoError(t, s.QuarantineByHand(ctx, gpus["GPU-1"].ID, "key_ann", "it smells"))
		require.NoError(t, s.QuarantineByHand(ctx, gpus["GPU-1"].ID, "key_bob", "again"), "repeatable")
		require.NoError(t, s.QuarantineByHand(ctx, gpus["GPU-3"].ID, "key_ann", "so does this"))

		on(one)
		there := on(two, g, twin, none)
		require.Equal(t, fleet.GPUQuarantined, there["GPU-1"].State)
		require.Equal(t, "it smells", there["GPU-1"].Reason)
		require.Equal(t, fleet.GPUFree, there["GPU-2"].State, "its board is not it")
		require.Equal(t, fleet.GPUQuarantined, there["GPU-3"].State)
		reflashed := fleet.GPUReport{Index: 3, UUID: "GPU-9", Serial: "1650", Type: "a100-80gb", MemoryMB: 81920}
		nobody := fleet.GPUReport{Index: 4, UUID: "GPU-8", Serial: "0", Type: "a100-80gb", MemoryMB: 81920}
		there = on(two, g, twin, reflashed, nobody)
		require.Equal(t, fleet.GPUQuarantined, there["GPU-9"].State, "nobody has seen that UUID before")
		require.Equal(t, fleet.GPUFree, there["GPU-8"].State, "0 is no serial")

		require.NoError(t, s.ReleaseGPU(ctx, there["GPU-1"].ID, "key_ann", "the fan was dusty"))
		back := on(one, g)
		require.Equal(t, fleet.GPUFree, back["GPU-1"].State, "released everywhere")
		released := mustGPU(t, s, there["GPU-1"].ID)
		require.Equal(t, fleet.ScoreProbation, released.Standing(s.Now()))
		require.Equal(t, fleet.ScoreFull, released.Standing(s.Now().Add(fleet.Probation+time.Second)))
		requireCode(t, fleet.Conflict, s.ReleaseGPU(ctx, there["GPU-1"].ID, "key_ann", "again"))

		list, err := s.ListDiagnoses(ctx, DiagnosisFilter{GPUID: back["GPU-1"].ID})
		require.NoError(t, err)
		var told []string
		for _, d := range list {
			told = append(told, fmt.Sprintf("%s %s %s %s", d.Kind, d.Verdict.Outcome, d.Actor, d.Verdict.Message))
		}
		require.Equal(t, []string{"hand pass key_ann the fan was dusty", "hand quarantine key_ann it smells"}, told)
		requireCode(t, fleet.NotFound, s.QuarantineByHand(ctx, "gpu_none", "key_ann", "x"))
	})
}

func TestVerdictsChangeWhatAGPUDoes(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx, a := t.Context(), mustAccount(t, s)
		mustClock(t, s)
		host := mustScrubber(t, s, 8)
		inst := mustServer(t, s, a, 8)
		rec := mustAccept(t, s, inst, "migrate")
		require.NoError(t, s.SetGPUState(ctx, inst.Home.ID, fleet.GPUTesting))
		for i, c := range []struct {
			outcome gpu.Outcome
			state   fleet.GPUState
			score   int
			reason  string
		}{
			{gpu.Pass, fleet.GPUTesting, 100, ""},
			{gpu.Degraded, fleet.GPUTesting, fleet.ScoreDegraded, ""},
			{gpu.Reset, fleet.GPUResetting, 100, ""},
			{gpu.Inconclusive, fleet.GPUQuarantined, 0, "it was seen"},
			{gpu.Quarantine, fleet.GPUQuarantined, 0, "it was seen"},
			{gpu.Lost, fleet.GPUQuarantined, 0, "it was seen; its node needs a reboot"},
			{gpu.Hung, fleet.GPUQuarantined, 0, "it was seen; its node needs a reboot"},
			{gpu.Reboot, fleet.GPUQuarantined, 0, "it was seen; its node needs a reboot"},
		} {
			d := aDiagnosis(inst.GPUs[i], rec, c.outcome)
			require.NoError(t, s.RecordDiagnosis(ctx, d))
			require.NoError(t, s.RecordDiagnosis(ctx, d), "repeatable")
			g := mustGPU(t, s, inst.GPUs[i].ID)
			require.Equal(t, c.state, g.State, c.outcome)
			require.Equal(t, c.score, g.Standing(s.Now()), c.outcome)
			require.Equal(t, c.reason, g.Reason, c.outcome)
		}
		names := eventNames(t, s, "", host.ID)
		count := map[string]int{}
		for _, n := range names {
			count[n]++
		}
		require.Equal(t, map[string]int{"host.joined": 1, "gpu.diagnosed": 8, "gpu.quarantined": 5, "gpu.degraded": 1}, count)

		// The one that was to be reset is, and is well.
		g := inst.GPUs[2]
		reset := aDiagnosis(g, rec, gpu.Pass)
		reset.Kind, reset.Examination = fleet.DiagnosisReset, nil
		require.NoError(t, s.RecordDiagnosis(ctx, reset))
		require.Equal(t, fleet.GPUTesting, mustGPU(t, s, g.ID).State)
		retest := aDiagnosis(g, rec, gpu.Pass)
		retest.Examination.Retest = true
		require.NoError(t, s.RecordDiagnosis(ctx, retest))
		after := mustGPU(t, s, g.ID)
		require.Equal(t, fleet.ScoreProbation, after.Standing(s.Now()))
		require.Equal(t, s.Now().Add(fleet.Probation), after.Probation)
		names = eventNames(t, s, "", host.ID)
		require.Equal(t, []string{"gpu.reset", "gpu.diagnosed", "gpu.probation"}, names[len(names)-3:])

		// One that is to be reset when its lease is returned is cared for.
		require.NoError(t, s.RecordDiagnosis(ctx, aDiagnosis(inst.GPUs[0], rec, gpu.Reset)))
		require.NoError(t, s.ReturnLease(ctx, inst.Home.ID))
		require.Equal(t, fleet.GPUResetting, mustGPU(t, s, inst.GPUs[0].ID).State)
		cares, err := s.NextCares(ctx, 10)
		require.NoError(t, err)
		require.Len(t, cares, 1)
		require.Equal(t, inst.GPUs[0].ID, cares[0].GPUID)
		require.Equal(t, fleet.CareReset, cares[0].What)

		c, err := s.Counts(ctx)
		require.NoError(t, err)
		require.Contains(t, c.Tallies, GPUTally{TallyVerdicts, "reset_and_retest", "a-rule", 2})

		requireCode(t, fleet.Invalid, s.RecordDiagnosis(ctx, aDiagnosis(g, rec, "fine")))
		requireCode(t, fleet.NotFound, s.RecordDiagnosis(ctx, aDiagnosis(fleet.GPU{ID: "gpu_none"}, rec, gpu.Pass)))
		hand := aDiagnosis(g, rec, gpu.Pass)
		hand.Kind = fleet.DiagnosisHand
		requireCode(t, fleet.Invalid, s.RecordDiagnosis(ctx, hand))
	})
}

func TestTheHistoryOfAGPUFollowsIt(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx, a := t.Context(), mustAccount(t, s)
		now := mustClock(t, s)
		host := mustHost(t, s, 0)
		r := report(host.ID, 2)
		r.GPUs[0].Serial, r.GPUs[1].Serial = "77", "78"
		mustOrder(t, s, host.ID, r)
		inst := mustServer(t, s, a, 2)
		rec := mustAccept(t, s, inst, "restart")
		g := mustGPU(t, s, inst.GPUs[0].ID)
		history := func(id string) gpu.History {
			h, err := s.GPUHistory(ctx, id)
			require.NoError(t, err)
			return h
		}
		require.Equal(t, gpu.History{}, history(g.ID))

		require.NoError(t, s.RecordDiagnosis(ctx, counted(aDiagnosis(g, rec, gpu.Pass), 0, 0, now.now())))
		certified := now.now()
		require.Equal(t, certified, history(g.ID).Certified.At.UTC())
		require.Nil(t, history(inst.GPUs[1].ID).Certified, "another GPU's")

		// Errors that nobody saw happen, as counters tell: once, however often they are found.
		now.advance(time.Hour)
		first := now.now()
		require.NoError(t, s.RecordDiagnosis(ctx, counted(aDiagnosis(g, rec, gpu.Reset), 2, 2, first)))
		require.Equal(t, []time.Time{first}, history(g.ID).Uncorrected)
		retest := counted(aDiagnosis(g, rec, gpu.Pass), 2, 2, now.now())
		retest.Examination.Retest = true
		require.NoError(t, s.RecordDiagnosis(ctx, retest))
		require.Len(t, history(g.ID).Uncorrected, 1)

		// Errors that the driver reported.
		now.advance(24 * time.Hour)
		fresh, err := s.RecordGPUEvents(ctx, host.ID, []gpu.Event{
			{At: now.now(), UUID: g.UUID, Kind: gpu.EventXid, Xid: 94, Source: "nvml"},
			{At: now.now().Add(time.Second), UUID: g.UUID, Kind: gpu.EventXid, Xid: 94, Source: "kernel"},
			{At: now.now(), UUID: g.UUID, Kind: gpu.EventXid, Xid: 74, Source: "nvml"},
			{At: now.now(), UUID: "GPU-none", Kind: gpu.EventXid, Xid: 79, Source: "nvml"},
		})
		require.NoError(t, err)
		require.Len(t, fresh, 2, "the same, and another host's, are not new")
		h := history(g.ID)
		require.Len(t, h.Since, 2)
		require.Len(t, h.Uncorrected, 1, "that is judged later")
		now.advance(time.Minute)
		second := now.now()
		require.NoError(t, s.RecordDiagnosis(ctx, counted(aDiagnosis(g, rec, gpu.Reset), 3, 3, second)))
		h = history(g.ID)
		require.Empty(t, h.Since)
		require.Len(t, h.Uncorrected, 2, "its counters tell of the same")
		require.Len(t, h.LinkErrors, 1)
		events, err := s.GPUEvents(ctx, g.ID, Page{})
		require.NoError(t, err)
		require.Len(t, events, 2)
		for _, e := range events {
			require.NotEmpty(t, e.Judged)
		}

		// On another host; and under another UUID of the same board, once the old one is gone.
		mustOrder(t, s, host.ID, report(host.ID, 0))
		require.NoError(t, s.ReturnLease(ctx, inst.Home.ID))
		mustOrder(t, s, host.ID, report(host.ID, 0))
		other := mustHost(t, s, 0)
		moved := report(other.ID, 0)
		moved.GPUs = []fleet.GPUReport{r.GPUs[0], {Index: 1, UUID: "GPU-new", Serial: "78", Type: "a100-80gb", MemoryMB: 81920}}
		mustOrder(t, s, other.ID, moved)
		gpus, err := s.ListGPUs(ctx, GPUFilter{HostID: other.ID})
		require.NoError(t, err)
		for _, now := range gpus {
			if now.UUID == g.UUID {
				require.Equal(t, h, history(now.ID))
			} else {
				require.Empty(t, history(now.ID).Uncorrected)
			}
		}
		_, err = s.GPUHistory(ctx, "gpu_none")
		requireCode(t, fleet.NotFound, err)
	})
}

func TestAStormOfEventsIsCounted(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		mustAccount(t, s)
		now := mustClock(t, s)
		host := mustHost(t, s, 1)
		var storm []gpu.Event
		for i := range 500 {
			storm = append(storm, gpu.Event{At: now.now().Add(-time.Duration(i) * 20 * time.Second), UUID: host.GPUs[0].UUID, Kind: gpu.EventCorrected, Source: "nvml"})
		}
		storm = append(storm, gpu.Event{At: now.now(), UUID: host.GPUs[0].UUID, Kind: gpu.EventXid, Xid: 79, Source: "kernel"})
		fresh, err := s.RecordGPUEvents(ctx, host.ID, storm)
		require.NoError(t, err)
		require.Less(t, len(fresh), 100)
		require.Contains(t, fresh, storm[500], "what matters is not lost among them")
		events, err := s.GPUEvents(ctx, host.GPUs[0].ID, Page{Limit: 500})
		require.NoError(t, err)
		var sum int64
		for _, e := range events {
			sum += e.Count
		}
		require.EqualValues(t, len(storm), sum, "all of them are counted")
		_, err = s.RecordGPUEvents(ctx, host.ID, make([]gpu.Event, 1001))
		requireCode(t, fleet.Invalid, err)
		_, err = s.RecordGPUEvents(ctx, "hst_none", nil)
		requireCode(t, fleet.NotFound, err)
	})
}

func TestHealthIsKeptAsReported(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		mustAccount(t, s)
		host := mustHost(t, s, 1)
		h, _, err := s.GPUHealth(t.Context(), host.GPUs[0].ID)
		require.NoError(t, err)
		require.Nil(t, h)
		r := report(host.ID, 1)
		r.Health = []gpu.Health{{UUID: r.GPUs[0].UUID, Temperature: gpu.Known(42)}, {UUID: "GPU-none"}}
		mustOrder(t, s, host.ID, r)
		mustOrder(t, s, host.ID, report(host.ID, 1))
		h, at, err := s.GPUHealth(t.Context(), host.GPUs[0].ID)
		require.NoError(t, err)
		require.False(t, at.IsZero())
		warm, ok := h.Temperature.Get()
		require.True(t, ok)
		require.Equal(t, 42, warm)
		require.True(t, h.Power.Failed(), "what was not told is unknown")
	})
}
