package simulate

import (
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A ColdStart says how long a worker takes from the decision to the first request.
type ColdStart struct {
	Kind      string        `json:"kind"` // fixed, uniform, measured or queued
	Low, High time.Duration // fixed: both the same
}

// ColdStarts says how one is written.
const ColdStarts = "fixed:30s, uniform:30s-60s, measured (model loads on GPUs in a cluster of Alibaba) or queued (the same, after the delays of its scheduler)"

// Uniform is the cold start of the documented product: 30 to 60 s.
func Uniform(low, high time.Duration) ColdStart { return ColdStart{"uniform", low, high} }

// Fixed is a cold start that always takes as long.
func Fixed(d time.Duration) ColdStart { return ColdStart{"fixed", d, d} }

// ParseColdStart reads what ColdStarts describes.
func ParseColdStart(s string) (ColdStart, error) {
	kind, rest, _ := strings.Cut(s, ":")
	wrong := fleet.Errorf(fleet.Invalid, "cold start %q: it must be %s", s, ColdStarts)
	low, high := rest, rest
	switch kind {
	case "measured", "queued":
		if rest != "" {
			return ColdStart{}, wrong
		}
		return ColdStart{Kind: kind}, nil
	case "uniform":
		low, high, _ = strings.Cut(rest, "-")
	case "fixed":
	default:
		return ColdStart{}, wrong
	}
	a, err := time.ParseDuration(low)
	b, err2 := time.ParseDuration(high)
	if err != nil || err2 != nil || a < 0 || b < a || b > 24*time.Hour {
		return ColdStart{}, wrong
	}
	return ColdStart{kind, a, b}, nil
}

func (c ColdStart) String() string {
	switch c.Kind {
	case "fixed":
		return c.Kind + ":" + c.Low.String()
	case "uniform":
		return c.Kind + ":" + c.Low.String() + "-" + c.High.String()
	}
	return c.Kind
}

// Mean is roughly the mean: what the oracle starts ahead by.
func (c ColdStart) Mean() time.Duration {
	switch c.Kind {
	case "measured":
		return 22 * time.Second
	case "queued":
		return 55 * time.Second
	}
	return (c.Low + c.High) / 2
}

func (c ColdStart) draw(r *Random) int64 {
	switch c.Kind {
	case "measured":
		return modelLoads.draw(r)
	case "queued":
		return modelLoads.draw(r) + schedulerDelays.draw(r)
	case "uniform":
		return r.Between(int64(c.Low), int64(c.High))
	}
	return int64(c.Low)
}

// Quantiles are a distribution by some of its points, straight between them.
type quantiles []struct{ share, seconds float64 }

// 7,531 loads of base models (Stable Diffusion) in Alibaba's GenAI cluster trace of 2026,
// and 16,591 starts of inference instances in its DLRM trace of 2025.
var (
	modelLoads = quantiles{
		{0, 2.6},
		{.10, 2.6},
		{.25, 3.1},
		{.50, 22.7},
		{.75, 36.9},
		{.90, 42.0},
		{.95, 45.4},
		{.99, 51.9},
		{.999, 58},
		{1, 79},
	}
	schedulerDelays = quantiles{{0, 0}, {.50, 0}, {.75, 11}, {.90, 59}, {.95, 137}, {.99, 1665}, {1, 1665}}
)

func (q quantiles) draw(r *Random) int64 {
	u := r.Float()
	for i := 1; i < len(q); i++ {
		if u <= q[i].share {
			a, b := q[i-1], q[i]
			s := a.seconds + float64((b.seconds-a.seconds)*((u-a.share)/(b.share-a.share)))
			return int64(s * float64(time.Second))
		}
	}
	return int64(q[len(q)-1].seconds * float64(time.Second))
}
