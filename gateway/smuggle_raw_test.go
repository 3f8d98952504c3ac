package gateway

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// rawCase is what a client sends: %H stands for the endpoint's host name. Want is what the
// worker gets, each request with its body; the statuses are those that the client gets.
type rawCase struct {
	name, send string
	want       []string
	statuses   string
}

const (
	hostLine = "Host: %H\r\n"
	smuggled = "DELETE /smuggled HTTP/1.1\r\n" + hostLine + "\r\n"
)

// chunkedPost is a post with a chunked body, whose coding is said in other words.
func chunkedPost(coding, body string) string {
	return "POST /p HTTP/1.1\r\n" + hostLine + coding + "\r\n" + body
}

var rawCases = []rawCase{
	// Lengths.
	{"length and chunked: chunked wins", chunkedPost("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nG"), []string{"POST /p "}, "200"},
	{"chunked and length", chunkedPost("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "1\r\nZ\r\n0\r\n\r\n"), []string{"POST /p Z"}, "200"},
	{"the same length twice", "POST /p HTTP/1.1\r\n" + hostLine + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", []string{"POST /p abc"}, "200"},
	{"two lengths", "POST /p HTTP/1.1\r\n" + hostLine + "Content-Length: 0\r\nContent-Length: 9\r\n\r\n" + smuggled, nil, "400"},
	{"two lengths in one", "POST /p HTTP/1.1\r\n" + hostLine + "Content-Length: 0,9\r\n\r\n" + smuggled, nil, "400"},
	{"the same length twice in one", "POST /p HTTP/1.1\r\n" + hostLine + "Content-Length: 3, 3\r\n\r\nabc", nil, "400"},
	{"hexadecimal length", "POST /p HTTP/1.1\r\n" + hostLine + "Content-Length: 0x3\r\n\r\nabc", nil, "400"},
	{"length with a sign", "POST /p HTTP/1.1\r\n" + hostLine + "Content-Length: +3\r\n\r\nabc", nil, "400"},
	{"length with a space in it", "POST /p HTTP/1.1\r\n" + hostLine + "Content-Length: 3 4\r\n\r\nabc", nil, "400"},
	{"length too long for 63 bits", "POST /p HTTP/1.1\r\n" + hostLine + "Content-Length: 99999999999999999999\r\n\r\n", nil, "400"},
	{"empty length", "POST /p HTTP/1.1\r\n" + hostLine + "Content-Length:\r\n\r\n" + smuggled, nil, "400"},
	{"underscore for a dash in length", "GET /p HTTP/1.1\r\n" + hostLine + "Content_Length: 40\r\n\r\n", []string{"GET /p "}, "200"},
	{"underscore for a dash in coding", "GET /p HTTP/1.1\r\n" + hostLine + "Transfer_Encoding: chunked\r\n\r\n", []string{"GET /p "}, "200"},
	{"a body with a get", "GET /p HTTP/1.1\r\n" + hostLine + "Content-Length: 3\r\n\r\nabc", []string{"GET /p abc"}, "200"},

	// Codings.
	{"case does not matter", chunkedPost("tRANSFER-eNCODING: cHUNKED\r\n", "3\r\nabc\r\n0\r\n\r\n"), []string{"POST /p abc"}, "200"},
	{"space before the colon", chunkedPost("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), nil, "400"},
	{"tab before the colon", chunkedPost("Transfer-Encoding\t: chunked\r\n", "0\r\n\r\n"), nil, "400"},
	{"vertical tab after it", chunkedPost("Transfer-Encoding:\vchunked\r\n", "0\r\n\r\n"), nil, "400"},
	{"tab after it", chunkedPost("Transfer-Encoding:\tchunked\r\n", "3\r\nabc\r\n0\r\n\r\n"), []string{"POST /p abc"}, "200"},
	{"quoted", chunkedPost("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), nil, "501"},
	{"with a comma", chunkedPost("Transfer-Encoding: chunked,\r\n", "0\r\n\r\n"), nil, "501"},
	{"twice in one", chunkedPost("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), nil, "501"},
	{"identity and chunked", chunkedPost("Transfer-Encoding: identity, chunked\r\n", "0\r\n\r\n"), nil, "501"},
	{"gzip and chunked", chunkedPost("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), nil, "501"},
	{"chunked twice", chunkedPost("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), nil, "501"},
	{"another before it", chunkedPost("Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), nil, "501"},
	{"with a null", chunkedPost("Transfer-Encoding: chunked\x00\r\n", "0\r\n\r\n"), nil, "400"},
	{"folded", chunkedPost("Transfer-Encoding:\r\n chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"), []string{"POST /p abc"}, "200"},
	{"hidden behind a carriage return", chunkedPost("X: y\rTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), nil, "400"},
	{"hidden behind a line feed", "GET /p HTTP/1.1\r\n" + hostLine + "X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", []string{"GET /p "}, "200"},
	{"in HTTP/1.0", "POST /p HTTP/1.0\r\n" + hostLine + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, []string{"POST /p "}, "200"},

	// Chunks.
	{"extension", chunkedPost("Transfer-Encoding: chunked\r\n", "3;a=b;c=\"d\"\r\nabc\r\n0;e\r\n\r\n"), []string{"POST /p abc"}, "200"},
	{"extension with a line feed", chunkedPost("Transfer-Encoding: chunked\r\n", "3;\nabc\r\n0\r\n\r\n"+smuggled), nil, "400"},
	{"bare line feed after a size", chunkedPost("Transfer-Encoding: chunked\r\n", "3\nabc\r\n0\r\n\r\n"), nil, "400"},
	{"bare line feed after a chunk", chunkedPost("Transfer-Encoding: chunked\r\n", "3\r\nabc\n0\r\n\r\n"+smuggled), nil, "400"},
	{"prefix", chunkedPost("Transfer-Encoding: chunked\r\n", "0x3\r\nabc\r\n0\r\n\r\n"), nil, "400"},
	{"negative size", chunkedPost("Transfer-Encoding: chunked\r\n", "-1\r\nabc\r\n0\r\n\r\n"), nil, "400"},
	{"size too long", chunkedPost("Transfer-Encoding: chunked\r\n", "ffffffffffffffff1\r\nabc\r\n0\r\n\r\n"), nil, "400"},
	{"more than its size", chunkedPost("Transfer-Encoding: chunked\r\n", "3\r\nabcdef\r\n0\r\n\r\n"), nil, "400"},
	{"trailer that is not announced", chunkedPost("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\nX-Kelvin-Account: acc\r\nContent-Length: 9\r\n\r\n"), []string{"POST /p abc"}, "200"},

	// Lines.
	{"line feeds alone", strings.ReplaceAll("GET /p HTTP/1.1\r\n"+hostLine+"X: y\r\n\r\n", "\r\n", "\n"), []string{"GET /p "}, "200"},
	{"folded header", "GET /p HTTP/1.1\r\n" + hostLine + "X: y\r\n z\r\n\r\n", []string{"GET /p "}, "200"},
	{"fold first", "GET /p HTTP/1.1\r\n X: y\r\n" + hostLine + "\r\n", nil, "400"},
	{"folded host", "GET /p HTTP/1.1\r\nHost:\r\n %H\r\n\r\n", []string{"GET /p "}, "200|400"},
	{"no name", "GET /p HTTP/1.1\r\n" + hostLine + ": y\r\n\r\n", nil, "400"},
	{"no colon", "GET /p HTTP/1.1\r\n" + hostLine + "DELETE / HTTP/1.1\r\n\r\n", nil, "400"},
	{"a name with a space", "GET /p HTTP/1.1\r\n" + hostLine + "X Y: z\r\n\r\n", nil, "400"},
	{"a name with a quote", "GET /p HTTP/1.1\r\n" + hostLine + "X\": z\r\n\r\n", nil, "400"},
	{"a null", "GET /p HTTP/1.1\r\n" + hostLine + "X: y\x00z\r\n\r\n", nil, "400"},
	{"a delete", "GET /p HTTP/1.1\r\n" + hostLine + "X: y\x7fz\r\n\r\n", nil, "400"},
	{"no host", "GET /p HTTP/1.1\r\n\r\n", nil, "400"},
	{"two hosts", "GET /p HTTP/1.1\r\n" + hostLine + hostLine + "\r\n", nil, "400"},
	{"another host after a space", "GET /p HTTP/1.1\r\n" + hostLine + " Host: evil.test\r\n\r\n", nil, "400|404"},
	{"user in the host", "GET /p HTTP/1.1\r\nHost: user@%H\r\n\r\n", nil, "400|404"},
	{"path in the host", "GET /p HTTP/1.1\r\nHost: %H/other\r\n\r\n", nil, "400|404"},
	{"two names in the host", "GET /p HTTP/1.1\r\nHost: %H, evil.test\r\n\r\n", nil, "400|404"},

	// Request lines.
	{"absolute target: the host in it counts", "GET http://%H/p?q HTTP/1.1\r\nHost: evil.test\r\n\r\n", []string{"GET /p?q "}, "200"},
	{"absolute target of another", "GET http://evil.test/p HTTP/1.1\r\n" + hostLine + "\r\n", nil, "404"},
	{"absolute target in another scheme", "GET ftp://%H/p HTTP/1.1\r\n" + hostLine + "\r\n", []string{"GET /p "}, "200|400"},
	{"absolute target with a user", "GET http://user:secret@%H/p HTTP/1.1\r\n" + hostLine + "\r\n", []string{"GET /p "}, "200|400|404"},
	{"absolute target without a path", "GET http://%H HTTP/1.1\r\nHost: evil.test\r\n\r\n", []string{"GET / "}, "200"},
	{"opaque target", "GET mailto:x HTTP/1.1\r\n" + hostLine + "\r\n", nil, "400"},
	{"authority as target", "GET %H:80 HTTP/1.1\r\n" + hostLine + "\r\n", nil, "400"},
	{"no slash", "GET p HTTP/1.1\r\n" + hostLine + "\r\n", nil, "400"},
	{"two slashes", "GET //evil.test/p HTTP/1.1\r\n" + hostLine + "\r\n", []string{"GET //evil.test/p "}, "200"},
	{"dots", "GET /a/../../p/%2e%2e/x HTTP/1.1\r\n" + hostLine + "\r\n", []string{"GET /a/../../p/%2e%2e/x "}, "200"},
	{"escapes", "GET /a%0d%0aX:%20y%00%2F?q=%0d%0aZ HTTP/1.1\r\n" + hostLine + "\r\n", []string{"GET /a%0d%0aX:%20y%00%2F?q=%0d%0aZ "}, "200"},
	{"everything", "GET * HTTP/1.1\r\n" + hostLine + "\r\n", nil, "400"},
	{"bad escape", "GET /a%zz HTTP/1.1\r\n" + hostLine + "\r\n", nil, "400"},
	{"fragment", "GET /p#f HTTP/1.1\r\n" + hostLine + "\r\n", []string{"GET /p%23f "}, "200"},
	{"tab in the target", "GET /p\tq HTTP/1.1\r\n" + hostLine + "\r\n", nil, "400"},
	{"space in the target", "GET /p q HTTP/1.1\r\n" + hostLine + "\r\n", nil, "400"},
	{"two spaces", "GET  /p HTTP/1.1\r\n" + hostLine + "\r\n", nil, "400"},
	{"null in the target", "GET /p\x00 HTTP/1.1\r\n" + hostLine + "\r\n", nil, "400"},
	{"byte above ASCII in the query", "GET /p?\xff HTTP/1.1\r\n" + hostLine + "\r\n", []string{"GET /p?\xff "}, "200"},
	{"no version", "GET /p\r\n" + hostLine + "\r\n", nil, "400"},
	{"version 1.2", "GET /p HTTP/1.2\r\n" + hostLine + "\r\n", []string{"GET /p "}, "200|505"},
	{"version 3", "GET /p HTTP/3.0\r\n" + hostLine + "\r\n", nil, "505"},
	{"version 0.9", "GET /p HTTP/0.9\r\n" + hostLine + "\r\n", nil, "505|400"},
	{"method with a colon", "GE:T /p HTTP/1.1\r\n" + hostLine + "\r\n", nil, "400"},
	{"lower case method", "get /p HTTP/1.1\r\n" + hostLine + "\r\n", []string{"get /p "}, "200"},
	{"connect", "CONNECT %H:443 HTTP/1.1\r\n" + hostLine + "\r\n" + smuggled, nil, "400"},
	{"connect with a path", "CONNECT /p HTTP/1.1\r\n" + hostLine + "\r\n", nil, "400"},
	{"trace", "TRACE /p HTTP/1.1\r\n" + hostLine + "Cookie: secret\r\n\r\n", nil, "405"},
	{"options of everything", "OPTIONS * HTTP/1.1\r\n" + hostLine + "\r\n", nil, "200"},
	{"expectation", "POST /p HTTP/1.1\r\n" + hostLine + "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", []string{"POST /p abc"}, "200"},
	{"expectation nobody has", "POST /p HTTP/1.1\r\n" + hostLine + "Expect: the-worst\r\nContent-Length: 3\r\n\r\nabc", nil, "417"},

	// What clients cannot say.
	{"who they are", "GET /p HTTP/1.1\r\n" + hostLine + "X-Forwarded-For: 1.1.1.1\r\nx-forwarded-for: 2.2.2.2\r\nX_Forwarded_For: 3.3.3.3\r\nX-Forwarded_Proto: https\r\nX-Forwarded-Host: evil.test\r\nX-Forwarded-Server: s\r\nX-Forwarded-Prefix: /\r\nX-Real-IP: 4.4.4.4\r\nX_Real-Ip: 4.4.4.4\r\nForwarded: for=5.5.5.5\r\nforwarded: for=6.6.6.6\r\nX-Request_Id: 7\r\nX-Kelvin-Account: acc\r\nX_KELVIN_ACCOUNT: acc\r\n\r\n", []string{"GET /p "}, "200"},
	{"which headers are of the connection", "GET /p HTTP/1.1\r\n" + hostLine + "Connection: keep-alive, X-Forwarded-For, X-Request-Id, X-Forwarded-Host, Host, Content-Length, X-Own\r\nKeep-Alive: 1\r\nProxy-Connection: x\r\nX-Own: 1\r\nTE: gzip\r\nTrailer: X\r\nX-Request-Id: mine\r\n\r\n", []string{"GET /p "}, "200"},
	{"that a body is of the connection", "POST /p HTTP/1.1\r\n" + hostLine + "Connection: Content-Length, Transfer-Encoding\r\nContent-Length: 3\r\n\r\nabc", []string{"POST /p abc"}, "200"},

	// One after the other.
	{"pipelined", "GET /a HTTP/1.1\r\n" + hostLine + "\r\nPOST /b HTTP/1.1\r\n" + hostLine + "Content-Length: 3\r\n\r\nabcGET /c HTTP/1.1\r\n" + hostLine + "\r\n", []string{"GET /a ", "POST /b abc", "GET /c "}, "200 200 200"},
	{"pipelined for another", "GET /a HTTP/1.1\r\n" + hostLine + "\r\nGET /b HTTP/1.1\r\nHost: ep-06f2other.us-east.localhost\r\n\r\nGET /c HTTP/1.1\r\nHost: evil.test\r\n\r\n", []string{"GET /a "}, "200 503 404"},
	{"nothing after an error", "GET /a HTTP/1.1\r\nHost: a b\r\n\r\n" + smuggled, nil, "400"},
}

// Whatever the client sends, the worker gets the requests that the client gets answers for,
// in the one form that we write, and nothing of what only the gateway may say.
func TestWorkersGetRequestsInOneForm(t *testing.T) {
	t.Parallel()
	for _, c := range rawCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, address := mustStrictWorker(t)
			g := mustGateway(t, Options{HoldFor: -1})
			front := mustFront(t, g)
			both := routes(1, address)
			both.Endpoints = append(both.Endpoints, fleet.EndpointRoute{EndpointID: "ep_06f2other", Open: true})
			g.Apply(both)
			answers := exchange(t, front, strings.ReplaceAll(c.send, "%H", testHost), len(strings.Fields(c.statuses)))
			var statuses, oks []string
			for _, a := range answers {
				status, body, _ := strings.Cut(a, " ")
				statuses = append(statuses, status)
				if status == "200" && body != "" {
					oks = append(oks, body)
				}
			}
			requests, _ := w.taken(t)
			got := strings.Join(statuses, " ")
			require.Contains(t, strings.Split(c.statuses, "|"), got, "%q", answers)
			if strings.HasPrefix(got, "200") {
				require.Equal(t, c.want, requests)
				require.Equal(t, requests, oks, "each has its answer")
			} else {
				for _, r := range requests {
					require.NotContains(t, r, "smuggled")
				}
			}
		})
	}
}

func TestLongRequestLinesAndHeadersAreLimited(t *testing.T) {
	t.Parallel()
	w, address := mustStrictWorker(t)
	g := mustGateway(t, Options{})
	front := mustFront(t, g)
	g.Apply(routes(1, address))
	ask := func(path, header string) string {
		t.Helper()
		answers := exchange(t, front, "GET "+path+" HTTP/1.1\r\nHost: "+testHost+"\r\n"+header+"Connection: close\r\n\r\n", 1)
		require.NotEmpty(t, answers)
		return answers[0][:3]
	}
	long := "/" + strings.Repeat("x", 32<<10)
	require.Equal(t, "200", ask(long, ""))
	requests, _ := w.taken(t)
	require.Equal(t, []string{"GET " + long + " "}, requests)
	require.Equal(t, "200", ask("/?"+strings.Repeat("a=b&", 8<<10), ""))
	require.Equal(t, "200", ask("/", strings.Repeat("X: y\r\n", 5000)))
	_, _ = w.taken(t)
	for path, header := range map[string]string{
		"/" + strings.Repeat("x", 1<<20):      "",
		"/":                                   "X: " + strings.Repeat("y", 1<<20) + "\r\n",
		"/many":                               strings.Repeat("X: y\r\n", 100_000),
		"/?" + strings.Repeat("%41", 100<<10): "",
		"http://" + testHost + long + long + long: "",
	} {
		require.Equal(t, "431", ask(path, header))
	}
	requests, _ = w.taken(t)
	require.Empty(t, requests)
}
