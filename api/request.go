package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/kelvin-gpu/kelvin/fleet"
)

type requestKey struct{}

// requestID is the ID of the request that ctx belongs to.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// goodRequestID is what we take from a caller. It goes into the log.
var goodRequestID = regexp.MustCompile(`^[A-Za-z0-9._:/+=@-]{1,128}$`)

// identify gives every request an ID, its caller's if it has one, and says it in the answer.
func identify(c *gin.Context) {
	id := c.GetHeader("X-Request-Id")
	if !goodRequestID.MatchString(id) {
		id = fleet.NewID("req_", time.Now())
	}
	c.Header("X-Request-Id", id)
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), requestKey{}, id))
}

// contentPolicy fits what Vite builds: scripts and data from here only; inline styles,
// since components set them.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// secure sets the headers that keep browsers from doing what nobody here means.
func secure(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	if isAPI(c.Request.URL.Path) {
		h.Set("Cache-Control", "no-store")
	}
}

func isAPI(path string) bool { return path == "/v1" || strings.HasPrefix(path, "/v1/") }

// recovered answers a request whose handler panicked, and logs where.
func (s *Server) recovered(c *gin.Context) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(v) // net/http's own way to drop a connection
		}
		s.Logger.ErrorContext(c.Request.Context(), "a handler panicked", slog.String("request", requestID(c.Request.Context())),
			slog.String("route", c.FullPath()), slog.String("panic", fmt.Sprint(v)), slog.String("stack", string(debug.Stack())))
		if !c.Writer.Written() {
			writeProblem(c, problemOf(c.Request.Context(), fmt.Errorf("panic: %v", v)))
		}
	}()
	c.Next()
}

// writeProblem answers for the router, where huma has no say.
func writeProblem(c *gin.Context, p *Problem) {
	for name, values := range p.GetHeaders() {
		c.Writer.Header()[name] = values
	}
	c.Header("Content-Type", "application/problem+json")
	c.AbortWithStatusJSON(p.Status, p)
}

func notFound(c *gin.Context) {
	writeProblem(c, newProblem(c.Request.Context(), http.StatusNotFound, &fleet.Error{Code: fleet.NotFound, Message: "there is no such route"}))
}

func methodNotAllowed(c *gin.Context) {
	writeProblem(c, newProblem(c.Request.Context(), http.StatusMethodNotAllowed, &fleet.Error{
		Code: fleet.Invalid, Message: "this route has no such method; it has: " + c.Writer.Header().Get("Allow"),
	}))
}
