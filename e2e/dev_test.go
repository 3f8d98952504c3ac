package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	docker "github.com/docker/docker/client"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/machine"
)

// A newcomer's first hour: `kelvin dev` with nothing configured, the commands it prints, a
// kill -9 in between. The next start finds everything, and the containers never noticed.
func TestKelvinDev(t *testing.T) {
	dir := t.TempDir()
	engine, err := docker.NewClientWithOpts(docker.FromEnv, docker.WithAPIVersionNegotiation())
	require.NoError(t, err)
	d := &devProcess{T: t, dir: dir, args: []string{
		"dev", "--data-dir", filepath.Join(dir, "data"), "--machine", "docker",
		"--listen", free(t), "--gateway", free(t), "--temporal", free(t), "--temporal-ui", free(t),
	}}
	t.Cleanup(func() {
		var me struct{ Host string }
		text, err := os.ReadFile(filepath.Join(dir, "data", "dev.json"))
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &me))
		clearHost(t, engine, me.Host)
	})

	greeting := d.start()
	for _, said := range []string{"Console", "API docs", "Endpoints", "Temporal", "SIMULATED GPUs", "endpoint create hello", "curl ", "endpoint stop hello"} {
		require.Contains(t, greeting, said)
	}
	out := d.kelvin("endpoint", "create", "hello", "--quick-deploy", "echo", "--active", "2", "--wait")
	require.Contains(t, out, "2/2 Ready")
	url := d.url("hello")
	status, _ := fetch(t, url)
	require.Equal(t, http.StatusOK, status)
	before := d.containers(engine)
	require.Len(t, before, 2)

	child := d.children()
	require.NotEmpty(t, child, "kelvin-temporal is its child")
	require.NoError(t, d.cmd.Process.Kill())
	_ = d.cmd.Wait()
	require.Eventually(t, func() bool {
		for _, pid := range child {
			if syscall.Kill(pid, 0) == nil {
				return false
			}
		}
		return true
	}, 5*time.Second, 50*time.Millisecond, "kelvin-temporal outlives its parent")

	d.start()
	require.Eventually(t, func() bool {
		status, _ := fetch(t, url)
		return status == http.StatusOK
	}, 10*time.Second, 100*time.Millisecond)
	require.Equal(t, before, d.containers(engine), "the containers are the same, and never stopped")
	d.kelvin("endpoint", "stop", "hello", "--wait")
	status, text := fetch(t, url)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Contains(t, text, "endpoint stopped")
	d.kelvin("endpoint", "rm", "hello", "--yes", "--wait")
	require.Empty(t, d.containers(engine))

	require.NoError(t, d.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, d.cmd.Wait(), "it ends well when it is asked to")
}

// Without a Docker engine the machine is simulated, and that is said.
func TestKelvinDevWithoutDocker(t *testing.T) {
	dir := t.TempDir()
	d := &devProcess{T: t, dir: dir, args: []string{
		"dev", "--data-dir", filepath.Join(dir, "data"), "--docker", "unix://" + filepath.Join(dir, "no.sock"),
		"--listen", free(t), "--gateway", free(t), "--temporal", free(t), "--temporal-ui", free(t),
	}}
	require.Contains(t, d.start(), "a SIMULATED machine (no Docker engine answers here")
	d.kelvin("endpoint", "create", "hello", "--quick-deploy", "echo", "--wait")
	status, _ := fetch(t, d.url("hello"))
	require.Equal(t, http.StatusOK, status)
	require.NoError(t, d.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, d.cmd.Wait())
}

// devProcess is `kelvin dev`, and the commands that a second terminal gives it.
type devProcess struct {
	*testing.T
	dir   string
	args  []string
	ports []string // for containers; kept over restarts
	cmd   *exec.Cmd
}

// start starts it, and returns what it says until it is ready.
func (d *devProcess) start() string {
	d.Helper()
	if d.ports == nil {
		d.ports = ports()
	}
	d.cmd = exec.Command(binary(d.T, "kelvin"), append(slices.Clone(d.args), d.ports...)...) //nolint:noctx // the test ends it, in different ways
	d.cmd.Env = append(os.Environ(), "KELVIN_CONTEXT="+filepath.Join(d.dir, "context.json"))
	out, in := io.Pipe()
	d.cmd.Stdout, d.cmd.Stderr = in, in
	began := time.Now()
	require.NoError(d, d.cmd.Start())
	d.Cleanup(func() { _ = d.cmd.Process.Kill() })
	said := make(chan string, 1)
	go func() {
		var text strings.Builder
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			text.WriteString(lines.Text() + "\n")
			if strings.HasPrefix(lines.Text(), "Ctrl-C ends") {
				said <- text.String()
			}
		}
	}()
	select {
	case text := <-said:
		d.Logf("ready after %.1f s", time.Since(began).Seconds())
		return text
	case <-time.After(time.Minute):
		require.Fail(d, "it does not get ready")
		return ""
	}
}

func (d *devProcess) kelvin(args ...string) string {
	d.Helper()
	ctx, cancel := context.WithTimeout(d.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary(d.T, "kelvin"), args...)
	cmd.Env = append(os.Environ(), "KELVIN_CONTEXT="+filepath.Join(d.dir, "context.json"))
	out, err := cmd.CombinedOutput()
	require.NoError(d, err, "%s", out)
	return string(out)
}

func (d *devProcess) url(name string) string {
	var ep struct{ URL string }
	require.NoError(d, json.Unmarshal([]byte(d.kelvin("endpoint", "show", name, "-o", "json")), &ep))
	return ep.URL
}

// containers are the IDs of those that run for it.
func (d *devProcess) containers(engine *docker.Client) (ids []string) {
	var me struct{ Host string }
	text, err := os.ReadFile(filepath.Join(d.dir, "data", "dev.json"))
	require.NoError(d, err)
	require.NoError(d, json.Unmarshal(text, &me))
	all, err := engine.ContainerList(d.Context(), container.ListOptions{Filters: filters.NewArgs(filters.Arg("label", machine.LabelHost+"="+me.Host))})
	require.NoError(d, err)
	for _, c := range all {
		ids = append(ids, c.ID)
	}
	return ids
}

// children are the processes it has started.
func (d *devProcess) children() (pids []int) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	require.NoError(d, err)
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		if err != nil {
			continue // it has just ended
		}
		var pid, parent int
		var state string
		after := string(text[strings.LastIndexByte(string(text), ')')+1:])
		if _, err := fmt.Sscan(string(text), &pid); err == nil {
			if _, err := fmt.Sscan(after, &state, &parent); err == nil && parent == d.cmd.Process.Pid {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}
