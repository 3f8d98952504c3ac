package cli

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/kelvin-gpu/kelvin/api"
)

// A screen is a terminal that tests hold the other end of.
type screen struct {
	keys *os.File // what is written here was typed
	tty  *os.File // what a command gets

	mu    sync.Mutex
	shown bytes.Buffer
}

// mustTerminal opens a terminal of so many columns.
func mustTerminal(t *testing.T, columns int) *screen {
	t.Helper()
	keys, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(t, err)
	n, err := unix.IoctlGetUint32(int(keys.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	require.NoError(t, unix.IoctlSetPointerInt(int(keys.Fd()), unix.TIOCSPTLCK, 0))
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	require.NoError(t, unix.IoctlSetWinsize(int(tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: uint16(columns)}))
	s := &screen{keys: keys, tty: tty}
	read := make(chan struct{})
	go func() {
		defer close(read)
		buffer := make([]byte, 4096)
		for {
			n, err := keys.Read(buffer)
			s.mu.Lock()
			s.shown.Write(buffer[:n])
			s.mu.Unlock()
			if err != nil {
				return // the last holder of tty has closed it
			}
		}
	}()
	t.Cleanup(func() {
		tty.Close()
		<-read
		keys.Close()
	})
	return s
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown.String()
}

// runOn runs a command at a terminal.
func (w *world) runOn(s *screen, args ...string) int {
	root := w.command()
	root.SetIn(s.tty)
	root.SetOut(s.tty)
	root.SetErr(s.tty)
	root.SetArgs(args)
	return Report(s.tty, root.ExecuteContext(w.t.Context()))
}

// visible is what is left on a terminal that only knows carriage returns and erase to the
// end of the line.
func visible(text string) []string {
	var lines []string
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		parts := strings.Split(line, "\r\x1b[K")
		lines = append(lines, parts[len(parts)-1])
	}
	return lines
}

func TestProgressMovesOnATerminalAndIsGoneAtTheEnd(t *testing.T) {
	t.Parallel()
	s, w := mustTerminal(t, 60), stopping(t)
	running := stopOperation(api.OperationRunning)
	running.Phase = "Drain requests of every worker, which takes as long as they like"
	w.streams("GET "+watchPath, func(rw http.ResponseWriter, r *http.Request) {
		sendEvent(rw, "operation", "", running)
		until(t, func() bool { return strings.Count(s.text(), "Drain") > 3 })
	}, nil, nil, sends(stopOperation(api.OperationDone)))
	require.Zero(t, w.runOn(s, "endpoint", "stop", id("ep_", 1), "--wait"))
	until(t, func() bool { return strings.Contains(s.text(), "Operation:") })

	for _, frame := range strings.Split(s.text(), "\r\x1b[K") {
		for line := range strings.SplitSeq(frame, "\r\n") {
			if strings.Contains(line, "stop endpoint llama: Drain") {
				require.Less(t, displayWidth(line), 60, "%q would wrap", line)
			}
		}
	}
	require.Contains(t, s.text(), "⠋ stop endpoint")
	require.Contains(t, s.text(), " 45%, 12s left (12s)")
	require.Equal(t, []string{
		"Lost the connection to the server; trying again for up to a minute.",
		"stop endpoint llama: done in 12s",
		"  Operation:  " + id("op_", 7),
		"",
	}, visible(s.text()))
}

func TestADumbTerminalGetsPlainLines(t *testing.T) {
	t.Parallel()
	s, w := mustTerminal(t, 60), stopping(t)
	w.env["TERM"] = "dumb"
	w.streams("GET "+watchPath, sends(phase("Drain requests"), stopOperation(api.OperationDone)))
	require.Zero(t, w.runOn(s, "endpoint", "stop", id("ep_", 1), "--wait"))
	until(t, func() bool { return strings.Contains(s.text(), "Operation:") })
	require.NotContains(t, s.text(), "\x1b")
	require.Contains(t, s.text(), "stop endpoint llama: Drain requests (12s)\r\n")
}

func TestDestroyingAsksForTheNameOnATerminal(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]int{"notebook\n": 0, "notebok\n": exitFailed, "\n": exitFailed, "\x04": exitFailed} {
		s, w := mustTerminal(t, 80), stocked(newWorld(t))
		w.answers("POST /v1/instances/{id}/terminate", 202, stopOperation(api.OperationPending))
		go func() {
			until(t, func() bool { return strings.Contains(s.text(), "Type notebook to go on: ") })
			_, _ = s.keys.WriteString(typed)
		}()
		require.Equal(t, want, w.runOn(s, "instance", "rm", "notebook"), "%q", typed)
		require.Equal(t, want == 0, strings.Contains(strings.Join(w.requests(), "\n"), "POST"), "%q", typed)
		require.Contains(t, s.text(), "its data is erased for good.")
	}
}
