package simulate

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"math"
)

// A Plot is line charts, one under the other, over one axis of time. It is written as SVG,
// the same bytes for the same data.
type Plot struct {
	Title  string
	Panels []Panel
}

// A Panel is one chart of a plot: its lines share one scale that begins at 0.
type Panel struct {
	Label string
	Lines []Line
}

// A Line is a series of values at the same distance. It is drawn in steps.
type Line struct {
	Name   string
	Period float64 // seconds from one value to the next
	Values []float64
}

// The colours of Okabe and Ito, which the colour-blind can tell apart.
var colours = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8c8c00"}

const (
	plotWidth, panelHeight  = 960, 220
	plotLeft, plotRight     = 64, 16
	plotTop, panelGap       = 40, 56
	plotColumns             = plotWidth - plotLeft - plotRight
	plotTicks, plotLegendAt = 4, 14
)

// SVG writes the plot.
func (p *Plot) SVG(w io.Writer) error {
	out := bufio.NewWriter(w)
	height := plotTop + len(p.Panels)*(panelHeight+panelGap)
	fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n",
		plotWidth, height, plotWidth, height)
	fmt.Fprintf(out, `<rect width="100%%" height="100%%" fill="#fff"/><text x="%d" y="20" font-size="15">%s</text>`+"\n", plotLeft, html.EscapeString(p.Title))
	end := 0.0
	for _, panel := range p.Panels {
		for _, l := range panel.Lines {
			end = max(end, l.Period*float64(len(l.Values)))
		}
	}
	for i, panel := range p.Panels {
		panel.svg(out, float64(plotTop+i*(panelHeight+panelGap)+plotLegendAt+8), end)
	}
	fmt.Fprintln(out, `</svg>`)
	return out.Flush()
}

func (p *Panel) svg(out io.Writer, top, end float64) {
	high := 0.0
	for _, l := range p.Lines {
		for _, v := range l.Values {
			high = max(high, v)
		}
	}
	high = nice(high)
	bottom := top + panelHeight
	x := plotLeft
	fmt.Fprintf(out, `<text x="%d" y="%.0f" fill="#444">%s</text>`+"\n", x, top-8, html.EscapeString(p.Label))
	x += 8*len(p.Label) + 24
	for i, l := range p.Lines {
		fmt.Fprintf(out, `<text x="%d" y="%.0f" fill="%s">— %s</text>`+"\n", x, top-8, colours[i%len(colours)], html.EscapeString(l.Name))
		x += 8*len(l.Name) + 36
	}
	for i := range plotTicks + 1 {
		y := bottom - panelHeight*float64(i)/plotTicks
		fmt.Fprintf(out, `<path d="M%d %.1fh%d" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%.4g</text>`+"\n",
			plotLeft, y, plotColumns, plotLeft-6, y+4, high*float64(i)/plotTicks)
		at := end * float64(i) / plotTicks
		fmt.Fprintf(out, `<text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`+"\n",
			plotLeft+plotColumns*float64(i)/plotTicks, bottom+16, clock(at))
	}
	for i, l := range p.Lines {
		fmt.Fprintf(out, `<path fill="none" stroke="%s" stroke-width="1.3" d="`, colours[i%len(colours)])
		l.path(out, bottom, end, high)
		fmt.Fprintln(out, `"/>`)
	}
}

// path draws the line in at most two points a column: of many values in one column the
// largest and the smallest show.
func (l *Line) path(out io.Writer, bottom, end, high float64) {
	if end == 0 || high == 0 {
		return
	}
	y := func(v float64) float64 { return bottom - panelHeight*v/high }
	last := math.NaN()
	for c := range plotColumns {
		from := int(end * float64(c) / plotColumns / l.Period)
		to := max(from+1, int(end*float64(c+1)/plotColumns/l.Period))
		if from >= len(l.Values) {
			break
		}
		part := l.Values[from:min(to, len(l.Values))]
		low, top := part[0], part[0]
		for _, v := range part {
			low, top = min(low, v), max(top, v)
		}
		switch {
		case math.IsNaN(last):
			fmt.Fprintf(out, "M%d %.1f", plotLeft+c, y(part[0]))
		case low == top && low == last:
			continue
		default:
			fmt.Fprintf(out, "H%d", plotLeft+c)
		}
		if low != top {
			fmt.Fprintf(out, "V%.1fV%.1f", y(top), y(low))
		}
		last = part[len(part)-1]
		fmt.Fprintf(out, "V%.1f", y(last))
	}
	fmt.Fprintf(out, "H%d", plotLeft+plotColumns)
}

// nice rounds up to 1, 2, 4 or 8 times a power of ten, which four divides well.
func nice(v float64) float64 {
	if v <= 0 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, f := range []float64{1, 2, 4, 8} {
		if v <= f*unit {
			return f * unit
		}
	}
	return 10 * unit
}

func clock(s float64) string {
	switch {
	case s >= 2*86400:
		return fmt.Sprintf("%.1f d", s/86400)
	case s >= 2*3600:
		return fmt.Sprintf("%.1f h", s/3600)
	case s >= 120:
		return fmt.Sprintf("%.0f min", s/60)
	}
	return fmt.Sprintf("%.0f s", s)
}
