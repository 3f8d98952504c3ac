package api

import (
	"context"
	"log/slog"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// maxBody is the largest body of a request, in bytes.
const maxBody = 1 << 20

// A route is one row of the table in api.go.
type route struct {
	access      access
	pattern     string // method and path
	id          string // the name that clients are generated with
	summary     string
	description string
}

// An option says what types cannot say about a route.
type option func(*routes, *huma.Operation)

// produces says that the answer is a stream of this media type.
func produces(mediaType string) option {
	return func(_ *routes, op *huma.Operation) { stream200(op, mediaType, &huma.Schema{Type: huma.TypeString}) }
}

// sends says that the answer is a stream of server-sent events whose data is like v.
// OpenAPI has no words for events; the schema is that of their data.
func sends(v any) option {
	return func(r *routes, op *huma.Operation) {
		stream200(op, "text/event-stream", r.api.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(v), true, ""))
	}
}

func stream200(op *huma.Operation, mediaType string, schema *huma.Schema) {
	op.Responses = map[string]*huma.Response{"200": {
		Description: http.StatusText(http.StatusOK), Content: map[string]*huma.MediaType{mediaType: {Schema: schema}},
	}}
}

// consumes says that the request's body is a stream of this media type, which the handler
// reads itself.
func consumes(mediaType string) option {
	return func(_ *routes, op *huma.Operation) {
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			mediaType: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
		}}
	}
}

// switches says that the answer is another protocol.
func switches(_ *routes, op *huma.Operation) {
	op.DefaultStatus = http.StatusSwitchingProtocols
}

// created says that the answer is 201.
func created(_ *routes, op *huma.Operation) { op.DefaultStatus = http.StatusCreated }

// unchecked says that the body is not held against its schema: GPUs have much to tell, and
// agents may be older or newer than the server in all of it. What it must be, the store says.
func unchecked(_ *routes, op *huma.Operation) { op.SkipValidateBody = true }

// started says that the answer is 202.
func started(_ *routes, op *huma.Operation) { op.DefaultStatus = http.StatusAccepted }

// routes collects a Server's routes.
type routes struct {
	api    huma.API
	logger *slog.Logger
}

// register adds a route. It is the one place where a handler's error becomes a problem.
func register[I, O any](r *routes, handler func(context.Context, *I) (*O, error), rt route, options ...option) {
	method, path, _ := strings.Cut(rt.pattern, " ")
	op := huma.Operation{
		Method: method, Path: path, OperationID: rt.id, Summary: rt.summary, Description: rt.description,
		Tags: []string{tag(path)}, Metadata: map[string]any{accessKey: rt.access, schemasKey: r.api.OpenAPI().Components.Schemas},
		MaxBodyBytes: maxBody + 1, // huma refuses a body that reaches it
		Errors:       errorsOf(method, path, rt.access),
	}
	for _, o := range options {
		o(r, &op)
	}
	if rt.access.scheme != "" {
		op.Security = []map[string][]string{{rt.access.scheme: {}}}
		if rt.access.scheme == schemeKey {
			op.Security = append(op.Security, map[string][]string{schemeSession: {}})
		}
	}
	if accepts[O]() {
		op.DefaultStatus = http.StatusAccepted
	}
	huma.Register(r.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		if err == nil {
			return out, nil
		}
		p := problemOf(ctx, err)
		if p.Code == fleet.Internal {
			r.logger.ErrorContext(ctx, "a request failed", slog.String("request", p.RequestID), slog.String("route", rt.pattern), slog.Any("error", err))
		}
		return nil, p
	})
}

// accepts reports whether a handler answers with an operation that was accepted.
func accepts[O any]() bool {
	var out any = new(O)
	_, ok := out.(*accepted)
	return ok
}

// tag groups routes in the document by the noun they begin with.
func tag(path string) string {
	noun, _, _ := strings.Cut(strings.TrimPrefix(path, "/v1/"), "/")
	return noun
}

// errorsOf are the statuses of the problems that a route can answer with, besides 422 and
// 500, which huma adds.
func errorsOf(method, path string, a access) []int {
	out := []int{http.StatusServiceUnavailable}
	if a.scheme != "" {
		out = append(out, http.StatusUnauthorized, http.StatusForbidden)
	}
	if strings.Contains(path, "{") {
		out = append(out, http.StatusNotFound)
	}
	if method != http.MethodGet {
		out = append(out, http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge)
	}
	return out
}
