package gateway

import (
	"net/http"
	"strconv"
	"time"
)

func hsts(d time.Duration) []string {
	return []string{"max-age=" + strconv.FormatInt(int64(d.Seconds()), 10)}
}

// plain handles what comes without TLS. Only names of the data center are redirected: the
// others get the answer that they get anyway.
func (c *Certificates) plain() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.acme != nil && c.acme.issuer.HandleHTTPChallenge(w, r) {
			return
		}
		if _, p := c.gateway.find(r); !c.options.Redirect || p != nil || malformed(r) != nil {
			c.gateway.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Location", "https://"+withoutPort(r.Host)+r.URL.RequestURI())
		w.WriteHeader(http.StatusPermanentRedirect)
	})
}

// withoutPort is for hosts that find has found: no IP address is among them.
func withoutPort(host string) string {
	for i := range len(host) {
		if host[i] == ':' {
			return host[:i]
		}
	}
	return host
}
