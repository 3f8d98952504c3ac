package simulate

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/autoscale"
)

// Kelvin is the production policy: fleet/autoscale's meter and its decision, nothing of ours.
type Kelvin struct {
	options autoscale.Options
	known   fleet.Duration // the service time, if it need not be estimated
	every   time.Duration
	meter   autoscale.Meter
	state   autoscale.State
	explain bool
}

// epoch is when virtual time begins for code that wants a time of day.
var epoch = time.Unix(1_800_000_000, 0).UTC()

// NewKelvin makes one with the rules of a spec.
func NewKelvin(s Setting, scaling fleet.ScalingSpec, every time.Duration) *Kelvin {
	spec := fleet.EndpointSpec{ActiveWorkers: s.Active, MaxWorkers: s.Max, TargetConcurrency: s.Target, Scaling: scaling}
	k := &Kelvin{options: autoscale.OptionsOf(spec), every: max(every, time.Second)}
	if s.Known {
		k.known = fleet.Duration(s.Service)
	}
	return k
}

// Restart loses the meter. The state is in the durable record.
func (k *Kelvin) Restart(Observed) { k.meter = autoscale.Meter{} }

// Decide adds the second's sample and asks.
func (k *Kelvin) Decide(o Observed) Choice {
	now := epoch.Add(o.At)
	if !o.Wake {
		s := autoscale.Sample{At: now, Whole: o.Whole}
		if o.Whole {
			s.InFlight, s.Queued, s.Peak, s.Arrived, s.Ended, s.Busy = o.InFlight, o.Queued, o.Peak, o.Arrived, o.Ended, o.Busy
		}
		k.meter.Add(s)
		if o.At%k.every != 0 {
			return Choice{Total: o.Total(), Rule: "between"}
		}
	}
	load := k.meter.Load(k.options)
	if o.Wake {
		load.At, load.InFlight, load.Queued, load.LastRequest = now, o.InFlight, o.Queued, now
	}
	if k.known > 0 {
		load.Service = k.known
	}
	count := autoscale.Count{Ready: o.Ready, Starting: o.Starting}
	before := k.state
	total, after := autoscale.Total(k.options, before, load, count, now)
	k.state = after
	c := Choice{Total: total}
	if total != o.Total() && k.explain {
		sizing, _ := autoscale.Size(k.options, before, load, count, now)
		c.Rule, c.Why = string(sizing.Rule), why{sizing.Want, sizing.Cap, sizing.Reason, sizing.Votes, sizing.Load}
	}
	return c
}

// why is what a decision rested on, in the log of decisions.
type why struct {
	Want   int              `json:"want"`
	Cap    int              `json:"cap"`
	Reason string           `json:"reason"`
	Votes  []autoscale.Vote `json:"votes"`
	Load   autoscale.Load   `json:"load"`
}

// Scaling reads options of scaling as they are written on the command line, such as
// up_percent=400 or zero_hold=120s. The names are those of the API.
func Scaling(into fleet.ScalingSpec, options []string) (fleet.ScalingSpec, error) {
	for _, option := range options {
		name, value, ok := strings.Cut(option, "=")
		if !ok {
			return into, fleet.Errorf(fleet.Invalid, "option %q: it must be name=value, with a name of %s", option, ScalingOptions)
		}
		raw := value
		if json.Unmarshal([]byte(value), new(int)) != nil {
			quoted, err := json.Marshal(value)
			if err != nil {
				return into, err
			}
			raw = string(quoted)
		}
		in := json.NewDecoder(strings.NewReader(`{"` + name + `":` + raw + `}`))
		in.DisallowUnknownFields()
		if strings.ContainsAny(name, `"\`) || in.Decode(&into) != nil {
			return into, fleet.Errorf(fleet.Invalid, "option %q: it must be one of %s, with a number, or a duration such as 60s", option, ScalingOptions)
		}
	}
	return into, nil
}

// ScalingOptions are the names of options of scaling.
const ScalingOptions = "policy, up_percent, down_count, down_percent, low_percent, hold, zero_hold, drain, min_arrivals, cancel_after"
