package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

func TestAGPUIsCaredForWhenNobodyHasIt(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx, a := t.Context(), mustAccount(t, s)
		now := mustClock(t, s)
		host := mustScrubber(t, s, 2)
		inst := mustServer(t, s, a, 1)
		busy := inst.GPUs[0].ID
		_, err := s.CareForGPU(ctx, busy, "key_ann", fleet.CareTest, gpu.LevelQuick)
		require.Contains(t, requireCode(t, fleet.Conflict, err).Message, inst.ID)
		_, err = s.CareForGPU(ctx, "gpu_none", "key_ann", fleet.CareTest, gpu.LevelQuick)
		requireCode(t, fleet.NotFound, err)
		_, err = s.CareForGPU(ctx, busy, "key_ann", "polish", gpu.LevelQuick)
		requireCode(t, fleet.Invalid, err)

		h, err := s.GetHost(ctx, host.ID)
		require.NoError(t, err)
		g := h.GPUs[0]
		if g.ID == busy {
			g = h.GPUs[1]
		}
		care, err := s.CareForGPU(ctx, g.ID, "key_ann", fleet.CareTest, gpu.LevelQuick)
		require.NoError(t, err)
		again, err := s.CareForGPU(ctx, g.ID, "key_bob", fleet.CareTest, gpu.LevelQuick)
		require.NoError(t, err)
		require.Equal(t, care, again)
		_, err = s.CareForGPU(ctx, g.ID, "key_ann", fleet.CareReset, gpu.LevelQuick)
		requireCode(t, fleet.Conflict, err)
		require.Equal(t, fleet.GPUTesting, mustGPU(t, s, g.ID).State)
		rec := mustCreate(t, s, a, 1)
		_, err = s.Place(ctx, rec.ID, rec.ResourceID)
		requireCode(t, fleet.Exhausted, err)

		cares, err := s.NextCares(ctx, 10)
		require.NoError(t, err)
		require.Equal(t, []fleet.Care{care}, cares)
		require.NoError(t, s.SaveCare(ctx, care.ID, "testing", 50))
		requireCode(t, fleet.NotFound, s.SaveCare(ctx, "car_none", "testing", 50))
		d := aDiagnosis(g, fleet.Record{}, gpu.Pass)
		require.NoError(t, s.RecordDiagnosis(ctx, d))
		require.Equal(t, fleet.GPUTesting, mustGPU(t, s, g.ID).State, "whoever cares for it says when it is over")
		require.NoError(t, s.EndCare(ctx, CareEnding{ID: care.ID, Diagnosis: d.ID, Message: "well"}))
		require.NoError(t, s.EndCare(ctx, CareEnding{ID: care.ID, Failed: "again"}), "repeatable")
		require.Equal(t, fleet.GPUFree, mustGPU(t, s, g.ID).State)
		last, err := s.LastCare(ctx, g.ID)
		require.NoError(t, err)
		require.Equal(t, fleet.CareDone, last.State)
		require.Equal(t, d.ID, last.Diagnosis)

		// A scrub by hand is not the agent's business meanwhile.
		now.advance(time.Second)
		care, err = s.CareForGPU(ctx, g.ID, "key_ann", fleet.CareScrub, gpu.LevelNone)
		require.NoError(t, err)
		require.Empty(t, mustOrder(t, s, host.ID, scrubber(host.ID, 2)).Scrub)
		scrub := aDiagnosis(g, fleet.Record{}, gpu.Pass)
		scrub.Kind, scrub.Examination, scrub.Scrub = fleet.DiagnosisScrub, nil, &gpu.Result{StartedAt: now.now()}
		require.NoError(t, s.RecordDiagnosis(ctx, scrub))
		require.Equal(t, fleet.GPUScrubbing, mustGPU(t, s, g.ID).State)
		require.NoError(t, s.EndCare(ctx, CareEnding{ID: care.ID, Diagnosis: scrub.ID}))
		require.Equal(t, fleet.GPUFree, mustGPU(t, s, g.ID).State)

		// One that was to be reset and was not is fit for nobody.
		care, err = s.CareForGPU(ctx, g.ID, "key_ann", fleet.CareReset, gpu.LevelRigorous)
		require.NoError(t, err)
		require.NoError(t, s.EndCare(ctx, CareEnding{ID: care.ID, Failed: "its host went away"}))
		bad := mustGPU(t, s, g.ID)
		require.Equal(t, fleet.GPUQuarantined, bad.State)
		require.Equal(t, "reset-unfinished", bad.Rule)
		requireCode(t, fleet.NotFound, s.EndCare(ctx, CareEnding{ID: "car_none"}))

		// In quarantine it can be cared for, and stays there.
		care, err = s.CareForGPU(ctx, g.ID, "key_ann", fleet.CareReset, gpu.LevelRigorous)
		require.NoError(t, err)
		require.NoError(t, s.RecordDiagnosis(ctx, aDiagnosis(g, fleet.Record{}, gpu.Pass)))
		require.NoError(t, s.EndCare(ctx, CareEnding{ID: care.ID}))
		require.Equal(t, fleet.GPUQuarantined, mustGPU(t, s, g.ID).State)

		now.advance(time.Hour)
		_, err = s.ExpireHosts(ctx)
		require.NoError(t, err)
		cares, err = s.NextCares(ctx, 10)
		require.NoError(t, err)
		require.Empty(t, cares)
	})
}

