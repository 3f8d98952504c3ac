package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
)

// asServer makes the test binary be kelvin-temporal: a server can run only
// once in a process, and tests want several, and to see them end.
const asServer = "KELVIN_TEMPORAL_TEST_AS_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(asServer) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is a kelvin-temporal that a test started.
type process struct {
	Ready
	stdin io.Closer
	cmd   *exec.Cmd
	log   *syncBuffer
	exit  chan error // gets the outcome once
}

func command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asServer+"=1")
	return cmd
}

// mustServe starts a server on free ports and waits for its line.
func mustServe(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{
		cmd:  command(append([]string{"--grpc=127.0.0.1:0", "--ui=", "--sync=off", "--exit-with-stdin"}, args...)...),
		log:  new(syncBuffer),
		exit: make(chan error, 1),
	}
	stdin, err := p.cmd.StdinPipe()
	require.NoError(t, err)
	p.stdin = stdin
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.cmd.Stderr = p.log
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })

	err = json.NewDecoder(stdout).Decode(&p.Ready)
	if err != nil {
		_ = p.cmd.Wait()
	}
	require.NoError(t, err, "no line on stdout; log:\n%s", p.log)
	go func() {
		rest, _ := io.ReadAll(stdout)
		err := p.cmd.Wait()
		if len(bytes.TrimSpace(rest)) > 0 {
			t.Errorf("more than one line on stdout: %s", rest)
		}
		p.exit <- err
	}()
	return p
}

// mustEnd waits for the process to end without an error.
func (p *process) mustEnd(t *testing.T) {
	t.Helper()
	select {
	case err := <-p.exit:
		require.NoError(t, err, "log:\n%s", p.log)
	case <-time.After(stopGrace):
		t.Fatalf("still running; log:\n%s", p.log)
	}
}

func (p *process) mustStop(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	p.mustEnd(t)
}

func mustDial(t *testing.T, p *process) client.Client {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort:  p.GRPC,
		Namespace: p.Namespace,
		Logger:    sdklog.NewStructuredLogger(newLogger(io.Discard, 0).SLog()),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// syncBuffer is a buffer that a process writes while a test reads.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
