package fleet

import (
	"errors"
	"fmt"
)

// A Code says what kind of failure an Error is. It decides the HTTP status and whether
// trying again can help.
type Code string

// The codes. api/problem.go holds the HTTP status of each.
const (
	Invalid         Code = "invalid"         // the request can never work as written
	Unauthenticated Code = "unauthenticated" // nobody we know
	Forbidden       Code = "forbidden"       // somebody we know, who may not
	NotFound        Code = "not_found"       // no such thing, or not yours
	Conflict        Code = "conflict"        // wrong state, name taken, another operation open
	Fenced          Code = "fenced"          // the order has an older epoch than the host has seen
	Cancelled       Code = "cancelled"       // by its owner, by an operation that wins, or with its host
	Unsupported     Code = "unsupported"     // this host or driver cannot
	Unhealthy       Code = "unhealthy"       // a GPU failed its diagnostics
	Timeout         Code = "timeout"         // the operation passed its limit and was undone
	Exhausted       Code = "exhausted"       // no GPU is free now
	Unavailable     Code = "unavailable"     // something we depend on does not answer
	Internal        Code = "internal"        // a bug: details are logged, never sent
)

// Codes are all of them. What has none of these is Internal.
var Codes = []Code{
	Invalid, Unauthenticated, Forbidden, NotFound, Conflict, Fenced, Cancelled, Unsupported,
	Unhealthy, Timeout, Exhausted, Unavailable, Internal,
}

// Retryable reports whether the same request may succeed later, unchanged.
func (c Code) Retryable() bool { return c == Exhausted || c == Unavailable || c == Internal }

// Error is the one error type that crosses package, process and HTTP boundaries.
type Error struct {
	Code      Code
	Message   string
	Operation string       // the operation that is in the way, or that failed
	Fields    []FieldError // what is wrong with a request, field by field
	Fault     *Fault       // of a worker that did not come up, from the one who saw it
}

// A FieldError says what is wrong with one field and what would be right. It never holds
// the rejected value, which may be a secret.
type FieldError struct {
	Field   string `json:"field" doc:"Path of the field, such as body.gpus_per_worker" example:"body.gpus_per_worker"`
	Message string `json:"message" doc:"What is wrong"`
	Allowed string `json:"allowed,omitempty" doc:"The values that are allowed" example:"1 to 8"`
}

func (e *Error) Error() string { return e.Message }

// Errorf makes an Error.
func Errorf(code Code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// CodeOf returns the code of err, Internal if it has none.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

// Is reports whether err has the code.
func Is(err error, code Code) bool { return err != nil && CodeOf(err) == code }
