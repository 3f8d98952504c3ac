package store

import (
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// An Ask is who asks for an operation, and under which Idempotency-Key.
type Ask struct {
	AccountID string
	Actor     string // key_…, autoscaler, schedule:…, monitor
	Key       string // Idempotency-Key; the operation's ID is fleet.OperationID(AccountID, Key)
	Digest    string // of the request; the same Key with another Digest is Conflict
	Params    fleet.Params
}

// A NewInstance is what CreateInstance makes: a server, or with EndpointID a worker that
// runs that Revision of the endpoint's spec.
type NewInstance struct {
	Name       string
	Spec       fleet.InstanceSpec
	EndpointID string
	Revision   int
	Pools      []string // of a worker: those that its host may come from, the best first; empty: any
	Snapshot   string   // the snapshot that it is made from, in the same data center; empty: its image
}

// An Ending is how an operation ended. Code and Message say why it did not end Done.
type Ending struct {
	OperationID string
	Outcome     fleet.Outcome
	Code        fleet.Code
	Message     string
	Downtime    time.Duration // for which the instance did not run
	Moved       int64         // bytes copied
	Fault       *fleet.Fault  // of a worker that did not come up; nil: Code and Message say all
}

// A Drain is how empty an instance is whose traffic is held.
type Drain struct {
	Empty    bool     // every live gateway has confirmed that nothing is in flight
	InFlight int      // requests that gateways reported in flight
	Waiting  []string // IDs of the gateways that have not confirmed the hold yet
}

// Changes are what a host's renewal or loss means for others.
type Changes struct {
	Endpoints  []string       // whose autoscaler must look
	Operations []fleet.Record // open, on a host just lost: to be cancelled
	Hosts      []string       // just lost (ExpireHosts), or joined or returned (RenewLease)
}

// A Gateway is one running gateway, as it last reported.
type Gateway struct {
	ID         string
	Name       string
	DataCenter string
	Version    int64  // of the routes it follows
	Live       bool   // it reported within GatewayTTL
	Run        string // of its process: the totals in Load begin with it
	InFlight   map[string]int
	Load       map[string]fleet.EndpointLoad
	SeenAt     time.Time // zero: never heard of
	CreatedAt  time.Time
}

// GatewayTTL is how long a gateway counts as live after a report.
const GatewayTTL = 15 * time.Second

// A Page is a part of a list. After is the ID of the last item of the page before; empty is
// the first page. Limit is at most MaxLimit; 0 is DefaultLimit.
type Page struct {
	After string
	Limit int
}

// Limits of pages.
const (
	DefaultLimit = 50
	MaxLimit     = 500
)

// An InstanceFilter selects instances of an account; the zero value selects all that are
// not gone.
type InstanceFilter struct {
	EndpointID string // workers of that endpoint
	Name       string // exactly
	Servers    bool   // no workers
	State      fleet.State
	Gone       bool // terminated ones, too
	Page
}

// An EndpointFilter selects endpoints of an account; the zero value selects all that are
// not gone.
type EndpointFilter struct {
	Name string // exactly
	Gone bool   // deleted ones, too
	Page
}

// An OperationFilter selects operations of an account; the zero value selects all.
type OperationFilter struct {
	ResourceID string
	Open       bool // without an outcome
	Page
}

// An EventFilter selects events of an account; the zero value selects all.
type EventFilter struct {
	ResourceID string // an instance, endpoint, host, operation or schedule
	Page
}

// A ScheduleFilter selects schedules of an account; the zero value selects all that are not
// gone.
type ScheduleFilter struct {
	Name       string // exactly
	ResourceID string // those whose only target it is
	State      fleet.ScheduleState
	Gone       bool // deleted ones, too
	Page
}

// A HostFilter selects hosts; the zero value selects all that are not retired.
type HostFilter struct {
	Retired bool         // retired ones, too
	Market  fleet.Market // only those; empty: of both
	Page
}

// A GPUFilter selects GPUs of the fleet; the zero value selects all but those of retired hosts.
type GPUFilter struct {
	HostID string
	State  fleet.GPUState
	Type   string
	Page
}

// Counts are how much there is of what, for metrics.
type Counts struct {
	Instances map[fleet.State]int // those not gone
	Hosts     map[fleet.HostState]int
	GPUs      []GPUCount
	Open      map[string]int // open operations by fleet.Operation.Workflow
	Overdue   int            // open operations past their deadline
	Schedules map[fleet.ScheduleState]int
	Unsynced  int // schedules that Temporal does not have as they are
	Findings  map[fleet.FindingKind]int
	Tallies   []GPUTally // since the record began
}

// A GPUTally counts verdicts by outcome and rule, scrubs by outcome, events of drivers by
// kind and Xid, decisions of autoscalers by rule, and what happened to hosts that were taken
// away: Metric says which.
type GPUTally struct {
	Metric string `db:"metric"`
	One    string `db:"one"`
	Two    string `db:"two"`
	Count  int64  `db:"n"`
}

// A GPUCount is how many GPUs of a type are in a state.
type GPUCount struct {
	Type  string
	State fleet.GPUState
	Count int
}
