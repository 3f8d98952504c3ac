package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// A refusal is an answer that is an error.
type refusal struct {
	api.Problem
	retryAfter time.Duration
}

func (r *refusal) Error() string {
	switch {
	case len(r.Fields) > 0:
		return "the request is not valid"
	case r.Detail != "":
		return r.Detail
	case r.Title != "":
		return r.Title
	}
	return http.StatusText(r.Status)
}

// Unwrap gives the refusal its code.
func (r *refusal) Unwrap() error {
	return &fleet.Error{Code: r.Code, Message: r.Detail, Operation: r.Operation, Fields: r.Fields}
}

// refused makes an error of an answer: the problem that its body tells, and what to do.
func (c *client) refused(answer *http.Response) error {
	r := &refusal{retryAfter: retryAfter(answer.Header.Get("Retry-After"), c.clock())}
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil || json.Unmarshal(text, &r.Problem) != nil {
		r.Problem = api.Problem{} // from a proxy: the status says it
	}
	r.Status = answer.StatusCode
	if r.RequestID == "" {
		r.RequestID = answer.Header.Get("X-Request-Id")
	}
	f := &failure{exit: exitOfRefusal(r), err: r, next: c.nextStep(r)}
	if to := answer.Header.Get("Location"); answer.StatusCode < 400 {
		f.err = fmt.Errorf("%s is not the server: it points to %s", c.server.Redacted(), to)
		f.next = []string{"Use that URL, without its path, with --server or `kelvin context set`."}
	}
	return f
}

func exitOfRefusal(r *refusal) int {
	if r.Code != "" {
		return exitOfCode(r.Code)
	}
	switch r.Status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return exitUsage
	case http.StatusNotFound:
		return exitNotFound
	case http.StatusConflict:
		return exitConflict
	case http.StatusUnauthorized, http.StatusForbidden:
		return exitForbidden
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return exitUnavailable
	}
	return exitFailed
}

func (c *client) nextStep(r *refusal) []string {
	var next []string
	for _, field := range r.Fields {
		next = append(next, fieldLine(field))
	}
	if r.Operation != "" && r.Code == fleet.Conflict {
		next = append(next,
			"Operation "+r.Operation+" is in the way.",
			"Follow it:    kelvin operation watch "+r.Operation,
			"Take it back: kelvin operation cancel "+r.Operation)
	}
	switch r.Code {
	case fleet.Unauthenticated:
		next = append(next, c.signIn())
	case fleet.Forbidden:
		next = append(next, "`kelvin me` shows what your key may do.")
	case fleet.Exhausted:
		next = append(next, "Try again later, or ask for fewer GPUs, another --gpu-type or another --data-center.")
	case fleet.Internal:
		next = append(next, "This is a mistake of the server's. Its log has the details, under request "+r.RequestID)
	default:
	}
	if r.retryAfter > 0 {
		next = append(next, "The server asks to wait "+r.retryAfter.String()+".")
	}
	return next
}

func (c *client) signIn() string {
	switch {
	case c.key == "":
		return "Set KELVIN_API_KEY, or run `kelvin context set`."
	case c.name != "":
		return fmt.Sprintf("The key of context %s is not known to %s; `kelvin context set %s` gives it another.", c.name, c.server.Redacted(), c.name)
	}
	return "The key in KELVIN_API_KEY is not known to " + c.server.Redacted() + "."
}

// fieldLine says what is wrong with a field, by the name that its flag has.
func fieldLine(field fleet.FieldError) string {
	name := strings.TrimPrefix(field.Field, "body.")
	if flag := flagOf(name); flag != "" {
		name = flag
	}
	line := name + ": " + field.Message
	if field.Allowed != "" {
		line += "; allowed: " + field.Allowed
	}
	return line
}

// flagOf is the flag that fills in a field, with what follows the field's name: env.HOME.
func flagOf(field string) string {
	if _, parameter, ok := strings.Cut(field, "].parameters"); ok && strings.HasPrefix(field, "templates[") {
		return strings.TrimSpace("--template-param " + strings.TrimPrefix(parameter, "."))
	}
	if at, ok := strings.CutSuffix(field, "].name"); ok {
		field = at // templates[0].name is the flag's own value
	}
	for i := len(field); i > 0; i = strings.LastIndexAny(field[:i], ".[") {
		flag, ok := flagsOfFields[field[:i]]
		if !ok {
			continue
		}
		if rest := strings.Trim(field[i:], ".[]"); rest != "" {
			return "--" + flag + " " + rest
		}
		return "--" + flag
	}
	return ""
}
