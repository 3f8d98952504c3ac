package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// clean replaces what would move a terminal's cursor, or change its colours, in text that
// came from elsewhere.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '\ufffd'
		}
		return r
	}, s)
}

// displayWidth is how many columns a terminal gives s.
func displayWidth(s string) int {
	width := 0
	for _, r := range s {
		width += runeWidth(r)
	}
	return width
}

func runeWidth(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case r >= 0x1100 && (r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 ||
		r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 ||
		r >= 0xffe0 && r <= 0xffe6 || r >= 0x1f300 && r <= 0x1faff || r >= 0x20000 && r <= 0x3fffd):
		return 2 // East Asian, emoji
	}
	return 1
}

// cut shortens s to a width, with an ellipsis where something is missing.
func cut(s string, width int) string {
	if displayWidth(s) <= width {
		return s
	}
	if width < 1 {
		return ""
	}
	kept, used := strings.Builder{}, 1
	for _, r := range s {
		if used += runeWidth(r); used > width {
			break
		}
		kept.WriteRune(r)
	}
	return kept.String() + "…"
}

// ago is how long before now at was, or how long after: "3m ago", "in 2h".
func ago(at, now time.Time) string {
	switch d := now.Sub(at); {
	case at.IsZero():
		return ""
	case d > -time.Second && d < time.Second:
		return "now"
	case d < 0:
		return "in " + short(-d)
	default:
		return short(d) + " ago"
	}
}

// short writes a duration in one unit, or two where one says too little.
func short(d time.Duration) string {
	day := 24 * time.Hour
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < 10*time.Minute && d%time.Minute >= time.Second:
		return fmt.Sprintf("%dm%ds", d/time.Minute, d%time.Minute/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 10*time.Hour && d%time.Hour >= time.Minute:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	case d < 2*day:
		return fmt.Sprintf("%dh", d/time.Hour)
	default:
		return fmt.Sprintf("%dd", d/day)
	}
}

// took writes how long something lasted: with a tenth of a second where that matters.
func took(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return short(d)
}

// moment is a time for show: in UTC, and relative.
func moment(at, now time.Time) string {
	if at.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s (%s)", at.UTC().Format(time.RFC3339), ago(at, now))
}

// heading is where something is, and where it is going if that is elsewhere.
func heading(state, target fleet.State) string {
	if state == target || target == fleet.Absent {
		return string(state)
	}
	return fmt.Sprintf("%s → %s", state, target)
}

// bytesOf writes a number of bytes in the largest binary unit that fits.
func bytesOf(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	value, units := float64(n)/1024, "KMGTPE"
	for value >= 1024 && len(units) > 1 {
		value, units = value/1024, units[1:]
	}
	return fmt.Sprintf("%.1f %ciB", value, units[0])
}

// pairs writes a map as name=value, sorted.
func pairs(m map[string]string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		all = append(all, name+"="+m[name])
	}
	return strings.Join(all, "\n")
}

func yes(b bool, otherwise string) string {
	if b {
		return "yes"
	}
	return otherwise
}
