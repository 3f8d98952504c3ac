package gpu

import (
	"fmt"
	"slices"
	"strings"
)

// Decide judges an examination, with what is remembered of the GPU. The first rule of Rules
// that holds decides. It fails closed: what is missing, could not be read or does not fit
// together is Inconclusive, never Pass.
func Decide(x Examination, h History, p Policy) Verdict {
	return judge(rules, gather(&x, &h, &p))
}

// rules are the table, worst first.
var rules = slices.Concat(
	lostRules, xidRules(XidLost, Lost, actLost),
	hungRules,
	quarantineRules, xidRules(XidQuarantine, Quarantine, actQuarantine), againRules,
	rebootRules,
	resetRules, xidRules(XidReset, Reset, actReset),
	inconclusiveRules,
	degradedRules, xidRules(XidDegraded, Degraded, actDegraded),
	passRules,
)

// says turns a condition into what it says when it holds.
func says(message string, is func(*findings) bool) func(*findings) (string, bool) {
	return func(f *findings) (string, bool) { return message, is(f) }
}

// state is a condition on the GPU before the test, or after it.
func state(message string, is func(*Health) bool) func(*findings) (string, bool) {
	return says(message, func(f *findings) bool { return f.any(is) })
}

// heard is a condition on events, while the GPU was examined or unjudged ones from before.
func heard(is func(Event) bool) func(*findings) (string, bool) {
	return func(f *findings) (string, bool) {
		e, ok := event(f.known, is)
		return e.told(), ok
	}
}

// xidRules are a rule for each Xid of a class. Of one that says the GPU is gone only what was
// heard during the examination counts: a GPU that answers is back, see was-lost.
func xidRules(class XidClass, outcome Outcome, action string) (all []Rule) {
	for _, x := range Xids {
		if x.Class != class {
			continue
		}
		is := func(e Event) bool { return e.Kind == EventXid && e.Xid == x.Number }
		holds := heard(is)
		if class == XidLost {
			holds = func(f *findings) (string, bool) {
				e, ok := event(f.events, is)
				return e.told(), ok
			}
		}
		all = append(all, Rule{x.Rule(), outcome, fmt.Sprintf("Xid %d: %s. NVIDIA: %s", x.Number, x.Name, x.Advice), action, originOf(x), holds})
	}
	return all
}

// originOf is who says what an Xid's class says: where we do more than NVIDIA asks, we do.
func originOf(x Xid) Origin {
	if x.Class == XidDegraded || x.Later || strings.HasPrefix(x.Advice, "ignore") || strings.HasPrefix(x.Advice, "restart the app") || x.Number == linkXid {
		return FromKelvin
	}
	return FromNVIDIA
}

var lostRules = []Rule{
	{
		ruleLost, Lost, "the driver cannot reach the GPU (GPU_IS_LOST)", actLost, FromNVIDIA,
		state("the driver cannot reach it", func(h *Health) bool { return h.Lost }),
	},
	{
		"gpu-missing", Lost, "the driver lists fewer GPUs than before, and not this one", actLost, FromKelvin,
		says("the driver does not list it any more", func(f *findings) bool { return f.x.Missing }),
	},
	{
		ruleUnavailable, Lost, "the driver reports the GPU as unavailable while it is examined", actLost, FromNVIDIA,
		func(f *findings) (string, bool) {
			e, ok := event(f.events, func(e Event) bool { return e.Kind == EventUnavailable })
			return e.told(), ok
		},
	},
}

var hungRules = []Rule{
	{
		"driver-hung", Hung, "the driver does not answer three times in a row", actLost, FromKelvin,
		says("the driver did not answer three times in a row", func(f *findings) bool { return f.x.Hung }),
	},
	{
		"test-unkillable", Hung, "the memory test can neither end nor be killed", actLost, FromKelvin,
		says("the memory test did not end and could not be killed", func(f *findings) bool { return f.x.Result != nil && f.x.Result.Hung }),
	},
}

