//go:build !linux

package docker

// hangUp does nothing: where the engine runs in a virtual machine, its processes are out of
// reach.
func hangUp(int, string) {}
