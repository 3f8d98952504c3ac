package temporalchild

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// asParent makes the test binary be a program that starts a server and other
// children, so that it can be killed. Its value says how the server is bound.
const asParent = "KELVIN_TEMPORALCHILD_TEST_AS_PARENT"

func TestMain(m *testing.M) {
	if how := os.Getenv(asParent); how != "" {
		parent(how)
		return
	}
	os.Exit(m.Run())
}

// parent starts a server, prints its PID and that of another child which
// outlives it, and waits to be killed. The other child is there to inherit
// what it should not: an open end of the server's pipe.
func parent(how string) {
	c, err := Start(context.Background(), Options{
		Binary: os.Getenv("KELVIN_TEMPORAL_BIN"), DataDir: os.Getenv("DATA_DIR"), Sync: "off",
		withoutDeathSignal: how == "pipe",
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// Many goroutines that end while locked to their threads end these threads:
	// the server must depend on none of them.
	for range 50 {
		done := make(chan struct{})
		go func() {
			defer close(done)
			runtime.LockOSThread()
		}()
		<-done
	}
	runtime.GC()
	other := exec.Command("sleep", "60")
	if err := other.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(c.PID(), other.Process.Pid)
	select {}
}

// The server must go with its parent however that ends, and each of the two
// ways must do by itself: a stopped process cannot read its pipe, and systems
// other than Linux have no death signal.
func TestServerGoesWithAKilledParent(t *testing.T) {
	t.Parallel()
	for how, within := range map[string]time.Duration{
		"both":         2 * time.Second,
		"pipe":         10 * time.Second, // a clean stop, on a loaded machine
		"death signal": 2 * time.Second,
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			if how == "death signal" && runtime.GOOS != "linux" {
				t.Skip("only Linux has a death signal")
			}
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), asParent+"="+how,
				"KELVIN_TEMPORAL_BIN="+mustBinary(t), "DATA_DIR="+t.TempDir())
			cmd.Stderr = os.Stderr
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			t.Cleanup(func() { _ = cmd.Process.Kill() })
			line, err := bufio.NewReader(out).ReadString('\n')
			require.NoError(t, err)
			pids := strings.Fields(line)
			require.Len(t, pids, 2)
			server, err := strconv.Atoi(pids[0])
			require.NoError(t, err)
			other, err := strconv.Atoi(pids[1])
			require.NoError(t, err)
			t.Cleanup(func() { _ = syscall.Kill(other, syscall.SIGKILL) })

			require.Never(t, func() bool { return !alive(server) }, 300*time.Millisecond, 20*time.Millisecond,
				"the server lives while its parent does")
			if how == "death signal" {
				require.NoError(t, syscall.Kill(server, syscall.SIGSTOP))
			}
			require.NoError(t, cmd.Process.Kill())
			_ = cmd.Wait()
			killed := time.Now()
			require.Eventually(t, func() bool { return !alive(server) }, within, 5*time.Millisecond)
			t.Logf("gone after %v", time.Since(killed).Round(time.Millisecond))
			require.True(t, alive(other))
		})
	}
}
