package memtest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

func TestTrafficIsAsDocumented(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		level gpu.Level
		round int
		want  map[string]int
	}{
		{gpu.LevelNone, 0, map[string]int{}},
		{gpu.LevelCounters, 0, map[string]int{}},
		{gpu.LevelQuick, 0, map[string]int{"audit": 1, "hash": 4, "hash inverse": 4, "zero": 2}},
		{gpu.LevelStandard, 0, standard("audit")},
		{gpu.LevelRigorous, 0, standard("audit")},
		{gpu.LevelRigorous, 1, standard("zeros held")},
		{gpu.LevelRigorous, 37, standard("zeros held")},
	} {
		t.Run(fmt.Sprint(c.level, c.round), func(t *testing.T) {
			t.Parallel()
			got, sum := map[string]int{}, 0
			for _, p := range Round(c.level, 42, c.round) {
				got[p.Phase] += p.Traffic()
			}
			require.Equal(t, c.want, got)
			for _, n := range got {
				sum += n
			}
			require.Equal(t, sum, Traffic(Round(c.level, 42, c.round)))
			require.Equal(t, c.level.Traffic(), sum)
		})
	}
	require.Equal(t, 4, Traffic(ScrubPasses(1)))
	require.Equal(t, 2, Traffic(Retention(1, time.Second)))
}

func standard(first string) map[string]int {
	return map[string]int{
		first: 1, "00/ff": 4, "aa/55": 4, "cc/33": 4, "walking ones": 4, "hash 1": 4, "hash 2": 4, "hash 3": 4, "checkerboard": 4,
		"march c-": 10, "hold": 2, "zero": 2,
	}
}

// A pass that reads must find what the passes before it wrote, whatever the level and round.
func TestEachPassReadsWhatWasWritten(t *testing.T) {
	t.Parallel()
	type state struct {
		Pattern
		inverse bool
	}
	holds := func(t *testing.T, now state, passes []Pass) state {
		for i, p := range passes {
			switch p.Op {
			case Fill:
				now = state{p.Pattern, p.Inverse}
			case Check, Invert:
				require.Equal(t, now.Mode, p.Pattern.Mode, "pass %d of %s", i, p.Phase)
				require.Equal(t, now.Seed, p.Pattern.Seed, "pass %d of %s", i, p.Phase)
				require.Equal(t, now.inverse, p.Inverse, "pass %d of %s", i, p.Phase)
				now.inverse = now.inverse != (p.Op == Invert)
			case Pause:
			}
		}
		return now
	}
	zeroed := state{Pattern: zero}
	for _, level := range []gpu.Level{gpu.LevelQuick, gpu.LevelStandard} {
		require.Equal(t, zeroed, holds(t, zeroed, Round(level, 9, 0)))
	}
	now := holds(t, zeroed, Round(gpu.LevelRigorous, 9, 0))
	now = holds(t, holds(t, now, Retention(9, time.Second)), zeros())
	for n := 1; n < 20; n++ {
		now = holds(t, now, Round(gpu.LevelRigorous, 9, n))
		require.Equal(t, zeroed, now)
	}
	require.Equal(t, zeroed, holds(t, zeroed, ScrubPasses(9)))
}

func TestRoundsDiffer(t *testing.T) {
	t.Parallel()
	seeds := map[uint64]bool{}
	walks := map[uint64]bool{}
	for n := range 16 {
		for _, p := range Round(gpu.LevelRigorous, 5, n) {
			if p.Op == Fill && p.Pattern.Mode == Hash {
				require.False(t, seeds[p.Pattern.Seed], "seed of %s in round %d", p.Phase, n)
				seeds[p.Pattern.Seed] = true
			}
			if p.Phase == "walking ones" {
				walks[p.Pattern.Seed] = true
				require.Equal(t, n%2 == 1, p.Down, "directions alternate")
			}
		}
	}
	require.Len(t, walks, 8)
	require.NotEqual(t, Round(gpu.LevelQuick, 1, 0), Round(gpu.LevelQuick, 2, 0))
	require.Equal(t, Round(gpu.LevelQuick, 1, 0), Round(gpu.LevelQuick, 1, 0))
}

func TestMarchIsMarchCMinus(t *testing.T) {
	t.Parallel()
	var elements []string
	for _, p := range march() {
		element := map[Op]string{Fill: "w", Check: "r", Invert: "rw"}[p.Op]
		if p.Inverse {
			element += "1"
		} else {
			element += "0"
		}
		if p.Down {
			element += " down"
		}
		elements = append(elements, element)
	}
	require.Equal(t, []string{"w0", "rw0", "rw1", "rw0 down", "rw1 down", "r0"}, elements)
}

func TestRetentionPauseIsSeconds(t *testing.T) {
	t.Parallel()
	require.Equal(t, 7500*time.Millisecond, RetentionPause(60))
	require.Equal(t, 10*time.Second, RetentionPause(3600))
	require.Zero(t, RetentionPause(0))
}

func TestWantedMemory(t *testing.T) {
	t.Parallel()
	const gib = 1 << 30
	for name, c := range map[string]struct {
		free, usable uint64
		least, most  float64 // of usable
	}{
		"H200":                   {139 * gib, 139*gib + gib/2, 0.96, 0.975},
		"A100-40":                {39 * gib, 39*gib + gib/2, 0.955, 0.975},
		"a small GPU":            {15*gib + gib/4, 15*gib + 3*gib/4, 0.955, 0.965},
		"another has half of it": {20 * gib, 40 * gib, 0.49, 0.5},
		"nothing free":           {0, 40 * gib, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := wanted(c.free, c.usable)
			require.Zero(t, got%page)
			require.LessOrEqual(t, got, c.free)
			share := float64(got) / float64(c.usable)
			require.GreaterOrEqual(t, share, c.least)
			require.LessOrEqual(t, share, c.most)
		})
	}
}

func TestFindingsAreBounded(t *testing.T) {
	t.Parallel()
	records := make([]uint64, recordsBytes/8)
	records[0] = 1 << 40 // far more than there is room for
	for i := range uint64(maxRecords) {
		copy(records[1+i*recordWords:], []uint64{i, 1, 0, 1, 0})
	}
	var f findings
	require.Len(t, f.add("a", records), maxRecords)
	require.Empty(t, f.add("b", records))
	require.Len(t, f.all, maxRecords)
	require.False(t, slices.ContainsFunc(f.all, func(m gpu.Mismatch) bool { return !m.Hard }))
	records[1] = 1000
	require.Empty(t, f.add("c", records))
}