var quarantineRules = []Rule{
	{
		ruleRemapFailed, Quarantine, "a row of memory could not be replaced", actQuarantine, FromNVIDIA,
		state("a row of its memory could not be replaced", func(h *Health) bool { return Is(h.Remap.Failed) }),
	},
	{
		ruleRetireFailed, Quarantine, "the driver reports that a page or row could not be replaced", actQuarantine, FromNVIDIA,
		heard(func(e Event) bool { return e.Kind == EventRetireFailed }),
	},
	{
		ruleSRAM, Quarantine, "the uncorrectable errors of its SRAM are past NVIDIA's limit", actQuarantine, FromNVIDIA,
		state("the uncorrectable errors of its SRAM are past NVIDIA's limit", func(h *Health) bool { return Is(h.SRAMThreshold) }),
	},
	{
		"remaps-exhausted", Quarantine, fmt.Sprintf("%d or more rows were replaced for uncorrectable errors", maxRemaps), actQuarantine, FromNVIDIA,
		func(f *findings) (string, bool) {
			n := f.most(func(h *Health) Counter { return h.Remap.Uncorrected })
			return fmt.Sprintf("%d rows of its memory were replaced for uncorrectable errors; %d are the limit", n, maxRemaps), n >= maxRemaps
		},
	},
	{
		"bank-without-spares", Quarantine, "a bank of memory has no spare row left", actQuarantine, FromNVIDIA,
		func(f *findings) (string, bool) {
			n := f.banks(func(b Banks) int { return b.None })
			return some(n, "bank") + " of its memory without a spare row left", n > 0
		},
	},
	{
		"retired-pages", Quarantine, "as many pages as policy.retired_pages are used no more, on products before Ampere (DCGM: 63)", actQuarantine, FromPeers,
		func(f *findings) (string, bool) {
			n := f.most(func(h *Health) Counter { return sum(h.Retired.SingleBit, h.Retired.DoubleBit) })
			return fmt.Sprintf("%d pages of its memory are used no more; %d are the limit", n, f.policy.RetiredPages), n >= uint64(f.policy.RetiredPages)
		},
	},
	{
		ruleMismatch, Quarantine, "memory with ECC did not hold what was written, and the hardware did not notice", actQuarantine, FromKelvin,
		func(f *findings) (string, bool) {
			return f.mismatch() + ", and its ECC did not notice", f.mismatches > 0 && f.ecc && !f.eccOff
		},
	},
	{
		"uncorrectable-repeated", Quarantine, "as many uncorrectable errors as policy.uncorrectable_events within policy.window", actQuarantine, FromKelvin,
		func(f *findings) (string, bool) {
			return fmt.Sprintf("it had uncorrectable errors %s within %s; %d are the limit", some(len(f.incidents), "time"), days(f.policy.Window), f.policy.UncorrectableEvents),
				len(f.incidents) >= f.policy.UncorrectableEvents
		},
	},
	{
		"nvlink-repeated", Quarantine, "as many NVLink failures (Xid 74) as policy.link_events within policy.window", actQuarantine, FromKelvin,
		func(f *findings) (string, bool) {
			return fmt.Sprintf("its NVLink failed %s within %s; %d are the limit", some(len(f.links), "time"), days(f.policy.Window), f.policy.LinkEvents),
				len(f.links) >= f.policy.LinkEvents
		},
	},
}

// againRules are what a reset should have cured. (A variable of its own: it looks at the rules
// for a reset, which look at nothing that follows.)
var againRules = []Rule{
	{
		"failed-retest", Quarantine, "what asks for a reset is there again when the GPU is tested after the reset", actQuarantine, FromKelvin,
		func(f *findings) (string, bool) {
			if !f.x.Retest {
				return "", false
			}
			for _, r := range slices.Concat(resetRules, xidRules(XidReset, Reset, "")) {
				if message, holds := r.holds(f); holds {
					return fmt.Sprintf("it was reset, and again: %s (%s)", message, r.ID), true
				}
			}
			return "", false
		},
	},
}

