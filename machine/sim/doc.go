// Package sim is a whole simulated machine: containers that serve real HTTP, in process, on
// real ports of 127.0.0.1, with logs, exit codes, files in real folders and a grace to end in. It passes the
// same suite as machine/docker (machine/machinetest), and says that it is simulated. Tests
// of workflows, `kelvin dev` on a laptop without Docker and fleets of a thousand hosts run on
// it.
//
// What goes wrong is data: a Fault makes a call fail, wait or lose its answer; a Behaviour
// makes a container crash, ignore its end or never get ready. A Host is the machine and goes
// on when an agent's handle on it is closed, as a real one does.
//
// GPUs are those of a host that has none, also of one with a real engine. What is wrong with
// them is data, too (GPUFaults), and runs its course: an error in a test, a row to remap, a
// reset, a counter for life.
//
// It knows nothing of workflows, of the record, or of which tests use it.
package sim
