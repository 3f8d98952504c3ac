// Package echo is the demo workload: a small HTTP program that says who it is, and that
// streams, waits, counts, stores and crashes on request. `kelvin echo` runs it, the image
// kelvin/echo is built from it, and machine/sim runs it in process, so that demos, tests
// and a first hour with Kelvin need neither a registry nor a GPU.
//
// It knows its environment only, as any tenant's program does: PORT, the KELVIN_ variables
// that machine.Environment sets, and ECHO_START_DELAY.
package echo
