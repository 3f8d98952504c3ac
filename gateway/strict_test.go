package gateway

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A strictWorker reads what comes to it byte by byte, and notes all that two readers could
// read differently, or that only the gateway may say.
type strictWorker struct {
	mu       sync.Mutex
	requests []string // "POST /path body"
	heads    []string
	wrong    []error
}

func mustStrictWorker(t testing.TB) (*strictWorker, string) {
	t.Helper()
	w := &strictWorker{}
	return w, mustTarget(t, func(c net.Conn) {
		defer c.Close()
		for in := bufio.NewReader(c); ; {
			request, err := w.read(in)
			if request == "" {
				return
			}
			w.mu.Lock()
			w.requests = append(w.requests, request)
			if err != nil {
				w.wrong = append(w.wrong, fmt.Errorf("%s: %w", request, err))
			}
			w.mu.Unlock()
			if _, err := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(request), request); err != nil {
				return
			}
		}
	})
}

// taken returns what arrived since it was last called.
func (w *strictWorker) taken(t testing.TB) (requests []string, head string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	wrong := errors.Join(w.wrong...)
	requests, head = w.requests, strings.Join(w.heads, "")
	w.requests, w.heads, w.wrong = nil, nil, nil
	require.NoError(t, wrong)
	return requests, head
}

// read reads one request; "" at the end.
func (w *strictWorker) read(in *bufio.Reader) (request string, wrong error) {
	var head strings.Builder
	for !strings.HasSuffix(head.String(), "\r\n\r\n") {
		c, err := in.ReadByte()
		if err != nil {
			return "", err
		}
		head.WriteByte(c)
	}
	w.mu.Lock()
	w.heads = append(w.heads, head.String())
	w.mu.Unlock()
	lines := strings.Split(strings.TrimSuffix(head.String(), "\r\n\r\n"), "\r\n")
	header, wrong := strictHeader(lines[1:])
	first, err := strictLine(lines[0])
	wrong = errors.Join(wrong, err, strictFraming(header), strictOrigin(header))
	body, err := strictBody(in, header)
	return first + " " + body, errors.Join(wrong, err)
}

func strictLine(line string) (string, error) {
	method, rest, _ := strings.Cut(line, " ")
	target, version, _ := strings.Cut(rest, " ")
	if version != "HTTP/1.1" || !isToken(method) || strings.ContainsFunc(target, isControlOrSpace) || target == "" || target[0] != '/' {
		return line, fmt.Errorf("request line %q", line)
	}
	return method + " " + target, nil
}

func isControlOrSpace(r rune) bool { return r <= ' ' || r == 0x7f }

func isToken(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

func strictHeader(lines []string) (map[string][]string, error) {
	header := map[string][]string{}
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ": ")
		if !ok || !isToken(name) || strings.ContainsAny(value, "\r\n\x00") || strings.TrimSpace(value) != value {
			return header, fmt.Errorf("header line %q", line)
		}
		name = strings.ReplaceAll(strings.ToLower(name), "_", "-") // as a CGI sees it
		header[name] = append(header[name], value)
	}
	return header, nil
}

func strictFraming(h map[string][]string) error {
	length, coding := h["content-length"], h["transfer-encoding"]
	if len(length)+len(coding) > 1 || len(coding) == 1 && coding[0] != "chunked" || len(h["host"]) != 1 {
		return fmt.Errorf("framed by length %q and coding %q, host %q", length, coding, h["host"])
	}
	for _, n := range length {
		if _, err := strconv.ParseUint(n, 10, 63); err != nil {
			return fmt.Errorf("length %q", n)
		}
	}
	return nil
}

