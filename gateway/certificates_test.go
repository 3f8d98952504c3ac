package gateway

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// mustKeyPair writes a certificate, signed by itself, for all names of the data center.
func mustKeyPair(t *testing.T, certFile, keyFile string, serial int64, until time.Time) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), DNSNames: []string{"*.us-east.kelvin.test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	roots := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	roots.AddCert(leaf)
	return roots
}

func TestACertificateOfOnesOwnIsReadAgainWhenItChanges(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	dir := t.TempDir()
	o := TLS{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem"), Redirect: true}
	soon := time.Now().Add(time.Hour).Truncate(time.Second)
	roots := mustKeyPair(t, o.CertFile, o.KeyFile, 1, soon)
	plain, secure := mustListen(t), mustListen(t)
	c := mustTLS(t, g, plain, secure, o)
	g.Apply(routes(1, mustWorker(t, says("hello"))))
	ask := func(roots *x509.CertPool) (serial int64) {
		t.Helper()
		res, body := mustSecureGet(t, secureClient(t, secure.Addr().String(), roots), "https://"+testSecureHost+"/")
		require.Equal(t, "hello", body)
		require.Empty(t, res.Header.Values(hstsHeader))
		return res.TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	again := func() { // as if a while had passed
		c.files.mu.Lock()
		defer c.files.mu.Unlock()
		c.files.looked = time.Time{}
	}
	require.Equal(t, int64(1), ask(roots))
	require.Equal(t, map[string]time.Time{"*.us-east.kelvin.test": soon.UTC()}, c.expiries())

	// The key is written after its certificate: in between they do not belong together.
	key, err := os.ReadFile(o.KeyFile)
	require.NoError(t, err)
	newer := mustKeyPair(t, o.CertFile, o.KeyFile, 2, soon.Add(time.Hour))
	newKey, err := os.ReadFile(o.KeyFile)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(o.KeyFile, key, 0o600))
	require.NoError(t, os.Chtimes(o.CertFile, soon, soon)) // whatever the clock of the file system
	require.Equal(t, int64(1), ask(roots), "it is not looked at so soon")
	again()
	require.Equal(t, int64(1), ask(roots))
	require.NoError(t, os.WriteFile(o.KeyFile, newKey, 0o600))
	require.NoError(t, os.Chtimes(o.KeyFile, soon, soon))
	again()
	require.Equal(t, int64(2), ask(newer))
	require.Equal(t, soon.Add(time.Hour).UTC(), c.expiries()["*.us-east.kelvin.test"])

	require.NoError(t, os.Remove(o.CertFile))
	again()
	require.Equal(t, int64(2), ask(newer), "better than none")

	r := mustRequest(t, http.MethodGet, plain.Addr().String(), "/?a", nil)
	res, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusPermanentRedirect, res.StatusCode)
	require.Equal(t, "https://"+testHost+"/?a", res.Header.Get("Location"))
}

func TestTLSThatCannotWorkIsRefused(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	dir := t.TempDir()
	mustKeyPair(t, filepath.Join(dir, "a"), filepath.Join(dir, "a.key"), 1, time.Now().Add(time.Hour))
	mustKeyPair(t, filepath.Join(dir, "b"), filepath.Join(dir, "b.key"), 2, time.Now().Add(time.Hour))
	ln := mustListen(t)
	defer ln.Close()
	for text, o := range map[string]TLS{
		"needs a domain":         {},
		"one of its key":         {CertFile: "a"},
		"not both":               {CertFile: "a", KeyFile: "a.key", Domains: []string{"kelvin.test"}},
		"folder to be kept in":   {Domains: []string{"kelvin.test"}},
		`"*.kelvin.test" is no`:  {Domains: []string{"*.kelvin.test"}, Storage: dir},
		`"localhost" is no`:      {Domains: []string{"localhost"}, Storage: dir},
		`"Kelvin.test" is no`:    {Domains: []string{"Kelvin.test"}, Storage: dir},
		`"kelvin..test" is no`:   {Domains: []string{"kelvin..test"}, Storage: dir},
		"begins with https://":   {Domains: []string{"kelvin.test"}, Storage: dir, CA: "http://ca.test"},
		"less than no time":      {Domains: []string{"kelvin.test"}, Storage: dir, HSTS: -1},
		"read the certificate":   {CertFile: filepath.Join(dir, "none"), KeyFile: filepath.Join(dir, "a.key")},
		"private key does not":   {CertFile: filepath.Join(dir, "a"), KeyFile: filepath.Join(dir, "b.key")},
		"there are none in":      {Domains: []string{"kelvin.test"}, Storage: dir, CAFile: filepath.Join(dir, "a.key")},
		"the authority's":        {Domains: []string{"kelvin.test"}, Storage: dir, CAFile: filepath.Join(dir, "none")},
		"folder of certificates": {Domains: []string{"kelvin.test"}, Storage: filepath.Join(dir, "a", "b")},
	} {
		_, err := g.OpenCertificates(t.Context(), o, ln.Addr(), ln.Addr())
		require.ErrorContains(t, err, text)
		require.True(t, fleet.Is(err, fleet.Invalid), "%+v", o)
	}
}
