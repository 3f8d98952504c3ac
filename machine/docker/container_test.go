package docker_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/docker"
)

func TestTheKernelHoldsAContainer(t *testing.T) {
	t.Parallel()
	e, host := mustHost(t, docker.Options{Defaults: docker.Limits{CPUs: 0.5, MemoryMB: 200, Pids: 77}})
	c := mustStart(t, e, host, nil)
	status := mustExec(t, e, c, 0, "/kelvin", "cat", "/proc/self/status")
	// CHOWN 0, DAC_OVERRIDE 1, FOWNER 3, FSETID 4, KILL 5, SETGID 6, SETUID 7, SETPCAP 8,
	// NET_BIND_SERVICE 10, SYS_CHROOT 18: the numbers of linux/capability.h.
	const allowed = 1<<0 | 1<<1 | 1<<3 | 1<<4 | 1<<5 | 1<<6 | 1<<7 | 1<<8 | 1<<10 | 1<<18
	for _, set := range []string{"CapEff", "CapPrm", "CapBnd"} {
		require.Contains(t, status, fmt.Sprintf("%s:\t%016x\n", set, allowed))
	}
	require.Contains(t, status, "NoNewPrivs:\t1\n")
	require.Contains(t, status, "Seccomp:\t2\n")

	d, err := raw.ContainerInspect(t.Context(), "kelvin-"+c.Lease.ID)
	require.NoError(t, err)
	require.False(t, d.HostConfig.Privileged)
	require.Empty(t, d.HostConfig.Binds)
	require.Empty(t, d.Mounts)
	require.Equal(t, int64(77), *d.HostConfig.PidsLimit)
	require.Equal(t, int64(200<<20), d.HostConfig.Memory)
	require.Equal(t, int64(200<<20), d.HostConfig.MemorySwap)
	require.Equal(t, int64(5e8), d.HostConfig.NanoCPUs)
	require.True(t, *d.HostConfig.Init)
	require.Equal(t, map[string]string{"max-size": "10m", "max-file": "3"}, d.HostConfig.LogConfig.Config)
	require.Equal(t, fleet.HostLabel(c.Lease.InstanceID), d.Config.Hostname)
	require.Equal(t, "127.0.0.1", d.HostConfig.PortBindings["8080/tcp"][0].HostIP)
}

func TestAReadOnlyContainerWritesOnlyToTmpAndItsDisk(t *testing.T) {
	t.Parallel()
	e, host := mustHost(t, docker.Options{})
	c := mustStart(t, e, host, func(c *fleet.ContainerSpec) { c.Spec.ReadOnly, c.Spec.DiskPath = true, "/workspace" })
	mustExec(t, e, c, 1, "/kelvin", "write", "/file")
	mustExec(t, e, c, 0, "/kelvin", "write", "/tmp/file")
	mustExec(t, e, c, 0, "/kelvin", "write", "/workspace/file")
}

// An engine that is killed while it makes a disk knows of it without its labels.
func TestADiskThatWasNeverFinishedIsMadeAgain(t *testing.T) {
	t.Parallel()
	e, host := mustHost(t, docker.Options{})
	c := mustStart(t, e, host, func(c *fleet.ContainerSpec) {
		c.Spec.DiskPath = "/workspace"
		_, err := raw.VolumeCreate(t.Context(), volume.CreateOptions{Name: "kelvin-" + c.Lease.ID})
		require.NoError(t, err)
	})
	disk, err := raw.VolumeInspect(t.Context(), "kelvin-"+c.Lease.ID)
	require.NoError(t, err)
	require.Equal(t, c.Lease.HostID, disk.Labels[machine.LabelHost])
	require.NoError(t, e.Remove(t.Context(), c.Lease.ID))
	_, err = raw.VolumeInspect(t.Context(), "kelvin-"+c.Lease.ID)
	require.Error(t, err)
}

