package fleet

// Routes are what a gateway must know of the endpoints and servers in its data center.
// Version rises with every change, and only then.
type Routes struct {
	Version   int64           `json:"version"`
	Closed    bool            `json:"closed,omitempty"` // the data center's controller is down: a gateway gives its ports back
	Endpoints []EndpointRoute `json:"endpoints"`
	Servers   []ServerRoute   `json:"servers"`
}

// An EndpointRoute is where the requests for one endpoint go.
type EndpointRoute struct {
	EndpointID        string        `json:"endpoint_id"`
	AccountID         string        `json:"account_id"`
	Open              bool          `json:"open"` // not stopped: requests are accepted
	TargetConcurrency int           `json:"target_concurrency"`
	Requests          RequestSpec   `json:"requests,omitzero"`
	Keys              []string      `json:"keys,omitempty"` // SHA-256 hashes, in hex, of the keys that open it, if Requests.Keys
	Workers           []WorkerRoute `json:"workers"`
}

// A WorkerRoute is one worker: ready, or draining, which gets no new requests and keeps
// those in flight.
type WorkerRoute struct {
	InstanceID string `json:"instance_id"`
	Address    string `json:"address"` // host:port
	Draining   bool   `json:"draining,omitempty"`
}

// A ServerRoute is where the requests for one server go, and the connections to its
// addresses. Only servers with ports have one.
type ServerRoute struct {
	InstanceID string `json:"instance_id"`
	AccountID  string `json:"account_id"`
	// Open: it runs, or is on its way to. What comes while it is not Ready waits; without
	// Open it is refused.
	Open  bool        `json:"open"`
	Ready bool        `json:"ready,omitempty"` // else nothing new is sent there, and what is there goes on
	Ports []PortRoute `json:"ports"`           // the first is that of its URL
}

// A PortRoute is one port of a server: its stable address, and where that leads now.
type PortRoute struct {
	Port   int    `json:"port"`             // of the gateway
	Target string `json:"target,omitempty"` // host:port; empty while nothing runs there
}

// A GatewayReport is what a gateway knows, sent every second and at once when a draining
// worker becomes empty.
type GatewayReport struct {
	Run      string                  `json:"run,omitempty"`   // of the gateway's process: totals in Load begin with it
	Ended    bool                    `json:"ended,omitempty"` // the process ends with this report: nothing is in flight
	Version  int64                   `json:"version"`         // of the routes it follows
	InFlight map[string]int          `json:"inflight"`        // requests by instance; those with none may be left out
	Load     map[string]EndpointLoad `json:"load"`            // by endpoint
}

// EndpointLoad is what one gateway sees of one endpoint. Counts are totals since the gateway's
// Run began, so that a report that is lost, or heard twice, changes nothing. An endpoint
// without requests in flight, waiting, or since a minute, may be left out.
type EndpointLoad struct {
	InFlight int     `json:"inflight"`
	Queued   int     `json:"queued"`
	Peak     int     `json:"peak,omitempty"` // of the two together, in the last 3 s
	Requests int64   `json:"requests"`       // that arrived, each counted once
	Errors   int64   `json:"errors"`         // answered 502, 503 or 504 by the gateway itself
	BusyMS   int64   `json:"busy_ms"`        // summed time of the requests that ended
	Ended    int64   `json:"ended"`
	Classes  []int64 `json:"classes,omitempty"` // answers by the first digit of their status: 1xx to 5xx
	Latency  []int64 `json:"latency,omitempty"` // answers by time, in the buckets of LatencyBounds and one above
}

// LatencyBounds are the upper bounds of the buckets of EndpointLoad.Latency, in seconds.
var LatencyBounds = [...]float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300}
