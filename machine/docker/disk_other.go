//go:build !unix

package docker

import "github.com/kelvin-gpu/kelvin/fleet"

// local is false: elsewhere the engine is in a virtual machine.
func (e *Engine) local() bool { return false }

func disk(string) fleet.Disk { return fleet.Disk{} }
