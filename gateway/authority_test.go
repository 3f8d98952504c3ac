package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/mholt/acmez/v3/acme"
	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A testAuthority is Pebble, the ACME server that Let's Encrypt tests clients with, in this
// process. It finds every name at 127.0.0.1.
type testAuthority struct {
	directory string
	caFile    string         // what its own certificate is checked with
	roots     *x509.CertPool // what those it gives are checked with

	mu     sync.Mutex
	asked  []string // names that it looked for
	refuse bool
	zone   string // a file with what a DNS command did, line by line
}

// mustAuthority starts one that asks at the ports of plain and secure.
func mustAuthority(t *testing.T, plain, secure net.Addr) *testAuthority {
	t.Helper()
	require.NoError(t, os.Setenv("PEBBLE_VA_NOSLEEP", "1"))
	a := &testAuthority{zone: filepath.Join(t.TempDir(), "zone")}
	quiet := log.New(io.Discard, "", 0)
	memory := db.NewMemoryStore()
	issuer := ca.New(quiet, memory, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "of a test"}})
	asks := va.New(quiet, portOf(plain), portOf(secure), false, a.mustNames(t), memory)
	front := wfe.New(quiet, memory, asks, issuer, []string{"pebble.test"}, false, false, 1, 1)
	handler := front.Handler()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		refuse := a.refuse && r.URL.Path != wfe.DirectoryPath
		a.mu.Unlock()
		if refuse {
			http.Error(w, "not today", http.StatusForbidden)
			return
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	a.directory = server.URL + wfe.DirectoryPath
	a.caFile = filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(a.caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	a.roots = x509.NewCertPool()
	require.True(t, a.roots.AppendCertsFromPEM(issuer.GetRootCert(0).PEM()))
	return a
}

// mustNames is a name server that knows every name, and the TXT records that are in a.zone.
func (a *testAuthority) mustNames(t *testing.T) (address string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &dns.Server{Listener: ln, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		answer := new(dns.Msg)
		answer.SetReply(q)
		a.mu.Lock()
		defer a.mu.Unlock()
		for _, question := range q.Question {
			head := dns.RR_Header{Name: question.Name, Rrtype: question.Qtype, Class: dns.ClassINET, Ttl: 1}
			switch question.Qtype {
			case dns.TypeA:
				a.asked = append(a.asked, strings.TrimSuffix(question.Name, "."))
				answer.Answer = append(answer.Answer, &dns.A{Hdr: head, A: net.IPv4(127, 0, 0, 1)})
			case dns.TypeTXT:
				for _, value := range a.records(question.Name) {
					answer.Answer = append(answer.Answer, &dns.TXT{Hdr: head, Txt: []string{value}})
				}
			}
		}
		_ = w.WriteMsg(answer)
	})}
	go func() { _ = server.ActivateAndServe() }()
	t.Cleanup(func() { _ = server.Shutdown() })
	return ln.Addr().String()
}

func (a *testAuthority) records(name string) (values []string) {
	text, _ := os.ReadFile(a.zone) // there may be none yet
	for line := range strings.Lines(string(text)) {
		switch did := strings.Fields(line); {
		case len(did) != 3 || did[1] != name:
		case did[0] == "present":
			values = append(values, did[2])
		default:
			values = slices.DeleteFunc(values, func(v string) bool { return v == did[2] })
		}
	}
	return values
}

func (a *testAuthority) names() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.asked...)
}

func mustListen(t testing.TB) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return ln
}

