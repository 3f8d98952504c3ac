package gateway

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// isGRPC reports whether a request is gRPC's, which needs HTTP/2 all the way. gRPC-Web is
// not: it is made for HTTP/1.1.
func isGRPC(r *http.Request) bool {
	if r.ProtoMajor != 2 {
		return false
	}
	rest, ok := strings.CutPrefix(r.Header.Get("Content-Type"), "application/grpc")
	return ok && (rest == "" || rest[0] == '+' || rest[0] == ';')
}

// grpcStatus is p's code as gRPC's: see its documentation for what the numbers mean.
func (p *problem) grpcStatus() string {
	switch p.status {
	case http.StatusUnauthorized:
		return "16" // UNAUTHENTICATED
	case http.StatusForbidden:
		return "7" // PERMISSION_DENIED
	case http.StatusNotFound:
		return "5" // NOT_FOUND
	case http.StatusRequestEntityTooLarge, http.StatusTooManyRequests:
		return "8" // RESOURCE_EXHAUSTED
	case http.StatusGatewayTimeout, http.StatusRequestTimeout:
		return "4" // DEADLINE_EXCEEDED
	}
	if p.code == fleet.Invalid {
		return "3" // INVALID_ARGUMENT
	}
	return "14" // UNAVAILABLE
}

// writeGRPC answers with p as gRPC servers do: with a header that is the trailer, too.
func (p *problem) writeGRPC(w http.ResponseWriter, requestID string) {
	h := w.Header()
	h.Set("Content-Type", "application/grpc")
	h.Set("Grpc-Status", p.grpcStatus())
	h.Set("Grpc-Message", grpcMessage(p.title+": "+p.detail))
	h.Set(requestIDHeader, requestID)
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	w.WriteHeader(http.StatusOK)
}

// grpcMessage encodes a message for a header.
func grpcMessage(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' || c == '%' {
			b.WriteString("%" + strings.ToUpper(strconv.FormatInt(int64(c)+256, 16)[1:]))
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
