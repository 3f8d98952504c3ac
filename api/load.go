package api

import (
	"context"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const (
	loadDefault = 15 * time.Minute // as far back as is shown when nobody says
	loadMostly  = 10 * time.Minute // the longest step
	// loadCarried is how long a point stands for those after it: one of an endpoint without
	// load is kept once a minute.
	loadCarried = time.Minute + 2*fleet.LoadSlot
)

type endpointLoadInput struct {
	EndpointPath
	Since string `query:"since" maxLength:"40" doc:"How far back: a duration, up to 1h, or a time. Default 15m" example:"15m"`
	Step  string `query:"step" maxLength:"16" doc:"How long a point lasts: 5s to 10m, in whole 5s. Default 5s" example:"30s"`
}

// LoadSeries is an endpoint's load over time, for charts.
type LoadSeries struct {
	EndpointID string         `json:"endpoint_id"`
	Since      time.Time      `json:"since" doc:"When the first point begins"`
	Until      time.Time      `json:"until" doc:"When the last one ends"`
	Step       fleet.Duration `json:"step" example:"5s"`
	Points     []LoadMoment   `json:"points" doc:"Oldest first, without gaps"`
}

// LoadMoment is a point of a chart.
type LoadMoment struct {
	At       time.Time `json:"at" doc:"When it begins"`
	Seen     bool      `json:"seen" doc:"Somebody looked. Otherwise nothing is known of it, and the numbers are 0"`
	Requests float64   `json:"requests" doc:"That arrived in a second"`
	Errors   float64   `json:"errors" doc:"Answers of 500 and above in a second, of workers and of the gateway"`
	InFlight int       `json:"in_flight" doc:"The most requests at workers at a time"`
	Queued   int       `json:"queued" doc:"The most requests that waited at a time"`
	P50      float64   `json:"p50,omitempty" doc:"Time that half of the requests that ended took no longer than, in seconds; absent when none ended"`
	P95      float64   `json:"p95,omitempty" doc:"The same for 95 of 100"`
	Desired  int       `json:"desired" doc:"Workers that there should be, at its end"`
	Ready    int       `json:"ready" doc:"Workers that answered, at its end"`
	Starting int       `json:"starting" doc:"Workers on their way, at its end"`
}

func (s *Server) endpointLoad(ctx context.Context, in *endpointLoadInput) (*shown[LoadSeries], error) {
	now := s.Store.Now()
	var wrong []fleet.FieldError
	since := moment("query.since", in.Since, now, &wrong)
	if since.IsZero() {
		since = now.Add(-loadDefault)
	}
	if len(wrong) == 0 && (since.After(now) || now.Sub(since) > fleet.LoadKept) {
		wrong = append(wrong, fleet.FieldError{Field: "query.since", Message: "is not within the time for which load is kept", Allowed: "up to 1h ago"})
	}
	step := fleet.LoadSlot
	if in.Step != "" {
		var err error
		if step, err = time.ParseDuration(in.Step); err != nil || step < fleet.LoadSlot || step > loadMostly || step%fleet.LoadSlot != 0 {
			wrong = append(wrong, fleet.FieldError{Field: "query.step", Message: "is not such a time", Allowed: "5s to 10m, in whole 5s"})
		}
	}
	if len(wrong) > 0 {
		return nil, &fleet.Error{Code: fleet.Invalid, Message: summary(wrong), Fields: wrong}
	}
	since = since.Truncate(step)
	points, err := s.Store.Loads(ctx, callerOf(ctx).AccountID, in.ID, since.Add(-loadCarried))
	if err != nil {
		return nil, err
	}
	// What is being gathered now is not there yet.
	until := now.Truncate(fleet.LoadSlot).Add(-fleet.LoadSlot).Truncate(step)
	out := LoadSeries{EndpointID: in.ID, Since: since, Until: until, Step: fleet.Duration(step), Points: []LoadMoment{}}
	if until.Before(since) {
		out.Until = since
	}
	slots := filled(points, since, until)
	for n := int(step / fleet.LoadSlot); len(slots) >= n; slots = slots[n:] {
		out.Points = append(out.Points, momentOf(slots[:n]))
	}
	return &shown[LoadSeries]{out}, nil
}

// filled are the points from since until before until, one for each slot: those that were
// not kept because nothing happened, and those in which nobody looked.
func filled(points []fleet.LoadPoint, since, until time.Time) []fleet.LoadPoint {
	var all []fleet.LoadPoint
	var last fleet.LoadPoint
	i := 0
	for at := since.Truncate(fleet.LoadSlot); at.Before(until); at = at.Add(fleet.LoadSlot) {
		for i < len(points) && !points[i].At.After(at) {
			last = points[i]
			i++
		}
		switch {
		case last.At.Equal(at):
			all = append(all, last)
		case !last.At.IsZero() && last.Seconds > 0 && at.Sub(last.At) <= loadCarried && !busy(last):
			all = append(all, fleet.LoadPoint{
				At: at, Seconds: fleet.LoadSlot.Seconds(), Desired: last.Desired, Ready: last.Ready, Starting: last.Starting, Whole: last.Whole,
			})
		default:
			all = append(all, fleet.LoadPoint{At: at})
		}
	}
	return all
}

// busy reports whether something happened, so that the next point is kept, too.
func busy(p fleet.LoadPoint) bool {
	return p.InFlight+p.Queued > 0 || p.Requests+p.Ended+p.Errors > 0
}

// momentOf makes one point of several slots.
func momentOf(slots []fleet.LoadPoint) LoadMoment {
	m := LoadMoment{At: slots[0].At}
	var seconds float64
	var requests, errors int64
	var latency [len(fleet.LatencyBounds) + 1]int64
	for _, p := range slots {
		if p.Seconds == 0 {
			continue
		}
		m.Seen = true
		seconds += p.Seconds
		requests += p.Requests
		errors += p.Classes[4]
		m.InFlight, m.Queued = max(m.InFlight, p.InFlight), max(m.Queued, p.Queued)
		m.Desired, m.Ready, m.Starting = p.Desired, p.Ready, p.Starting
		for i, n := range p.Latency {
			latency[i] += n
		}
	}
	if seconds > 0 {
		m.Requests, m.Errors = float64(requests)/seconds, float64(errors)/seconds
	}
	m.P50, m.P95 = quantile(.5, latency), quantile(.95, latency)
	return m
}

// quantile reads a histogram, evenly within a bucket as Prometheus does; 0 of an empty one.
func quantile(q float64, buckets [len(fleet.LatencyBounds) + 1]int64) float64 {
	var total int64
	for _, n := range buckets {
		total += n
	}
	if total == 0 {
		return 0
	}
	rank, below, low := q*float64(total), 0.0, 0.0
	for i, n := range buckets {
		if i == len(fleet.LatencyBounds) {
			break
		}
		if below+float64(n) >= rank && n > 0 {
			return low + (fleet.LatencyBounds[i]-low)*(rank-below)/float64(n)
		}
		below, low = below+float64(n), fleet.LatencyBounds[i]
	}
	return fleet.LatencyBounds[len(fleet.LatencyBounds)-1]
}
