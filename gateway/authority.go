package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const (
	// issueTimeout is how long a client may wait for the certificate of a name that it is
	// the first to ask for.
	issueTimeout = time.Minute
	// routesTimeout is how long it may wait for a gateway that has no routes yet.
	routesTimeout = 5 * time.Second
	// keptExpired is how long certificates of endpoints that are gone stay in the storage.
	keptExpired = 14 * 24 * time.Hour
)

// An authority gets certificates, keeps them in a storage, and renews them when a third of
// their life is left.
type authority struct {
	issuer *certmagic.ACMEIssuer
	cache  *certmagic.Cache
	names  []string // with a wildcard; none: each host name gets its own

	mu     sync.Mutex
	failed map[string]failure // by name
}

// A failure is that of getting a certificate: authorities do not want to be asked again at
// once, however often clients do.
type failure struct {
	times int
	until time.Time // nobody asks before then
}

const (
	failFirst = time.Minute
	failMost  = time.Hour
)

func (c *Certificates) openAuthority(ctx context.Context, plain, secure net.Addr) error {
	o := c.options
	roots, err := rootsOf(o.CAFile)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.Storage, 0o700); err != nil {
		return fleet.Errorf(fleet.Invalid, "make the folder of certificates: %v", err)
	}
	logger := zapLogger(c.gateway.logger)
	storage := &certmagic.FileStorage{Path: o.Storage}
	c.acme = &authority{failed: map[string]failure{}}
	var config *certmagic.Config
	c.acme.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return config, nil },
		Capacity:         20000,
		Logger:           logger,
	})
	config = certmagic.New(c.acme.cache, certmagic.Config{
		Storage: storage, Logger: logger, OnEvent: c.happened,
		KeySource: certmagic.StandardKeyGenerator{KeyType: certmagic.P256},
	})
	template := certmagic.ACMEIssuer{
		CA: o.CA, Email: o.Email, Agreed: true, TrustedRoots: roots, Logger: logger,
		// The listeners are ours: nothing else shall be opened.
		DisableHTTPChallenge: !o.Redirect,
		ListenHost:           hostOf(secure), AltHTTPPort: portOf(plain), AltTLSALPNPort: portOf(secure),
	}
	if o.CA == "" {
		template.CA = certmagic.LetsEncryptProductionCA
	}
	if len(o.DNSCommand) > 0 {
		template.DNS01Solver = &dnsCommand{o.DNSCommand}
		for _, d := range o.Domains {
			c.acme.names = append(c.acme.names, "*."+c.gateway.dataCenter+"."+d)
		}
	} else {
		config.OnDemand = &certmagic.OnDemandConfig{DecisionFunc: c.mayHave}
	}
	c.acme.issuer = certmagic.NewACMEIssuer(config, template)
	config.Issuers = []certmagic.Issuer{c.acme.issuer}
	c.config = config.TLSConfig()
	c.config.MinVersion = tls.VersionTLS12
	c.config.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		// The library would try again and again while the client waits.
		ctx, giveUp := context.WithTimeout(hello.Context(), issueTimeout)
		defer giveUp()
		return config.GetCertificateWithContext(context.WithValue(ctx, giveUpKey{}, giveUp), hello)
	}
	for _, name := range c.acme.names { // what is there is there from the first request on
		if _, err := config.CacheManagedCertificate(ctx, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			c.gateway.logger.WarnContext(ctx, "certificate cannot be loaded", "name", name, "error", err)
		}
	}
	if err := config.ManageAsync(ctx, c.acme.names); err != nil {
		c.Close()
		return fleet.Errorf(fleet.Unavailable, "look for certificates: %v", err)
	}
	go clean(ctx, storage, logger)
	return nil
}

// giveUpKey is that of a context's own cancel function.
type giveUpKey struct{}

func rootsOf(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // those of the system
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fleet.Errorf(fleet.Invalid, "read the authority's certificates: %v", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fleet.Errorf(fleet.Invalid, "read the authority's certificates: there are none in %s", file)
	}
	return roots, nil
}

