package docker_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine/docker"
)

func TestAContainerMovesToAnotherEngine(t *testing.T) {
	t.Parallel()
	address, engine := mustSecond(t)
	ref := mustFilesImage(t)
	here, host := mustHost(t, docker.Options{})
	one := mustStart(t, here, host, func(c *fleet.ContainerSpec) { c.Spec.Image, c.Spec.DiskPath = ref, "/workspace" })
	for _, words := range [][]string{{"awkward", "/"}, {"awkward", "/workspace"}, {"write", "/etc/changed", "changed"}} {
		mustExec(t, here, one, 0, append([]string{"/kelvin"}, words...)...)
	}
	want := mustExec(t, here, one, 0, "/kelvin", "describe", "/")
	require.NoError(t, here.Stop(t.Context(), one.Lease.ID, time.Minute))
	from, err := here.Files(t.Context(), one.Lease.ID)
	require.NoError(t, err)

	there, err := docker.New(docker.Options{Host: engine, HostID: "hst_second", PublishAddress: address})
	require.NoError(t, err)
	defer there.Close()
	saved, err := here.SaveImage(t.Context(), from.ImageID)
	require.NoError(t, err)
	defer saved.Close()
	require.NoError(t, there.LoadImage(t.Context(), from.ImageID, saved))
	two := spec(t, "hst_second")
	two.ImageID, two.Spec.Image, two.Spec.DiskPath = from.ImageID, ref, "/workspace"
	two.Ports = one.Ports // it is another machine: they are free there
	require.NoError(t, there.Create(t.Context(), two))
	to, err := there.Files(t.Context(), two.Lease.ID)
	require.NoError(t, err)
	mustCopy(t, from.Root, to.Root)
	mustCopy(t, from.Data, to.Data)
	require.NoError(t, there.Start(t.Context(), two.Lease.ID))
	require.NoError(t, here.Start(t.Context(), one.Lease.ID))
	mustGet(t, one, "/healthz")
	mustAnswer(t, "http://"+net.JoinHostPort(address, strconv.Itoa(two.Ports[0].Host))+"/healthz")
	require.Equal(t, want, mustExec(t, there, two, 0, "/kelvin", "describe", "/"))
}

// mustSecond starts another engine, for one test.
func mustSecond(t *testing.T) (address, engine string) {
	t.Helper()
	script, err := filepath.Abs("../../deploy/setup/docker-second.sh")
	require.NoError(t, err)
	dir, err := os.MkdirTemp("", "kelvin-second-*") // a test's own would be too long for sockets
	require.NoError(t, err)
	run := func(verb string) (string, error) {
		out, err := exec.Command(script, verb, dir).Output()
		return strings.TrimSpace(string(out)), err
	}
	t.Cleanup(func() {
		out, err := run("remove")
		require.NoError(t, err, out)
		require.NoDirExists(t, dir)
	})
	engine, err = run("start")
	if failed, ok := errors.AsType[*exec.ExitError](err); ok && failed.ExitCode() == 3 {
		require.NoError(t, os.RemoveAll(dir))
		t.Skip("needs a second Docker engine: ", engine)
	}
	require.NoError(t, err, engine)
	address, err = run("address")
	require.NoError(t, err)
	return address, engine
}

func mustAnswer(t *testing.T, url string) {
	t.Helper()
	require.Eventually(t, func() bool {
		response, err := http.Get(url)
		if err != nil {
			return false
		}
		defer response.Body.Close()
		_, err = io.Copy(io.Discard, response.Body)
		return err == nil && response.StatusCode == http.StatusOK
	}, 20*time.Second, 10*time.Millisecond, fmt.Sprintf("%s does not answer", url))
}
