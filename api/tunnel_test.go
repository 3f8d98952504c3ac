package api

import (
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/coder/websocket"
	"github.com/hashicorp/yamux"
	"github.com/stretchr/testify/require"
)

// mustConnect opens a tunnel as the world's host's agent would, and serves handler in it.
func (w *world) mustConnect(handler http.Handler) (hangUp func()) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	ws, _, err := websocket.Dial(ctx, w.url+"/v1/agent/tunnel", &websocket.DialOptions{
		HTTPHeader: http.Header{"Authorization": {"Bearer " + w.keys["host"]}},
	})
	require.NoError(w.t, err)
	config := yamux.DefaultConfig()
	config.LogOutput = io.Discard
	session, err := yamux.Client(websocket.NetConn(ctx, ws, websocket.MessageBinary), config)
	require.NoError(w.t, err)
	agent := &http.Server{Handler: handler}
	go func() { _ = agent.Serve(session) }() // it ends with the session
	hangUp = func() { _ = session.Close(); cancel() }
	w.t.Cleanup(hangUp)
	eventually(w.t, func() bool { return w.tunnels.connected(w.hostID) }, "the tunnel is open")
	return hangUp
}

func TestNewTunnelTakesTheOldOnesPlace(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	w.mustConnect(http.NotFoundHandler())
	first := w.tunnels.find(w.hostID)
	w.mustConnect(http.NotFoundHandler())
	eventually(t, first.IsClosed, "the old one is closed")
	eventually(t, func() bool { s := w.tunnels.find(w.hostID); return s != nil && s != first }, "the new one is there")
	require.Equal(t, 1, w.tunnels.count())
	w.Close()
	eventually(t, func() bool { return w.tunnels.count() == 0 }, "closing ends tunnels")
}
