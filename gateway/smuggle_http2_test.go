package gateway

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// exchangeFrames sends one HTTP/2 request as it is, without a library that would refuse to,
// and returns the status, or how it was refused: "reset", "gone".
func exchangeFrames(t testing.TB, front string, fields [][2]string, body string) string {
	t.Helper()
	conn, err := net.Dial("tcp", front)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = io.WriteString(conn, http2.ClientPreface)
	require.NoError(t, err)
	framer := http2.NewFramer(conn, conn)
	require.NoError(t, framer.WriteSettings())
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, f := range fields {
		require.NoError(t, encoder.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}))
	}
	require.NoError(t, framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: body == ""}))
	if body != "" {
		_ = framer.WriteData(1, true, []byte(body)) // it may be gone by now
	}
	var status string
	decoder := hpack.NewDecoder(4096, func(f hpack.HeaderField) {
		if f.Name == ":status" && f.Value != "100" {
			status = f.Value
		}
	})
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return "gone"
		}
		switch frame := frame.(type) {
		case *http2.HeadersFrame:
			if _, err := decoder.Write(frame.HeaderBlockFragment()); err != nil {
				return err.Error()
			}
			if status != "" {
				return status
			}
		case *http2.RSTStreamFrame:
			return "reset"
		case *http2.GoAwayFrame:
			return "gone"
		}
	}
}

// What HTTP/2 can say and HTTP/1.1 cannot never gets into the request that a worker gets.
func TestHTTP2SmugglesNothingIntoHTTP1(t *testing.T) {
	t.Parallel()
	const refused = "reset|gone|400"
	inject := "y\r\nX-Kelvin-Account: acc\r\n\r\nDELETE /smuggled HTTP/1.1\r\nHost: " + testHost + "\r\n\r\n"
	for _, c := range []struct {
		name     string
		method   string
		path     string
		extra    [][2]string
		body     string
		statuses string
		want     string // what the worker gets, if it gets something
	}{
		{"plain", "GET", "/p", nil, "", "200", "GET /p "},
		{"body", "POST", "/p", nil, "abc", "200", "POST /p abc"},
		{"body and length", "POST", "/p", [][2]string{{"content-length", "3"}}, "abc", "200", "POST /p abc"},
		{"length below the body's", "POST", "/p", [][2]string{{"content-length", "0"}}, smuggled, refused + "|200", "POST /p "},
		{"length above the body's", "POST", "/p", [][2]string{{"content-length", "9"}}, "abc", refused, ""},
		{"two lengths", "POST", "/p", [][2]string{{"content-length", "3"}, {"content-length", "9"}}, "abc", refused + "|200", "POST /p abc"},
		{"length with a sign", "POST", "/p", [][2]string{{"content-length", "+3"}}, "abc", refused + "|200", "POST /p "},
		{"coding", "POST", "/p", [][2]string{{"transfer-encoding", "chunked"}}, "0\r\n\r\n" + smuggled, refused, ""},
		{"coding in capitals", "POST", "/p", [][2]string{{"Transfer-Encoding", "chunked"}}, "0\r\n\r\n", refused, ""},
		{"coding in a name with a space", "POST", "/p", [][2]string{{"transfer-encoding ", "chunked"}}, "0\r\n\r\n", refused, ""},
		{"coding in disguise", "POST", "/p", [][2]string{{"transfer_encoding", "chunked"}, {"content_length", "1"}}, "abc", "200", "POST /p abc"},
		{"connection", "GET", "/p", [][2]string{{"connection", "x-forwarded-for"}}, "", refused, ""},
		{"keep-alive", "GET", "/p", [][2]string{{"keep-alive", "1"}}, "", refused + "|200", "GET /p "},
		{"upgrade", "GET", "/p", [][2]string{{"upgrade", "websocket"}}, "", refused, ""},
		{"te", "GET", "/p", [][2]string{{"te", "gzip"}}, "", refused + "|200", "GET /p "},
		{"line break in a value", "GET", "/p", [][2]string{{"x", inject}}, "", refused, ""},
		{"line feed in a value", "GET", "/p", [][2]string{{"x", "y\nx-kelvin-account: acc"}}, "", refused, ""},
		{"line break in a name", "GET", "/p", [][2]string{{"x: y\r\nx-kelvin-account", "acc"}}, "", refused, ""},
		{"colon in a name", "GET", "/p", [][2]string{{"x: y", "z"}}, "", refused, ""},
		{"null in a value", "GET", "/p", [][2]string{{"x", "y\x00z"}}, "", refused, ""},
		{"line break in the path", "GET", "/p HTTP/1.1\r\nX-Kelvin-Account: acc\r\nx:", nil, "", refused, ""},
		{"space in the path", "GET", "/p HTTP/1.1", nil, "", refused + "|200", "GET /p%20HTTP/1.1 "},
		{"no slash in the path", "GET", "p", nil, "", refused, ""},
		{"empty path", "GET", "", nil, "", refused, ""},
		{"absolute path", "GET", "http://evil.test/p", nil, "", refused + "|200", "GET /p "},
		{"line break in the method", "GET / HTTP/1.1\r\nX-Kelvin-Account: acc\r\nx:", "/p", nil, "", refused, ""},
		{"another host", "GET", "/p", [][2]string{{"host", "evil.test"}}, "", refused + "|200", "GET /p "},
		{"two authorities", "GET", "/p", [][2]string{{":authority", "evil.test"}}, "", refused, ""},
		{"unknown pseudo-header", "GET", "/p", [][2]string{{":kelvin", "x"}}, "", refused, ""},
		{"connect", "CONNECT", "/p", nil, "", refused, ""},
		{"trace", "TRACE", "/p", nil, "", "405", ""},
		{"who they are", "GET", "/p", [][2]string{{"x-forwarded-for", "1.1.1.1"}, {"x-kelvin-account", "acc"}, {"x_forwarded_for", "2.2.2.2"}, {"forwarded", "for=3.3.3.3"}, {"x-real-ip", "4.4.4.4"}}, "", "200", "GET /p "},
		{"trailers", "POST", "/p", [][2]string{{"trailer", "x-kelvin-account, content-length"}}, "abc", refused + "|200", "POST /p abc"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, address := mustStrictWorker(t)
			g := mustGateway(t, Options{})
			front := mustFront(t, g)
			g.Apply(routes(1, address))
			fields := append([][2]string{{":method", c.method}, {":scheme", "http"}, {":authority", testHost}, {":path", c.path}}, c.extra...)
			status := exchangeFrames(t, front, fields, strings.ReplaceAll(c.body, "%H", testHost))
			require.Contains(t, strings.Split(c.statuses, "|"), status)
			requests, _ := w.taken(t)
			if status == "200" {
				require.Equal(t, []string{c.want}, requests)
				return
			}
			for _, r := range requests { // a body that is longer than it says may be on its way
				// Or it was whole before more came than it said.
				require.True(t, strings.HasSuffix(r, brokenOff) || r == c.want, fmt.Sprintf("%q", requests))
			}
		})
	}
}
