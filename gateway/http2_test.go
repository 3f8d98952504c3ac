package gateway

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// http2Client speaks HTTP/2 without TLS from the first byte.
func http2Client(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestClientsMaySpeakHTTP2(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	front := mustFront(t, g)
	var protos sync.Map
	g.Apply(routes(1, mustWorker(t, func(w http.ResponseWriter, r *http.Request) {
		protos.Store(r.Proto, true)
		_, _ = io.Copy(w, r.Body)
	})))
	client := http2Client(t)
	var wg sync.WaitGroup
	for range 50 {
		r := mustRequest(t, http.MethodPost, front, "/", strings.NewReader("two"))
		wg.Go(func() {
			res, err := client.Do(r)
			if !assertNoError(t, err) {
				return
			}
			defer res.Body.Close()
			body, _ := io.ReadAll(res.Body)
			if string(body) != "two" || res.ProtoMajor != 2 {
				t.Errorf("%s %q", res.Proto, body)
			}
		})
	}
	wg.Wait()
	_, one := protos.Load("HTTP/1.1")
	require.True(t, one, "workers get HTTP/1.1")
}

func assertNoError(t *testing.T, err error) bool {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
	return err == nil
}

func TestGRPCGoesToWorkersAsHTTP2(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	front := mustFront(t, g)
	worker := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Trailer", "Grpc-Status")
		_, _ = io.WriteString(w, r.Proto+" "+r.Header.Get("Te")+" ")
		_, _ = io.Copy(w, r.Body)
		w.Header().Set("Grpc-Status", "0")
	}))
	worker.Config.Protocols = new(http.Protocols)
	worker.Config.Protocols.SetUnencryptedHTTP2(true)
	worker.Start()
	t.Cleanup(worker.Close)
	g.Apply(routes(1, mustDeadAddress(t), worker.Listener.Addr().String()))

	for range 3 { // the first meets the dead worker
		r := mustRequest(t, http.MethodPost, front, "/pkg.Service/Method", strings.NewReader("message"))
		r.Header.Set("Content-Type", "application/grpc+proto")
		r.Header.Set("Te", "trailers")
		res, err := http2Client(t).Do(r)
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, "HTTP/2.0 trailers message", string(body))
		require.Equal(t, "0", res.Trailer.Get("Grpc-Status"))
	}
}
