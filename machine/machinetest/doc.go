// Package machinetest is the suite that every machine.Machine passes: each sentence of its
// contract, tried on a real or simulated engine. A new driver's test is a Fixture of some
// twenty lines. Only tests import it.
package machinetest
