// Package machine says what a host can do for Kelvin: keep containers and images, and name
// its GPUs. The agent's steps (activities.Host) use it; it knows nothing of operations,
// workflows or the record.
//
// Two implementations ship: machine/docker drives a Docker engine, machine/sim is a whole
// simulated machine whose faults are data. machine/machinetest is the suite that both pass,
// so that what runs on sim in tests and demos tells the truth. A host's GPUs are machine/nvidia's,
// or simulated ones, which pass a suite of their own; Examine finds out about one all that a
// verdict needs.
package machine
