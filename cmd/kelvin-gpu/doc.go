// Command kelvin-gpu is what touches NVIDIA's drivers for Kelvin's agent, which starts it anew
// for every question: a driver can hang, or end the process that asks it.
//
//	kelvin-gpu inventory            the GPUs, as JSON
//	kelvin-gpu health UUID          all that the driver tells of one
//	kelvin-gpu holders UUID         the processes that have it open
//	kelvin-gpu watch                what happens to all of them, a line of JSON each, until it is ended
//	kelvin-gpu test                 tests the memory of the GPU that CUDA_VISIBLE_DEVICES names
//	kelvin-gpu scrub                overwrites it with zeros, and proves that
//	kelvin-gpu version              what this program is
//
// Answers are on standard output; what a test or a scrub says, on file descriptor 3 if there is
// a pipe, which standard input's end then cancels (see machine/nvidia/wire). An error is one line on standard error, and an exit status
// of its kind: 64 wrong usage, 66 no such GPU, 69 the driver does not answer, 70 a bug, 78 not
// with this driver, or no driver, or a build without NVML.
package main
