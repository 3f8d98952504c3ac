package gateway

import (
	"log/slog"
	"net/http"
	"time"
)

// access writes the access log: one line for each request, without its query, which may hold
// secrets. What it knows of the endpoint and its worker is of the moment.
func (f *flight) access(r *http.Request, now time.Time) {
	logger := f.gateway.accessLog
	if logger == nil {
		return
	}
	attrs := make([]slog.Attr, 0, 16)
	attrs = append(attrs,
		slog.String("request", f.id), slog.String("endpoint", f.endpoint.id), slog.String("account", f.endpoint.rules.Load().account),
		slog.String("client", f.gateway.clientOf(r)), slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.String("protocol", r.Proto),
		slog.Int("status", f.status), slog.Int64("bytes_in", f.received.Load()), slog.Int64("bytes_out", f.sent.Load()),
		slog.Int64("queue_ms", f.waited.Milliseconds()))
	if f.seat.worker != nil {
		attrs = append(attrs, slog.String("worker", f.seat.worker.instanceID), slog.Int64("worker_ms", now.Sub(f.boarded).Milliseconds()))
	}
	attrs = append(attrs, slog.Int64("ms", now.Sub(f.start).Milliseconds()), slog.Int("retries", f.dials))
	if f.problem != nil {
		attrs = append(attrs, slog.String("problem", f.problem.reason))
	}
	logger.LogAttrs(r.Context(), slog.LevelInfo, "access", attrs...)
}