var rebootRules = []Rule{
	{
		ruleRecoveryReboot, Reboot, "the driver's recovery action is 2: reboot the node", actReboot, FromNVIDIA,
		func(f *findings) (string, bool) { return f.recovery(recoveryReboot) },
	},
	{
		"reset-failed", Reboot, "the reset was refused, or failed", actReboot, FromKelvin,
		func(f *findings) (string, bool) {
			return "it could not be reset: " + f.x.ResetError, f.x.ResetError != ""
		},
	},
}

var resetRules = []Rule{
	{
		ruleUncorrectable, Reset, "uncorrectable errors since it was last found well, or while it was examined", actReset, FromNVIDIA,
		func(f *findings) (string, bool) {
			n, _ := f.uncorrected.Get()
			since := "since its driver was loaded, and it was never found well"
			if f.history.Certified != nil {
				since = "since it was found well " + at(f.history.Certified.At)
			}
			if f.x.Retest {
				since = "while it was tested"
			}
			return some(n, "uncorrectable error") + " " + since, n > 0
		},
	},
	{
		ruleUncorrectedEvent, Reset, "the driver reports an uncorrectable error", actReset, FromNVIDIA,
		heard(func(e Event) bool { return e.Kind == EventUncorrected }),
	},
	{
		"cuda-uncorrectable", Reset, fmt.Sprintf("the memory test ended with CUDA error %d or %d", cudaUncorrectable, cudaContained), actReset, FromNVIDIA,
		func(f *findings) (string, bool) {
			if f.x.Result == nil {
				return "", false
			}
			return fmt.Sprintf("the memory test ended with CUDA error %d: an error of memory was not corrected", f.x.Result.CUDA), uncorrectableCUDA(f.x.Result.CUDA)
		},
	},
	{
		ruleRemapPending, Reset, "a row of memory is to be replaced at the next reset", actReset, FromNVIDIA,
		state("a row of its memory is to be replaced at the next reset", func(h *Health) bool { return Is(h.Remap.Pending) }),
	},
	{
		"repair-pending", Reset, "a repair of a memory channel or of a TPC takes effect at the next reset", actReset, FromNVIDIA,
		state("a repair takes effect at the next reset", func(h *Health) bool { return Is(h.RepairPending) }),
	},
	{
		"retirement-pending", Reset, "a page of memory is used no more from the next reset on", actReset, FromNVIDIA,
		state("a page of its memory is used no more from the next reset on", func(h *Health) bool { return Is(h.Retired.Pending) }),
	},
	{
		ruleRetiredEvent, Reset, "the driver reports that a page or row is to be replaced", actReset, FromNVIDIA,
		heard(func(e Event) bool { return e.Kind == EventRetired }),
	},
	{
		ruleResetRequired, Reset, "the driver does nothing with it before a reset (RESET_REQUIRED)", actReset, FromNVIDIA,
		state("its driver does nothing with it before a reset", func(h *Health) bool { return h.ResetRequired }),
	},
	{
		ruleRecoveryReset, Reset, "the driver's recovery action is 1 or 4: reset the GPU", actReset, FromNVIDIA,
		func(f *findings) (string, bool) { return f.recovery(recoveryReset, recoveryDrainAndReset) },
	},
	{
		"mismatch-without-ecc", Reset, "memory without ECC did not hold what was written, for the first time", actReset, FromKelvin,
		func(f *findings) (string, bool) {
			return f.mismatch() + ", and it has no ECC", f.mismatches > 0 && (!f.ecc || f.eccOff)
		},
	},
	{
		"was-lost", Reset, "it was lost since it was last found well, and is back", actReset, FromKelvin,
		func(f *findings) (string, bool) {
			e, ok := event(f.since, func(e Event) bool {
				return e.Kind == EventUnavailable || e.Kind == EventXid && XidOf(e.Xid).Class == XidLost
			})
			return e.told() + ", and it is back", ok
		},
	},
}

