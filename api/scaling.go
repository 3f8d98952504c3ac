package api

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/autoscale"
)

// ScaleDecision is a change that an endpoint's autoscaler made to its workers, and why.
type ScaleDecision struct {
	ID         string            `json:"id" example:"dec_06f2r3k8x9m4n5p6q7s8t9v0w1"`
	EndpointID string            `json:"endpoint_id"`
	Seq        int64             `json:"seq" doc:"Counts the endpoint's decisions"`
	At         time.Time         `json:"at"`
	From       int               `json:"from" doc:"Workers that were wanted before"`
	To         int               `json:"to" doc:"Workers that are wanted since. The same as from when workers are only replaced"`
	Created    int               `json:"created,omitempty" doc:"Workers that were made"`
	Removed    []string          `json:"removed,omitempty" doc:"IDs of the workers that were removed; each drains first"`
	Rule       string            `json:"rule" doc:"The rule that bound it" example:"growth"`
	Reason     string            `json:"reason" doc:"For people"`
	Votes      []fleet.ScaleVote `json:"votes" doc:"What each rule had to say"`
	Inputs     fleet.ScaleInputs `json:"inputs" doc:"What it rested on"`
}

func showDecision(d fleet.ScaleDecision) ScaleDecision {
	if d.Votes == nil {
		d.Votes = []fleet.ScaleVote{}
	}
	return ScaleDecision{
		ID: d.ID, EndpointID: d.EndpointID, Seq: d.Seq, At: d.At, From: d.From, To: d.To, Created: d.Create, Removed: d.Remove,
		Rule: d.Rule, Reason: d.Reason, Votes: d.Votes, Inputs: d.Inputs,
	}
}

type endpointDecisionsInput struct {
	EndpointPath
	Page
}

func (s *Server) endpointDecisions(ctx context.Context, in *endpointDecisionsInput) (*listed[ScaleDecision], error) {
	found, err := s.Store.ListScaleDecisions(ctx, callerOf(ctx).AccountID, in.ID, in.more())
	if err != nil {
		return nil, err
	}
	return list(in.Page, found, func(d fleet.ScaleDecision) string { return d.ID }, showDecision), nil
}

// Scaling is how an endpoint is scaled at this moment, and what would be decided now.
type Scaling struct {
	EndpointID string            `json:"endpoint_id"`
	At         time.Time         `json:"at"`
	Scaled     bool              `json:"scaled" doc:"It is started, so that its number of workers follows its load"`
	Workers    ScalingWorkers    `json:"workers"`
	Load       ScalingLoad       `json:"load"`
	Want       int               `json:"want" doc:"Workers that the load asks for, before any limit"`
	Cap        int               `json:"cap" doc:"Workers that growth allows now"`
	Rule       string            `json:"rule" doc:"The rule that binds now" example:"hold"`
	Reason     string            `json:"reason" doc:"For people"`
	Votes      []fleet.ScaleVote `json:"votes" doc:"What each rule has to say"`
	ChangedAt  time.Time         `json:"changed_at,omitzero" doc:"When another number of workers was wanted last"`
	NextAt     time.Time         `json:"next_at,omitzero" doc:"When the same load would lead to another number; absent when it would not"`
	Rules      fleet.ScalingSpec `json:"rules" doc:"What its policy and its spec come to"`
}

// ScalingWorkers are the workers of an endpoint in numbers.
type ScalingWorkers struct {
	Desired  int `json:"desired" doc:"That there should be"`
	Ready    int `json:"ready" doc:"That answer"`
	Starting int `json:"starting" doc:"On their way"`
	Active   int `json:"active" doc:"That are always there"`
	Max      int `json:"max" doc:"At the most"`
	Target   int `json:"target" doc:"Requests in flight that each is meant for"`
}

// ScalingLoad is the load of an endpoint as the decision sees it.
type ScalingLoad struct {
	InFlight       int            `json:"in_flight" doc:"Requests at workers"`
	Queued         int            `json:"queued" doc:"Requests that wait for a worker"`
	Rate           float64        `json:"rate" doc:"Requests that arrive in a second"`
	RateOver       fleet.Duration `json:"rate_over,omitempty" doc:"The time in which they were counted" example:"10s"`
	ServiceSeconds float64        `json:"service_seconds,omitempty" doc:"Mean time of a request; absent when none has ended yet"`
	Peak           int            `json:"peak" doc:"The most requests at once within hold"`
	LastRequestAt  time.Time      `json:"last_request_at,omitzero" doc:"Within the last hour"`
	Known          bool           `json:"known" doc:"All gateways have reported just now. Otherwise nothing is removed"`
	KnownSince     time.Time      `json:"known_since,omitzero" doc:"Since when that has been so, within the last two minutes"`
}

