package docker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/docker"
	"github.com/kelvin-gpu/kelvin/machine/machinetest"
)

var (
	// binary is testdata/workload, static.
	binary string
	// testImage holds it. Its name is this process's: others may test on the same engine.
	testImage = "kelvin/driver-test:p" + strconv.Itoa(os.Getpid())
	// shellImage has a shell.
	shellImage = "kelvin/driver-test-shell:p" + strconv.Itoa(os.Getpid())
	// raw is the engine without the driver.
	raw *client.Client
)

// looker, as the first argument, makes this binary look at devices.
const looker = "look-at-devices"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == looker {
		if docker.LookAtDevices(os.Stdin, os.Stdout) != nil {
			os.Exit(1)
		}
		return
	}
	code, err := testAll(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "machine/docker:", err)
		code = 1
	}
	os.Exit(code)
}

func testAll(m *testing.M) (code int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "kelvin-docker-test-*")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	if raw, err = client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation()); err != nil {
		return 1, err
	}
	defer raw.Close()
	if _, err := raw.Ping(ctx); err != nil {
		return 1, fmt.Errorf("these tests need a Docker engine (deploy/setup/docker.sh starts one): %w", err)
	}
	binary = filepath.Join(dir, "workload")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./testdata/workload")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("build the workload: %w\n%s", err, bytes.TrimSpace(out))
	}
	e, err := docker.New(docker.Options{HostID: "hst_setup"})
	if err != nil {
		return 1, err
	}
	defer e.Close()
	if err := e.BuildFromBinary(ctx, testImage, binary, nil); err != nil {
		return 1, err
	}
	if err := importShell(ctx); err != nil {
		return 1, err
	}
	code = m.Run()
	// The tests' own time is up to them.
	var errs []error
	for _, ref := range []string{testImage, shellImage} {
		_, err := raw.ImageRemove(context.Background(), ref, image.RemoveOptions{PruneChildren: true})
		errs = append(errs, err)
	}
	return code, errors.Join(errs...)
}

// importShell makes shellImage.
func importShell(ctx context.Context) error {
	out, in := io.Pipe()
	go func() { _ = in.CloseWithError(machinetest.WriteShell(in)) }()
	body, err := raw.ImageImport(ctx, image.ImportSource{Source: out, SourceName: "-"}, shellImage, image.ImportOptions{Changes: []string{"ENV PATH=/bin"}})
	if err != nil {
		return fmt.Errorf("make an image with a shell: %w", err)
	}
	defer body.Close()
	_, err = io.Copy(io.Discard, body)
	return err
}

// left names all on the engine that bears a host's label.
func left(t testing.TB, hostID string) []string {
	t.Helper()
	ctx := context.Background()
	ours := labelled(hostID)
	containers, err := raw.ContainerList(ctx, container.ListOptions{All: true, Filters: ours})
	require.NoError(t, err)
	networks, err := raw.NetworkList(ctx, network.ListOptions{Filters: ours})
	require.NoError(t, err)
	volumes, err := raw.VolumeList(ctx, volume.ListOptions{Filters: ours})
	require.NoError(t, err)
	var names []string
	for _, c := range containers {
		names = append(names, "container "+c.Names[0])
	}
	for _, n := range networks {
		names = append(names, "network "+n.Name)
	}
	for _, v := range volumes.Volumes {
		names = append(names, "volume "+v.Name)
	}
	return names
}

func labelled(hostID string) filters.Args {
	return filters.NewArgs(filters.Arg("label", machine.LabelHost+"="+hostID))
}

// mustHost opens a driver for a host of its own. Nothing may be left at the end.
func mustHost(t testing.TB, o docker.Options) (e *docker.Engine, hostID string) {
	t.Helper()
	o.HostID = fleet.NewID(fleet.HostPrefix, time.Now())
	e, err := docker.New(o)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx := context.Background()
		all, err := e.List(ctx)
		require.NoError(t, err)
		var errs []error
		for _, c := range all {
			errs = append(errs, e.Remove(ctx, c.LeaseID))
		}
		require.NoError(t, errors.Join(errs...))
		require.NoError(t, e.Close())
		require.Empty(t, left(t, o.HostID))
	})
	return e, o.HostID
}
