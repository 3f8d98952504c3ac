package gateway_test

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/gateway"
)

// While the controller of its data center is down, a gateway listens nowhere; it is back
// where it was when the controller is.
func TestAGatewayGivesItsAddressBackWhileTheControllerIsDown(t *testing.T) {
	t.Parallel()
	g, err := gateway.New(gateway.Config{DataCenter: "us-east"})
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := ln.Addr().String()
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- g.Serve(ctx, g.Standby(ln)) }()

	answers := func() bool {
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		res, err := client.Get("http://" + address + "/")
		if err == nil {
			res.Body.Close()
		}
		return err == nil
	}
	free := func() bool {
		other, err := net.Listen("tcp", address)
		if err == nil {
			other.Close()
		}
		return err == nil
	}
	require.Eventually(t, answers, 10*time.Second, 10*time.Millisecond)
	for version := int64(1); version < 7; version += 2 {
		g.Apply(fleet.Routes{Version: version, Closed: true})
		require.Eventually(t, func() bool { return !answers() }, 10*time.Second, 10*time.Millisecond)
		require.Eventually(t, free, 10*time.Second, 10*time.Millisecond, "others may have it")
		g.Apply(fleet.Routes{Version: version + 1})
		require.Eventually(t, answers, 10*time.Second, 10*time.Millisecond)
	}
	// It ends in either state.
	g.Apply(fleet.Routes{Version: 8, Closed: true})
	require.Eventually(t, func() bool { return !answers() }, 10*time.Second, 10*time.Millisecond)
	stop()
	require.NoError(t, <-served)
}
