package gpu

import (
	"fmt"
	"slices"
	"strconv"
)

// XidClass is what an Xid means for Kelvin.
type XidClass string

// The classes.
const (
	XidIgnore     XidClass = "ignore"     // a program's own mistake
	XidNote       XidClass = "note"       // written down
	XidWarning    XidClass = "warning"    // nobody knows: written down, and the score is lower
	XidDegraded   XidClass = "degraded"   // it works; others are better
	XidReset      XidClass = "reset"      // the GPU is reset and tested before anybody else gets it
	XidQuarantine XidClass = "quarantine" // nobody gets it any more
	XidLost       XidClass = "lost"       // it is gone
)

// XidClasses are all of them, mildest first.
var XidClasses = []XidClass{XidIgnore, XidNote, XidWarning, XidDegraded, XidReset, XidQuarantine, XidLost}

// Victims are whose work an event has spoilt.
type Victims string

// The victims.
const (
	VictimsNone Victims = "none"
	VictimsOne  Victims = "one" // the program that had the error; the driver has ended it
	VictimsAll  Victims = "all" // everything on the GPU
)

// An Xid is one kind of error that NVIDIA's driver reports, by number.
type Xid struct {
	Number  int
	Name    string
	Advice  string // NVIDIA's, from its catalogue
	Class   XidClass
	Victims Victims
	// Later says that its reset has time until the GPU's tenant is gone.
	Later bool
}

// Xids are those that are known, by number. Names and advice are from NVIDIA's Xid catalogue;
// what follows is ours.
var Xids = []Xid{
	{13, "graphics engine exception", "restart the application", XidIgnore, VictimsNone, false},
	{31, "GPU memory page fault", "restart the application", XidIgnore, VictimsNone, false},
	{43, "GPU stopped processing", "ignore", XidIgnore, VictimsNone, false},
	{45, "preemptive cleanup after an earlier error", "ignore", XidIgnore, VictimsNone, false},
	{46, "GPU stopped processing: a hang", "reset the GPU", XidReset, VictimsNone, false},
	{48, "uncorrectable ECC error", "reset the GPU and look at the SRAM threshold", XidReset, VictimsOne, false},
	{54, "auxiliary power is not connected", "check the mechanicals", XidQuarantine, VictimsNone, false},
	{62, "internal micro-controller halt", "reset the GPU", XidReset, VictimsNone, false},
	{63, "memory remapping event", "ignore", XidReset, VictimsNone, true},
	{64, "memory remapping failure", "reset the GPU, then contact support", XidQuarantine, VictimsNone, false},
	{68, "video decoder exception", "restart the application", XidIgnore, VictimsNone, false},
	{74, "NVLink error", "NVIDIA's NVLink workflow", XidReset, VictimsNone, false},
	{79, "the GPU has fallen off the bus", "restart the machine", XidLost, VictimsAll, false},
	{92, "high rate of single-bit ECC errors", "ignore, then contact support", XidDegraded, VictimsNone, false},
	{93, "InfoROM wear limit", "ignore", XidNote, VictimsNone, false},
	{94, "contained memory error", "restart the application", XidReset, VictimsOne, false},
	{95, "uncontained memory error", "reset the GPU", XidReset, VictimsAll, false},
	{109, "context switch timeout", "reset the GPU", XidReset, VictimsNone, false},
	{110, "security fault", "reset the GPU", XidReset, VictimsNone, false},
	{119, "GSP RPC timeout", "reset the GPU", XidReset, VictimsNone, false},
	{120, "GSP error", "reset the GPU", XidReset, VictimsNone, false},
	{136, "link training failed", "reset the GPU", XidReset, VictimsNone, false},
	{140, "unrecovered ECC error", "reset the GPU and look at the SRAM threshold", XidReset, VictimsOne, false},
	{143, "GPU initialisation failed", "reset the GPU", XidReset, VictimsNone, false},
	{154, "the recovery action has changed", "for information", XidNote, VictimsNone, false},
	{155, "NVLink error defined by software", "reset the GPU", XidReset, VictimsNone, false},
	{156, "resource retirement event", "reset the GPU", XidReset, VictimsNone, false},
	{157, "resource retirement failure", "ignore, then contact support", XidQuarantine, VictimsNone, false},
	{158, "GPU fatal timeout", "reset the GPU", XidReset, VictimsNone, false},
	{160, "memory channel retirement event", "ignore, then contact support", XidQuarantine, VictimsNone, false},
	{161, "memory channel retirement failure", "ignore, then contact support", XidQuarantine, VictimsNone, false},
	{168, "errors in a write-protected region", "ignore, then contact support", XidQuarantine, VictimsNone, false},
	{171, "uncorrectable ECC error in DRAM: detail of 48", "as 48", XidReset, VictimsOne, false},
	{172, "uncorrectable ECC error in SRAM: detail of 48", "as 48", XidReset, VictimsOne, false},
}

