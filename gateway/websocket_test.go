package gateway

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

// mustSocket opens a WebSocket through a gateway.
func mustSocket(t *testing.T, front, path string, o *websocket.DialOptions) (*websocket.Conn, *http.Response) {
	t.Helper()
	o.Host = testHost
	c, res, err := websocket.Dial(t.Context(), "ws://"+front+path, o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.CloseNow() })
	c.SetReadLimit(-1)
	return c, res
}

// socketWorker is a worker whose sockets are handled by handle.
func socketWorker(t *testing.T, o *websocket.AcceptOptions, handle func(ctx context.Context, c *websocket.Conn) error) string {
	t.Helper()
	return mustWorker(t, func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, o)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = c.CloseNow() }()
		c.SetReadLimit(-1)
		if err := handle(r.Context(), c); err != nil {
			t.Error(err)
		}
	})
}

// pseudorandom is text that both ends can make.
func pseudorandom(seed uint64, size int) []byte {
	source := rand.New(rand.NewPCG(seed, seed))
	text := make([]byte, size)
	for i := range text {
		text[i] = 'a' + byte(source.Uint32()%26) //nolint:gosec // below 26
	}
	return text
}

// sendAll sends messages of all sizes, in one frame or several, of both kinds.
func sendAll(ctx context.Context, c *websocket.Conn, messages int) error {
	for i := range messages {
		kind := websocket.MessageText
		if i%2 == 1 {
			kind = websocket.MessageBinary
		}
		text := pseudorandom(uint64(i), sizeOf(i)) //nolint:gosec // no negative ones
		if i%3 != 0 {
			if err := c.Write(ctx, kind, text); err != nil {
				return err
			}
			continue
		}
		w, err := c.Writer(ctx, kind)
		if err != nil {
			return err
		}
		for len(text) > 0 { // each is a frame
			n := min(len(text), 1+len(text)/3)
			if _, err := w.Write(text[:n]); err != nil {
				return err
			}
			text = text[n:]
		}
		if err := w.Close(); err != nil {
			return err
		}
	}
	return nil
}

func sizeOf(i int) int {
	edges := []int{0, 1, 125, 126, 127, 1023, 4096, 65535, 65536, 65537}
	if i%50 == 0 {
		return edges[i/50%len(edges)]
	}
	return i * 7 % 300
}

func receiveAll(ctx context.Context, c *websocket.Conn, messages int) error {
	for i := range messages {
		kind, text, err := c.Read(ctx)
		if err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
		if (kind == websocket.MessageBinary) != (i%2 == 1) || !bytes.Equal(text, pseudorandom(uint64(i), sizeOf(i))) { //nolint:gosec // no negative ones
			return fmt.Errorf("message %d is another: %d bytes", i, len(text))
		}
	}
	return nil
}

// Both ends send thousands of messages at once, in frames of all sizes, compressed or not.
func TestWebSocketsAreWhatBothEndsMakeOfThem(t *testing.T) {
	t.Parallel()
	const messages = 5000
	for _, c := range []struct {
		name           string
		client, worker websocket.CompressionMode
		extensions     string
	}{
		{"uncompressed", websocket.CompressionDisabled, websocket.CompressionDisabled, ""},
		{"refused by the worker", websocket.CompressionContextTakeover, websocket.CompressionDisabled, ""},
		{"not offered", websocket.CompressionDisabled, websocket.CompressionContextTakeover, ""},
		{"compressed", websocket.CompressionContextTakeover, websocket.CompressionContextTakeover, "permessage-deflate"},
		{"compressed one by one", websocket.CompressionNoContextTakeover, websocket.CompressionNoContextTakeover, "permessage-deflate; client_no_context_takeover; server_no_context_takeover"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			both := func(ctx context.Context, c *websocket.Conn) error {
				sent := make(chan error, 1)
				go func() { sent <- sendAll(ctx, c, messages) }()
				return errors.Join(receiveAll(ctx, c, messages), <-sent)
			}
			g := mustGateway(t, Options{})
			front := mustFront(t, g)
			g.Apply(routes(1, socketWorker(t, &websocket.AcceptOptions{
				CompressionMode: c.worker, CompressionThreshold: 64, Subprotocols: []string{"v2.test"},
			}, func(_ context.Context, s *websocket.Conn) error {
				if err := both(ctx, s); err != nil {
					return err
				}
				return s.Close(websocket.StatusNormalClosure, "that was all")
			})))
			s, res := mustSocket(t, front, "/", &websocket.DialOptions{
				CompressionMode: c.client, CompressionThreshold: 64, Subprotocols: []string{"v1.test", "v2.test"},
			})
			require.Equal(t, c.extensions, res.Header.Get("Sec-Websocket-Extensions"))
			require.Equal(t, "v2.test", s.Subprotocol())
			require.NoError(t, both(ctx, s))
			_, _, err := s.Read(ctx)
			require.Equal(t, websocket.CloseError{Code: websocket.StatusNormalClosure, Reason: "that was all"}, closeError(err))
		})
	}
}

