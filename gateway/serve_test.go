package gateway

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// mustServe serves g until stop is called.
func mustServe(t *testing.T, g *Gateway) (front string, stop context.CancelFunc, ended <-chan error) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	end := make(chan error, 1)
	go func() { end <- g.Serve(ctx, ln) }()
	return ln.Addr().String(), cancel, end
}

func TestShutdownWaitsForRequestsAndWebSockets(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{ShutdownGrace: time.Minute})
	front, stop, ended := mustServe(t, g)
	hang := make(chan struct{})
	slow := mustWorker(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/socket" {
			echoes(w, r)
			return
		}
		_ = http.NewResponseController(w).Flush()
		<-hang
		_, _ = io.WriteString(w, "done")
	})
	g.Apply(routes(1, slow))
	res, err := http.DefaultClient.Do(mustRequest(t, http.MethodGet, front, "/", nil))
	require.NoError(t, err)
	defer res.Body.Close()
	socket := mustWebSocket(t, front)

	stop()
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", front)
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	}, 5*time.Second, time.Millisecond, "it accepts no more")

	close(hang)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, "done", string(body))

	select {
	case err := <-ended:
		require.Fail(t, "the WebSocket is still open", "%v", err)
	case <-time.After(100 * time.Millisecond):
	}
	require.NoError(t, socket.Write(t.Context(), websocket.MessageText, []byte("still here")))
	_, message, err := socket.Read(t.Context())
	require.NoError(t, err)
	require.Equal(t, "still here", string(message))
	require.NoError(t, socket.Close(websocket.StatusNormalClosure, ""))
	require.NoError(t, <-ended)
}

func TestShutdownBreaksOffWhatOutlastsTheGrace(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{ShutdownGrace: 100 * time.Millisecond})
	front, stop, ended := mustServe(t, g)
	g.Apply(routes(1, mustWorker(t, echoes)))
	socket := mustWebSocket(t, front)
	stop()
	err := <-ended
	require.True(t, fleet.Is(err, fleet.Timeout), err)
	_, _, err = socket.Read(t.Context())
	require.Error(t, err)
	require.Eventually(t, func() bool { return len(g.Report().InFlight) == 0 }, 5*time.Second, time.Millisecond)
}

func TestServeSaysWhyItCannotListen(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, ln.Close())
	require.ErrorIs(t, g.Serve(t.Context(), ln), net.ErrClosed)
}

func TestHeadersAreLimited(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{MaxHeaderBytes: 8 << 10, ReadHeaderTimeout: 50 * time.Millisecond})
	front, _, _ := mustServe(t, g)
	r := mustRequest(t, http.MethodGet, front, "/", nil)
	r.Header.Set("X-Large", strings.Repeat("b", 32<<10))
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, mustDo(t, r).status)

	conn, err := net.Dial("tcp", front)
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: slow")
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(5*time.Second)))
	_, err = io.ReadAll(conn)
	require.NoError(t, err, "a slow header ends the connection")
}
