package simulate

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
)

// A Random draws from one stream of a seed. Streams with other names are independent, so
// that what one part draws does not move what another part gets.
//
// Logarithms and exponentials are our own and products are rounded one by one: those of
// package math differ in the last bit between processors, and a trace would with them.
type Random struct {
	pcg   *rand.PCG
	spare float64 // the second of a pair of normal draws
	kept  bool
}

// NewRandom opens a stream of a seed.
func NewRandom(seed uint64, stream string) *Random {
	h := fnv.New64a()
	_, _ = h.Write([]byte(stream))
	return &Random{pcg: rand.NewPCG(seed, h.Sum64())}
}

// Float is uniform over (0, 1): never either end.
func (r *Random) Float() float64 {
	return (float64(r.pcg.Uint64()>>12) + 0.5) / (1 << 52)
}

// Below is uniform over 0 … n-1.
func (r *Random) Below(n int) int {
	return min(n-1, int(r.Float()*float64(n)))
}

// Between is uniform over [low, high).
func (r *Random) Between(low, high int64) int64 {
	if high <= low {
		return low
	}
	return low + min(high-low-1, int64(r.Float()*float64(high-low)))
}

// Exponential has the given mean.
func (r *Random) Exponential(mean float64) float64 {
	return -mean * ln(r.Float())
}

// Normal has mean 0 and deviation 1 (Marsaglia's polar method).
func (r *Random) Normal() float64 {
	if r.kept {
		r.kept = false
		return r.spare
	}
	for {
		u, v := 2*r.Float()-1, 2*r.Float()-1
		s := float64(u*u) + float64(v*v)
		if s >= 1 || s == 0 {
			continue
		}
		m := math.Sqrt(-2 * ln(s) / s)
		r.spare, r.kept = v*m, true
		return u * m
	}
}

// Gamma has the given shape and scale 1 (Marsaglia and Tsang 2000).
func (r *Random) Gamma(shape float64) float64 {
	if shape < 1 {
		return r.Gamma(shape+1) * exp(ln(r.Float())/shape)
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(float64(9*d))
	for {
		x := r.Normal()
		v := 1 + float64(c*x)
		if v <= 0 {
			continue
		}
		v = float64(v*v) * v
		u, x2 := r.Float(), float64(x*x)
		if u < 1-float64(0.0331*float64(x2*x2)) { // most are taken here, without a logarithm
			return d * v
		}
		if ln(u) < float64(0.5*x2)+d-float64(d*v)+float64(d*ln(v)) {
			return d * v
		}
	}
}

// Weibull has the given shape and scale 1.
func (r *Random) Weibull(shape float64) float64 {
	return exp(ln(-ln(r.Float())) / shape)
}

// Poisson has the given mean, which should be small: the time it takes grows with it.
func (r *Random) Poisson(mean float64) int {
	n, left := 0, mean
	for {
		left -= r.Exponential(1)
		if left < 0 {
			return n
		}
		n++
	}
}

// ln is the natural logarithm of x > 0, after FreeBSD's e_log.c.
func ln(x float64) float64 {
	b := math.Float64bits(x)
	e := int(b>>52) - 1022
	f := math.Float64frombits(b&(1<<52-1) | 1022<<52)
	if e == -1022 { // subnormal
		f, e = math.Frexp(x)
	}
	if f < math.Sqrt2/2 {
		f *= 2
		e--
	}
	f--
	k := float64(e)
	s := f / (2 + f)
	s2 := s * s
	s4 := s2 * s2
	t1 := float64(s2 * (6.666666666666735130e-01 + float64(s4*(2.857142874366239149e-01+float64(s4*(1.818357216161805012e-01+float64(s4*1.479819860511658591e-01)))))))
	t2 := float64(s4 * (3.999999999940941908e-01 + float64(s4*(2.222219843214978396e-01+float64(s4*1.531383769920937332e-01)))))
	half := float64(0.5 * float64(f*f))
	return float64(k*6.93147180369123816490e-01) - ((half - (float64(s*(half+t1+t2)) + float64(k*1.90821492927058770002e-10))) - f)
}

// exp is e to the power of x, after FreeBSD's e_exp.c.
func exp(x float64) float64 {
	switch {
	case x > 708:
		return math.MaxFloat64
	case x < -700:
		return 0
	}
	k := math.Floor(float64(1.44269504088896338700*x) + 0.5)
	hi := x - float64(k*6.93147180369123816490e-01)
	lo := float64(k * 1.90821492927058770002e-10)
	r := hi - lo
	t := float64(r * r)
	c := r - float64(t*(1.66666666666666657415e-01+float64(t*(-2.77777777770155933842e-03+float64(t*(6.61375632143793436117e-05+float64(t*(-1.65339022054652515390e-06+float64(t*4.13813679705723846039e-08)))))))))
	y := 1 - ((lo - float64(r*c)/(2-c)) - hi)
	return y * math.Float64frombits(uint64(int(k)+1023)<<52)
}
