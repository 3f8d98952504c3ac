package spot

import (
	"cmp"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A Pool is what a provider takes machines back from together: one type of GPU in one of
// its zones.
type Pool struct {
	Provider string `json:"provider"`
	GPUType  string `json:"gpu_type"`
	Zone     string `json:"zone"`
}

// String is the pool's name: aws/a100-80gb/us-east-1a.
func (p Pool) String() string { return p.Provider + "/" + p.GPUType + "/" + p.Zone }

// compare orders pools.
func (p Pool) compare(q Pool) int {
	return cmp.Or(cmp.Compare(p.Provider, q.Provider), cmp.Compare(p.GPUType, q.GPUType), cmp.Compare(p.Zone, q.Zone))
}

// Unlimited says that nobody knows how many workers a place has room for.
const Unlimited = -1

// A Place is a pool in one of its markets, as it is now.
type Place struct {
	Pool     Pool
	Market   fleet.Market
	Free     int           // workers that fit there now; Unlimited: not known
	Price    int64         // of a worker, in millionths of a dollar per hour; 0: not known
	StartP95 time.Duration // from a decision to a worker that answers, measured; 0: not known
}

// key is what the memory calls a pool's market.
func key(p Pool, m fleet.Market) string {
	if m == fleet.Spot {
		return p.String()
	}
	return p.String() + "/" + string(fleet.OnDemand)
}
