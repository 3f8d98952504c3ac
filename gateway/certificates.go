package gateway

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// TLS says where the certificates come from that clients are shown: from files, or from a
// certificate authority that speaks ACME.
type TLS struct {
	// CertFile and KeyFile hold a certificate with its chain, and its key, in PEM. They are
	// read again when they change.
	CertFile, KeyFile string

	// Domains are those under which the data center's host names lie: example.com for
	// ep-….us-east.example.com. Whoever sets them agrees to the terms of the authority.
	Domains []string
	// CA is the URL of the authority's directory. Default: Let's Encrypt.
	CA string
	// CAFile holds the certificates, in PEM, that the authority's own is checked with.
	// Default: those of the system.
	CAFile string
	// Email is where the authority writes to. It may be empty.
	Email string
	// Storage is a folder for certificates, their keys and the account. Gateways before
	// which one name leads share it.
	Storage string
	// DNSCommand, with its arguments before ours, sets and removes the TXT records by which
	// the authority knows that a domain is ours; see DNS. With it there is one certificate
	// for each domain, with a wildcard; without it, each host name gets its own when it is
	// first asked for.
	DNSCommand []string

	// Redirect makes ServePlain send clients to HTTPS. It also lets the authority ask there.
	Redirect bool
	// HSTS is for how long browsers shall use nothing but HTTPS. Default: not a moment.
	HSTS time.Duration
}

// Validate returns Invalid if t can never work.
func (t TLS) Validate() error {
	invalid := func(text string) error { return fleet.Errorf(fleet.Invalid, "%s", text) }
	switch files := t.CertFile != "" || t.KeyFile != ""; {
	case files && (t.CertFile == "" || t.KeyFile == ""):
		return invalid("a certificate needs a file of its own and one of its key")
	case files && len(t.Domains) > 0:
		return invalid("certificates come from files or, for domains, from an authority: not both")
	case !files && len(t.Domains) == 0:
		return invalid("TLS needs a domain to get certificates for, or a certificate and its key")
	case !files && t.Storage == "":
		return invalid("certificates need a folder to be kept in")
	case t.HSTS < 0:
		return invalid("HSTS cannot be for less than no time")
	}
	for _, d := range t.Domains {
		if !isDomain(d) {
			return fleet.Errorf(fleet.Invalid, "%q is no domain such as example.com", d)
		}
	}
	if u, err := url.Parse(t.CA); err != nil || t.CA != "" && (u.Scheme != "https" || u.Host == "") {
		return invalid("the URL of a certificate authority begins with https://")
	}
	return nil
}

// isDomain reports whether s is a name of two labels or more, in lower case.
func isDomain(s string) bool {
	labels := strings.Split(s, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
				return false
			}
		}
	}
	return len(labels) > 1 && len(s) <= 200
}

// Certificates are what a Gateway proves its names with. They are a prometheus.Collector.
type Certificates struct {
	gateway *Gateway
	options TLS
	config  *tls.Config
	acme    *authority // or
	files   *keyPair
	failed  prometheus.Counter
}

// OpenCertificates reads the files of t, or looks into its storage and, if it has a
// DNSCommand, begins to get what is missing there. plain and secure are the addresses where
// ServePlain and Serve will listen: the authority asks there. Close it.
func (g *Gateway) OpenCertificates(ctx context.Context, t TLS, plain, secure net.Addr) (*Certificates, error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	c := &Certificates{gateway: g, options: t, failed: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "kelvin_gateway_certificate_failures_total", Help: "Certificates that could not be obtained, renewed or read again.",
	})}
	if t.CertFile != "" {
		files, err := openKeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, err
		}
		c.files = files
		c.config = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.fromFiles}
		return c, nil
	}
	return c, c.openAuthority(ctx, plain, secure)
}

// Close ends what is done in the background.
func (c *Certificates) Close() {
	if c.acme != nil {
		c.acme.cache.Stop()
	}
}

// Serve answers requests over TLS, in HTTP/2 and HTTP/1.1, as Gateway.Serve does without.
func (c *Certificates) Serve(ctx context.Context, ln net.Listener) error {
	return c.gateway.serve(ctx, ln, c.withHSTS(), c.config)
}

// ServePlain answers requests without TLS: those of the authority, and all others as
// Gateway.Serve does, or with a redirect to HTTPS.
func (c *Certificates) ServePlain(ctx context.Context, ln net.Listener) error {
	return c.gateway.serve(ctx, ln, c.plain(), nil)
}

// fromFiles is for a tls.Config.
func (c *Certificates) fromFiles(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	certificate, err := c.files.get()
	if err != nil {
		c.failed.Inc()
		c.gateway.logger.WarnContext(hello.Context(), "certificate cannot be read again: the old one stays", "file", c.options.CertFile, "error", err)
	}
	return certificate, nil
}

const hstsHeader = "Strict-Transport-Security"

// withHSTS serves requests and adds the header. A worker's own gives way: see answer.
func (c *Certificates) withHSTS() http.Handler {
	if c.options.HSTS == 0 {
		return c.gateway
	}
	value := hsts(c.options.HSTS)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()[hstsHeader] = value
		c.gateway.ServeHTTP(w, r)
	})
}
