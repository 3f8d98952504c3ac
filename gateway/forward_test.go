package gateway

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// showsHeader answers with the header it got, the Host among it.
func showsHeader(w http.ResponseWriter, r *http.Request) {
	r.Header.Set("Host", r.Host)
	w.Header().Set("X-Kelvin-Account", "acc_of_another")
	w.Header().Set(requestIDHeader, "the worker's own")
	_ = json.NewEncoder(w).Encode(r.Header)
}

// seenBy sends a request through g and returns the header that the worker saw.
func seenBy(t *testing.T, front string, header map[string]string) (http.Header, answer) {
	t.Helper()
	r := mustRequest(t, http.MethodGet, front, "/", nil)
	for k, v := range header {
		r.Header[k] = []string{v} // as it is written, not canonical
	}
	a := mustDo(t, r)
	var seen http.Header
	require.NoError(t, json.Unmarshal([]byte(a.body), &seen), a.body)
	return seen, a
}

var spoofed = map[string]string{
	"X-Forwarded-For": "1.1.1.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "bank.example", "X-Forwarded-Port": "1",
	"x_forwarded_for": "2.2.2.2", "X-Real-Ip": "3.3.3.3", "Forwarded": "for=4.4.4.4",
	"X-Kelvin-Account": "acc_2", "x-kelvin-role": "admin", "X_Kelvin_Host": "h", "X-KELVIN-": "5",
	"Connection": "X-Secret-Hop", "X-Secret-Hop": "6", "Keep-Alive": "7", "Proxy-Authorization": "8", "Te": "gzip",
	"X-Kelvins": "mine", "X-Own": "mine",
}

func TestClientsCannotSetOurHeaders(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	front := mustFront(t, g)
	g.Apply(routes(1, mustWorker(t, showsHeader)))
	seen, a := seenBy(t, front, spoofed)
	id := seen.Get(requestIDHeader)
	require.Len(t, id, 32)
	require.Equal(t, http.Header{
		"Host": {testHost}, "X-Forwarded-For": {"127.0.0.1"}, "X-Forwarded-Proto": {"http"}, "X-Forwarded-Host": {testHost},
		requestIDHeader: {id}, "X-Kelvins": {"mine"}, "X-Own": {"mine"}, "Accept-Encoding": {"gzip"}, "User-Agent": {"Go-http-client/1.1"},
	}, seen)
	require.Equal(t, []string{id}, a.header.Values(requestIDHeader))
	require.Empty(t, a.header.Values("X-Kelvin-Account"), "nor can workers")
}

func TestTrustedProxiesSayWhoAsked(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	front := mustFront(t, g)
	g.Apply(routes(1, mustWorker(t, showsHeader)))
	seen, _ := seenBy(t, front, spoofed)
	require.Equal(t, []string{"1.1.1.1, 127.0.0.1"}, seen["X-Forwarded-For"])
	require.Equal(t, []string{"https"}, seen["X-Forwarded-Proto"])
	require.Equal(t, []string{"bank.example"}, seen["X-Forwarded-Host"])
	for _, name := range []string{"X-Kelvin-Account", "X-Kelvin-Role", "X-Real-Ip", "Forwarded"} {
		require.NotContains(t, seen, name)
	}
	seen, _ = seenBy(t, front, nil)
	require.Equal(t, []string{"127.0.0.1"}, seen["X-Forwarded-For"])
}

func TestRequestIDsAreTakenIfSane(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	front := mustFront(t, g)
	g.Apply(routes(1, mustWorker(t, showsHeader)))
	for id, taken := range map[string]bool{
		"a": true, "req-1 of 2": true, strings.Repeat("x", 128): true, strings.Repeat("x", 129): false, "caf\xc3\xa9": false, "a\tb": false, "": false,
	} {
		seen, a := seenBy(t, front, map[string]string{requestIDHeader: id})
		require.Equal(t, taken, seen.Get(requestIDHeader) == id, "%q", id)
		require.Equal(t, seen.Get(requestIDHeader), a.header.Get(requestIDHeader))
	}
}

func TestBodiesAboveTheLimitAreRefused(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{MaxBody: 1000})
	front := mustFront(t, g)
	g.Apply(routes(1, mustWorker(t, showsHeader)))
	for _, length := range []int64{1001, -1} { // known and chunked
		r := mustRequest(t, http.MethodPost, front, "/", strings.NewReader(strings.Repeat("x", 1001)))
		r.ContentLength = length
		requireProblem(t, mustDo(t, r), bodyTooLarge)
		r = mustRequest(t, http.MethodPost, front, "/", strings.NewReader(strings.Repeat("x", 1000)))
		if length < 0 {
			r.ContentLength = length
		}
		require.Equal(t, http.StatusOK, mustDo(t, r).status)
	}
}
