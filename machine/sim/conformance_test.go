package sim_test

import (
	"testing"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/machinetest"
	"github.com/kelvin-gpu/kelvin/machine/sim"
)

func TestASimulatedHostIsAMachine(t *testing.T) {
	t.Parallel()
	machinetest.Run(t, func(t *testing.T) machinetest.Fixture {
		h := mustHost(t, sim.Options{})
		return machinetest.Fixture{
			Open:    func(hostID string) machine.Machine { return h.Open(hostID) },
			Image:   "kelvin/echo:v1",
			Missing: "kelvin/nothing:v1",
			Fresh:   func(*testing.T) string { return "kelvin/echo:" + fleet.NewID("t_", time.Now()) },
			Forget:  func(_ *testing.T, id string) { h.Forget(id) },
			Command: func(words ...string) []string { return words },
			Shell:   "/bin/sh",
			Tasks:   "kelvin/echo:v1",
			Left:    func(_ *testing.T, hostID string) []string { return h.Left(hostID) },
		}
	})
}
