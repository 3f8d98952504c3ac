package spot

import (
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// The rules that make a plan. Each has a vote, and the one that changed the plan last is
// the plan's.
const (
	RuleNone     = "steady"      // nothing is to be done
	RuleZero     = "zero"        // no worker is wanted
	RuleMarket   = "market"      // the endpoint, or its places, have no spot
	RuleBase     = "base"        // on-demand workers that are always there
	RuleSpot     = "spot"        // spot workers that are wanted
	RuleHedge    = "hedge"       // spot workers beyond what is wanted
	RuleNotice   = "notice"      // a provider takes a machine back
	RuleRisk     = "risk"        // others of a pool are likely to follow one that was taken back
	RuleFallback = "fallback"    // on-demand workers stand in for spot workers
	RuleReturn   = "return"      // spot is back, and those that stood in go
	RuleSurplus  = "surplus"     // more workers than are wanted
	RuleNoPlace  = "no-capacity" // there is no place for a worker
)

// A Plan is what to do now, and why.
type Plan struct {
	Want     int     `json:"want"`
	OnDemand int     `json:"on_demand"` // on-demand workers that there should be
	Spot     int     `json:"spot"`      // spot workers that there should be
	Spare    int     `json:"spare"`     // of them, those beyond what is wanted
	SafeSpot int     `json:"safe_spot"` // spot workers that can be relied upon
	Covered  int     `json:"covered"`   // starting ones that count as if they were ready
	Make     []Make  `json:"make,omitempty"`
	Leave    []Leave `json:"leave,omitempty"`
	// Pools are all places, with what speaks for and against each; the best is the first.
	Pools  []Scored `json:"pools,omitempty"`
	Rule   string   `json:"rule"`
	Reason string   `json:"reason"` // for people
	Votes  []Vote   `json:"votes,omitempty"`
	// Cost is what the workers that there should be cost, AllOnDemand what those wanted would
	// cost on-demand, in millionths of a dollar per hour; 0 if prices are not known.
	Cost        int64 `json:"cost,omitempty"`
	AllOnDemand int64 `json:"all_on_demand,omitempty"`
	// Again is how long the plan stands if nothing happens: 0, for ever.
	Again time.Duration `json:"again,omitempty"`
}

// Acts reports whether there is anything to do.
func (p Plan) Acts() bool { return len(p.Make)+len(p.Leave) > 0 }

// Making is how many workers are to be made in a market.
func (p Plan) Making(m fleet.Market) (n int) {
	for _, one := range p.Make {
		if one.Market == m {
			n++
		}
	}
	return n
}

// A Make is one worker to be made. Its place is the first pool of the list that has room
// when it is tried; none other will do.
type Make struct {
	Market fleet.Market `json:"market"`
	Rule   string       `json:"rule"`
	Pools  []Pool       `json:"pools"`
}

// A Leave is one worker to let go.
type Leave struct {
	ID     string `json:"id"`
	Rule   string `json:"rule"`
	Reason string `json:"reason"`
	// By is when it must have handed back what it has not finished; zero: as the endpoint's
	// drain timeout says.
	By time.Time `json:"by,omitzero"`
}

// A Vote is what one rule wants, and what that costs.
type Vote struct {
	Rule     string `json:"rule"`
	OnDemand int    `json:"on_demand,omitempty"` // workers for it
	Spot     int    `json:"spot,omitempty"`
	Cost     int64  `json:"cost,omitempty"` // of those, in millionths of a dollar per hour
	Note     string `json:"note"`
}

// Scored is a place as it was seen.
type Scored struct {
	Pool    Pool         `json:"pool"`
	Market  fleet.Market `json:"market"`
	Price   int64        `json:"price,omitempty"`
	Score   Score        `json:"score,omitempty"`
	Cost    int64        `json:"cost,omitempty"`    // price * (1 + score)
	Workers int          `json:"workers,omitempty"` // of the endpoint, there and planned
	Free    int          `json:"free"`
	Avoid   string       `json:"avoid,omitempty"` // why no worker is made there; empty: it may be
	Until   time.Time    `json:"until,omitzero"`  // of the reason, if it ends by itself
}
