package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// statuses is the HTTP column of the table of codes.
var statuses = map[fleet.Code]int{
	fleet.Invalid:         http.StatusUnprocessableEntity,
	fleet.Unauthenticated: http.StatusUnauthorized,
	fleet.Forbidden:       http.StatusForbidden,
	fleet.NotFound:        http.StatusNotFound,
	fleet.Conflict:        http.StatusConflict,
	fleet.Fenced:          http.StatusConflict,
	fleet.Cancelled:       http.StatusConflict,
	fleet.Unsupported:     http.StatusNotImplemented,
	fleet.Unhealthy:       http.StatusServiceUnavailable,
	fleet.Timeout:         http.StatusGatewayTimeout,
	fleet.Exhausted:       http.StatusServiceUnavailable,
	fleet.Unavailable:     http.StatusServiceUnavailable,
	fleet.Internal:        http.StatusInternalServerError,
}

// retryAfter is what Retry-After says, in seconds, of what may succeed later: a GPU takes
// longer to come free than a dependency to answer.
var retryAfter = map[fleet.Code]int{fleet.Exhausted: 30, fleet.Unavailable: 5}

// codeOfStatus is the code of an error that has only a status: huma's, and the router's.
func codeOfStatus(status int) fleet.Code {
	switch status {
	case http.StatusUnauthorized:
		return fleet.Unauthenticated
	case http.StatusForbidden:
		return fleet.Forbidden
	case http.StatusNotFound:
		return fleet.NotFound
	}
	if status >= 400 && status < 500 {
		return fleet.Invalid
	}
	return fleet.Internal
}

// problemOf is err as its caller may see it. What has no code is Internal, and then the
// caller learns nothing but the request's ID, under which the log has the details.
func problemOf(ctx context.Context, err error) *Problem {
	var known *fleet.Error
	if !errors.As(err, &known) || known.Code == fleet.Internal {
		return newProblem(ctx, http.StatusInternalServerError, &fleet.Error{Code: fleet.Internal, Message: "something went wrong on our side; it is in the log under the request_id"})
	}
	return newProblem(ctx, statuses[known.Code], known)
}

func newProblem(ctx context.Context, status int, e *fleet.Error) *Problem {
	return &Problem{
		Type: "urn:kelvin:problem:" + string(e.Code), Title: http.StatusText(status), Status: status,
		Detail: e.Message, Code: e.Code, Operation: e.Operation, RequestID: requestID(ctx), Fields: e.Fields,
	}
}

// Error implements error.
func (p *Problem) Error() string { return p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if seconds, ok := retryAfter[p.Code]; ok {
		h.Set("Retry-After", strconv.Itoa(seconds))
	}
	if p.Code == fleet.Unauthenticated {
		h.Set("WWW-Authenticate", "Bearer")
	}
	return h
}

// huma has these as variables of its own. They are set once, before anything is served,
// and to the same for every Server of a process.
func init() {
	huma.NewErrorWithContext = validationProblem
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return newProblem(context.Background(), status, &fleet.Error{Code: codeOfStatus(status), Message: message})
	}
	huma.ValidateStrictCasing = true  // Name is not name
	huma.DefaultArrayNullable = false // a list is empty, never null
}

// validationProblem is what huma says about a request that its schema refuses.
func validationProblem(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
	if ctx == nil {
		return huma.NewError(status, message, errs...)
	}
	e := &fleet.Error{Code: codeOfStatus(status), Message: message}
	switch status {
	case http.StatusBadRequest:
		e.Message, e.Fields = "the body is not JSON", []fleet.FieldError{{Field: "body", Message: "is not JSON", Allowed: "a JSON object"}}
	case http.StatusRequestEntityTooLarge:
		e.Message, e.Fields = "the body is too large", []fleet.FieldError{{Field: "body", Message: "is too large", Allowed: "at most 1 MiB"}}
	case http.StatusUnsupportedMediaType:
		e.Message, e.Fields = "the body is of another media type", []fleet.FieldError{{Field: "header.Content-Type", Message: "is not supported", Allowed: "application/json"}}
	case http.StatusUnprocessableEntity:
		e.Fields = fieldErrors(ctx.Operation(), errs)
		e.Message = summary(e.Fields)
	}
	return newProblem(ctx.Context(), status, e)
}