func closeError(err error) websocket.CloseError {
	var c websocket.CloseError
	errors.As(err, &c)
	return c
}

func TestLargeMessagesPassWebSockets(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	front := mustFront(t, g)
	g.Apply(routes(1, mustWorker(t, echoes)))
	large := bytes.Repeat(pseudorandom(1, 1<<16), 16<<20>>16)
	for _, mode := range []websocket.CompressionMode{websocket.CompressionDisabled, websocket.CompressionContextTakeover} {
		s, _ := mustSocket(t, front, "/", &websocket.DialOptions{CompressionMode: mode})
		for range 3 {
			sent := make(chan error, 1)
			go func() { sent <- s.Write(t.Context(), websocket.MessageBinary, large) }()
			_, got, err := s.Read(t.Context())
			require.NoError(t, err)
			require.NoError(t, <-sent)
			require.Equal(t, sha256.Sum256(large), sha256.Sum256(got))
		}
	}
}

func TestPingsPassWebSocketsBothWays(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	front := mustFront(t, g)
	pinged := make(chan error, 1)
	g.Apply(routes(1, socketWorker(t, nil, func(ctx context.Context, c *websocket.Conn) error {
		ctx = c.CloseRead(ctx)
		for range 500 {
			if err := c.Ping(ctx); err != nil {
				pinged <- err
				return nil //nolint:nilerr // it is told
			}
		}
		pinged <- nil
		<-ctx.Done()
		return nil
	})))
	s, _ := mustSocket(t, front, "/", &websocket.DialOptions{})
	ctx := s.CloseRead(t.Context())
	for range 500 {
		require.NoError(t, s.Ping(ctx))
	}
	require.NoError(t, <-pinged)
}

func TestCloseCodesPassWebSocketsBothWays(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	front := mustFront(t, g)
	heard := make(chan websocket.CloseError, 1)
	g.Apply(routes(1, mustWorker(t, func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = c.CloseNow() }()
		var code int
		if n, _ := fmt.Sscanf(r.URL.Path, "/say/%d", &code); n == 1 {
			_ = c.Close(websocket.StatusCode(code), "says the worker \u00fc")
			return
		}
		if r.URL.Path == "/vanish" {
			_ = c.CloseNow()
			return
		}
		_, _, err = c.Read(r.Context())
		heard <- closeError(err)
	})))
	codes := []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999}
	for _, code := range codes {
		s, _ := mustSocket(t, front, fmt.Sprint("/say/", code), &websocket.DialOptions{})
		_, _, err := s.Read(t.Context())
		require.Equal(t, websocket.CloseError{Code: websocket.StatusCode(code), Reason: "says the worker \u00fc"}, closeError(err))

		s, _ = mustSocket(t, front, "/", &websocket.DialOptions{})
		require.NoError(t, s.Close(websocket.StatusCode(code), "says the client"))
		require.Equal(t, websocket.CloseError{Code: websocket.StatusCode(code), Reason: "says the client"}, <-heard)
	}
	s, _ := mustSocket(t, front, "/vanish", &websocket.DialOptions{})
	_, _, err := s.Read(t.Context())
	require.ErrorIs(t, err, io.EOF, "no close frame is made up")
	require.NoError(t, s.CloseNow())
	s, _ = mustSocket(t, front, "/", &websocket.DialOptions{})
	require.NoError(t, s.CloseNow())
	require.Equal(t, websocket.CloseError{}, <-heard, "nor for the worker")
	require.Eventually(t, func() bool { return len(g.Report().InFlight) == 0 }, 5*time.Second, time.Millisecond)
}

// The limits on time are those of requests: a socket may be silent.
func TestIdleWebSocketsStayOpen(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{
		IdleTimeout: 50 * time.Millisecond, ReadHeaderTimeout: 50 * time.Millisecond, WorkerIdle: 50 * time.Millisecond, ResponseTimeout: 200 * time.Millisecond,
	})
	front := mustFront(t, g)
	g.Apply(routes(1, mustWorker(t, echoes)))
	s, _ := mustSocket(t, front, "/", &websocket.DialOptions{})
	for range 2 {
		time.Sleep(500 * time.Millisecond) // that it is idle is the point
		require.NoError(t, s.Write(t.Context(), websocket.MessageText, []byte("still here")))
		_, message, err := s.Read(t.Context())
		require.NoError(t, err)
		require.Equal(t, "still here", string(message))
	}
}

