package fleet

// A ScalingSpec says how the number of an endpoint's workers follows its load. Zero values
// stand for what the policy says.
type ScalingSpec struct {
	Policy      string   `json:"policy,omitempty" enum:"default,fast" doc:"The rules: default (documented limits) or fast (no limit on growth, gives back sooner). Default: default"`
	UpPercent   int      `json:"up_percent,omitempty" minimum:"-1" maximum:"10000" doc:"Growth at the most in 60 s, in percent of what there was; -1: no limit. default: 200, fast: -1"`
	DownCount   int      `json:"down_count,omitempty" minimum:"-1" maximum:"1000" doc:"Workers that leave at a time; -1: no limit. default: 1, fast: -1"`
	DownPercent int      `json:"down_percent,omitempty" minimum:"0" maximum:"100" doc:"Share of the workers that leaves at a time at the most, in percent; one may always leave. Both: 100"`
	LowPercent  int      `json:"low_percent,omitempty" minimum:"0" maximum:"100" doc:"Use is low when the load fits at this share of the target on fewer workers, in percent. default: 70, fast: 78"`
	Hold        Duration `json:"hold,omitempty" doc:"How long use must be low before a worker leaves, 60s to 24h. Both: 60s" example:"60s"`
	ZeroHold    Duration `json:"zero_hold,omitempty" doc:"How long without any request before the last worker leaves, 60s to 24h. default: 60s, fast: 2m" example:"60s"`
	Drain       Duration `json:"drain,omitempty" doc:"Time in which a queue should be gone, 1s to 1h. default: 60s, fast: 23s" example:"60s"`
	MinArrivals int      `json:"min_arrivals,omitempty" minimum:"-1" maximum:"1000" doc:"Arrivals that a rate rests on at least: its window widens until it has them, to 60 s, and a queue of fewer may take up to three times drain; -1: none. default: -1, fast: 60"`
	CancelAfter Duration `json:"cancel_after,omitempty" doc:"Starting workers are cancelled when nothing in this time has wanted them, 1s to 50s; -1s: never. default: -1s, fast: 7s" example:"10s"`
}

// A RequestSpec says how the gateways treat an endpoint's requests. Zero values stand for
// the gateway's own settings.
type RequestSpec struct {
	ConcurrencyLimit int      `json:"concurrency_limit,omitempty" minimum:"0" maximum:"100000" doc:"Requests in flight that one worker gets at the most; more wait. Default: target_concurrency"`
	QueueMax         int      `json:"queue_max,omitempty" minimum:"0" maximum:"100000" doc:"Requests that may wait for a worker, at each gateway. Default 1000"`
	QueueTimeout     Duration `json:"queue_timeout,omitempty" doc:"How long a request may wait for a worker. Default 2m" example:"2m"`
	Timeout          Duration `json:"timeout,omitempty" doc:"How long a request may take in all, once a worker has it. Default: no limit" example:"10m"`
	IdleTimeout      Duration `json:"idle_timeout,omitempty" doc:"How long an answer, a stream or a WebSocket may stand still. Default: no limit" example:"5m"`
	MaxBody          int64    `json:"max_body,omitempty" minimum:"0" doc:"Largest request body in bytes. Default: the gateway's"`
	Keys             bool     `json:"keys,omitempty" doc:"Requests must bear one of the endpoint's keys (kelvin endpoint key)"`
}

// A Market is how a host is paid for, and whether it can be taken away.
type Market string

// The markets. A spot host is cheaper, and its provider may take it back at any time.
const (
	OnDemand Market = "on-demand"
	Spot     Market = "spot"
)

// A SpotSpec says which workers of an endpoint may run on spot hosts.
type SpotSpec struct {
	Market          Market `json:"market,omitempty" enum:"on-demand,spot" doc:"on-demand: spot hosts are not used. spot: they are, as far as the fields beside say. Default: on-demand"`
	BaseOnDemand    int    `json:"base_on_demand,omitempty" minimum:"0" maximum:"1000" doc:"Workers that are on on-demand hosts always"`
	DynamicFallback *bool  `json:"dynamic_fallback,omitempty" doc:"On-demand workers stand in for spot workers that are missing. Default true"`
	Spare           *int   `json:"spare,omitempty" minimum:"0" maximum:"100" doc:"Spot workers beyond what is wanted, as a hedge. Default: as many as pay, given the provider's notice and prices"`
}
