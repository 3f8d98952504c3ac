package docker_test

import (
	"testing"

	"github.com/docker/docker/api/types/image"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/docker"
	"github.com/kelvin-gpu/kelvin/machine/machinetest"
)

func TestADockerEngineIsAMachine(t *testing.T) {
	t.Parallel()
	machinetest.Run(t, func(t *testing.T) machinetest.Fixture {
		registry, volumes := mustRegistry(t), t.TempDir()
		return machinetest.Fixture{
			Open: func(hostID string) machine.Machine {
				e, err := docker.New(docker.Options{HostID: hostID, VolumesDir: volumes})
				require.NoError(t, err)
				return e
			},
			Image:   testImage,
			Missing: registry.name("nothing:v1"),
			Fresh:   func(t *testing.T) string { return mustFresh(t, 0) },
			Forget: func(t *testing.T, id string) {
				_, err := raw.ImageRemove(t.Context(), id, image.RemoveOptions{Force: true, PruneChildren: true})
				require.NoError(t, err)
			},
			Command: func(words ...string) []string { return append([]string{"/kelvin"}, words...) },
			Shell:   "/kelvin",
			Tasks:   shellImage,
			Left:    func(t *testing.T, hostID string) []string { return left(t, hostID) },
		}
	})
}
