package autoscale

// A Rule names what bound a decision.
type Rule = string

// The rules. Those of Decide, which carries a number out, are below.
const (
	Active      Rule = "active"      // never fewer than the active workers (R6)
	Max         Rule = "max"         // never more than the max workers (R6)
	Wake        Rule = "wake"        // a request has come, and there is no worker
	Zero        Rule = "zero"        // no worker, and no request (R7)
	Concurrency Rule = "concurrency" // as many as the load needs at its target (R1, D8)
	Growth      Rule = "growth"      // no more than growth in 60 s allows (R3, D1)
	LowUse      Rule = "low-use"     // fewer are enough, and have been (R4, D3)
	Step        Rule = "step"        // so many leave at a time (R5)
	Hold        Rule = "hold"        // the last change was not long enough ago (D4)
	ZeroHold    Rule = "zero-hold"   // the last request was not long enough ago (R7)
	Starting    Rule = "starting"    // nobody leaves while somebody starts (D5)
	Data        Rule = "data"        // nobody leaves unseen (D9)
	Cancel      Rule = "cancel"      // those that start are not wanted any more (D12)
	Steady      Rule = "steady"      // neither too many nor too few

	Surge   Rule = "surge"    // older workers are replaced one at a time
	BackOff Rule = "back-off" // workers could not be made
	Notice  Rule = "notice"   // hosts of workers are taken away
)
