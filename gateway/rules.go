package gateway

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Rules are how the requests of one endpoint are treated, as its route says. They do not
// change: new routes make new ones.
type rules struct {
	fleet.RequestSpec
	account string
	limit   int // requests in flight at a worker; 0: none
	keys    [][sha256.Size]byte
}

var noRules = new(rules)

func rulesOf(route fleet.EndpointRoute) *rules {
	r := &rules{RequestSpec: route.Requests, account: route.AccountID, limit: route.Requests.ConcurrencyLimit}
	if r.limit == 0 {
		r.limit = route.TargetConcurrency
	}
	for _, text := range route.Keys {
		var hash [sha256.Size]byte
		if n, err := hex.Decode(hash[:], []byte(text)); err == nil && n == len(hash) {
			r.keys = append(r.keys, hash)
		}
	}
	return r
}

// holdFor is how long a request may wait.
func (r *rules) holdFor(e *endpoint, o *Options) time.Duration {
	switch {
	case e.server:
		return o.HoldServers
	case r.QueueTimeout > 0:
		return time.Duration(r.QueueTimeout)
	}
	return o.HoldFor
}

// holdMax is how many may wait.
func (r *rules) holdMax(o *Options) int {
	if r.QueueMax > 0 {
		return r.QueueMax
	}
	return o.HoldMax
}

// maxBody is the largest body, in bytes: an endpoint may allow less than its gateway.
func (r *rules) maxBody(o *Options) int64 {
	if r.MaxBody > 0 && (o.MaxBody <= 0 || r.MaxBody < o.MaxBody) {
		return r.MaxBody
	}
	return o.MaxBody
}

// The headers that may bear a key of an endpoint.
const (
	bearerHeader = "Authorization"
	keyHeader    = "X-Api-Key"
)

var keyHeaders = [...]string{bearerHeader, keyHeader}

// open finds the key that a request bears: its hash, and the headers that have one. Every key
// is compared, whole, so that the time it takes tells nothing about them.
func (r *rules) open(h http.Header) (key [sha256.Size]byte, headers []string) {
	for _, name := range keyHeaders {
		values := h[name]
		if len(values) != 1 {
			continue
		}
		secret := values[0]
		if name == bearerHeader {
			scheme, token, _ := strings.Cut(secret, " ")
			if !strings.EqualFold(scheme, "Bearer") {
				continue
			}
			secret = strings.TrimSpace(token)
		}
		hash, found := sha256.Sum256([]byte(secret)), 0
		for i := range r.keys {
			found |= subtle.ConstantTimeCompare(hash[:], r.keys[i][:])
		}
		if found == 1 {
			if headers == nil {
				key = hash
			}
			headers = append(headers, name)
		}
	}
	return key, headers
}