func portOf(a net.Addr) int {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.Port
	}
	return 0
}

func hostOf(a net.Addr) string {
	if t, ok := a.(*net.TCPAddr); ok && !t.IP.IsUnspecified() {
		return t.IP.String()
	}
	return ""
}

// mayHave decides whether a name gets a certificate: it must be that of an endpoint or
// server in the routes, under one of our domains. Others could use up what the authority
// gives in a week. It also gives the client time to wait.
func (c *Certificates) mayHave(ctx context.Context, name string) error {
	t, err := c.gateway.awaitTable(ctx)
	if err != nil {
		return err
	}
	id, ok := endpointOf(name, c.gateway.dataCenter)
	if !ok || t.endpoints[id] == nil || !c.isUnder(name) || hostLabel(name) != fleet.HostLabel(id) {
		return fleet.Errorf(fleet.NotFound, "no endpoint or server has the name %.253q", name)
	}
	if hello, ok := ctx.Value(certmagic.ClientHelloInfoCtxKey).(*tls.ClientHelloInfo); ok && hello.Conn != nil {
		_ = hello.Conn.SetDeadline(time.Now().Add(issueTimeout)) // if it fails, so will the handshake
	}
	return nil
}

// hostLabel is the first label of a name. There are other ways to write that of an endpoint,
// which requests may use and certificates may not.
func hostLabel(name string) string {
	label, _, _ := strings.Cut(name, ".")
	return label
}

// isUnder reports whether a host name is exactly <label>.<data center>.<one of our domains>.
func (c *Certificates) isUnder(name string) bool {
	_, rest, _ := strings.Cut(name, ".")
	for _, d := range c.options.Domains {
		if rest == c.gateway.dataCenter+"."+d {
			return true
		}
	}
	return false
}

// awaitTable returns the routes in force. A gateway that has just begun waits for the first.
func (g *Gateway) awaitTable(ctx context.Context) (*table, error) {
	ctx, cancel := context.WithTimeout(ctx, routesTimeout)
	defer cancel()
	for {
		if t := g.table.Load(); t != nil {
			return t, nil
		}
		if ctx.Err() != nil {
			return nil, starting
		}
		sleep(ctx, 10*time.Millisecond)
	}
}

// happened hears what becomes of certificates. An error ends the attempt to get one that is
// not there; those that are there stay, and are renewed as the library sees fit.
func (c *Certificates) happened(ctx context.Context, event string, data map[string]any) error {
	logger := c.gateway.logger
	name, _ := data["identifier"].(string)
	renewal, _ := data["renewal"].(bool)
	giveUp, waits := ctx.Value(giveUpKey{}).(context.CancelFunc)
	switch event {
	case "cert_obtaining":
		if waits && !renewal && c.acme.failedLately(name, time.Now()) {
			giveUp()
			return fleet.Errorf(fleet.Unavailable, "the certificate of %s could not be had a moment ago", name)
		}
	case "cert_obtained":
		c.acme.obtained(name)
		logger.InfoContext(ctx, "certificate obtained", "name", name, "renewal", renewal)
	case "cert_failed":
		c.failed.Inc()
		if waits && !renewal {
			c.acme.fail(name, time.Now())
			giveUp()
		}
		logger.WarnContext(ctx, "certificate not obtained", "name", name, "renewal", renewal, "error", data["error"])
	}
	return nil
}

func (a *authority) failedLately(name string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return now.Before(a.failed[name].until)
}

func (a *authority) obtained(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.failed, name)
}

func (a *authority) fail(name string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for other, f := range a.failed { // whose endpoint may be gone
		if now.Sub(f.until) > failMost {
			delete(a.failed, other)
		}
	}
	f := a.failed[name]
	a.failed[name] = failure{f.times + 1, now.Add(min(failFirst<<min(f.times, 10), failMost))}
}
