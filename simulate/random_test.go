package simulate

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLogarithmsAndExponentials(t *testing.T) {
	t.Parallel()
	for _, x := range []float64{1e-300, 1e-16, .1, .5, .70710678, .7071067811865476, .99999, 1, 1.00001, math.E, 10, 1e10, 1e300} {
		require.InDelta(t, math.Log(x), ln(x), 2e-16+2e-16*math.Abs(math.Log(x)), "ln %g", x)
	}
	require.InDelta(t, -744.4400719213812, ln(5e-324), 1e-12) // where math.Log is off on some processors
	for _, x := range []float64{-800, -700.5, -600, -50, -1, -1e-9, 0, 1e-9, .3, 1, 2.5, 100, 700, 707.9, 720} {
		if want := math.Exp(x); want > 1e-300 && x < 708 {
			require.InEpsilon(t, want, exp(x), 1e-15, "exp %g", x)
		}
	}
	require.Zero(t, exp(-1000))
	require.Equal(t, math.MaxFloat64, exp(1000))
}

// The draws are the same on every machine, for ever: recorded results rest on them.
func TestDrawsNeverChange(t *testing.T) {
	t.Parallel()
	r := NewRandom(7, "test")
	got := []float64{r.Float(), r.Exponential(2), r.Normal(), r.Gamma(.2), r.Gamma(3), r.Weibull(.4), float64(r.Poisson(5)), float64(r.Below(10))}
	require.Equal(t, []float64{0.5031178992214015, 8.338673002959851, 1.1514418755746674, 0.024032313476850326, 3.3914840920261984, 0.5572529771085004, 3, 0}, got)
}

func TestDistributions(t *testing.T) {
	t.Parallel()
	const n = 200_000
	r := NewRandom(1, "moments")
	for _, c := range []struct {
		name           string
		draw           func() float64
		mean, variance float64
	}{
		{"uniform", r.Float, .5, 1. / 12},
		{"exponential", func() float64 { return r.Exponential(3) }, 3, 9},
		{"normal", r.Normal, 0, 1},
		{"gamma below one", func() float64 { return r.Gamma(.3) }, .3, .3},
		{"gamma", func() float64 { return r.Gamma(4.5) }, 4.5, 4.5},
		{"weibull", func() float64 { return r.Weibull(.8) }, math.Gamma(1 + 1/.8), math.Gamma(1+2/.8) - math.Pow(math.Gamma(1+1/.8), 2)},
		{"poisson", func() float64 { return float64(r.Poisson(12)) }, 12, 12},
	} {
		sum, squares := 0.0, 0.0
		for range n {
			x := c.draw()
			sum, squares = sum+x, squares+x*x
		}
		mean := sum / n
		require.InDelta(t, c.mean, mean, 5*math.Sqrt(c.variance/n), c.name)
		require.InEpsilon(t, c.variance, squares/n-mean*mean, .05, c.name)
	}
}

func TestStreamsAreIndependent(t *testing.T) {
	t.Parallel()
	a, b, again := NewRandom(1, "a"), NewRandom(1, "b"), NewRandom(1, "a")
	require.NotEqual(t, a.Float(), b.Float())
	again.Float()
	require.Equal(t, a.Float(), again.Float())
	require.NotEqual(t, NewRandom(1, "a").Float(), NewRandom(2, "a").Float())
}

func TestColdStartsAsMeasured(t *testing.T) {
	t.Parallel()
	r := NewRandom(1, "cold")
	draws := make([]float64, 100_000)
	sum := 0.0
	for i := range draws {
		draws[i] = time.Duration(ColdStart{Kind: "measured"}.draw(r)).Seconds()
		sum += draws[i]
	}
	slices.Sort(draws)
	require.InDelta(t, 22.7, draws[len(draws)/2], .5)
	require.InDelta(t, 42.0, draws[len(draws)*9/10], .3)
	require.InDelta(t, 51.9, draws[len(draws)*99/100], .7)
	require.InEpsilon(t, 22.0, sum/float64(len(draws)), .1)
}

func TestBootstrap(t *testing.T) {
	t.Parallel()
	values := make([]float64, 400)
	r := NewRandom(1, "values")
	for i := range values {
		values[i] = 10 + r.Normal()
	}
	mean := func(weight []int) float64 {
		sum, n := 0.0, 0
		for i, w := range weight {
			sum, n = sum+float64(w)*values[i], n+w
		}
		return sum / float64(n)
	}
	got := Bootstrap(len(values), NewRandom(1, "bootstrap"), mean)
	require.True(t, got.Holds(10))
	require.InDelta(t, 2*1.96/math.Sqrt(400), got.High-got.Low, .03)
	one := Bootstrap(1, NewRandom(1, "bootstrap"), func(w []int) float64 { return 4 })
	require.Equal(t, Interval{4, 4, 4}, one)
}

// What is told of waits is right to 7 %.
func TestWaits(t *testing.T) {
	t.Parallel()
	var s Sums
	for _, ms := range []int64{0, 1, 15, 16, 31, 32, 33, 63, 64, 999, 12345, 300_000} {
		b := bucketOf(ms * int64(time.Millisecond))
		end := bucketEnd(b).Milliseconds()
		require.GreaterOrEqual(t, end, ms)
		require.LessOrEqual(t, float64(end), 1.07*float64(ms)+1)
		s.Waits[b]++
		s.Requests++
	}
	require.InDelta(t, 300, s.Wait(1).Seconds(), 21)
	s.Requests = 10_000 // the others never waited
	require.Zero(t, s.Wait(.99))
	require.Positive(t, s.Wait(.9999))
}
