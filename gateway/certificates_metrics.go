package gateway

import (
	"crypto/tls"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kelvin-gpu/kelvin/fleet"
)

var expiryDesc = prometheus.NewDesc("kelvin_gateway_certificate_expiry_seconds",
	"When a certificate that is in use ends, as Unix time, by the first name in it.", []string{"name"}, nil)

// Describe implements prometheus.Collector.
func (c *Certificates) Describe(ch chan<- *prometheus.Desc) {
	ch <- expiryDesc
	c.failed.Describe(ch)
}

// Collect implements prometheus.Collector. There are never more series than names with a
// wildcard, or than endpoints and servers in the routes.
func (c *Certificates) Collect(ch chan<- prometheus.Metric) {
	c.failed.Collect(ch)
	for name, until := range c.expiries() {
		ch <- prometheus.MustNewConstMetric(expiryDesc, prometheus.GaugeValue, float64(until.Unix()), name)
	}
}

// expiries are when the certificates end, by name: of several for a name the one that is
// shown, which is the last.
func (c *Certificates) expiries() map[string]time.Time {
	until := map[string]time.Time{}
	note := func(name string, certificate *tls.Certificate) {
		if certificate.Leaf != nil && certificate.Leaf.NotAfter.After(until[name]) {
			until[name] = certificate.Leaf.NotAfter
		}
	}
	if c.files != nil {
		c.files.mu.Lock()
		defer c.files.mu.Unlock()
		name := "unnamed"
		if leaf := c.files.current.Leaf; leaf != nil && len(leaf.DNSNames) > 0 {
			name = leaf.DNSNames[0]
		}
		note(name, c.files.current)
		return until
	}
	names := c.acme.names
	if t := c.gateway.table.Load(); t != nil && len(names) == 0 {
		for id := range t.endpoints {
			for _, d := range c.options.Domains {
				names = append(names, fleet.HostLabel(id)+"."+c.gateway.dataCenter+"."+d)
			}
		}
	}
	for _, name := range names {
		for _, certificate := range c.acme.cache.AllMatchingCertificates(name) {
			note(name, &certificate.Certificate)
		}
	}
	return until
}
