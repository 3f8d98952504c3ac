// Command kelvin-gpu is what touches NVIDIA's drivers for Kelvin's agent, which starts it anew
// for every question: a driver can hang, or end the process that asks it.
//
//	kelvin-gpu inventory            the GPUs
//	kelvin-gpu health UUID          all that the driver tells of one
//	kelvin-gpu holders UUID         the processes that have it open
//	kelvin-gpu watch                what happens to all of them, until it is ended
//	           [-kernel FILE]       the kernel's log (default /dev/kmsg)
//	           [-boot ID -after N]  what has been seen of it
//	kelvin-gpu test                 tests the memory of the GPU that CUDA_VISIBLE_DEVICES names
//	kelvin-gpu scrub                overwrites it with zeros, and proves that
//	kelvin-gpu version              what this program is
//
// Answers are JSON on standard output; watch writes a line for each event. What a test or a
// scrub says is on file descriptor 3 if there is a pipe, which standard input's end then
// cancels (see machine/nvidia/wire). An error is one line on standard error, and an exit status
// of its kind: 64 wrong usage, 66 no such GPU, 69 the driver does not answer, 70 a bug, 75
// somebody uses the GPU, 78 no driver, or not with this one, or not with this build.
//
// With KELVIN_GPU_TIED=1 every verb ends with its standard input, and so with the agent.
package main
