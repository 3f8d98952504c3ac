package gateway

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/http/httputil"
	"time"
)

// maxDials is how many workers are tried for one request.
const maxDials = 3

// rewrite makes the request that the worker gets.
func (f *flight) rewrite(p *httputil.ProxyRequest) {
	p.Out.URL.Scheme = "http"
	p.Out.URL.RawQuery = p.In.URL.RawQuery // as it came; httputil drops what it cannot parse
	p.Out.Host = p.In.Host
	f.forward(p)
}

// RoundTrip sends the request to the worker at whose seat f is. If that worker cannot be
// dialled the request has reached nobody, and is sent to another. Anything else that goes
// wrong is final: the worker may have begun.
func (f *flight) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		f.upload = upload{flight: f, body: r.Body}
		f.upload.paced.Store(!f.kept && !isGRPC(r))
		r.Body = &f.upload
	}
	transport := f.gateway.transportFor(r)
	f.atMostOnce(r)
	for {
		r.URL.Host = f.seat.address
		res, err := transport.RoundTrip(f.onTrial(r))
		if err == nil {
			return res, nil
		}
		if _, undialled := errors.AsType[*dialError](err); !undialled || r.Context().Err() != nil {
			return nil, err
		}
		f.dials++
		left := f.seat
		f.seat = seat{}
		if f.endpoint.unreachable(left) {
			f.gateway.reportSoon()
		}
		if f.dials == maxDials {
			return nil, f.endpoint.says.unreachable
		}
		if err := f.board(r, time.Now()); err != nil {
			return nil, err
		}
	}
}

// onTrial makes the first request after an ejection end the trial as soon as it has a
// connection; its answer may take long.
func (f *flight) onTrial(r *http.Request) *http.Request {
	if !f.seat.trial {
		return r
	}
	return r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) {
			f.endpoint.reached(f.seat)
			f.seat.trial = false
		},
	}))
}

// answer completes the worker's response.
func (f *flight) answer(res *http.Response) error {
	if res.StatusCode == http.StatusSwitchingProtocols && res.Request.Header.Get("Upgrade") == "" {
		return errUnasked
	}
	f.status = res.StatusCode
	if f.status != http.StatusSwitchingProtocols {
		f.partIfUnread()
	}
	f.stir()
	f.upload.unpace()
	for name := range res.Header {
		if isOurs(name) {
			delete(res.Header, name)
		}
	}
	if res.StatusCode == http.StatusSwitchingProtocols && f.endpoint.server {
		f.rise()
	}
	if res.StatusCode != http.StatusSwitchingProtocols && f.gateway.leaving.Load() {
		res.Header.Set("Connection", "close")
	}
	if isEventStream(res.Header) {
		f.proxy.BufferPool = smallBuffers
	}
	if f.writer.Header()[hstsHeader] != nil {
		delete(res.Header, hstsHeader)
	}
	res.Header[requestIDHeader] = f.values[3:4:4]
	if f.held {
		res.Header[waitedHeader] = []string{queueSeconds(f.waited)}
	}
	return nil
}

// rise takes a request out of those in flight that has become a WebSocket to a server. It is
// a stream then: a stop would wait in vain for a terminal that is open all day.
func (f *flight) rise() {
	f.endpoint.mu.Lock()
	f.risen = true
	drained := f.endpoint.stand(f.seat, time.Now())
	f.endpoint.mu.Unlock()
	if drained {
		f.gateway.reportSoon()
	}
}

// fail answers a request that was not answered by a worker.
func (f *flight) fail(r *http.Request, err error) {
	if cut := f.cut.Load(); cut != nil && cut != slowReader {
		f.refuse(cut)
		return
	}
	if f.upload.slow.Load() { // which the server takes for a client that has gone
		f.writer.Header().Set("Connection", "close")
		f.refuse(slowBody)
		return
	}
	if r.Context().Err() != nil {
		f.status = statusClientGone
		return
	}
	if p, ok := errors.AsType[*problem](err); ok {
		f.refuse(p)
		return
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		f.refuse(bodyTooLarge)
		return
	}
	if f.upload.failed.Load() {
		f.refuse(badRequest)
		return
	}
	if slow, ok := errors.AsType[net.Error](err); ok && slow.Timeout() {
		f.refuse(f.endpoint.says.tooSlow)
		return
	}
	f.gateway.logger.DebugContext(r.Context(), "worker failed", "endpoint", f.endpoint.id, "request", f.id, "error", err)
	f.refuse(f.endpoint.says.noAnswer)
}
