package cli

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// mustSeat is a terminal whose last key is pressed at the end: a command that has ended may
// still be reading, until its process ends.
func mustSeat(t *testing.T, columns int) *screen {
	t.Helper()
	s := mustTerminal(t, columns)
	t.Cleanup(func() { _, _ = s.keys.WriteString("\n") })
	return s
}

// settings are what a terminal is set to: raw or not.
func (s *screen) settings(t *testing.T) unix.Termios {
	t.Helper()
	now, err := unix.IoctlGetTermios(int(s.tty.Fd()), unix.TCGETS)
	require.NoError(t, err)
	return *now
}

func (s *screen) shows(t *testing.T, want string) {
	t.Helper()
	until(t, func() bool { return strings.Contains(s.text(), want) })
	require.Contains(t, s.text(), want)
}

// press types what a person would.
func (s *screen) press(t *testing.T, keys string) {
	t.Helper()
	_, err := s.keys.WriteString(keys)
	require.NoError(t, err)
}

func TestSSHIsAShellOnThisTerminal(t *testing.T) {
	t.Parallel()
	b, s := mustBox(t), mustSeat(t, 100)
	before := s.settings(t)
	ended := make(chan int, 1)
	go func() { ended <- b.runOn(s, "instance", "ssh", "box") }()
	s.shows(t, ":/# ")
	require.NotEqual(t, before, s.settings(t), "keys go there as they are")
	s.press(t, "env\r")
	s.shows(t, "TERM=xterm\r\n")
	s.press(t, "size\r")
	s.shows(t, "24 100\r\n")
	s.press(t, "\x04sleep 1h\r")
	s.shows(t, "sleep 1h")
	s.press(t, "\x03") // it does not end this process
	s.shows(t, "^C")
	s.press(t, "exit 4\r")
	require.Equal(t, 4, <-ended)
	require.Equal(t, before, s.settings(t))
	require.NotContains(t, s.text(), untangle)
}

func TestExecOnATerminalIsLeftAsItWas(t *testing.T) {
	t.Parallel()
	b := mustBox(t)
	for _, way := range []struct {
		name string
		end  func(*screen, func())
	}{
		{"Ctrl-C", func(s *screen, _ func()) { s.press(t, "\x03") }},
		{"a signal", func(_ *screen, interrupt func()) { interrupt() }},
		{"the host", func(*screen, func()) { b.stop() }},
	} {
		name := way.name
		s := mustSeat(t, 80)
		before := s.settings(t)
		ctx, interrupt := context.WithCancel(t.Context())
		ended := make(chan int, 1)
		go func() {
			root := b.command()
			root.SetIn(s.tty)
			root.SetOut(s.tty)
			root.SetErr(s.tty)
			root.SetArgs([]string{"instance", "exec", "-it", "box", "--", "sleep", "1h"})
			ended <- Report(s.tty, root.ExecuteContext(ctx))
		}()
		until(t, func() bool {
			stats, err := b.engine.Stats(t.Context(), b.lease.ID)
			return err == nil && stats.Processes == 2 && s.settings(t) != before
		})
		way.end(s, interrupt)
		select {
		case code := <-ended:
			require.NotZero(t, code, name)
		case <-time.After(20 * time.Second):
			t.Fatal(name)
		}
		require.Equal(t, before, s.settings(t), name)
		if name == "Ctrl-C" {
			require.NotContains(t, s.text(), untangle)
		} else {
			s.shows(t, untangle)
		}
		until(t, func() bool {
			stats, err := b.engine.Stats(t.Context(), b.lease.ID)
			return err == nil && stats.Processes == 1
		})
		interrupt()
	}
}

// TestAWindowThatChangesItsSizeSaysSo runs the command as a process of its own: the signal is
// the whole process's.
func TestAWindowThatChangesItsSizeSaysSo(t *testing.T) {
	t.Parallel()
	b, s := mustBox(t), mustTerminal(t, 80)
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "instance", "exec", "-it", "box", "--", "size")
	cmd.Env = append(os.Environ(), asKelvin+"=1", "KELVIN_SERVER="+b.env["KELVIN_SERVER"], "KELVIN_API_KEY="+b.env["KELVIN_API_KEY"])
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.tty, s.tty, s.tty
	before := s.settings(t)
	require.NoError(t, cmd.Start())
	s.shows(t, "24 80\r\n")
	require.NoError(t, unix.IoctlSetWinsize(int(s.tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 132}))
	require.NoError(t, cmd.Process.Signal(unix.SIGWINCH)) // the terminal is not the process's own, which would tell it
	until(t, func() bool {
		s.press(t, "\r")
		time.Sleep(10 * time.Millisecond)
		return strings.Contains(s.text(), "50 132\r\n")
	})
	require.NoError(t, cmd.Process.Signal(unix.SIGTERM))
	require.Error(t, cmd.Wait())
	require.Equal(t, exitInterrupted, cmd.ProcessState.ExitCode())
	require.Equal(t, before, s.settings(t))
}

func TestCopyShowsHowFarItIsOnATerminal(t *testing.T) {
	t.Parallel()
	b, s := mustBox(t), mustTerminal(t, 60)
	require.Equal(t, exitUsage, b.runOn(s, "instance", "cp", "box:/tmp", "-"), "a tar stream is nothing for a terminal")
	from := t.TempDir()
	write(t, from, "f")
	require.NoError(t, os.Truncate(from+"/f", 50<<20))
	require.Zero(t, b.runOn(s, "instance", "cp", from+"/f", "box:/tmp"))
	until(t, func() bool { return strings.HasSuffix(s.text(), "\r\x1b[K") })
	found, err := b.engine.StatPath(t.Context(), b.lease.ID, "/tmp/f")
	require.NoError(t, err)
	require.EqualValues(t, 50<<20, found.Bytes)
}

func TestSizeOfATerminalIsKnown(t *testing.T) {
	t.Parallel()
	s := mustTerminal(t, 2000)
	require.Equal(t, fleet.Size{Rows: 24, Cols: 1000}, sizeOf(s.tty))
}