func TestAVerdictOfACareHasTheGPUReset(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		mustAccount(t, s)
		host := mustHost(t, s, 1)
		g := host.GPUs[0]
		care, err := s.CareForGPU(ctx, g.ID, "key_ann", fleet.CareTest, gpu.LevelQuick)
		require.NoError(t, err)
		require.NoError(t, s.RecordDiagnosis(ctx, aDiagnosis(g, fleet.Record{}, gpu.Reset)))
		require.NoError(t, s.EndCare(ctx, CareEnding{ID: care.ID}))
		require.Equal(t, fleet.GPUResetting, mustGPU(t, s, g.ID).State)
		cares, err := s.NextCares(ctx, 10)
		require.NoError(t, err)
		require.Len(t, cares, 1)
		require.Equal(t, "monitor", cares[0].Actor)
	})
}

func TestRivalsReturnScrubAndQuarantineAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx, a := t.Context(), mustAccount(t, s)
		host := mustScrubber(t, s, 4)
		for range 5 {
			inst := mustServer(t, s, a, 4)
			scrub := aScrub(s, inst.GPUs[0])
			for _, err := range race(8, func(i int) error {
				switch i % 4 {
				case 0, 1:
					return s.ReturnLease(ctx, inst.Home.ID)
				case 2:
					return s.ScrubbedGPU(ctx, host.ID, scrub, clean)
				default:
					return s.QuarantineByHand(ctx, inst.GPUs[0].ID, "key_ann", "it smells")
				}
			}) {
				require.NoError(t, err)
			}
			require.Equal(t, fleet.GPUQuarantined, mustGPU(t, s, inst.GPUs[0].ID).State, "whoever was first")
			require.NoError(t, s.ReleaseGPU(ctx, inst.GPUs[0].ID, "key_ann", "no more"))
			for _, g := range inst.GPUs {
				if mustGPU(t, s, g.ID).State == fleet.GPUScrubbing {
					_, err := s.HostScrubbed(ctx, host.ID, aScrub(s, g), clean)
					require.NoError(t, err)
				}
				require.Equal(t, fleet.GPUFree, mustGPU(t, s, g.ID).State)
			}
		}
	})
}

func TestAnOwnerSeesDiagnosesOfOwnOperationsOnly(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx, mine, theirs := t.Context(), mustAccount(t, s), mustAccount(t, s)
		mustHost(t, s, 2)
		own, other := mustServer(t, s, mine, 1), mustServer(t, s, theirs, 1)
		ownOp, otherOp := mustAccept(t, s, own, "restart"), mustAccept(t, s, other, "restart")
		d, e := aDiagnosis(own.GPUs[0], ownOp, gpu.Pass), aDiagnosis(other.GPUs[0], otherOp, gpu.Pass)
		e.AccountID = mine.ID // which is not for the caller to say
		require.NoError(t, s.RecordDiagnosis(ctx, d))
		require.NoError(t, s.RecordDiagnosis(ctx, e))
		all, err := s.OperationDiagnoses(ctx, mine.ID, ownOp.ID)
		require.NoError(t, err)
		require.Len(t, all, 1)
		require.Equal(t, d.ID, all[0].ID)
		require.Equal(t, mine.ID, all[0].AccountID)
		_, err = s.OperationDiagnoses(ctx, mine.ID, otherOp.ID)
		requireCode(t, fleet.NotFound, err)
		got, err := s.Diagnosis(ctx, e.ID)
		require.NoError(t, err)
		require.Equal(t, theirs.ID, got.AccountID)
		_, err = s.Diagnosis(ctx, "dgn_none")
		requireCode(t, fleet.NotFound, err)
		for _, name := range eventNames(t, s, mine.ID, "") {
			require.NotContains(t, name, "gpu.", "what is said of GPUs is for operators")
		}
	})
}