// mustTLS serves g over TLS, and plain, until the test ends.
func mustTLS(t *testing.T, g *Gateway, plain, secure net.Listener, o TLS) *Certificates {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c, err := g.OpenCertificates(ctx, o, plain.Addr(), secure.Addr())
	require.NoError(t, err)
	var wg sync.WaitGroup
	for ln, serve := range map[net.Listener]func(context.Context, net.Listener) error{plain: c.ServePlain, secure: c.Serve} {
		wg.Go(func() {
			if err := serve(ctx, ln); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() {
		cancel()
		wg.Wait()
		c.Close()
	})
	return c
}

// secureClient finds every name at address, and trusts roots.
func secureClient(t testing.TB, address string, roots *x509.CertPool) *http.Client {
	t.Helper()
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		},
		TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func mustSecureGet(t testing.TB, c *http.Client, url string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	res, err := c.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, string(body)
}

func expiryOf(t *testing.T, c *Certificates, name string) (at time.Time, ok bool) {
	t.Helper()
	at, ok = c.expiries()[name]
	return at, ok
}

const testSecureHost = "ep-06f2abc.us-east.kelvin.test"

func TestNamesOfEndpointsGetCertificatesWhenTheyAreAskedFor(t *testing.T) {
	for _, challenge := range []string{"TLS-ALPN-01", "HTTP-01"} {
		t.Run(challenge, func(t *testing.T) {
			g := mustGateway(t, Options{})
			plain, secure := mustListen(t), mustListen(t)
			a := mustAuthority(t, plain.Addr(), secure.Addr())
			c := mustTLS(t, g, plain, secure, TLS{
				Domains: []string{"other.test", "kelvin.test"}, CA: a.directory, CAFile: a.caFile, Storage: t.TempDir(),
				Email: "ops@kelvin.test", Redirect: challenge == "HTTP-01", HSTS: 48 * time.Hour,
			})
			if challenge == "HTTP-01" {
				c.acme.issuer.DisableTLSALPNChallenge = true
			}
			ready := routes(1, mustWorker(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Strict-Transport-Security", "max-age=1")
				_, _ = fmt.Fprintf(w, "%s %s %s", r.Proto, r.Host, r.Header.Get("X-Forwarded-Proto"))
			}))
			client := secureClient(t, secure.Addr().String(), a.roots)

			answered := make(chan struct{})
			go func() { // a gateway that has just begun, and has no routes yet
				defer close(answered)
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+testSecureHost+"/", nil)
				if !assertNoError(t, err) {
					return
				}
				res, err := client.Do(r)
				if !assertNoError(t, err) {
					return
				}
				defer res.Body.Close()
				body, _ := io.ReadAll(res.Body)
				if string(body) != "HTTP/1.1 "+testSecureHost+" https" || res.ProtoMajor != 2 {
					t.Errorf("%s %s %q", res.Proto, res.Status, body)
				}
				if got := res.Header.Values(hstsHeader); len(got) != 1 || got[0] != "max-age=172800" {
					t.Error(got)
				}
			}()
			time.Sleep(30 * time.Millisecond) // it asks before there are routes; later it would not matter
			g.Apply(ready)
			<-answered
			require.Equal(t, testSecureHost, a.names()[0])
			at, ok := expiryOf(t, c, testSecureHost)
			require.True(t, ok)
			require.Greater(t, time.Until(at), 24*time.Hour)

			// Who is no endpoint's gets none, and the authority is not asked.
			before := len(a.names())
			for _, name := range []string{
				"ep-06f2abd.us-east.kelvin.test", "ep-06f2abc.us-west.kelvin.test", "ep-06f2abc.us-east.evil.test",
				"www.us-east.kelvin.test", "us-east.kelvin.test", "ep_06f2abc.us-east.kelvin.test",
				"a.ep-06f2abc.us-east.kelvin.test", "ep-06f2abc.us-east.kelvin.test.evil.test", "127.0.0.1",
			} {
				conn, err := tls.Dial("tcp", secure.Addr().String(), &tls.Config{ServerName: name, RootCAs: a.roots})
				if err == nil {
					_ = conn.Close()
				}
				require.Error(t, err, name)
			}
			require.Len(t, a.names(), before)

			one := tls.Config{ServerName: testSecureHost, RootCAs: a.roots, NextProtos: []string{"http/1.1"}, MaxVersion: tls.VersionTLS12}
			conn, err := tls.Dial("tcp", secure.Addr().String(), &one)
			require.NoError(t, err, "HTTP/1.1 and TLS 1.2 will do")
			require.Equal(t, "http/1.1", conn.ConnectionState().NegotiatedProtocol)
			require.NoError(t, conn.Close())
			one.MinVersion, one.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
			_, err = tls.Dial("tcp", secure.Addr().String(), &one)
			require.Error(t, err)
			require.Len(t, a.names(), before, "one certificate for all of them")

			// What the plain listener says.
			front := plain.Addr().String()
			r := mustRequest(t, http.MethodPost, front, "/a%2Fb?c=d&e", strings.NewReader("body"))
			r.Host = testSecureHost + ":80"
			got, err := http.DefaultTransport.RoundTrip(r)
			require.NoError(t, err)
			defer got.Body.Close()
			if challenge == "HTTP-01" {
				require.Equal(t, http.StatusPermanentRedirect, got.StatusCode)
				require.Equal(t, "https://"+testSecureHost+"/a%2Fb?c=d&e", got.Header.Get("Location"))
				r = mustRequest(t, http.MethodGet, front, "/", nil)
				r.Host = "evil.test"
				requireProblem(t, mustDo(t, r), unknownEndpoint)
				r.URL.Path = "/.well-known/acme-challenge/none"
				requireProblem(t, mustDo(t, r), unknownEndpoint)
			} else {
				require.Equal(t, http.StatusOK, got.StatusCode)
			}
		})
	}
}

