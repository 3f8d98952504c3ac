package docker

import (
	"context"
	"os"

	"github.com/docker/docker/api/types/container"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// overlay is the storage driver that keeps the changed part of a root filesystem in a folder
// of its own; also its folder in the engine's.
const overlay = "overlay2"

// Files implements machine.Machine. The engine must be on this machine, and this process
// must be allowed into its folders.
func (e *Engine) Files(ctx context.Context, leaseID string) (machine.Files, error) {
	c, err := e.own(ctx, leaseID)
	if err != nil {
		return machine.Files{}, err
	}
	files := machine.Files{ImageID: c.Image}
	for _, m := range c.Mounts {
		if m.Name == name(leaseID) {
			files.Data = m.Source
		}
	}
	if !c.HostConfig.ReadonlyRootfs {
		if files.Root, err = changed(c); err != nil {
			return machine.Files{}, err
		}
	}
	for _, dir := range []string{files.Data, files.Root} {
		if _, err := os.ReadDir(dir); dir != "" && err != nil {
			return machine.Files{}, fleet.Errorf(fleet.Unsupported, "the engine's folders are not in reach of this process")
		}
	}
	return files, nil
}

// changed is the folder of what a container has changed in its root filesystem.
func changed(c container.InspectResponse) (string, error) {
	if c.GraphDriver.Name != overlay || c.GraphDriver.Data["UpperDir"] == "" {
		return "", fleet.Errorf(fleet.Unsupported, "the engine's storage driver is %s; files can be told apart from the image's with %s only", c.GraphDriver.Name, overlay)
	}
	return c.GraphDriver.Data["UpperDir"], nil
}
