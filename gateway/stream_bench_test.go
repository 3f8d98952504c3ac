package gateway

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// gatewayFor, in the environment of a test binary, makes it a gateway before the worker at
// that address and nothing else, so that its memory can be told from its clients'.
const gatewayFor = "KELVIN_TEST_GATEWAY_FOR"

func TestMain(m *testing.M) {
	if worker := os.Getenv(gatewayFor); worker != "" {
		if err := serveAlone(worker); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if worker := os.Getenv(besideFor); worker != "" {
		if err := serveBeside(worker, os.Getenv(besideAs)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serveAlone prints its address, then the memory it uses for every line it reads.
func serveAlone(worker string) error {
	g, err := New(Config{DataCenter: "us-east"})
	if err != nil {
		return err
	}
	unlimited := routes(1, worker)
	unlimited.Endpoints[0].TargetConcurrency = 0
	g.Apply(unlimited)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = g.Serve(context.Background(), ln) }()
	fmt.Println(ln.Addr())
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			return err
		}
		_, after, _ := strings.Cut(string(status), "VmRSS:")
		line, _, _ := strings.Cut(after, "\n")
		fmt.Println(strings.Fields(line)[0])
	}
	return nil
}

// BenchmarkOpenStreams reports the resident memory of a gateway with 9,000 open streams of
// server-sent events, as MB for 10,000.
func BenchmarkOpenStreams(b *testing.B) {
	const streams = 9000 // with the worker's ends they fit the usual limit of 20,000 files
	var open atomic.Int64
	worker := mustWorker(b, func(w http.ResponseWriter, r *http.Request) {
		open.Add(1)
		defer open.Add(-1)
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: token\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	self, err := os.Executable()
	require.NoError(b, err)
	child := exec.CommandContext(b.Context(), self)
	child.Env = append(os.Environ(), gatewayFor+"="+worker)
	child.Stderr = os.Stderr
	in, err := child.StdinPipe()
	require.NoError(b, err)
	out, err := child.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, child.Start())
	defer func() {
		_ = in.Close()
		_ = child.Wait()
	}()
	lines := bufio.NewScanner(out)
	require.True(b, lines.Scan())
	front := lines.Text()

	for b.Loop() {
		var wg sync.WaitGroup
		conns := make(chan net.Conn, streams)
		for range 16 {
			wg.Go(func() {
				for range streams / 16 {
					conn, err := net.Dial("tcp", front)
					if err != nil {
						b.Error(err)
						return
					}
					conns <- conn
					if err := readFirstEvent(conn); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		_, err := io.WriteString(in, "memory\n")
		require.NoError(b, err)
		require.True(b, lines.Scan())
		var kib float64
		_, err = fmt.Sscan(lines.Text(), &kib)
		require.NoError(b, err)
		b.ReportMetric(kib/1024*10000/float64(len(conns)), "MB/10k-streams")
		close(conns)
		for conn := range conns {
			_ = conn.Close()
		}
		require.Eventually(b, func() bool { return open.Load() == 0 }, time.Minute, 10*time.Millisecond, "the worker keeps streams open")
	}
}

func readFirstEvent(conn net.Conn) error {
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return err
	}
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: "+testHost+"\r\n\r\n"); err != nil {
		return err
	}
	var got strings.Builder
	for p := make([]byte, 512); !strings.Contains(got.String(), "token"); {
		n, err := conn.Read(p)
		if err != nil {
			return err
		}
		got.Write(p[:n])
	}
	return nil
}
