package fleet

import "time"

// DecisionPrefix begins the ID of a ScaleDecision.
const DecisionPrefix = "dec_"

// A ScaleDecision is a change that an endpoint's autoscaler made to its workers, and why.
type ScaleDecision struct {
	ID         string
	AccountID  string
	EndpointID string
	Seq        int64 // counts the endpoint's decisions
	At         time.Time
	From, To   int // workers that were wanted before, and are since
	Create     int // workers made
	Remove     []string
	Rule       string // that bound it
	Reason     string // for people
	Votes      []ScaleVote
	Inputs     ScaleInputs
}

// A ScaleVote is how many workers one rule allows or asks for.
type ScaleVote struct {
	Rule  string `json:"rule" doc:"The rule" example:"growth"`
	Total int    `json:"total" doc:"Workers that it asks for, or allows at the most"`
	Note  string `json:"note,omitempty" doc:"How it came to that"`
}

// ScaleInputs are what a decision rested on.
type ScaleInputs struct {
	InFlight  int       `json:"in_flight" doc:"Requests at workers"`
	Queued    int       `json:"queued" doc:"Requests that waited for a worker"`
	Rate      float64   `json:"rate" doc:"Requests that arrived in a second"`
	Service   float64   `json:"service_seconds,omitempty" doc:"Mean time of a request, in seconds; absent when none has ended yet"`
	LoadAt    time.Time `json:"load_at,omitzero" doc:"When the load was seen; absent when nobody has seen it"`
	Known     bool      `json:"known" doc:"Every gateway had reported. Without that nothing is removed"`
	Ready     int       `json:"ready" doc:"Workers that answered"`
	Starting  int       `json:"starting" doc:"Workers that were on their way"`
	Active    int       `json:"active" doc:"Workers that are always there"`
	Max       int       `json:"max" doc:"Workers at the most"`
	Target    int       `json:"target" doc:"Requests in flight that a worker is meant for"`
	Policy    string    `json:"policy" doc:"The rules it went by"`
	Revision  int       `json:"revision" doc:"Of the endpoint's spec"`
	Failures  int       `json:"failures,omitempty" doc:"Workers that could not be made, one after the other"`
	Evaluated bool      `json:"evaluated" doc:"The evaluator's load was the reason, and not something that happened to a worker or to the spec"`
}

// LoadSlot is how long a point of an endpoint's load lasts, LoadKept how long it is kept.
const (
	LoadSlot = 5 * time.Second
	LoadKept = time.Hour
)

// A LoadPoint is an endpoint's load in a LoadSlot. The short names keep the record small.
type LoadPoint struct {
	At       time.Time                     `json:"-"`           // when it began
	Seconds  float64                       `json:"s,omitempty"` // that it covers; 0: nobody looked
	InFlight int                           `json:"f,omitempty"` // the most at a time
	Queued   int                           `json:"q,omitempty"` // the most at a time
	Peak     int                           `json:"p,omitempty"` // of the two together
	Requests int64                         `json:"n,omitempty"` // that arrived
	Ended    int64                         `json:"d,omitempty"`
	BusyMS   int64                         `json:"b,omitempty"`
	Errors   int64                         `json:"e,omitempty"` // answered by the gateway itself
	Classes  [5]int64                      `json:"c,omitzero"`
	Latency  [len(LatencyBounds) + 1]int64 `json:"l,omitzero"`
	Desired  int                           `json:"w,omitempty"`
	Ready    int                           `json:"r,omitempty"`
	Starting int                           `json:"t,omitempty"`
	Whole    bool                          `json:"o,omitempty"` // every live gateway had reported
}
