package simulate

import (
	"strconv"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A Service says how long requests take once a worker has them.
type Service struct {
	Kind     string        `json:"kind"` // exponential, fixed or tokens
	Mean     time.Duration `json:"mean,omitempty"`
	Base     time.Duration `json:"base,omitempty"`      // tokens: before the first
	PerToken time.Duration `json:"per_token,omitempty"` // tokens: each
	Slowdown float64       `json:"slowdown,omitempty"`  // per other request on the worker
}

// Services says how one is written.
const Services = "exponential:20s, fixed:20s or tokens:500ms+40ms (before the first token, and each)"

// Exponential is a service time without memory.
func Exponential(mean time.Duration) Service { return Service{Kind: "exponential", Mean: mean} }

// Tokens is a service time that grows with what is generated.
func Tokens(base, each time.Duration) Service {
	return Service{Kind: "tokens", Base: base, PerToken: each}
}

// ParseService reads what Services describes.
func ParseService(s string) (Service, error) {
	kind, rest, _ := strings.Cut(s, ":")
	wrong := fleet.Errorf(fleet.Invalid, "service time %q: it must be %s", s, Services)
	switch kind {
	case "exponential", "fixed":
		mean, err := time.ParseDuration(rest)
		if err != nil || mean <= 0 || mean > 24*time.Hour {
			return Service{}, wrong
		}
		return Service{Kind: kind, Mean: mean}, nil
	case "tokens":
		base, each, ok := strings.Cut(rest, "+")
		b, err := time.ParseDuration(base)
		e, err2 := time.ParseDuration(each)
		if !ok || err != nil || err2 != nil || b < 0 || e < 0 || b+e <= 0 || b+e > time.Hour {
			return Service{}, wrong
		}
		return Tokens(b, e), nil
	}
	return Service{}, wrong
}

func (s Service) String() string {
	out := s.Kind + ":" + s.Mean.String()
	if s.Kind == "tokens" {
		out = s.Kind + ":" + s.Base.String() + "+" + s.PerToken.String()
	}
	if s.Slowdown > 0 {
		out += " slowed down by " + strconv.FormatFloat(s.Slowdown, 'g', -1, 64) + " per request beside it"
	}
	return out
}

// fill draws the service times of requests.
func (s Service) fill(requests []Request, random *Random) {
	for i := range requests {
		q := &requests[i]
		switch s.Kind {
		case "tokens":
			q.Service = int64(s.Base) + int64(s.PerToken)*int64(q.Tokens)
		case "fixed":
			q.Service = int64(s.Mean)
		default:
			q.Service = int64(random.Exponential(float64(s.Mean)))
		}
		q.Service = max(1, q.Service)
	}
}
