package gateway

import (
	"net/http"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// partIfUnread makes this answer the last one on its connection if the request's body was not
// read to the end by now. What is left of it could be malformed, and then nobody knows where
// the next request begins. net/http sees to that itself, but not for answers that may begin
// before the body has ended, as ours may. It is rare: most workers read what they are sent.
func (f *flight) partIfUnread() {
	if f.duplex && !f.upload.ended.Load() {
		f.part()
	}
}

// part makes the answer that is about to be written the last one on its connection.
func (f *flight) part() { f.writer.Header().Set("Connection", "close") }

// noTrace: TRACE has the worker tell all headers that it got, those that scripts must not see
// and those of proxies among them.
var noTrace = &problem{
	status: http.StatusMethodNotAllowed, code: fleet.Invalid, reason: "bad_request", title: "method not allowed",
	detail: "The gateway passes every method on but CONNECT and TRACE.",
}
