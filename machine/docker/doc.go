// Package docker drives a Docker engine for Kelvin's agent: images, containers, their
// networks and disks. It is the only home of the Docker client; engines from 20.10 on are
// spoken to in their own version of the API.
//
// It holds tenants apart: a bridge network for each account and host, few capabilities, no
// new privileges, no mounts of the host but an account's own volume, limits on processes,
// memory and CPUs. What it does not do: an account's containers reach one another, and any
// container reaches what listens on the host's own addresses, so Kelvin publishes on
// 127.0.0.1 unless told otherwise. Each network takes a subnet of the engine's
// default-address-pools, about 30 unless more are configured.
//
// Containers' files are read and restored where the engine keeps them; see Engine.Files. That
// takes its storage driver overlay2, and this process to be root beside it.
//
// It knows nothing of operations, workflows or the record, and finds its things by their
// labels only.
package docker
