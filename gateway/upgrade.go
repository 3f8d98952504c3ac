package gateway

import (
	"errors"
	"net/http"
	"strings"
)

// errUnasked: a worker went on in another protocol, and nobody had wished so. The client's
// connection may be a load balancer's, which sends other users' requests over it next.
var errUnasked = errors.New("the worker switched protocols unasked")

// dropUpgrade drops a wish to go on in a protocol that carries requests itself: they would
// come past the gateway. The request is passed on as if it had no such wish, which servers
// may ignore anyway. Of others, such as websocket, the worker decides.
func dropUpgrade(h http.Header) {
	for _, list := range h["Upgrade"] {
		for protocol := range strings.SplitSeq(list, ",") {
			if carriesRequests(strings.ToLower(strings.TrimSpace(protocol))) {
				delete(h, "Upgrade")
				delete(h, "Connection")
				return
			}
		}
	}
}

func carriesRequests(protocol string) bool {
	name, _, _ := strings.Cut(protocol, "/")
	return name == "h2c" || name == "h2" || name == "http" || name == "tls"
}
