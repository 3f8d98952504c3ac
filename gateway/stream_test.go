package gateway

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

func TestResponsesStreamAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for name, header := range map[string][2]string{
		"server-sent events": {"Content-Type", "text/event-stream"},
		"chunked":            {"Content-Type", "text/plain"},
		"of known length":    {"Content-Length", "18"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			next := make(chan struct{})
			g := mustGateway(t, Options{})
			front := mustFront(t, g)
			g.Apply(routes(1, mustWorker(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set(header[0], header[1])
				_ = http.NewResponseController(w).Flush() // the header by itself
				for i := range 3 {
					<-next
					_, _ = fmt.Fprintf(w, "line %d", i)
					_ = http.NewResponseController(w).Flush()
				}
			})))
			res, err := http.DefaultClient.Do(mustRequest(t, http.MethodGet, front, "/", nil))
			require.NoError(t, err) // the header came before there was a body
			defer res.Body.Close()
			require.Equal(t, header[1], res.Header.Get(header[0]))
			for i := range 3 {
				next <- struct{}{} // not before the last one was read
				line := make([]byte, 6)
				_, err := io.ReadFull(res.Body, line)
				require.NoError(t, err)
				require.Equal(t, fmt.Sprintf("line %d", i), string(line))
			}
		})
	}
}

func TestRequestsStreamAsTheyAreRead(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	front := mustFront(t, g)
	g.Apply(routes(1, mustWorker(t, func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		_ = rc.EnableFullDuplex()
		_ = rc.Flush()
		for lines := bufio.NewScanner(r.Body); lines.Scan(); {
			_, _ = fmt.Fprintf(w, "got %s\n", lines.Text())
			_ = rc.Flush()
		}
	})))
	body, client := io.Pipe()
	go func() { _, _ = io.WriteString(client, "first\n") }()
	r := mustRequest(t, http.MethodPost, front, "/", body)
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	line, err := bufio.NewReader(res.Body).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "got first\n", line)
	require.NoError(t, client.Close())
}

func TestAClientThatLeavesEndsItsStream(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	g := mustGateway(t, Options{})
	front := mustFront(t, g)
	g.Apply(routes(1, mustWorker(t, func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		close(ended)
	})))
	res, err := http.DefaultClient.Do(mustRequest(t, http.MethodGet, front, "/", nil))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	<-ended
	require.Eventually(t, func() bool { return len(g.Report().InFlight) == 0 }, 5*time.Second, time.Millisecond)
}

func TestATruncatedAnswerIsSeenAsTruncated(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	front := mustFront(t, g)
	g.Apply(routes(1, mustWorker(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})))
	res, err := http.DefaultClient.Do(mustRequest(t, http.MethodGet, front, "/", nil))
	require.NoError(t, err)
	defer res.Body.Close()
	_, err = io.ReadAll(res.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Eventually(t, func() bool { return len(g.Report().InFlight) == 0 }, 5*time.Second, time.Millisecond)
}

// echoes is a worker that sends every WebSocket message back.
func echoes(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = c.CloseNow() }()
	c.SetReadLimit(-1)
	for {
		kind, message, err := c.Read(r.Context())
		if err != nil {
			return
		}
		if err := c.Write(r.Context(), kind, message); err != nil {
			return
		}
	}
}

func mustWebSocket(t *testing.T, front string) *websocket.Conn {
	t.Helper()
	c, res, err := websocket.Dial(t.Context(), "ws://"+front+"/socket", &websocket.DialOptions{Host: testHost})
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, res.StatusCode)
	require.NotEmpty(t, res.Header.Get(requestIDHeader))
	c.SetReadLimit(-1)
	return c
}

func TestWebSocketsCarryMessagesOfAnySize(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	front := mustFront(t, g)
	g.Apply(routes(1, mustWorker(t, echoes)))
	c := mustWebSocket(t, front)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	data := make([]byte, 4<<20)
	_, err := rand.Read(data)
	require.NoError(t, err)
	sizes := []int{0, 1, 125, 126, 127, 4095, 4096, 4097, 65535, 65536, 1 << 20, 4 << 20}
	for i := range 3000 {
		sizes = append(sizes, 1+i*7%2000)
	}
	for _, size := range sizes {
		require.NoError(t, c.Write(ctx, websocket.MessageBinary, data[:size]))
		_, got, err := c.Read(ctx)
		require.NoError(t, err)
		require.True(t, bytes.Equal(data[:size], got), size)
	}

	require.Equal(t, map[string]int{"ins_0": 1}, g.Report().InFlight, "it is in flight until it is closed")
	require.NoError(t, c.Close(websocket.StatusNormalClosure, ""))
	require.Eventually(t, func() bool { return len(g.Report().InFlight) == 0 }, 5*time.Second, time.Millisecond)
}

func TestAWebSocketWhoseClientVanishesEnds(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	front := mustFront(t, g)
	g.Apply(routes(1, mustWorker(t, echoes)))
	c := mustWebSocket(t, front)
	require.NoError(t, c.CloseNow())
	require.Eventually(t, func() bool { return len(g.Report().InFlight) == 0 }, 5*time.Second, time.Millisecond)
}

func TestInformationalResponsesAndTrailersPass(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	front := mustFront(t, g)
	g.Apply(routes(1, mustWorker(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</style.css>")
		w.WriteHeader(http.StatusEarlyHints)
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Trailer", "Digest")
		_, _ = w.Write(body)
		w.Header().Set("Digest", "abc")
	})))
	r := mustRequest(t, http.MethodPost, front, "/", strings.NewReader("expected"))
	r.Header.Set("Expect", "100-continue")
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, "expected", string(body))
	require.Equal(t, "abc", res.Trailer.Get("Digest"))
	require.NotEmpty(t, res.Header.Get(requestIDHeader))
}
