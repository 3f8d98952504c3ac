package cli

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// lasting is a duration that a flag takes in days, too: 7d, 36h, 1d12h.
type lasting struct {
	set bool
	d   time.Duration
}

// String, Set and Type make it a flag.
func (l *lasting) String() string {
	if !l.set {
		return ""
	}
	return inDays(l.d)
}

func (l *lasting) Set(v string) error {
	days, rest, some := strings.Cut(v, "d")
	if !some {
		days, rest = "0", v
	}
	if rest == "" {
		rest = "0s"
	}
	n, err := strconv.Atoi(days)
	d, derr := time.ParseDuration(rest)
	if err != nil || derr != nil || n < 0 || n > 100_000 || d < 0 {
		return errors.New("allowed: a duration such as 12h, 7d or 1d12h")
	}
	l.set, l.d = true, time.Duration(n)*24*time.Hour+d
	return nil
}

func (l *lasting) Type() string { return "duration" }

// inDays writes a duration in days as far as it has whole ones.
func inDays(d time.Duration) string {
	days, rest := d/(24*time.Hour), d%(24*time.Hour)
	text := ""
	if days > 0 {
		text = strconv.Itoa(int(days)) + "d"
	}
	if rest > 0 || days == 0 {
		text += plain(rest)
	}
	return text
}

// plain writes a duration without units of which there are none: 12h, not 12h0m0s.
func plain(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func (l *lasting) duration() fleet.Duration { return fleet.Duration(l.d) }

// rate is a number of bytes a second that a flag takes: 50M, 1.5G, 65536.
type rate int64

// String, Set and Type make it a flag.
func (r *rate) String() string {
	if *r == 0 {
		return ""
	}
	return strconv.FormatInt(int64(*r), 10)
}

func (r *rate) Set(v string) error {
	number, factor := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(v, "/s"), "B"), "i"), 1.0
	if n := len(number); n > 0 {
		if i := strings.IndexByte("KMGT", number[n-1]&^0x20); i >= 0 {
			number, factor = number[:n-1], math.Pow(1024, float64(i+1))
		}
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || !(f >= 0) || f*factor > 1<<50 {
		return errors.New("allowed: bytes a second, such as 50M or 1.5G")
	}
	*r = rate(f * factor)
	return nil
}

func (r *rate) Type() string { return "rate" }