// strictOrigin checks what the gateway says of where a request came from, and that nobody
// else says it, or speaks of a connection that is not the worker's.
func strictOrigin(h map[string][]string) error {
	for name, want := range map[string][]string{"x-forwarded-for": {"127.0.0.1"}, "x-forwarded-proto": {"http"}, "x-forwarded-host": h["host"]} {
		if !slices.Equal(h[name], want) {
			return fmt.Errorf("%s: %q", name, h[name])
		}
	}
	if id := h["x-request-id"]; len(id) != 1 || !isPrintable(id[0]) || id[0] == "" {
		return fmt.Errorf("request ID %q", id)
	}
	for name, values := range h {
		switch {
		case strings.HasPrefix(name, "x-kelvin-"), name == "x-real-ip", name == "forwarded", name == "keep-alive",
			name == "proxy-connection", name == "proxy-authorization", name == "http2-settings", name == "trailer" && h["transfer-encoding"] == nil,
			strings.HasPrefix(name, "x-forwarded-") && !slices.Contains([]string{"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}, name),
			name == "te" && !slices.Equal(values, []string{"trailers"}),
			name == "connection" && (!slices.Equal(values, []string{"Upgrade"}) || h["upgrade"] == nil),
			name == "upgrade" && h["connection"] == nil:
			return fmt.Errorf("%s: %q", name, values)
		}
	}
	return nil
}

// brokenOff is said of a body whose client has gone.
const brokenOff = " (broken off)"

func strictBody(in *bufio.Reader, h map[string][]string) (string, error) {
	if n := h["content-length"]; len(n) == 1 {
		size, _ := strconv.ParseInt(n[0], 10, 64)
		body, err := io.ReadAll(io.LimitReader(in, size))
		if int64(len(body)) < size {
			return string(body) + brokenOff, err
		}
		return string(body), err
	}
	if len(h["transfer-encoding"]) == 0 {
		return "", nil
	}
	var body strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return body.String() + brokenOff, nil //nolint:nilerr // the client has gone
		}
		size, err := strconv.ParseUint(strings.TrimSuffix(line, "\r\n"), 16, 32)
		if err != nil || !strings.HasSuffix(line, "\r\n") {
			return body.String(), fmt.Errorf("chunk size %q", line)
		}
		if size == 0 {
			_, err := textproto.NewReader(in).ReadMIMEHeader()
			return body.String(), err
		}
		if _, err := io.CopyN(&body, in, int64(size)); err != nil { //nolint:gosec // of 32 bits
			return body.String() + brokenOff, nil //nolint:nilerr // the client has gone
		}
		if end, err := in.ReadString('\n'); err == nil && end != "\r\n" {
			return body.String(), fmt.Errorf("end of a chunk %q", end)
		}
	}
}

// exchange sends bytes over one connection and returns the answers: "200 body", in order. It
// waits for so many, and a moment for more.
func exchange(t testing.TB, front, text string, expected int) (answers []string) {
	t.Helper()
	conn, err := net.Dial("tcp", front)
	require.NoError(t, err)
	defer conn.Close()
	go func() { _, _ = io.WriteString(conn, text) }() // the gateway may close before it has read all
	in := bufio.NewReader(conn)
	for {
		patience := 20 * time.Second
		if len(answers) >= expected {
			patience = 100 * time.Millisecond
		}
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(patience)))
		status, body, err := readAnswer(in)
		if err != nil {
			return answers
		}
		answers = append(answers, status+" "+body)
	}
}

// readAnswer reads an answer with a length, as all here have.
func readAnswer(in *bufio.Reader) (status, body string, err error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return "", "", err
	}
	header, err := textproto.NewReader(in).ReadMIMEHeader()
	if err != nil {
		return "", "", err
	}
	parts := strings.SplitN(strings.TrimSpace(line), " ", 3)
	if parts[1] == "100" {
		return readAnswer(in)
	}
	size, err := strconv.ParseInt(header.Get("Content-Length"), 10, 64)
	limited := io.Reader(in)
	if err == nil {
		limited = io.LimitReader(in, size)
	}
	text, _ := io.ReadAll(limited) // without a length it ends with the connection
	return parts[1], string(text), nil
}
