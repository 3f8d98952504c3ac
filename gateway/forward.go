package gateway

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"strings"
)

const requestIDHeader = "X-Request-Id"

// requestID returns the ID that the client gave its request, if it is sane: 1 to 128
// printable ASCII characters. Otherwise it makes one.
func requestID(h http.Header) string {
	if v := h[requestIDHeader]; len(v) == 1 && len(v[0]) <= 128 && v[0] != "" && isPrintable(v[0]) {
		return v[0]
	}
	return newID()
}

// newID makes an ID of 32 hexadecimal digits.
func newID() string {
	var id [16]byte // to tell requests apart, not to keep a secret
	binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(id[8:], rand.Uint64())
	var text [2 * len(id)]byte
	hex.Encode(text[:], id[:])
	return string(text[:])
}

func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// isOurs reports whether only Kelvin may set a header. Servers that turn names into
// environment variables see no difference between a dash and an underscore.
func isOurs(name string) bool {
	return hasNamePrefix(name, "x-kelvin-") || hasNamePrefix(name, "kelvin-")
}

// isHop reports whether a header speaks of the way a request came.
func isHop(name string) bool {
	return hasNamePrefix(name, "x-forwarded-") || len(name) == len("x-real-ip") && hasNamePrefix(name, "x-real-ip")
}

// disguises are headers that servers see which make environment variables of names, and that
// no other server takes for what they look like.
var disguises = [...]string{"content-length", "transfer-encoding", "host", "forwarded", "x-request-id", "connection", "authorization"}

// isDisguised reports whether a name is, but for underscores, one that says how long a
// request is, whose, or where it came from.
func isDisguised(name string) bool {
	if strings.IndexByte(name, '_') < 0 {
		return false
	}
	for _, real := range disguises {
		if len(name) == len(real) && hasNamePrefix(name, real) {
			return true
		}
	}
	return false
}

func hasNamePrefix(name, prefix string) bool {
	if len(name) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		c := name[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case c == '_':
			c = '-'
		}
		if c != prefix[i] {
			return false
		}
	}
	return true
}

// forward sets the headers that tell the worker where a request came from, and drops those
// the client may not set.
func (f *flight) forward(p *httputil.ProxyRequest) {
	out := p.Out.Header
	for name := range out {
		if isOurs(name) || isHop(name) || isDisguised(name) {
			delete(out, name)
		}
	}
	dropUpgrade(out)
	delete(out, "Http2-Settings")
	for _, name := range f.keyHeaders {
		delete(out, name) // they are between the client and us
	}

	client, _, err := net.SplitHostPort(p.In.RemoteAddr)
	if err != nil {
		client = p.In.RemoteAddr // no address of the network's: as it is
	}
	proto, host := "http", p.In.Host
	if p.In.TLS != nil {
		proto = "https"
	}
	if f.gateway.trusts(client) {
		if prior := p.In.Header["X-Forwarded-For"]; len(prior) > 0 {
			client = strings.Join(prior, ", ") + ", " + client
		}
		if v := p.In.Header.Get("X-Forwarded-Proto"); v != "" {
			proto = v
		}
		if v := p.In.Header.Get("X-Forwarded-Host"); v != "" {
			host = v
		}
	}
	f.values = [4]string{client, proto, host, f.id}
	out["X-Forwarded-For"] = f.values[0:1:1]
	out["X-Forwarded-Proto"] = f.values[1:2:2]
	out["X-Forwarded-Host"] = f.values[2:3:3]
	out[requestIDHeader] = f.values[3:4:4]
}

// trusts reports whether an address is a load balancer's of ours.
func (g *Gateway) trusts(client string) bool {
	if len(g.options.TrustedProxies) == 0 {
		return false
	}
	addr, err := netip.ParseAddr(client)
	if err != nil {
		return false
	}
	addr = addr.Unmap().WithZone("")
	for _, prefix := range g.options.TrustedProxies {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}
