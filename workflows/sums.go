package workflows

import (
	"maps"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/autoscale"
	"github.com/kelvin-gpu/kelvin/store"
)

// sums turn the totals that gateways report into what happened since they were last added up.
type sums struct {
	gateways map[string]runs
}

// runs are the processes of one gateway, by name: two for a while, when it is replaced.
type runs map[string]*followed

// followed is what is known of one process.
type followed struct {
	seen  time.Time // its last report
	began bool      // its totals are known from their beginning
	loads map[string]fleet.EndpointLoad
}

// A seen is what happened at an endpoint since the last look, over all gateways.
type seen struct {
	autoscale.Sample
	errors  int64
	classes [5]int64
	latency [len(fleet.LatencyBounds) + 1]int64
}

// add takes in what live gateways report. It returns what happened by endpoint, and the
// data centers with gateways all of which have reported just now.
func (s *sums) add(gateways []store.Gateway, now time.Time) (map[string]*seen, map[string]bool) {
	if s.gateways == nil {
		s.gateways = map[string]runs{}
	}
	all, whole, known := map[string]*seen{}, map[string]bool{}, maps.Clone(s.gateways)
	for _, g := range gateways {
		fresh := now.Sub(g.SeenAt) <= store.GatewayFresh
		if known, ok := whole[g.DataCenter]; !ok || known {
			whole[g.DataCenter] = fresh
		}
		if s.gateways[g.ID] == nil {
			s.gateways[g.ID] = runs{}
		}
		s.addGateway(g, known[g.ID] != nil, all)
	}
	for id, r := range s.gateways { // one that was away is not told from its totals, if it comes back soon
		maps.DeleteFunc(r, func(_ string, f *followed) bool { return now.Sub(f.seen) > time.Hour })
		if len(r) == 0 {
			delete(s.gateways, id)
		}
	}
	return all, whole
}

// addGateway takes in what one process reports, of a gateway that was known before this look
// or was not.
func (s *sums) addGateway(g store.Gateway, known bool, all map[string]*seen) {
	f := s.gateways[g.ID][g.Run]
	first := false
	switch {
	case f == nil: // of one that is known it began anew, and so did its totals
		first = !known
		f = &followed{began: known, loads: map[string]fleet.EndpointLoad{}}
		s.gateways[g.ID][g.Run] = f
	case g.SeenAt.Sub(f.seen) > 2*store.GatewayFresh: // what happened meanwhile did not happen now
		first, f.began = true, false
	}
	news := g.SeenAt.After(f.seen)
	f.seen = g.SeenAt
	for id, load := range g.Load {
		e := all[id]
		if e == nil {
			e = &seen{}
			all[id] = e
		}
		e.InFlight += load.InFlight
		e.Queued += load.Queued
		e.Peak += max(load.Peak, load.InFlight+load.Queued)
		before, ok := f.loads[id]
		f.loads[id] = load
		switch {
		case !news || first:
		case !ok && !f.began: // idle until now, so that it was left out: its totals are old
			e.Arrived += int(min(load.Requests, int64(load.InFlight+load.Queued)))
		default:
			e.since(load, before)
		}
	}
}

// since adds what happened between two reports.
func (e *seen) since(load, before fleet.EndpointLoad) {
	if load.Requests < before.Requests || load.Ended < before.Ended {
		before = fleet.EndpointLoad{} // the gateway forgot the endpoint, and counts anew
	}
	e.Arrived += int(max(0, load.Requests-before.Requests))
	e.Ended += int(max(0, load.Ended-before.Ended))
	e.Busy += time.Duration(max(0, load.BusyMS-before.BusyMS)) * time.Millisecond
	e.errors += max(0, load.Errors-before.Errors)
	subtract(e.classes[:], load.Classes, before.Classes)
	subtract(e.latency[:], load.Latency, before.Latency)
}

// subtract adds to sum what a histogram grew by.
func subtract(sum, now, before []int64) {
	for i := range min(len(sum), len(now)) {
		was := int64(0)
		if i < len(before) {
			was = before[i]
		}
		sum[i] += max(0, now[i]-was)
	}
}