func TestAContainerBeyondItsMemoryIsKilledAndSaysSo(t *testing.T) {
	t.Parallel()
	e, host := mustHost(t, docker.Options{})
	c := mustCreate(t, e, host, func(c *fleet.ContainerSpec) {
		c.Spec.MemoryMB, c.Spec.Shell, c.Spec.Command = 64, "/kelvin", "fill"
	})
	require.NoError(t, e.Start(t.Context(), c.Lease.ID))
	var d machine.Container
	require.Eventually(t, func() bool {
		var err error
		d, err = e.Inspect(t.Context(), c.Lease.ID)
		require.NoError(t, err)
		return !d.Running
	}, time.Minute, 50*time.Millisecond)
	require.True(t, d.OOMKilled)
	require.Equal(t, 137, d.ExitCode)
}

func TestAccountsCannotReachOneAnother(t *testing.T) {
	t.Parallel()
	e, host := mustHost(t, docker.Options{})
	one, two := fleet.NewID(fleet.AccountPrefix, time.Now()), fleet.NewID(fleet.AccountPrefix, time.Now())
	server := mustStart(t, e, host, func(c *fleet.ContainerSpec) { c.AccountID = one })
	friend := mustStart(t, e, host, func(c *fleet.ContainerSpec) { c.AccountID = one })
	stranger := mustStart(t, e, host, func(c *fleet.ContainerSpec) { c.AccountID = two })

	d, err := raw.ContainerInspect(t.Context(), "kelvin-"+server.Lease.ID)
	require.NoError(t, err)
	require.Len(t, d.NetworkSettings.Networks, 1)
	var address string
	for _, n := range d.NetworkSettings.Networks {
		address = net.JoinHostPort(n.IPAddress, "8080")
	}
	mustExec(t, e, friend, 0, "/kelvin", "dial", address)
	mustExec(t, e, friend, 0, "/kelvin", "dial", net.JoinHostPort(d.Config.Hostname, "8080"))
	mustExec(t, e, stranger, 1, "/kelvin", "dial", address)
	mustExec(t, e, stranger, 1, "/kelvin", "dial", net.JoinHostPort(d.Config.Hostname, "8080"))

	require.Len(t, networksOf(t, host), 2)
	require.NoError(t, e.Remove(t.Context(), stranger.Lease.ID))
	require.Len(t, networksOf(t, host), 1, "the last one takes its network along")
}

func TestAContainerStartsThoughItsNetworkWasPruned(t *testing.T) {
	t.Parallel()
	e, host := mustHost(t, docker.Options{})
	c := mustStart(t, e, host, nil)
	require.NoError(t, e.Stop(t.Context(), c.Lease.ID, time.Minute))
	require.NoError(t, raw.NetworkRemove(t.Context(), networksOf(t, host)[0]))
	require.NoError(t, e.Start(t.Context(), c.Lease.ID))
	mustGet(t, c, "/healthz")
}

func TestANetworkVolumeIsItsAccountsFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e, host := mustHost(t, docker.Options{VolumesDir: dir})
	data := func(c *fleet.ContainerSpec) { c.Spec.Volume, c.Spec.MountPath = "models", "/data" }
	c := mustStart(t, e, host, data)
	mustExec(t, e, c, 0, "/kelvin", "write", "/data/file")
	file := filepath.Join(dir, c.AccountID, "models", "file")
	require.FileExists(t, file)
	require.NoError(t, e.Remove(t.Context(), c.Lease.ID))
	require.FileExists(t, file, "it outlives its containers")

	for name, spoil := range map[string]func(*fleet.ContainerSpec){
		"up":     func(c *fleet.ContainerSpec) { c.Spec.Volume = ".." },
		"a path": func(c *fleet.ContainerSpec) { c.Spec.Volume = "a/b" },
		"a link out": func(c *fleet.ContainerSpec) {
			require.NoError(t, os.MkdirAll(filepath.Join(dir, c.AccountID), 0o755))
			require.NoError(t, os.Symlink("/", filepath.Join(dir, c.AccountID, "models")))
		},
	} {
		c := spec(t, host)
		data(&c)
		spoil(&c)
		require.Equal(t, fleet.Invalid, fleet.CodeOf(e.Create(t.Context(), c)), name)
	}
	without, other := mustHost(t, docker.Options{})
	c = spec(t, other)
	data(&c)
	require.Equal(t, fleet.Unsupported, fleet.CodeOf(without.Create(t.Context(), c)))
}

