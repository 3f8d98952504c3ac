package machinetest

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// shown is what a terminal has shown so far.
type shown struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *shown) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *shown) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func execTerminal(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustStart(t, nil)
	typed, keys := io.Pipe()
	resize := make(chan fleet.Size)
	screen, errs := &shown{}, &shown{}
	type result struct {
		code int
		err  error
	}
	ended := make(chan result, 1)
	go func() {
		code, err := h.Exec(t.Context(), c.Lease.ID, machine.Exec{
			Command: f.Command("size"), Stdin: typed, Stdout: screen, Stderr: errs, TTY: true, Size: fleet.Size{Rows: 40, Cols: 120}, Resize: resize,
		})
		ended <- result{code, err}
	}()
	// A command may begin before its terminal has its size.
	until := func(want string) {
		t.Helper()
		require.Eventually(t, func() bool {
			_, err := keys.Write([]byte("\n"))
			return err == nil && strings.Contains(screen.String(), want)
		}, patience, 20*time.Millisecond, "%q is not shown", want)
	}
	until("40 120\r\n")
	resize <- fleet.Size{Rows: 50, Cols: 132}
	until("50 132\r\n")
	_, err := keys.Write([]byte{4}) // Ctrl-D
	require.NoError(t, err)
	select {
	case r := <-ended:
		require.NoError(t, r.err)
		require.Zero(t, r.code)
	case <-time.After(patience):
		t.Fatal("the end of the input does not end the command")
	}
	require.Empty(t, errs.String())
	require.NoError(t, keys.Close())
}

func execInterrupt(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustStart(t, nil)
	typed, keys := io.Pipe()
	defer keys.Close()
	ended := make(chan int, 1)
	go func() {
		code, _ := h.Exec(t.Context(), c.Lease.ID, machine.Exec{Command: f.Command("sleep", "1h"), Stdin: typed, TTY: true})
		ended <- code
	}()
	// A key before the command has begun is lost on it.
	require.Eventually(t, func() bool {
		_, err := keys.Write([]byte{3}) // Ctrl-C
		require.NoError(t, err)
		select {
		case code := <-ended:
			require.NotZero(t, code)
			return true
		case <-time.After(50 * time.Millisecond):
			return false
		}
	}, patience, time.Millisecond)
}

func execHangUp(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustStart(t, nil)
	processes := func() int {
		s, err := h.Stats(t.Context(), c.Lease.ID)
		require.NoError(t, err)
		return s.Processes
	}
	before := processes()
	for _, tty := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := h.Exec(ctx, c.Lease.ID, machine.Exec{Command: f.Command("sleep", "1h"), TTY: tty})
			ended <- err
		}()
		require.Eventually(t, func() bool { return processes() > before }, patience, 50*time.Millisecond, "it runs")
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		require.Eventually(t, func() bool { return processes() <= before }, patience, 50*time.Millisecond, "it goes on without its caller; terminal: %t", tty)
	}
}

func execDir(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustStart(t, nil)
	var out bytes.Buffer
	code, err := h.Exec(t.Context(), c.Lease.ID, machine.Exec{Command: f.Command("pwd"), Dir: "/tmp", Stdout: &out})
	require.NoError(t, err)
	require.Zero(t, code)
	require.Equal(t, "/tmp\n", out.String())
}
