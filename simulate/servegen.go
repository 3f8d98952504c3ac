package simulate

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A rate is one window of ServeGen's format: how many requests of one client arrive in 600 s,
// and how their gaps are distributed.
type rate struct {
	at      int64
	perS    float64
	weibull bool
	shape   float64
}

// readServeGen reads the windows of all clients.
func readServeGen(r *record) (map[int][]rate, error) {
	out := map[int][]rate{}
	for {
		row, err := r.next()
		if err != nil || row == nil {
			for _, windows := range out {
				slices.SortStableFunc(windows, func(a, b rate) int { return int((a.at - b.at) / int64(time.Second)) })
			}
			return out, err
		}
		client, err := strconv.Atoi(row[0])
		if err != nil {
			return nil, r.fault("client must be a whole number")
		}
		at, err := strconv.ParseInt(row[1], 10, 64)
		if err != nil || at < 0 || at >= int64(longest/time.Second) {
			return nil, r.fault("t_s must be a whole number of the first 400 days")
		}
		w := rate{at: at * int64(time.Second), weibull: row[4] == "Weibull"}
		if !w.weibull && row[4] != "Gamma" {
			return nil, r.fault("pattern must be Gamma or Weibull")
		}
		if w.perS, err = strconv.ParseFloat(row[2], 64); err != nil || !(w.perS >= 0 && w.perS <= 1e6) {
			return nil, r.fault("rate_rps must be a number of 0 … 1000000")
		}
		if w.shape, err = strconv.ParseFloat(row[5], 64); err != nil || !(w.shape > 0 && w.shape <= 1e6) {
			return nil, r.fault("param1 must be a number above 0")
		}
		out[client] = append(out[client], w)
	}
}

// pick takes the windows of one client over the days [from, to), at a share of their rates.
func pick(clients map[int][]rate, client, from, to int, share float64) ([]rate, error) {
	all, ok := clients[client]
	if !ok {
		names := make([]int, 0, len(clients))
		for c := range clients {
			names = append(names, c)
		}
		slices.Sort(names)
		return nil, fleet.Errorf(fleet.Invalid, "no client %d in the trace: it has %s", client, fmt.Sprint(names))
	}
	var out []rate
	for _, w := range all {
		day := 24 * int64(time.Hour)
		if w.at >= int64(from)*day && w.at < int64(to)*day {
			w.at -= int64(from) * day
			w.perS *= share
			out = append(out, w)
		}
	}
	return out, nil
}

// A renewal is arrivals drawn window by window: as many as the rate says (few are drawn,
// too), with gaps of the fitted distribution, scaled to fill the window.
type renewal struct {
	windows []rate
	span    int64
	random  *Random
	until   int64
	gaps    []float64
	out     []Request
}

func (g *renewal) Span() int64 { return g.span }

func (g *renewal) Next() ([]Request, int64) {
	from := g.until
	g.until = min(from+window, g.span)
	g.out = g.out[:0]
	for len(g.windows) > 0 && g.windows[0].at < g.until {
		g.draw(g.windows[0], from)
		g.windows = g.windows[1:]
	}
	return g.out, g.until
}

// fewest is the count from which on a window has exactly what its rate says.
const fewest = 30

func (g *renewal) draw(w rate, from int64) {
	seconds := float64(window) / float64(time.Second)
	n := int(math.Round(w.perS * seconds))
	if w.perS*seconds < fewest {
		n = g.random.Poisson(w.perS * seconds)
	}
	if n == 0 {
		return
	}
	g.gaps = g.gaps[:0]
	sum := 0.0
	for range n + 1 {
		gap := 0.0
		if w.weibull {
			gap = g.random.Weibull(w.shape)
		} else {
			gap = g.random.Gamma(w.shape)
		}
		sum += gap
		g.gaps = append(g.gaps, gap)
	}
	if sum <= 0 || math.IsInf(sum, 0) {
		sum = math.MaxFloat64
	}
	at, scale := 0.0, float64(window)/sum
	for _, gap := range g.gaps[:n] {
		at += gap
		t := w.at + min(window-1, int64(at*scale))
		if t >= from && t < g.until {
			g.out = append(g.out, Request{At: t})
		}
	}
}