func TestAnEngineThatDoesNotAnswerIsUnavailable(t *testing.T) {
	t.Parallel()
	e, err := docker.New(docker.Options{Host: "unix:///no/such/socket", HostID: "hst_1"})
	require.NoError(t, err)
	defer e.Close()
	_, err = e.Info(t.Context())
	require.Equal(t, fleet.Unavailable, fleet.CodeOf(err))
	require.Equal(t, fleet.Unavailable, fleet.CodeOf(e.Start(t.Context(), "op_1")))
	require.Equal(t, fleet.Unavailable, fleet.CodeOf(e.Pull(t.Context(), testImage, nil)))
	require.Equal(t, fleet.Unavailable, fleet.CodeOf(e.Watch(t.Context(), func(string) {})))
}

func TestMoreCPUsThanTheHostHasAreInvalid(t *testing.T) {
	t.Parallel()
	e, host := mustHost(t, docker.Options{})
	c := spec(t, host)
	c.Spec.CPUs = 500
	require.Equal(t, fleet.Invalid, fleet.CodeOf(e.Create(t.Context(), c)))
	require.Empty(t, left(t, host), "the network has gone again")
}

func spec(t testing.TB, hostID string) fleet.ContainerSpec {
	t.Helper()
	now := time.Now()
	return fleet.ContainerSpec{
		Lease:     fleet.Lease{ID: fleet.NewID(fleet.OperationPrefix, now), InstanceID: fleet.NewID(fleet.InstancePrefix, now), HostID: hostID, Epoch: 1},
		AccountID: fleet.NewID(fleet.AccountPrefix, now),
		Spec:      fleet.InstanceSpec{Image: testImage, Ports: []int{8080}},
		Ports:     []fleet.Published{{Container: 8080, Host: mustPort(t)}},
	}
}

func mustCreate(t testing.TB, e *docker.Engine, hostID string, change func(*fleet.ContainerSpec)) fleet.ContainerSpec {
	t.Helper()
	c := spec(t, hostID)
	if change != nil {
		change(&c)
	}
	require.NoError(t, e.Create(t.Context(), c))
	return c
}

func mustStart(t testing.TB, e *docker.Engine, hostID string, change func(*fleet.ContainerSpec)) fleet.ContainerSpec {
	t.Helper()
	c := mustCreate(t, e, hostID, change)
	require.NoError(t, e.Start(t.Context(), c.Lease.ID))
	mustGet(t, c, "/healthz")
	return c
}

// mustExec runs a command in a container, which ends with that code.
func mustExec(t *testing.T, e *docker.Engine, c fleet.ContainerSpec, code int, command ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out, errs bytes.Buffer
	got, err := e.Exec(ctx, c.Lease.ID, machine.Exec{Command: command, Stdout: &out, Stderr: &errs})
	require.NoError(t, err)
	require.Equal(t, code, got, "%s: %s", strings.Join(command, " "), errs.String())
	return out.String()
}

// mustGet asks a container until it answers.
func mustGet(t testing.TB, c fleet.ContainerSpec, path string) string {
	t.Helper()
	var body []byte
	require.Eventually(t, func() bool {
		response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d%s", c.Ports[0].Host, path))
		if err != nil {
			return false
		}
		defer response.Body.Close()
		body, err = io.ReadAll(response.Body)
		return err == nil && response.StatusCode == http.StatusOK
	}, 20*time.Second, 10*time.Millisecond)
	return string(body)
}

// mustPort is a free port below those that outgoing connections take.
func mustPort(t testing.TB) int {
	t.Helper()
	for range 100 {
		port := 15000 + rand.IntN(5000)
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			require.NoError(t, l.Close())
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

func networksOf(t *testing.T, hostID string) []string {
	t.Helper()
	all, err := raw.NetworkList(t.Context(), network.ListOptions{Filters: labelled(hostID)})
	require.NoError(t, err)
	var names []string
	for _, n := range all {
		names = append(names, n.Name)
	}
	return names
}
