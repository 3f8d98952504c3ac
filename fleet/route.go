package fleet

// Routes are what a gateway must know of the endpoints in its data center. Version rises
// with every change, and only then.
type Routes struct {
	Version   int64           `json:"version"`
	Endpoints []EndpointRoute `json:"endpoints"`
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

// A GatewayReport is what a gateway knows, sent every second and at once when a draining
// worker becomes empty.
type GatewayReport struct {
	Version  int64                   `json:"version"`  // of the routes it follows
	InFlight map[string]int          `json:"inflight"` // by instance; those with none may be left out
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
