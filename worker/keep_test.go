package worker

import (
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdkworker "go.temporal.io/sdk/worker"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/workflows/temporalchild"
)

// mustAddress is a free address of this machine.
func mustAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	return ln.Addr().String()
}

func TestWorkersStartAsSoonAsTemporalAnswers(t *testing.T) {
	t.Parallel()
	address := mustAddress(t)
	s := mustShop(t, mustDial(t, address))
	opened := make(chan struct{})
	go func() {
		defer close(opened)
		s.open()
	}()
	select {
	case <-opened:
		t.Fatal("there is nothing to work for")
	case <-time.After(2 * time.Second):
	}
	child, err := temporalchild.Start(t.Context(), temporalchild.Options{Binary: filepath.Join("..", "bin", "kelvin-temporal"), GRPC: address, Sync: "off"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = child.Kill() })
	select {
	case <-opened:
	case <-time.After(20 * time.Second):
		t.Fatal("it does not try again")
	}
	in := activities.Container{Lease: fleet.Lease{ID: "op_1", HostID: s.hostID}, Image: "kelvin/echo"}
	require.NoError(t, s.start(pull, in).Get(t.Context(), nil))
}

func TestWorkersThatNeverStartedStopAtOnce(t *testing.T) {
	t.Parallel()
	c := mustDial(t, mustAddress(t))
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	builds := 0
	stop := Start(ctx, slog.New(slog.DiscardHandler), func() []sdkworker.Worker {
		builds++
		return Host(c, "hst_1", &activities.Host{})
	})
	require.Nil(t, stop)
	require.Positive(t, builds)
}