func TestWebSocketsOverTLS(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	dir := t.TempDir()
	o := TLS{CertFile: filepath.Join(dir, "crt"), KeyFile: filepath.Join(dir, "key"), HSTS: time.Hour}
	roots := mustKeyPair(t, o.CertFile, o.KeyFile, 1, time.Now().Add(time.Hour))
	plain, secure := mustListen(t), mustListen(t)
	mustTLS(t, g, plain, secure, o)
	g.Apply(routes(1, mustWorker(t, echoes)))
	// A client that offers HTTP/2 first, as browsers do: a socket needs HTTP/1.1 and gets it.
	client := secureClient(t, secure.Addr().String(), roots)
	res, body := mustSecureGet(t, client, "https://"+testSecureHost+"/")
	require.Equal(t, 2, res.ProtoMajor, body)
	client.Transport.(*http.Transport).Protocols = new(http.Protocols)
	client.Transport.(*http.Transport).Protocols.SetHTTP1(true)
	s, answer, err := websocket.Dial(t.Context(), "wss://"+testSecureHost+"/", &websocket.DialOptions{HTTPClient: &http.Client{Transport: client.Transport.(*http.Transport).Clone()}})
	require.NoError(t, err)
	require.Equal(t, "max-age=3600", answer.Header.Get(hstsHeader))
	for i := range 1000 {
		text := pseudorandom(uint64(i), i*13%5000) //nolint:gosec // no negative ones
		require.NoError(t, s.Write(t.Context(), websocket.MessageBinary, text))
		_, got, err := s.Read(t.Context())
		require.NoError(t, err)
		require.True(t, bytes.Equal(text, got))
	}
	require.NoError(t, s.Close(websocket.StatusNormalClosure, ""))
}

func TestAWorkerMayRefuseAWebSocket(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	front := mustFront(t, g)
	g.Apply(routes(1, mustWorker(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Why", "a test")
		http.Error(w, "not for you", http.StatusForbidden)
	})))
	_, res, err := websocket.Dial(t.Context(), "ws://"+front+"/", &websocket.DialOptions{Host: testHost})
	require.Error(t, err)
	require.Equal(t, http.StatusForbidden, res.StatusCode)
	require.Equal(t, "a test", res.Header.Get("X-Why"))
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, "not for you\n", string(body))
}

// upgrade asks for a protocol and returns the answer's header, and what follows it.
func upgrade(t *testing.T, front, protocol string) (*http.Response, net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", front)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n", testHost, protocol)
	require.NoError(t, err)
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, nil)
	require.NoError(t, err)
	return res, conn, in
}

// Of protocols the gateway does not know the worker decides; after that the bytes are theirs.
func TestOtherProtocolsPassOnlyIfTheyCarryNoRequests(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var asked []string
	answers := "" // with which protocol the worker goes on; empty: with the one it is asked for
	g := mustGateway(t, Options{})
	front := mustFront(t, g)
	g.Apply(routes(1, mustTarget(t, func(c net.Conn) {
		defer c.Close()
		in := bufio.NewReader(c)
		for {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			mu.Lock()
			asked = append(asked, r.Header.Get("Upgrade"))
			protocol := answers
			mu.Unlock()
			switch {
			case protocol == "" && r.Header.Get("Upgrade") == "":
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain")
				continue
			case protocol == "nothing":
				_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
			case protocol == "":
				protocol = r.Header.Get("Upgrade")
				fallthrough
			default:
				_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "+protocol+"\r\n\r\nfirst")
			}
			_, _ = io.Copy(c, in)
			return
		}
	})))
	for _, protocol := range []string{"websocket", "tcp", "SPDY/3.1", "some-thing, other"} {
		res, conn, in := upgrade(t, front, protocol)
		require.Equal(t, http.StatusSwitchingProtocols, res.StatusCode, protocol)
		require.Equal(t, protocol, res.Header.Get("Upgrade"))
		first := make([]byte, 5)
		_, err := io.ReadFull(in, first)
		require.NoError(t, err)
		require.Equal(t, "first", string(first))
		data := make([]byte, 4<<20) // not text, and nothing's frames
		source := rand.NewChaCha8([32]byte{1})
		_, _ = source.Read(data)
		sent := make(chan error, 1)
		go func() {
			_, err := conn.Write(data)
			sent <- err
		}()
		got := make([]byte, len(data))
		_, err = io.ReadFull(in, got)
		require.NoError(t, err)
		require.NoError(t, <-sent)
		require.True(t, bytes.Equal(data, got))
		require.NoError(t, conn.Close())
	}
	require.Equal(t, []string{"websocket", "tcp", "SPDY/3.1", "some-thing, other"}, asked)
	asked = nil
	for _, protocol := range []string{"h2c", "H2C", "websocket, h2c", "HTTP/2.0", "TLS/1.3, HTTP/1.1", " h2 "} {
		res, conn, _ := upgrade(t, front, protocol)
		require.Equal(t, http.StatusOK, res.StatusCode, protocol)
		require.NoError(t, conn.Close())
	}
	require.Equal(t, strings.Split(strings.Repeat(",", 5), ","), asked, "the worker is not asked for them")

	// A worker cannot go on in what nobody asked for.
	for _, protocol := range []string{"other", "h2c", "nothing"} {
		mu.Lock()
		answers = protocol
		mu.Unlock()
		for _, wish := range []string{"websocket", "h2c"} {
			res, conn, _ := upgrade(t, front, wish)
			require.Equal(t, http.StatusBadGateway, res.StatusCode, "%s for %s", protocol, wish)
			require.NoError(t, conn.Close())
		}
		requireProblem(t, mustGet(t, front), noAnswer)
	}
}