func (s *Server) endpointScaling(ctx context.Context, in *struct{ EndpointPath }) (*shown[Scaling], error) {
	account := callerOf(ctx).AccountID
	ep, err := s.Store.GetEndpoint(ctx, account, in.ID)
	if err != nil {
		return nil, err
	}
	known, err := s.Store.Scaling(ctx, account, in.ID)
	if err != nil {
		return nil, err
	}
	var state autoscale.State
	if known.Version > 0 {
		if err := json.Unmarshal(known.State, &state); err != nil {
			return nil, fmt.Errorf("read what the autoscaler knows: %w", err)
		}
	}
	workers, err := s.Store.Workers(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	traffic, err := s.Store.Traffic(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	now := s.Store.Now()
	points, err := s.Store.Loads(ctx, account, in.ID, now.Add(-fleet.LoadKept))
	if err != nil {
		return nil, err
	}
	var there []autoscale.Worker
	for _, w := range workers {
		there = append(there, autoscale.Worker{State: w.State, Ready: w.Ready})
	}
	o, count := autoscale.OptionsOf(ep.Spec), autoscale.Counted(there)
	load := loadOf(points, o, now)
	load.InFlight, load.Queued = traffic.InFlight, traffic.Queued
	if !traffic.Known {
		load.Since = time.Time{}
	}
	sizing, after := autoscale.Size(o, state, load, count, now)
	out := Scaling{
		EndpointID: ep.ID, At: now, Scaled: ep.Serving(),
		Workers: ScalingWorkers{Desired: sizing.Was, Ready: count.Ready, Starting: count.Starting, Active: o.Active, Max: o.Max, Target: o.Target},
		Load: ScalingLoad{
			InFlight: load.InFlight, Queued: load.Queued, RateOver: load.Over, ServiceSeconds: time.Duration(after.Service).Seconds(),
			Peak: sizing.Load.Peak, LastRequestAt: load.LastRequest, Known: traffic.Known, KnownSince: load.Since,
		},
		Want: sizing.Want, Cap: min(sizing.Cap, o.Max), Rule: sizing.Rule, Reason: sizing.Reason, Votes: []fleet.ScaleVote{}, ChangedAt: state.Changed,
		Rules: rulesOf(o),
	}
	if load.Over > 0 {
		out.Load.Rate = float64(load.Arrived) / time.Duration(load.Over).Seconds()
	}
	for _, v := range sizing.Votes {
		out.Votes = append(out.Votes, fleet.ScaleVote{Rule: v.Rule, Total: v.Total, Note: v.Note})
	}
	if sizing.Again > 0 {
		out.NextAt = now.Add(time.Duration(sizing.Again))
	}
	if !out.Scaled {
		out.Workers.Desired, out.Want, out.NextAt = 0, 0, time.Time{}
		out.Rule, out.Reason, out.Votes = "stopped", "a stopped endpoint has no workers", []fleet.ScaleVote{}
	}
	return &shown[Scaling]{out}, nil
}

// loadOf is the load that kept points come to, much as the evaluator sees it: each is taken
// for as many seconds that were all alike.
func loadOf(points []fleet.LoadPoint, o autoscale.Options, now time.Time) autoscale.Load {
	var m autoscale.Meter
	var request time.Time
	slot := int(fleet.LoadSlot / time.Second)
	for _, p := range filled(points, now.Add(-2*time.Minute), now) {
		if p.Peak > 0 { // the most in flight and the most that waited were not at the same moment
			p.Queued = min(p.Queued, max(0, p.Peak-p.InFlight))
		}
		for i := range slot {
			share := func(n int64) int { return int(n/int64(slot)) + boolToInt(int64(i) < n%int64(slot)) }
			m.Add(autoscale.Sample{
				At: p.At.Add(time.Duration(i) * time.Second), InFlight: p.InFlight, Queued: p.Queued, Arrived: share(p.Requests), Ended: share(p.Ended),
				Busy: time.Duration(p.BusyMS) * time.Millisecond / time.Duration(slot), Whole: p.Whole && p.Seconds > 0,
			})
		}
	}
	for _, p := range points {
		if p.InFlight+p.Queued > 0 || p.Requests > 0 {
			request = p.At
		}
	}
	l := m.Load(o)
	l.At, l.LastRequest = now, request
	return l
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// rulesOf is what is resolved, in the words of a spec.
func rulesOf(o autoscale.Options) fleet.ScalingSpec {
	spec := fleet.ScalingSpec{
		Policy: o.Policy, UpPercent: o.UpPercent, DownCount: o.DownCount, DownPercent: o.DownPercent, LowPercent: o.LowPercent,
		Hold: o.Hold, ZeroHold: o.ZeroHold, Drain: o.Drain, MinArrivals: o.MinArrivals, CancelAfter: o.CancelAfter,
	}
	if spec.MinArrivals == 0 {
		spec.MinArrivals = autoscale.None
	}
	if spec.CancelAfter == 0 {
		spec.CancelAfter = fleet.Duration(-time.Second)
	}
	return spec
}
