package cli

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCtrlCReallyEndsTheProcess runs the command as a process of its own and sends it the
// signal that a terminal would.
func TestCtrlCReallyEndsTheProcess(t *testing.T) {
	t.Parallel()
	w := stopping(t)
	watching := make(chan struct{}, 3)
	w.mux.HandleFunc("GET "+watchPath, func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/event-stream")
		sendEvent(rw, "operation", "", phase("Drain requests"))
		watching <- struct{}{}
		<-r.Context().Done()
	})
	w.answers("POST /v1/operations/{id}/cancel", 202, phase("Drain requests"))

	start := func(args ...string) (*exec.Cmd, *bytes.Buffer) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		t.Cleanup(cancel)
		cmd := exec.CommandContext(ctx, os.Args[0], append([]string{"endpoint", "stop", id("ep_", 1), "--wait"}, args...)...)
		cmd.Env = append(os.Environ(), asKelvin+"=1", "KELVIN_SERVER="+w.server.URL, "KELVIN_API_KEY="+testKey)
		said := new(bytes.Buffer)
		cmd.Stderr = said
		require.NoError(t, cmd.Start())
		return cmd, said
	}
	cmd, said := start()
	<-watching
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	require.Error(t, cmd.Wait())
	require.Equal(t, exitInterrupted, cmd.ProcessState.ExitCode(), said)
	require.Contains(t, said.String(), "The operation goes on; `kelvin operation watch op_")

	cmd, said = start("--cancel-on-interrupt")
	<-watching
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	<-watching // it follows the way back
	require.NoError(t, cmd.Process.Signal(os.Interrupt), "the second one leaves it alone")
	require.Error(t, cmd.Wait())
	require.Equal(t, exitInterrupted, cmd.ProcessState.ExitCode(), said)
	require.Contains(t, said.String(), "Taking it back")
	require.Contains(t, w.requests(), "POST /v1/operations/"+id("op_", 7)+"/cancel")
	require.Contains(t, said.String(), "The operation goes on")
}

// until waits for something that takes no time of its own.
func until(t *testing.T, ok func() bool) {
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Error("it did not come to pass")
			return
		}
	}
}