var inconclusiveRules = []Rule{
	{
		"schema-unknown", Inconclusive, "the host speaks of it in another version than this", actRetry, FromKelvin,
		func(f *findings) (string, bool) {
			return fmt.Sprintf("the examination has schema %d, and this is %d", f.x.Schema, SchemaVersion), f.x.Schema != SchemaVersion
		},
	},
	{
		"level-unknown", Inconclusive, "it does not say how thoroughly it was examined", actRetry, FromKelvin,
		func(f *findings) (string, bool) {
			return fmt.Sprintf("%q is not a level", f.x.Level), !slices.Contains(Levels, f.x.Level)
		},
	},
	{
		"examination-broken", Inconclusive, "the examination was not ended", actRetry, FromKelvin,
		func(f *findings) (string, bool) {
			return "the examination was not ended: " + f.x.Error, f.x.Error != ""
		},
	},
	{
		"health-missing", Inconclusive, "its counters were not read before and after", actRetry, FromKelvin,
		says("its counters were not read before and after", func(f *findings) bool { return f.x.Level != LevelNone && len(f.states) < 2 }),
	},
	{
		"other-gpu", Inconclusive, "what was examined is another GPU: numbers and UUIDs can change places at a reset", actRetry, FromKelvin,
		func(f *findings) (string, bool) {
			for _, s := range f.states {
				if s.UUID != f.x.UUID && !strings.HasPrefix(f.x.UUID, "MIG-") {
					return fmt.Sprintf("%s was to be examined, and the counters are those of %q", f.x.UUID, s.UUID), true
				}
			}
			return "", false
		},
	},
	{
		"holders", Inconclusive, "somebody else has it open", "Whoever has it open is to be ended, if it is not Kelvin's; then it is examined again.", FromKelvin,
		func(f *findings) (string, bool) { return holders(f.x.Holders), len(f.x.Holders) > 0 },
	},
	{
		"memory-held", Inconclusive, "more of its memory is in use than policy.idle_memory_mib, and no process that shows", "It is examined again after a while, and reset if that does not help: a process that is gone may still hold it.", FromPeers,
		func(f *findings) (string, bool) {
			used := f.most(func(h *Health) Counter { return h.Memory.Used })
			return fmt.Sprintf("%d MiB of its memory are in use; %d are idle", used>>20, f.policy.IdleMemoryMiB), !f.mig && used > f.policy.IdleMemoryMiB<<20
		},
	},
	{
		"memory-unreadable", Inconclusive, "nobody can tell how much of its memory is in use", actRetry, FromKelvin,
		func(f *findings) (string, bool) {
			return "how much of its memory is in use could not be read", !f.mig && f.any(func(h *Health) bool { return h.Memory.Used.Failed() })
		},
	},
	{
		ruleRecoveryDrain, Inconclusive, "the driver's recovery action is 3: drain peer traffic", "What uses its links to other GPUs is to be ended; then it is examined again.", FromNVIDIA,
		func(f *findings) (string, bool) { return f.recovery(recoveryDrain) },
	},
	{
		ruleRecoveryUnknown, Inconclusive, "the driver's recovery action is one that Kelvin does not know", actRetry, FromKelvin,
		func(f *findings) (string, bool) {
			for _, s := range f.states {
				if a, ok := s.Recovery.Get(); ok && recoveries[a] == "" {
					return fmt.Sprintf("its driver asks for recovery action %d, which is not known", a), true
				}
			}
			return "", false
		},
	},
	{
		"ecc-off", Inconclusive, "ECC is off, or will be after a reset, on a data-center GPU; policy.ecc_off", "Turn ECC on (nvidia-smi -e 1) and reset it, or allow it in the policy.", FromKelvin,
		func(f *findings) (string, bool) {
			off := f.any(func(h *Health) bool { return known(h.ECCCurrent, false) || known(h.ECCPending, false) })
			return "its ECC is off, or will be after a reset", off && f.product.ECC == ECCFull && f.policy.ECCOff == Fail
		},
	},
	{
		"ecc-mode-pending", Inconclusive, "another ECC mode takes effect at the next reset, on a data-center GPU; policy.ecc_off", "Reset it, so that the mode that was chosen takes effect.", FromKelvin,
		func(f *findings) (string, bool) {
			pending := f.any(func(h *Health) bool {
				current, a := h.ECCCurrent.Get()
				next, b := h.ECCPending.Get()
				return a && b && current != next
			})
			return "another ECC mode takes effect at the next reset", pending && f.product.ECC == ECCFull && f.policy.ECCOff == Fail
		},
	},
	{
		"inforom-corrupt", Inconclusive, "its InfoROM is damaged: the counters of its life are not to be trusted, and no row can be replaced for good", "Have its InfoROM written anew, by NVIDIA's tools, or return the board.", FromPeers,
		state("its InfoROM is damaged, and the counters of its life are not to be trusted", func(h *Health) bool { return known(h.InfoROMValid, false) }),
	},
	{
		"counters-unreadable", Inconclusive, "a counter that this verdict needs could not be read, on a GPU with ECC", actRetry, FromKelvin,
		func(f *findings) (string, bool) {
			if !f.ecc || f.x.Level == LevelNone {
				return "", false
			}
			names := f.unread()
			return "not read: " + strings.Join(names, ", "), len(names) > 0
		},
	},
	{
		"no-evidence", Inconclusive, "it has no ECC, and its memory was not tested", "It is examined again, with a memory test: there are no counters to look at.", FromKelvin,
		says("it has no ECC, and its memory was not tested", func(f *findings) bool { return !f.ecc && f.x.Level == LevelCounters }),
	},
	{
		"test-missing", Inconclusive, "its memory was to be tested, and was not", actRetry, FromKelvin,
		says("its memory was to be tested, and was not", func(f *findings) bool { return f.x.Level.Covers(LevelQuick) && f.x.Result == nil }),
	},
	{
		"test-short", Inconclusive, "its memory was tested less thoroughly than it was to be", actRetry, FromKelvin,
		func(f *findings) (string, bool) {
			if f.x.Result == nil {
				return "", false
			}
			return fmt.Sprintf("its memory was tested at level %q, and was to be at %q", f.x.Result.Level, f.x.Level), !f.x.Result.Level.Covers(f.x.Level)
		},
	},
	{
		"test-killed", Inconclusive, "the memory test did not end in time, and was killed", actRetry, FromKelvin,
		func(f *findings) (string, bool) {
			return "the memory test did not end in time, and was killed", f.x.Result != nil && f.x.Result.Killed
		},
	},
	{
		"test-broken", Inconclusive, "the memory test did not come to its end", actRetry, FromKelvin,
		func(f *findings) (string, bool) { return f.x.Result.broken() },
	},
	{
		"test-xid", Inconclusive, "an Xid that is a program's own mistake (13, 31, 43, 45, 68), from our own test", actRetry, FromKelvin,
		func(f *findings) (string, bool) {
			e, ok := event(f.events, func(e Event) bool { return e.Kind == EventXid && XidOf(e.Xid).Class == XidIgnore })
			return e.told() + ", and nobody else was there", ok
		},
	},
	{
		"coverage-low", Inconclusive, "less of its usable memory was tested than policy.min_coverage, or min_coverage_slice under MIG", actRetry, FromKelvin,
		func(f *findings) (string, bool) {
			least := f.policy.MinCoverage
			if f.mig {
				least = f.policy.MinCoverageSlice
			}
			return f.x.Result.uncovered(least)
		},
	},
	{
		"bandwidth-low-throttled", Inconclusive, "as bandwidth-low, with clocks held down by power or heat, or nobody can tell", "It is examined again when it is cooler; look at its power and its cooling.", FromKelvin,
		func(f *findings) (string, bool) {
			return f.speed() + ", and its clocks were held down or could not be read", f.slow(f.policy.MinBandwidth) && f.throttled
		},
	},
	{
		"bandwidth-low", Inconclusive, "its memory is slower than policy.min_bandwidth of what a well GPU of its product reaches", "It is examined again; if it stays slow, a channel of its memory may be down: return the board.", FromKelvin,
		func(f *findings) (string, bool) { return f.speed(), f.slow(f.policy.MinBandwidth) && !f.throttled },
	},
	{
		"remanence-refused", Inconclusive, "as remanence, with policy.remanence at fail", "Find out why it was not scrubbed; then it is examined again.", FromKelvin,
		func(f *findings) (string, bool) {
			message, left := f.remanent()
			return message, left && f.policy.Remanence == Fail
		},
	},
}

