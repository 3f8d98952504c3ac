package gateway

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Whatever the client speaks, each event is there before the next one is made: the worker
// waits until the client has read it.
func TestEventsArriveOneByOneOverEveryProtocol(t *testing.T) {
	t.Parallel()
	const events = 200
	next := make(chan struct{})
	g := mustGateway(t, Options{})
	dir := t.TempDir()
	o := TLS{CertFile: filepath.Join(dir, "crt"), KeyFile: filepath.Join(dir, "key")}
	roots := mustKeyPair(t, o.CertFile, o.KeyFile, 1, time.Now().Add(time.Hour))
	plain, secure := mustListen(t), mustListen(t)
	mustTLS(t, g, plain, secure, o)
	g.Apply(routes(1, mustWorker(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "Text/Event-Stream; charset=utf-8")
		w.Header().Set("X-Accel-Buffering", "no")
		rc := http.NewResponseController(w)
		_ = rc.Flush()
		for i := range events {
			select {
			case <-next:
			case <-r.Context().Done():
				return
			}
			_, _ = fmt.Fprintf(w, "id: %d\ndata: token\n\n", i)
			_ = rc.Flush()
		}
	})))
	one := secureClient(t, secure.Addr().String(), roots)
	one.Transport.(*http.Transport).Protocols = new(http.Protocols)
	one.Transport.(*http.Transport).Protocols.SetHTTP1(true)
	for _, c := range []struct {
		name   string
		client *http.Client
		scheme string
		major  int
	}{
		{"HTTP/1.1", http.DefaultClient, "http", 1},
		{"HTTP/2 without TLS", http2Client(t), "http", 2},
		{"HTTP/1.1 over TLS", one, "https", 1},
		{"HTTP/2 over TLS", secureClient(t, secure.Addr().String(), roots), "https", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := mustRequest(t, http.MethodGet, plain.Addr().String(), "/", nil)
			if c.scheme == "https" {
				r.URL.Scheme, r.URL.Host = c.scheme, testSecureHost
			}
			res, err := c.client.Do(r)
			require.NoError(t, err)
			defer res.Body.Close()
			require.Equal(t, c.major, res.ProtoMajor)
			require.Equal(t, "no", res.Header.Get("X-Accel-Buffering"))
			in := bufio.NewReader(res.Body)
			for i := range events {
				next <- struct{}{}
				for _, want := range []string{fmt.Sprintf("id: %d\n", i), "data: token\n", "\n"} {
					line, err := in.ReadString('\n')
					require.NoError(t, err)
					require.Equal(t, want, line)
				}
			}
			_, err = in.ReadByte()
			require.ErrorIs(t, err, io.EOF)
		})
	}
}
