// Package nvidia is the agent's side of NVIDIA GPUs. It never calls a driver: it starts
// kelvin-gpu, which does, in processes with deadlines that can be killed, and takes nothing
// that they say for granted.
package nvidia