// uncorrectableXids are those that tell of an uncorrectable error of memory.
var uncorrectableXids = []int{48, 94, 95, 140, 171, 172}

// linkXid is NVLink's: once is a reset, again is the board.
const linkXid = 74

// XidOf is the Xid with a number. One that is not known is a warning.
func XidOf(number int) Xid {
	i, ok := slices.BinarySearchFunc(Xids, number, func(x Xid, n int) int { return x.Number - n })
	if !ok {
		return Xid{Number: number, Name: "not in Kelvin's table", Class: XidWarning, Victims: VictimsNone}
	}
	return Xids[i]
}

// Rule is the ID of its rule: xid-48.
func (x Xid) Rule() string {
	if x.Class == XidWarning {
		return ruleUnknownXid
	}
	return "xid-" + strconv.Itoa(x.Number)
}

// Do is what the watch does about an event.
type Do string

// What can be done.
const (
	DoNothing    Do = "nothing"
	DoNote       Do = "note"       // write it down; the next examination sees it
	DoRead       Do = "read"       // read its health now, and do what ReactHealth says
	DoDiagnose   Do = "diagnose"   // drain what runs on it, then examine it
	DoReset      Do = "reset"      // drain what runs on it, reset it, then examine it
	DoQuarantine Do = "quarantine" // drain what runs on it; nobody gets it any more
	DoLost       Do = "lost"       // what ran on it has failed; the node needs a reboot
	DoRecreate   Do = "recreate"   // make the container anew: the GPU is well
)

// Dos are all of them, from least to most.
var Dos = []Do{DoNothing, DoNote, DoRead, DoRecreate, DoDiagnose, DoReset, DoQuarantine, DoLost}

// A Reaction is what the watch does about an event.
type Reaction struct {
	Do      Do      `json:"do" enum:"nothing,note,read,recreate,diagnose,reset,quarantine,lost" doc:"What is done"`
	Rule    string  `json:"rule" doc:"ID of the rule that decided: xid-48"`
	Victims Victims `json:"victims" enum:"none,one,all" doc:"Whose work is spoilt: nobody's, that of the program which had the error, or everybody's on the GPU"`
	Message string  `json:"message" doc:"What happened"`
	Action  string  `json:"action" doc:"What is done about it, in words"`
	// Later says that the GPU is to be reset when its tenant is gone.
	Later bool `json:"later,omitempty" doc:"It is reset when its tenant is gone"`
	// Lower says that its score is lower from now on.
	Lower bool `json:"lower,omitempty" doc:"Other GPUs are handed out before it"`
}

