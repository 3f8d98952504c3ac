package gateway

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// callerOf says on whose behalf a request waits: the bearer of its key, if the endpoint
// wants one, else the address it comes from. Callers take turns in the queue.
func (f *flight) callerOf(r *http.Request) string {
	if len(f.keyHeaders) > 0 {
		return string(f.key[:])
	}
	return f.gateway.clientOf(r)
}

// clientOf is the address of the client: of the load balancers that are trusted, the first
// that is not. Of IPv6 it is the network, 64 bits, for these are given to one household.
func (g *Gateway) clientOf(r *http.Request) string {
	client, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	if g.trusts(client) {
		hops := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
		for i := len(hops) - 1; i >= 0; i-- {
			hop := strings.TrimSpace(hops[i])
			if _, err := netip.ParseAddr(hop); err != nil {
				break // what stands before it is no better
			}
			client = hop
			if !g.trusts(hop) {
				break
			}
		}
	}
	addr, err := netip.ParseAddr(client)
	if err != nil {
		return client
	}
	if addr = addr.Unmap().WithZone(""); addr.Is6() {
		if network, err := addr.Prefix(64); err == nil {
			return network.String()
		}
	}
	return addr.String()
}
