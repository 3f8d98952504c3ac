package gateway

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// FuzzHost asks with any host name. Only the endpoint that it names answers, under the name
// it was asked by.
func FuzzHost(f *testing.F) {
	for _, host := range []string{
		testHost, strings.ToUpper(testHost), testHost + ":8080", testHost + ".", "ep_06f2abc.us-east.example.com", "ep-06f2abd.us-east.localhost", "ep-06f2abc.us-west.x", "",
		"127.0.0.1", "[::1]:80", "a@" + testHost, testHost + "/x", testHost + "?x", testHost + "#x", testHost + ", evil.test", testHost + "\r\nX-Kelvin-Account: a", "%65p-06f2abc.us-east.x",
		"ep-06f2abc.us-east.x:99999", "ep-06f2abc.us-east.x:-1", "ep-06f2abc..us-east.x", ".ep-06f2abc.us-east.x", "xn--ep-06f2abc.us-east.x", "ep-06f2abc\x00.us-east.x", "ep\u201306f2abc.us-east.x",
	} {
		f.Add(host)
	}
	w, address := mustStrictWorker(f)
	g := mustGateway(f, Options{})
	front := mustFront(f, g)
	g.Apply(routes(1, address))
	c := &Certificates{gateway: g, options: TLS{Domains: []string{"localhost.test"}}}
	f.Fuzz(func(t *testing.T, host string) {
		if c.mayHave(t.Context(), host) == nil {
			require.Equal(t, "ep-06f2abc.us-east.localhost.test", host, "no other gets a certificate")
		}
		if strings.ContainsAny(host, "\n") {
			return // more than a header: FuzzHeaders
		}
		answers := exchange(t, front, "GET / HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n", 1)
		require.Len(t, answers, 1)
		status, body, _ := strings.Cut(answers[0], " ")
		requests, head := w.taken(t)
		id, ok := endpointOf(strings.Trim(host, " \t"), "us-east")
		if status != "200" {
			require.Contains(t, []string{"400", "404", "431"}, status, body)
			require.Empty(t, requests)
			return
		}
		require.True(t, ok)
		require.Equal(t, testEndpoint, id)
		require.Equal(t, []string{"GET / "}, requests)
		require.Contains(t, strings.Split(head, "\r\n"), "Host: "+strings.Trim(host, " \t"))
	})
}

// FuzzHeaders sends any header. Whatever it is, the worker gets requests in the one form that
// we write, as many as the client gets answers for, with nothing that only the gateway may say.
func FuzzHeaders(f *testing.F) {
	for _, header := range []string{
		"X: y", "X-Forwarded-For: 1.1.1.1", "x_forwarded_for: 1", "X-Kelvin-Account: acc", "X_KELVIN_A: b", "Forwarded: for=x", "X-Real-IP: 1", "X-Request-Id: mine", "X-Request_Id: mine",
		"Connection: X-Forwarded-For, close, Host", "Connection: upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: x", "Connection: Upgrade\r\nUpgrade: websocket", "TE: trailers, gzip\r\nConnection: TE", "Te: Trailers",
		"Content-Length: 5", "Content-Length: 0\r\nContent-Length: 5", "Content-Length: -1", "content_length: 7", "Transfer-Encoding: chunked", "Transfer-Encoding : chunked", "Transfer-Encoding: x, chunked", "transfer_encoding: chunked",
		"Transfer-Encoding: chunked\r\nContent-Length: 3", "Transfer-Encoding:\n chunked", "X: y\r\n z", " X: y", "X: y\nZ: a", "X: y\rZ: a", "X: a\x00b", ": x", "X", "Host: evil.test", "Hos\xc3\xaf: x",
		"Expect: 100-continue", "Trailer: X-Kelvin-Account, Content-Length", "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive", "Proxy-Authorization: x", "Cookie: a=b; c", "X: \xff\xfe", "X:\ty\t", "X: " + strings.Repeat("y", 5000),
		"Upgrade: websocket", "Connection: keep-alive, upgrade\r\nUpgrade: TLS/1.2, websocket", "X: y\r\n\r\nDELETE /smuggled HTTP/1.1\r\nHost: " + testHost,
	} {
		f.Add(header, "abcde")
		f.Add(header, "5\r\nabcde\r\n0\r\n\r\n")
	}
	f.Add("Transfer-Encoding: chunked", "5;x=y\r\nabcde\r\n0\r\nX-Kelvin-Account: a\r\n\r\n")
	f.Add("Transfer-Encoding: chunked", "5\nabcde\n0\n\n")
	f.Add("Content-Length: 5", "abcdeGET /next HTTP/1.1\r\nHost: "+testHost+"\r\n\r\n")
	w, address := mustStrictWorker(f)
	// Who sends less than he says is not waited for.
	g := mustGateway(f, Options{ReadHeaderTimeout: 100 * time.Millisecond, IdleTimeout: 100 * time.Millisecond, bodyGrace: 100 * time.Millisecond})
	front := mustFront(f, g)
	g.Apply(routes(1, address))
	f.Fuzz(func(t *testing.T, header, body string) {
		answers := exchange(t, front, "POST / HTTP/1.1\r\nHost: "+testHost+"\r\n"+header+"\r\n\r\n"+body, 1)
		answered := 0
		for _, a := range answers {
			if strings.HasPrefix(a, "200 ") && len(a) > len("200 ") {
				answered++
			}
		}
		requests, head := w.taken(t)
		whole := 0
		for _, r := range requests {
			if !strings.HasSuffix(r, brokenOff) {
				whole++
			}
		}
		require.LessOrEqual(t, answered, len(requests), "%q", answers)
		require.LessOrEqual(t, whole, strings.Count(header+body, "HTTP/1.")+1, "no request comes of none")
		require.NotContains(t, strings.ToLower(head), "x-kelvin-")
	})
}

