package gateway

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A problem is an answer of the gateway's own (RFC 9457). It is an error too, so that the
// proxy can carry it.
type problem struct {
	status     int
	code       fleet.Code
	title      string
	detail     string
	reason     string // for metrics
	retryAfter int    // seconds; 0: trying again will not help
	place      *place // of the request in its queue, if it had one
}

// A place is where in a queue a request is.
type place struct {
	position int           // 1: it is next
	eta      time.Duration // 0: nobody knows
}

// at is p for a request that waited. Trying again helps no sooner than its turn would come.
func (p *problem) at(at place) *problem {
	told := *p
	told.place = &at
	if told.retryAfter > 0 {
		told.retryAfter = min(max(told.retryAfter, seconds(at.eta)), maxRetryAfter)
	}
	return &told
}

// maxRetryAfter is the most that a client is told to wait, in seconds.
const maxRetryAfter = 60

// seconds are those of d, rounded up.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

func (p *problem) Error() string { return p.title }

// The gateway's own answers. None names a worker or its address.
var (
	starting = &problem{
		status: http.StatusServiceUnavailable, code: fleet.Unavailable, reason: "starting", title: "gateway is starting",
		detail:     "The gateway does not know the endpoints of this data center yet.",
		retryAfter: 1,
	}
	unknownEndpoint = &problem{
		status: http.StatusNotFound, code: fleet.NotFound, reason: "unknown", title: "unknown endpoint",
		detail: "No endpoint of this data center has this host name.",
	}
	endpointStopped = &problem{
		status: http.StatusServiceUnavailable, code: fleet.Unavailable, reason: "stopped", title: "endpoint stopped",
		detail: "The endpoint is stopped. It takes requests again when its owner starts it.",
	}
	noReadyWorker = &problem{
		status: http.StatusServiceUnavailable, code: fleet.Unavailable, reason: "queue_timeout", title: "no ready worker",
		detail:     "No worker of the endpoint became ready in time.",
		retryAfter: 1,
	}
	queueFull = &problem{
		status: http.StatusServiceUnavailable, code: fleet.Exhausted, reason: "queue_full", title: "too many requests waiting",
		detail:     "No worker of the endpoint has a place free, and as many requests as may wait do.",
		retryAfter: 1,
	}
	workersBusy = &problem{
		status: http.StatusServiceUnavailable, code: fleet.Exhausted, reason: "queue_timeout", title: "workers busy",
		detail:     "All workers of the endpoint had as many requests as they may have, and none became free in time.",
		retryAfter: 1,
	}
	unauthenticated = &problem{
		status: http.StatusUnauthorized, code: fleet.Unauthenticated, reason: "unauthenticated", title: "key required",
		detail: "This endpoint takes requests with one of its keys only: Authorization: Bearer kep_…, or X-API-Key: kep_….",
	}
	tooLong = &problem{
		status: http.StatusGatewayTimeout, code: fleet.Timeout, reason: "timeout", title: "request took too long",
		detail: "The worker did not finish in the time that the endpoint allows. The request may have been processed.",
	}
	stoodStill = &problem{
		status: http.StatusGatewayTimeout, code: fleet.Timeout, reason: "idle", title: "request stood still",
		detail: "Nothing came from the worker, nor from the client, for as long as the endpoint allows. The request may have been processed.",
	}
	slowReader = &problem{
		status: statusClientGone, code: fleet.Timeout, reason: "slow_client", title: "answer not read",
		detail: "The client did not read the answer.",
	}
	slowBody = &problem{
		status: http.StatusRequestTimeout, code: fleet.Timeout, reason: "slow_client", title: "body too slow",
		detail: "The body of the request comes too slowly: it has 30 seconds, and one more for each KiB.",
	}
	unreachable = &problem{
		status: http.StatusBadGateway, code: fleet.Unavailable, reason: "unreachable", title: "workers unreachable",
		detail:     "The workers that were tried accept no connections. The request reached none of them.",
		retryAfter: 1,
	}
	noAnswer = &problem{
		status: http.StatusBadGateway, code: fleet.Unavailable, reason: "worker_failed", title: "worker failed",
		detail: "The connection to the worker broke before it answered. The request may have been processed.",
	}
	tooSlow = &problem{
		status: http.StatusGatewayTimeout, code: fleet.Timeout, reason: "timeout", title: "worker too slow",
		detail: "The worker did not answer in time. The request may have been processed.",
	}
	bodyTooLarge = &problem{
		status: http.StatusRequestEntityTooLarge, code: fleet.Invalid, reason: "body_too_large", title: "body too large",
		detail: "The body of the request is larger than this gateway allows.",
	}
	badRequest = &problem{
		status: http.StatusBadRequest, code: fleet.Invalid, reason: "bad_request", title: "bad request",
		detail: "The request could not be read to its end, or cannot be passed on.",
	}
)

