package gpu

import "fmt"

// JudgeScrub judges what a scrub did. Of a MIG slice, give it the policy's ForSlice.
func JudgeScrub(r Result, p Policy) Verdict {
	return judge(scrubRules, &findings{x: &Examination{Result: &r}, history: &History{}, policy: &p, mismatches: r.found()})
}

const (
	actScrubbed = "It is free."
	actAgain    = "It is scrubbed again after a while; until that is proved nobody gets it."
)

var scrubRules = []Rule{
	{
		"scrub-unkillable", Hung, "the scrub can neither end nor be killed", actLost, FromKelvin,
		says("the scrub did not end and could not be killed", func(f *findings) bool { return f.x.Result.Hung }),
	},
	{
		"scrub-mismatch", Quarantine, "memory was not zero after zeros were written", actQuarantine, FromKelvin,
		func(f *findings) (string, bool) { return f.mismatch(), f.mismatches > 0 },
	},
	{
		"scrub-uncorrectable", Reset, fmt.Sprintf("the scrub ended with CUDA error %d or %d", cudaUncorrectable, cudaContained), actReset, FromNVIDIA,
		func(f *findings) (string, bool) {
			return fmt.Sprintf("the scrub ended with CUDA error %d: an error of memory was not corrected", f.x.Result.CUDA), uncorrectableCUDA(f.x.Result.CUDA)
		},
	},
	{
		"scrub-killed", Inconclusive, "the scrub did not end in time, and was killed", actAgain, FromKelvin,
		says("the scrub did not end in time, and was killed", func(f *findings) bool { return f.x.Result.Killed }),
	},
	{
		"scrub-broken", Inconclusive, "the scrub did not come to its end", actAgain, FromKelvin,
		func(f *findings) (string, bool) { return f.x.Result.broken() },
	},
	{
		"scrub-coverage-low", Inconclusive, "less of its usable memory was scrubbed than policy.min_coverage, or min_coverage_slice under MIG", actAgain, FromKelvin,
		func(f *findings) (string, bool) { return f.x.Result.uncovered(f.policy.MinCoverage) },
	},
	{
		"remanence", Pass, "memory was not empty before the scrub wrote anything: the driver does not clear it, a finding about the host", actScrubbed + " Find out why the driver of its host does not clear memory.", FromKelvin,
		func(f *findings) (string, bool) { return f.x.Result.remanent() },
	},
	{
		"scrubbed", Pass, "none of these", actScrubbed, FromKelvin,
		func(f *findings) (string, bool) {
			return fmt.Sprintf("%.1f %% of its memory were overwritten with noise and then zeros, and read back as zeros", 100*f.x.Result.covered()), true
		},
	},
}
