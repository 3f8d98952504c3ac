package fleet

// MinRateLimit is the slowest that a copy can be asked to be, in bytes a second: below it
// nothing would be done within its operation's limit.
const MinRateLimit = 64 << 10

// Params are what an operation needs to know besides its resource. Fields are only added.
type Params struct {
	Revision   int      `json:"revision,omitempty" doc:"Of an endpoint's spec that update moves to"`
	Hold       string   `json:"hold,omitempty" doc:"Of stop: none when GPUs and ports go back"`
	HostID     string   `json:"host_id,omitempty" doc:"Of migrate, thaw, start and recover: the only host that will do"`
	Wait       bool     `json:"wait,omitempty" doc:"For a place, when there is none"`
	RateLimit  int64    `json:"rate_limit,omitempty" doc:"Of copies, bytes a second"`
	SnapshotID string   `json:"snapshot_id,omitempty" doc:"Of create, reset and recover: what is restored"`
	Keep       Duration `json:"keep,omitempty" doc:"Of reset and terminate: how long what was there can be had back"`
	SkipTests  bool     `json:"skip_gpu_tests,omitempty" doc:"Its GPUs are not tested before they get the data, because its owner said so"`
}

// Validate says everything that is wrong with what people ask for.
func (p Params) Validate() error {
	var wrong problems
	wrong.add(p.Hold == "" || p.Hold == HoldReserved || p.Hold == HoldNone, "body.hold", "is none of the allowed", HoldReserved+", "+HoldNone)
	wrong.add(p.RateLimit == 0 || p.RateLimit >= MinRateLimit, "body.rate_limit", "is too slow", "0 for none, or at least 65536 bytes a second")
	wrong.add(p.Keep >= 0 && p.Keep <= MaxKeep, "body.keep", "is out of range", "0s to 2160h, which is 90 days")
	return wrong.err()
}

// DefaultKeepOf is how long the data of an instance is kept that is terminated, unless its
// owner says otherwise: what is only in the archive costs little, and may be all there is.
func DefaultKeepOf(l Life) Duration {
	was := l.State
	if l.OperationID != "" {
		was = l.Was
	}
	if was == Frozen || was == Lost {
		return DefaultKeep
	}
	return 0
}