// React says what to do about an event while the GPU is in use.
func React(e Event) Reaction {
	switch e.Kind {
	case EventXid:
		return reactXid(e)
	case EventCorrected:
		return react(DoNothing, "corrected", VictimsNone, "an error of its memory was corrected", false)
	case EventCorrectedStorm:
		r := react(DoNote, ruleStorm, VictimsNone, "many errors of its memory were corrected", false)
		r.Lower = true
		return r
	case EventUncorrected:
		return react(DoReset, ruleUncorrectedEvent, VictimsOne, "an error of its memory could not be corrected", false)
	case EventRetired:
		return react(DoNote, ruleRetiredEvent, VictimsNone, "a page or row of its memory is to be replaced", true)
	case EventRetireFailed:
		return react(DoQuarantine, ruleRetireFailed, VictimsNone, "a page or row of its memory could not be replaced", false)
	case EventUnavailable:
		return react(DoLost, ruleUnavailable, VictimsAll, "the driver has lost it", false)
	case EventRecovery:
		return react(DoRead, "recovery-changed", VictimsNone, "the driver has changed its mind about what is to be done", false)
	case EventAccessLost:
		return react(DoRecreate, "access-lost", VictimsOne, "a container cannot open it any more", false)
	default:
		r := react(DoNote, ruleUnknownEvent, VictimsNone, fmt.Sprintf("an event of an unknown kind: %q", e.Kind), false)
		r.Lower = true
		return r
	}
}

func reactXid(e Event) Reaction {
	x := XidOf(e.Xid)
	do := map[XidClass]Do{
		XidIgnore: DoNothing, XidNote: DoNote, XidWarning: DoNote, XidDegraded: DoNote,
		XidReset: DoReset, XidQuarantine: DoQuarantine, XidLost: DoLost,
	}[x.Class]
	switch {
	case x.Later:
		do = DoNote
	case x.Number == 154:
		do = DoRead
	}
	r := react(do, x.Rule(), x.Victims, fmt.Sprintf("Xid %d: %s", x.Number, x.Name), x.Later)
	r.Lower = x.Class == XidDegraded || x.Class == XidWarning
	return r
}

// ReactHealth says what to do about a GPU in use whose driver tells this of it.
func ReactHealth(h Health) Reaction {
	recovery, _ := h.Recovery.Get()
	switch {
	case h.Lost:
		return react(DoLost, ruleLost, VictimsAll, "the driver cannot reach it", false)
	case Is(h.Remap.Failed):
		return react(DoQuarantine, ruleRemapFailed, VictimsNone, "a row of its memory could not be replaced", false)
	case Is(h.SRAMThreshold):
		return react(DoQuarantine, ruleSRAM, VictimsNone, "the uncorrectable errors of its SRAM are past NVIDIA's limit", false)
	case recovery == recoveryReboot:
		return react(DoLost, ruleRecoveryReboot, VictimsAll, "its driver asks for a reboot of the node", false)
	case h.ResetRequired:
		return react(DoReset, ruleResetRequired, VictimsAll, "its driver does nothing with it before a reset", false)
	case recovery == recoveryReset || recovery == recoveryDrainAndReset:
		return react(DoReset, ruleRecoveryReset, VictimsNone, "its driver asks for a reset", false)
	case recovery == recoveryDrain:
		return react(DoDiagnose, ruleRecoveryDrain, VictimsNone, "its driver asks to drain peer traffic", false)
	case recovery != recoveryNone:
		return react(DoDiagnose, ruleRecoveryUnknown, VictimsNone, fmt.Sprintf("its driver asks for something unknown: recovery action %d", recovery), false)
	case Is(h.Remap.Pending) || Is(h.Retired.Pending) || Is(h.RepairPending):
		return react(DoNote, ruleRemapPending, VictimsNone, "a repair of its memory waits for a reset", true)
	default:
		return react(DoNothing, rulePass, VictimsNone, "its driver has no complaint", false)
	}
}

// doing is what is done, in words.
var doing = map[Do]string{
	DoNothing:    "Nothing.",
	DoNote:       "It is written down; the next examination takes it into account.",
	DoRead:       "Its health is read now.",
	DoRecreate:   "The container is made anew.",
	DoDiagnose:   "What runs on it is moved away, then it is examined.",
	DoReset:      "What runs on it is moved away, then it is reset and examined.",
	DoQuarantine: "What runs on it is moved away; nobody gets it any more.",
	DoLost:       "What ran on it has failed; the node needs a reboot.",
}

func react(do Do, rule string, victims Victims, message string, later bool) Reaction {
	action := doing[do]
	if later {
		action = "It is reset and tested when its tenant is gone."
	}
	return Reaction{Do: do, Rule: rule, Victims: victims, Message: message, Action: action, Later: later}
}