// FuzzTarget asks for anything. The worker gets it as it was written, or not at all.
func FuzzTarget(f *testing.F) {
	for _, target := range []string{
		"/", "/a/b?c=d&e", "*", "", "a", "//evil.test/x", "http://" + testHost + "/x?y", "http://evil.test/", "https://" + testHost, "http:/x", "http:x", testHost + ":80", "/%zz", "/%00%0d%0a", "/a b", "/a\tb", "/a#b",
		"/\xff?\xff", "/a;b?c;d", "/../..", "/?" + strings.Repeat("x", 3000), "http://" + testHost + ":80/../x", "http://[::1]/", "http://a@" + testHost + "/", "/x HTTP/1.1\r\nX-Kelvin-Account: a\r\nY:",
	} {
		f.Add("GET", target)
	}
	for _, method := range []string{"CONNECT", "TRACE", "OPTIONS", "PURGE", "get", "G:T", "", "PRI", "M-SEARCH", "POST\t"} {
		f.Add(method, "/")
	}
	w, address := mustStrictWorker(f)
	g := mustGateway(f, Options{ReadHeaderTimeout: 100 * time.Millisecond, IdleTimeout: 100 * time.Millisecond})
	front := mustFront(f, g)
	g.Apply(fleet.Routes{Version: 1, Endpoints: routes(1, address).Endpoints})
	f.Fuzz(func(t *testing.T, method, target string) {
		if strings.ContainsAny(method+target, "\n") {
			return // more than a request line: FuzzHeaders
		}
		answers := exchange(t, front, method+" "+target+" HTTP/1.1\r\nHost: "+testHost+"\r\nConnection: close\r\n\r\n", 1)
		requests, _ := w.taken(t)
		require.LessOrEqual(t, len(requests), 1)
		if len(requests) == 0 {
			return
		}
		require.Len(t, answers, 1)
		got := strings.TrimSuffix(requests[0], " ")
		require.NotContains(t, []string{"CONNECT", "TRACE"}, method)
		if strings.HasPrefix(target, "/") && !strings.Contains(target, "#") {
			gotMethod, gotTarget, _ := strings.Cut(got, " ")
			require.Equal(t, method, gotMethod)
			path, query, asked := strings.Cut(target, "?")
			gotPath, gotQuery, gotAsked := strings.Cut(gotTarget, "?")
			require.Equal(t, query, gotQuery)
			require.Equal(t, asked, gotAsked)
			path, err := url.PathUnescape(path)
			require.NoError(t, err)
			gotPath, err = url.PathUnescape(gotPath)
			require.NoError(t, err)
			require.Equal(t, path, gotPath) // what must not be in a path is escaped
		}
	})
}
