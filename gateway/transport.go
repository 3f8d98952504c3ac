package gateway

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// A dialError says that a connection to a worker was not made: nothing was sent.
type dialError struct{ error }

func (e *dialError) Unwrap() error { return e.error }

// newTransport makes what carries requests to workers.
func newTransport(o Options) *http.Transport {
	dialer := &net.Dialer{Timeout: o.DialTimeout}
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, &dialError{err}
			}
			return c, nil
		},
		DisableCompression:     true, // what the client accepts is between it and the worker
		MaxIdleConnsPerHost:    1024, // a worker may have hundreds of requests in flight, and keep-alive is what makes us fast
		IdleConnTimeout:        o.WorkerIdle,
		ResponseHeaderTimeout:  o.ResponseTimeout,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 1 << 20,
		// Half of the defaults, kept for as long as a stream is open; most headers fit. Bodies
		// that do not are read past the buffer.
		ReadBufferSize:  2 << 10,
		WriteBufferSize: 2 << 10,
	}
}

// newGRPCTransport makes what carries gRPC, which needs HTTP/2 all the way.
func newGRPCTransport(o Options) *http.Transport {
	t := newTransport(o)
	t.Protocols = new(http.Protocols)
	t.Protocols.SetUnencryptedHTTP2(true)
	return t
}

// transportFor returns what carries r.
func (g *Gateway) transportFor(r *http.Request) *http.Transport {
	if isGRPC(r) {
		return g.grpc
	}
	return g.http
}

// identity is written as no encoding is.
var identity = []string{"identity"}

// atMostOnce keeps a transport from sending a request again on its own. When a kept
// connection breaks before the response, net/http repeats requests that have no body, if
// their method or an Idempotency-Key says that this is harmless; but then a request that
// brings its worker down is sent once for every connection that is kept. It does not repeat
// a body that it cannot rewind, so these requests get an empty one, which looks on the wire
// as none does. And it knows the key by its canonical name only.
func (f *flight) atMostOnce(r *http.Request) {
	if r.Body != nil && r.Body != http.NoBody {
		return
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		r.Body = io.NopCloser(&f.empty) // of a type that net/http knows: header and body are one write
		r.TransferEncoding = identity   // or a goroutine would read for a first byte
	}
	for _, name := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
		if v, ok := r.Header[name]; ok {
			delete(r.Header, name)
			r.Header[strings.ToLower(name)] = v
		}
	}
}
