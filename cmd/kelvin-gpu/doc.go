// Command kelvin-gpu is what touches NVIDIA's drivers for Kelvin's agent, which starts it anew
// for every question: a driver can hang, or end the process that asks it.
//
//	kelvin-gpu inventory            the GPUs, as JSON
//	kelvin-gpu health UUID          all that the driver tells of one
//	kelvin-gpu holders UUID         the processes that have it open
//	kelvin-gpu watch                what happens to all of them, a line of JSON each, until it is ended
//	kelvin-gpu version              what this program is
//
// Answers are on standard output. An error is one line on standard error, and an exit status
// of its kind: 64 wrong usage, 66 no such GPU, 69 the driver does not answer, 70 a bug, 78 not
// with this driver, or no driver, or a build without NVML.
package main
