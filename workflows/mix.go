package workflows

import (
	"fmt"
	"slices"
	"time"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/autoscale"
	"github.com/kelvin-gpu/kelvin/fleet/spot"
)

// A mixed decision says where the workers are made, too.
type mixed struct {
	autoscale.Decision
	makes []activities.Make
	plan  *spot.Plan // nil: the endpoint has nothing to do with spot
}

// mix has package spot say in which markets and pools the workers are made that autoscale
// wants, and which of them go. What autoscale says of the dead, the older and those whose
// hosts are taken away stands.
func mix(seen activities.Observation, d autoscale.Decision) mixed {
	if seen.Spot == nil {
		return mixed{Decision: d}
	}
	in := *seen.Spot
	in.Now, in.Want = seen.Now, d.Desired
	var fresh []spot.Make
	if seen.Unproved { // the older ones are those that count, and one of the newest comes up beside them
		beside, _ := spot.Decide(in)
		fresh = beside.Make[:min(len(beside.Make), d.Create-d.Older)]
		in.Workers = olderFirst(seen.Observed, in.Workers)
	}
	plan, _ := spot.Decide(in)
	out := mixed{Decision: d, plan: &plan}
	var counted []string // those whose going is package spot's to say
	for _, w := range in.Workers {
		if !w.Doomed && !w.Old && !w.Leaving {
			counted = append(counted, w.ID)
		}
	}
	out.Remove = slices.DeleteFunc(slices.Clone(d.Remove), func(id string) bool { return slices.Contains(counted, id) })
	for _, l := range plan.Leave {
		if l.Rule != spot.RuleNotice {
			out.Remove = append(out.Remove, l.ID)
		}
	}
	makes := plan.Make
	switch {
	case seen.Unproved:
		makes = makes[:min(len(makes), d.Older)]
		out.Older = len(makes)
	case d.Rule == autoscale.BackOff:
		makes = nil
	case d.Rule == autoscale.Surge:
		makes = makes[:min(len(makes), d.Create)]
	}
	missing := plan.OnDemand + plan.Spot - len(counted) - len(makes)
	if seen.Unproved {
		missing = max(missing, d.Create-len(makes)-len(fresh))
	}
	makes = slices.Concat(makes, fresh)
	out.Create, out.makes = len(makes), nil
	for _, m := range makes {
		made := activities.Make{Market: m.Market}
		for _, p := range m.Pools {
			made.Pools = append(made.Pools, p.String())
		}
		out.makes = append(out.makes, made)
	}
	if missing > 0 && (plan.Again == 0 || plan.Again > lookForRoom) {
		plan.Again = lookForRoom // nobody says when a host has room again
	}
	if plan.Again > 0 && (out.Again == 0 || plan.Again < out.Again) {
		out.Again = max(plan.Again, time.Second)
	}
	if plan.Rule != spot.RuleNone && d.Rule != autoscale.BackOff && d.Rule != autoscale.Surge && (len(makes) > 0 || len(out.Remove) > 0) {
		out.Rule, out.Reason = plan.Rule, fmt.Sprintf("%s: %s", d.Reason, plan.Reason)
	}
	return out
}

// olderFirst are workers for package spot as if the older revision were the newest.
func olderFirst(seen autoscale.Observed, workers []spot.Worker) []spot.Worker {
	old := map[string]bool{}
	for _, w := range seen.Workers {
		old[w.ID] = w.Leaving || w.Revision == seen.Revision
	}
	workers = slices.Clone(workers)
	for i := range workers {
		workers[i].Old = old[workers[i].ID]
	}
	return workers
}

// lookForRoom is how often it looks whether there is room for workers that are missing.
const lookForRoom = 30 * time.Second

// votes are the plan's, for people: its rules, and what speaks for and against each pool.
func (m mixed) votes() (votes []fleet.ScaleVote) {
	if m.plan == nil {
		return nil
	}
	for _, v := range m.plan.Votes {
		votes = append(votes, fleet.ScaleVote{Rule: "spot: " + v.Rule, Total: v.OnDemand + v.Spot, Note: v.Note})
	}
	for _, p := range m.plan.Pools {
		note := fmt.Sprintf("%s, score %.2f", p.Market, float64(p.Score)/1e6)
		if p.Free != spot.Unlimited {
			note += fmt.Sprintf(", room for %d", p.Free)
		}
		if p.Avoid != "" {
			note += ", avoided: " + p.Avoid
		}
		votes = append(votes, fleet.ScaleVote{Rule: "pool " + p.Pool.String(), Total: p.Workers, Note: note})
	}
	return votes
}
