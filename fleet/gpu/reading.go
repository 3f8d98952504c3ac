package gpu

import "encoding/json"

// A Reading is a value that the driver told, or why it did not: this GPU or driver has no such
// thing, or asking failed. The zero Reading was never asked for, which counts as failed.
type Reading[T any] struct {
	Value       *T     `json:"value,omitempty" doc:"What was read"`
	Unsupported bool   `json:"unsupported,omitempty" doc:"This GPU or its driver has no such value"`
	Error       string `json:"error,omitempty" doc:"Why it could not be read"`
}

// A Counter counts, or says why not.
type Counter = Reading[uint64]

// A Flag is yes, no, or unknown.
type Flag = Reading[bool]

// Known is a value that was read.
func Known[T any](v T) Reading[T] { return Reading[T]{Value: &v} }

// Unsupported is what a GPU or its driver does not have.
func Unsupported[T any]() Reading[T] { return Reading[T]{Unsupported: true} }

// Unreadable is what could not be read.
func Unreadable[T any](why string) Reading[T] { return Reading[T]{Error: why} }

// Get is the value, if it was read.
func (r Reading[T]) Get() (v T, ok bool) {
	if r.Value == nil {
		return v, false
	}
	return *r.Value, true
}

// Failed reports whether the value should be there and is not.
func (r Reading[T]) Failed() bool { return r.Value == nil && !r.Unsupported }

// Is reports whether the flag was read, and is set.
func Is(f Flag) bool { v, ok := f.Get(); return ok && v }

// Over reports whether the counter was read, and is above n.
func Over(c Counter, n uint64) bool { v, ok := c.Get(); return ok && v > n }

// Rise is by how much a counter rose. One that went back started anew, as volatile ones do
// when the driver is loaded: then it is what was counted since. Failed unless both were read.
func Rise(before, after Counter) Counter {
	b, okBefore := before.Get()
	a, okAfter := after.Get()
	switch {
	case before.Unsupported && after.Unsupported:
		return Unsupported[uint64]()
	case !okBefore || !okAfter:
		return Unreadable[uint64]("not read before and after")
	case a < b:
		return Known(a)
	default:
		return Known(a - b)
	}
}

// MarshalJSON gives a Reading that was never asked for its reason.
func (r Reading[T]) MarshalJSON() ([]byte, error) {
	if r.Failed() && r.Error == "" {
		r.Error = "not read"
	}
	type plain Reading[T]
	return json.Marshal(plain(r))
}