func TestADNSCommandGetsOneCertificateForAllNames(t *testing.T) {
	g := mustGateway(t, Options{})
	plain, secure := mustListen(t), mustListen(t)
	a := mustAuthority(t, plain.Addr(), secure.Addr())
	script := filepath.Join(t.TempDir(), "dns")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\nset -eu\nzone=$1; shift\necho \"$@\" >>\"$zone\"\n"), 0o700))
	o := TLS{Domains: []string{"kelvin.test"}, CA: a.directory, CAFile: a.caFile, Storage: t.TempDir(), DNSCommand: []string{script, a.zone}}
	c := mustTLS(t, g, plain, secure, o)
	g.Apply(routes(1, mustWorker(t, says("hello"))))
	require.Eventually(t, func() bool { _, ok := expiryOf(t, c, "*.us-east.kelvin.test"); return ok }, 30*time.Second, 20*time.Millisecond)
	client := secureClient(t, secure.Addr().String(), a.roots)
	_, body := mustSecureGet(t, client, "https://"+testSecureHost+"/")
	require.Equal(t, "hello", body)
	res, _ := mustSecureGet(t, client, "https://ep-none.us-east.kelvin.test/")
	require.Equal(t, http.StatusNotFound, res.StatusCode, "it has a certificate, and no endpoint")
	conn, err := tls.Dial("tcp", secure.Addr().String(), &tls.Config{ServerName: "ep-06f2abc.us-west.kelvin.test", RootCAs: a.roots})
	if err == nil {
		_ = conn.Close()
	}
	require.Error(t, err)
	require.Empty(t, a.names(), "nobody was connected to")
	require.Empty(t, a.records("_acme-challenge.us-east.kelvin.test."), "the records are removed")
	text, err := os.ReadFile(a.zone)
	require.NoError(t, err)
	require.Regexp(t, `^present _acme-challenge\.us-east\.kelvin\.test\. [\w-]{43}\ncleanup `, string(text))

	// Another gateway with the same storage has it at once, though the authority is away.
	a.mu.Lock()
	a.refuse = true
	a.mu.Unlock()
	plain, secure = mustListen(t), mustListen(t)
	other := mustGateway(t, Options{})
	mustTLS(t, other, plain, secure, o)
	other.Apply(routes(1, mustWorker(t, says("hello again"))))
	_, body = mustSecureGet(t, secureClient(t, secure.Addr().String(), a.roots), "https://"+testSecureHost+"/")
	require.Equal(t, "hello again", body)
}

func TestWhatTheDNSCommandSaysIsInItsError(t *testing.T) {
	t.Parallel()
	for command, said := range map[string]string{"/bin/sh -c exit": "", "/no/such/program": "no such file", "/bin/ls --no-such-option": "unrecognized option"} {
		err := (&dnsCommand{strings.Fields(command)}).run(t.Context(), "present", acme.Challenge{Identifier: acme.Identifier{Type: "dns", Value: "kelvin.test"}})
		if said == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, "present for kelvin.test")
		require.ErrorContains(t, err, said)
	}
}

func TestACertificateThatIsNotToBeHadIsCountedAndTriedAgain(t *testing.T) {
	logger, j := newJournal()
	g, err := New(Config{DataCenter: "us-east", Logger: logger})
	require.NoError(t, err)
	plain, secure := mustListen(t), mustListen(t)
	a := mustAuthority(t, plain.Addr(), secure.Addr())
	a.refuse = true
	c := mustTLS(t, g, plain, secure, TLS{Domains: []string{"kelvin.test"}, CA: a.directory, CAFile: a.caFile, Storage: t.TempDir()})
	g.Apply(routes(1, mustWorker(t, says("hello"))))
	client := secureClient(t, secure.Addr().String(), a.roots)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+testSecureHost+"/", nil)
	require.NoError(t, err)
	_, err = client.Do(r)
	require.Error(t, err)
	registry := prometheus.NewRegistry()
	require.NoError(t, registry.Register(c))
	require.InDelta(t, 1, testutil.ToFloat64(c.failed), 0)
	var lines strings.Builder
	for len(j.lines) > 0 {
		lines.WriteString(<-j.lines)
	}
	require.Contains(t, lines.String(), `level=WARN msg="certificate not obtained" name=`+testSecureHost)

	a.mu.Lock()
	a.refuse = false
	a.mu.Unlock()
	_, err = client.Do(r)
	require.Error(t, err, "nobody asks again so soon")
	require.InDelta(t, 1, testutil.ToFloat64(c.failed), 0)
	c.acme.fail(testSecureHost, time.Now().Add(-3*failMost)) // as if it had been long ago
	_, body := mustSecureGet(t, client, "https://"+testSecureHost+"/")
	require.Equal(t, "hello", body)
	families, err := registry.Gather()
	require.NoError(t, err)
	require.Len(t, families, 2)
	require.Equal(t, "kelvin_gateway_certificate_expiry_seconds", families[0].GetName())
	require.Equal(t, testSecureHost, families[0].Metric[0].Label[0].GetValue())
	g.Apply(fleet.Routes{Version: 2})
	require.Empty(t, c.expiries(), "only of what is in the routes")
}
