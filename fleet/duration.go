package fleet

import (
	"fmt"
	"time"
)

// A Duration is written as "90s" or "1h30m" in JSON, in the style of time.ParseDuration.
type Duration time.Duration

// String is the duration as time.Duration writes it.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("a duration is written like 30s or 1h30m")
	}
	*d = Duration(v)
	return nil
}
