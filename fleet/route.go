package fleet

// Routes are what a gateway must know of the endpoints and servers in its data center.
// Version rises with every change, and only then.
type Routes struct {
	Version   int64           `json:"version"`
	Endpoints []EndpointRoute `json:"endpoints"`
	Servers   []ServerRoute   `json:"servers"`
}

// An EndpointRoute is where the requests for one endpoint go.
type EndpointRoute struct {
	EndpointID        string        `json:"endpoint_id"`
	AccountID         string        `json:"account_id"`
	Open              bool          `json:"open"` // not stopped: requests are accepted
	TargetConcurrency int           `json:"target_concurrency"`
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
	Version  int64                   `json:"version"`  // of the routes it follows
	InFlight map[string]int          `json:"inflight"` // requests by instance; those with none may be left out
	Load     map[string]EndpointLoad `json:"load"`     // by endpoint
}

// EndpointLoad is what one gateway saw of one endpoint since its last report.
type EndpointLoad struct {
	InFlight int   `json:"inflight"`
	Queued   int   `json:"queued"`
	Requests int64 `json:"requests"` // that arrived
	Errors   int64 `json:"errors"`   // answered 502, 503 or 504 by the gateway itself
	BusyMS   int64 `json:"busy_ms"`  // summed time of the requests that ended
	Ended    int64 `json:"ended"`
}
