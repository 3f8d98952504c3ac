package gateway

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A problem is an answer of the gateway's own (RFC 9457). It is an error too, so that the
// proxy can carry it.
type problem struct {
	status     int
	code       fleet.Code
	title      string
	detail     string
	retryAfter int // seconds; 0: trying again will not help
}

func (p *problem) Error() string { return p.title }

// The gateway's own answers. None names a worker or its address.
var (
	starting = &problem{
		http.StatusServiceUnavailable, fleet.Unavailable, "gateway is starting",
		"The gateway does not know the endpoints of this data center yet.", 1,
	}
	unknownEndpoint = &problem{
		http.StatusNotFound, fleet.NotFound, "unknown endpoint",
		"No endpoint of this data center has this host name.", 0,
	}
	endpointStopped = &problem{
		http.StatusServiceUnavailable, fleet.Unavailable, "endpoint stopped",
		"The endpoint is stopped. It takes requests again when its owner starts it.", 0,
	}
	noReadyWorker = &problem{
		http.StatusServiceUnavailable, fleet.Unavailable, "no ready worker",
		"No worker of the endpoint became ready in time.", 1,
	}
	queueFull = &problem{
		http.StatusServiceUnavailable, fleet.Exhausted, "too many requests waiting",
		"No worker of the endpoint is ready, and as many requests as may wait do.", 1,
	}
	unreachable = &problem{
		http.StatusBadGateway, fleet.Unavailable, "workers unreachable",
		"The workers that were tried accept no connections. The request reached none of them.", 1,
	}
	noAnswer = &problem{
		http.StatusBadGateway, fleet.Unavailable, "worker failed",
		"The connection to the worker broke before it answered. The request may have been processed.", 0,
	}
	tooSlow = &problem{
		http.StatusGatewayTimeout, fleet.Timeout, "worker too slow",
		"The worker did not answer in time. The request may have been processed.", 0,
	}
	bodyTooLarge = &problem{
		http.StatusRequestEntityTooLarge, fleet.Invalid, "body too large",
		"The body of the request is larger than this gateway allows.", 0,
	}
	badRequest = &problem{
		http.StatusBadRequest, fleet.Invalid, "bad request",
		"The request could not be read to its end, or cannot be passed on.", 0,
	}
)

// answers are what is said of an endpoint, or of a server, in the gateway's own name.
type answers struct {
	unknown, stopped, notReady, full, unreachable, noAnswer, tooSlow *problem
}

var (
	endpointAnswers = answers{unknownEndpoint, endpointStopped, noReadyWorker, queueFull, unreachable, noAnswer, tooSlow}
	serverAnswers   = answers{unknownServer, serverStopped, serverNotReady, serverQueueFull, serverUnreachable, serverNoAnswer, serverTooSlow}
)

var (
	unknownServer = &problem{
		http.StatusNotFound, fleet.NotFound, "unknown instance",
		"No server of this data center has this host name, or it publishes no port.", 0,
	}
	serverStopped = &problem{
		http.StatusServiceUnavailable, fleet.Unavailable, "instance stopped",
		"The server does not run. It takes requests again when its owner starts it.", 0,
	}
	serverNotReady = &problem{
		http.StatusServiceUnavailable, fleet.Unavailable, "instance not ready",
		"The server is on its way to running, and did not get there in time.", 1,
	}
	serverQueueFull = &problem{
		http.StatusServiceUnavailable, fleet.Exhausted, "too many requests waiting",
		"The server is not ready, and as many requests as may wait do.", 1,
	}
	serverUnreachable = &problem{
		http.StatusBadGateway, fleet.Unavailable, "instance unreachable",
		"The server runs, and accepts no connections on its first port. The request did not reach it.", 1,
	}
	serverNoAnswer = &problem{
		http.StatusBadGateway, fleet.Unavailable, "instance failed",
		"The connection to the server broke before it answered. The request may have been processed.", 0,
	}
	serverTooSlow = &problem{
		http.StatusGatewayTimeout, fleet.Timeout, "instance too slow",
		"The server did not answer in time. The request may have been processed.", 0,
	}
)

// write answers with p. The request's ID is part of the body, so that users can quote it.
func (p *problem) write(w http.ResponseWriter, requestID string) {
	body, err := json.Marshal(struct {
		Type      string     `json:"type"`
		Title     string     `json:"title"`
		Status    int        `json:"status"`
		Detail    string     `json:"detail"`
		Code      fleet.Code `json:"code"`
		RequestID string     `json:"request_id"`
	}{"about:blank", p.title, p.status, p.detail, p.code, requestID})
	if err != nil { // there is nothing in it that cannot be encoded
		body = nil
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set(requestIDHeader, requestID)
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	w.WriteHeader(p.status)
	_, _ = w.Write(body) // if it fails, the client has gone
}
