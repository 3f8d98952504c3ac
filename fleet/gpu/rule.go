package gpu

import "slices"

// A Rule is one row of the table of verdicts. Rules are asked in order, and the first that
// holds decides.
type Rule struct {
	ID      string
	Outcome Outcome
	When    string // the condition, for people
	Action  string // what is done about it
	From    Origin // whose choice it is

	// holds says what it sees, if the condition holds.
	holds func(*findings) (string, bool)
}

// Origin is where a rule comes from.
type Origin string

// The origins.
const (
	FromNVIDIA Origin = "NVIDIA" // its documents, or its driver
	FromPeers  Origin = "peers"  // what other operators do
	FromKelvin Origin = "Kelvin" // our choice, in the policy where it has a number
)

// IDs of rules that more than one place names.
const (
	rulePass             = "pass"
	ruleLost             = "gpu-lost"
	ruleUnavailable      = "gpu-unavailable"
	ruleRemapFailed      = "remap-failed"
	ruleRetireFailed     = "retire-failed"
	ruleSRAM             = "sram-threshold"
	ruleRecoveryReboot   = "recovery-reboot"
	ruleRecoveryReset    = "recovery-reset"
	ruleRecoveryDrain    = "recovery-drain"
	ruleRecoveryUnknown  = "recovery-unknown"
	ruleResetRequired    = "reset-required"
	ruleRemapPending     = "remap-pending"
	ruleUncorrectable    = "uncorrectable"
	ruleUncorrectedEvent = "uncorrectable-event"
	ruleRetiredEvent     = "retired-event"
	ruleStorm            = "corrected-storm"
	ruleUnknownXid       = "xid-unknown"
	ruleUnknownEvent     = "event-unknown"
	ruleMismatch         = "mismatch"
)

// NVIDIA's numbers.
const (
	recoveryNone          = 0
	recoveryReset         = 1
	recoveryReboot        = 2
	recoveryDrain         = 3
	recoveryDrainAndReset = 4

	cudaUncorrectable = 214
	cudaContained     = 226

	maxRemaps = 512 // rows that can be replaced for uncorrectable errors
)

// What is done, in words.
const (
	actLost       = "It is taken out of the pool, and its node is to be rebooted. What was to run on it is placed elsewhere."
	actQuarantine = "It is quarantined, by serial and UUID: nobody gets it any more. Run NVIDIA's field diagnostic, and return the board."
	actReboot     = "It is taken out of the pool. Drain its node and reboot it."
	actReset      = "It is reset, and tested again at the rigorous level, once."
	actRetry      = "It is examined again after a while; until it has passed nobody gets it."
	actDegraded   = "It is handed out, after better ones, and examined again when it comes back."
	actPass       = "It is handed out."
)

// Rules are all rules of Decide, in order.
func Rules() []Rule { return slices.Clone(rules) }

// ScrubRules are all rules of JudgeScrub, in order.
func ScrubRules() []Rule { return slices.Clone(scrubRules) }

// judge asks the rules in order.
func judge(rules []Rule, f *findings) Verdict {
	var v Verdict
	for i := range rules {
		r := &rules[i]
		message, holds := r.holds(f)
		if !holds {
			continue
		}
		if v.Rule == "" {
			v = Verdict{Outcome: r.Outcome, Rule: r.ID, Message: message, Action: r.Action}
		}
		v.All = append(v.All, r.ID)
	}
	return v
}
