package gateway

import (
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A lateBody is a request's body whose second read returns when nobody is there any more.
type lateBody struct {
	begun, late, read chan struct{}
}

func (b *lateBody) Read(p []byte) (int, error) {
	select {
	case <-b.begun:
	default:
		close(b.begun)
		return copy(p, "x"), nil
	}
	<-b.late
	defer close(b.read)
	return 0, errors.New("the request is over")
}

func (b *lateBody) Close() error { return nil }

// A transport may still be reading a body when its request has been answered. Over HTTP/2 a
// writer must not be touched then: that would bring the whole gateway down.
func TestABodyThatIsReadLateTouchesNoRequestThatIsOver(t *testing.T) {
	t.Parallel()
	g := mustGateway(t, Options{})
	body := &lateBody{make(chan struct{}), make(chan struct{}), make(chan struct{})}
	g.Apply(routes(1, mustWorker(t, func(w http.ResponseWriter, _ *http.Request) {
		<-body.begun
		_ = http.NewResponseController(w).EnableFullDuplex() // or it would wait for the body
		_, _ = io.WriteString(w, "no need to read that")
	})))
	over := make(chan struct{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http.Server{Protocols: new(http.Protocols), ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(over)
		r.Body = body
		g.ServeHTTP(w, r)
	})}
	server.Protocols.SetUnencryptedHTTP2(true)
	go func() { _ = server.Serve(ln) }()
	t.Cleanup(func() { require.NoError(t, server.Close()) })

	unsent, sender := io.Pipe()
	t.Cleanup(func() { _ = sender.Close() })
	r := mustRequest(t, http.MethodPost, ln.Addr().String(), "/", unsent)
	res, err := http2Client(t).Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, "no need to read that", string(text))
	<-over
	time.Sleep(20 * time.Millisecond) // the server puts the writer away when its handler has returned
	close(body.late)
	<-body.read
	time.Sleep(20 * time.Millisecond) // what would bring us down does so now
}