// answers are what is said of an endpoint, or of a server, in the gateway's own name.
type answers struct {
	unknown, stopped, notReady, busy, full, unreachable, noAnswer, tooSlow *problem
}

var (
	endpointAnswers = answers{unknownEndpoint, endpointStopped, noReadyWorker, workersBusy, queueFull, unreachable, noAnswer, tooSlow}
	serverAnswers   = answers{unknownServer, serverStopped, serverNotReady, serverNotReady, serverQueueFull, serverUnreachable, serverNoAnswer, serverTooSlow}
)

var (
	unknownServer = &problem{
		status: http.StatusNotFound, code: fleet.NotFound, reason: "unknown", title: "unknown instance",
		detail: "No server of this data center has this host name, or it publishes no port.",
	}
	serverStopped = &problem{
		status: http.StatusServiceUnavailable, code: fleet.Unavailable, reason: "stopped", title: "instance stopped",
		detail: "The server does not run. It takes requests again when its owner starts it.",
	}
	serverNotReady = &problem{
		status: http.StatusServiceUnavailable, code: fleet.Unavailable, reason: "queue_timeout", title: "instance not ready",
		detail:     "The server is on its way to running, and did not get there in time.",
		retryAfter: 1,
	}
	serverQueueFull = &problem{
		status: http.StatusServiceUnavailable, code: fleet.Exhausted, reason: "queue_full", title: "too many requests waiting",
		detail:     "The server is not ready, and as many requests as may wait do.",
		retryAfter: 1,
	}
	serverUnreachable = &problem{
		status: http.StatusBadGateway, code: fleet.Unavailable, reason: "unreachable", title: "instance unreachable",
		detail:     "The server runs, and accepts no connections on its first port. The request did not reach it.",
		retryAfter: 1,
	}
	serverNoAnswer = &problem{
		status: http.StatusBadGateway, code: fleet.Unavailable, reason: "worker_failed", title: "instance failed",
		detail: "The connection to the server broke before it answered. The request may have been processed.",
	}
	serverTooSlow = &problem{
		status: http.StatusGatewayTimeout, code: fleet.Timeout, reason: "timeout", title: "instance too slow",
		detail: "The server did not answer in time. The request may have been processed.",
	}
)

// write answers with p. The request's ID is part of the body, so that users can quote it.
func (p *problem) write(w http.ResponseWriter, requestID string) {
	told := struct {
		Type      string     `json:"type"`
		Title     string     `json:"title"`
		Status    int        `json:"status"`
		Detail    string     `json:"detail"`
		Code      fleet.Code `json:"code"`
		RequestID string     `json:"request_id"`
		Position  int        `json:"position,omitempty"`
		ETA       int        `json:"eta_seconds,omitempty"`
	}{Type: "about:blank", Title: p.title, Status: p.status, Detail: p.detail, Code: p.code, RequestID: requestID}
	if p.place != nil {
		told.Position, told.ETA = p.place.position, seconds(p.place.eta)
	}
	body, err := json.Marshal(told)
	if err != nil { // there is nothing in it that cannot be encoded
		body = nil
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if p.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="endpoint"`)
	}
	h.Set(requestIDHeader, requestID)
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	w.WriteHeader(p.status)
	_, _ = w.Write(body) // if it fails, the client has gone
}