var degradedRules = []Rule{
	{
		"corrected-rate", Degraded, "more corrected errors than policy.corrected_per_tb for each 10¹² bytes that the test moved, and for one at least", actDegraded, FromKelvin,
		func(f *findings) (string, bool) {
			n, _ := f.corrected.Get()
			moved := 0.0
			if f.x.Result != nil {
				moved = float64(f.x.Result.Moved) / 1e12
			}
			limit := f.policy.CorrectedPerTB * max(moved, 1)
			return fmt.Sprintf("%d errors were corrected while %.3f TB were moved; %.0f are the limit", n, moved, limit), float64(n) > limit
		},
	},
	{
		ruleStorm, Degraded, "the driver reports many corrected errors at once", actDegraded, FromNVIDIA,
		heard(func(e Event) bool { return e.Kind == EventCorrectedStorm }),
	},
	{
		"few-spare-rows", Degraded, "a bank of memory has few spare rows left", actDegraded, FromKelvin,
		func(f *findings) (string, bool) {
			n := f.banks(func(b Banks) int { return b.Low })
			return some(n, "bank") + " of its memory with few spare rows left", n > 0
		},
	},
	{
		"bandwidth-reduced-throttled", Degraded, "as bandwidth-reduced, with clocks held down by power or heat, or nobody can tell", actDegraded, FromKelvin,
		func(f *findings) (string, bool) {
			return f.speed() + ", and its clocks were held down or could not be read", f.slow(f.policy.GoodBandwidth) && f.throttled
		},
	},
	{
		"bandwidth-reduced", Degraded, "its memory is slower than policy.good_bandwidth of what a well GPU of its product reaches", actDegraded, FromKelvin,
		func(f *findings) (string, bool) { return f.speed(), f.slow(f.policy.GoodBandwidth) && !f.throttled },
	},
	{
		ruleUnknownXid, Degraded, "an Xid that is not in the table", actDegraded, FromKelvin,
		heard(func(e Event) bool { return e.Kind == EventXid && XidOf(e.Xid).Class == XidWarning }),
	},
	{
		ruleUnknownEvent, Degraded, "an event of a kind that is not known", actDegraded, FromKelvin,
		heard(func(e Event) bool { return !slices.Contains(eventKinds, e.Kind) }),
	},
}

var passRules = []Rule{
	{
		"remanence", Pass, "memory was not empty before the test wrote anything: a finding about the scrub before, not about the GPU", "It is handed out: the test left its memory empty. Find out why it was not scrubbed.", FromKelvin,
		func(f *findings) (string, bool) { return f.remanent() },
	},
	{
		"not-examined", Pass, "its owner chose not to have it examined", actPass, FromKelvin,
		says("it was not examined, by choice", func(f *findings) bool { return f.x.Level == LevelNone }),
	},
	{
		rulePass, Pass, "none of these", actPass, FromKelvin,
		func(f *findings) (string, bool) { return f.well(), true },
	},
}

var eventKinds = []EventKind{
	EventXid, EventCorrected, EventCorrectedStorm, EventUncorrected, EventRetired, EventRetireFailed, EventUnavailable, EventRecovery, EventAccessLost,
}

func known(f Flag, value bool) bool {
	v, ok := f.Get()
	return ok && v == value
}

func uncorrectableCUDA(code int) bool { return code == cudaUncorrectable || code == cudaContained }
