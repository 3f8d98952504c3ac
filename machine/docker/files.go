package docker

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/docker/docker/api/types/system"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// overlay is the storage driver that keeps the changed part of a root filesystem in a folder
// of its own; also its folder in the engine's.
const overlay = "overlay2"

// archives reports whether the files of containers can be archived and restored: by the storage
// driver, and by this process, which has to be root on the engine's machine.
func archives(info system.Info) bool {
	// An engine without root keeps overlayfs's notes where its tenants can forge them.
	rootless := slices.Contains(info.DriverStatus, [2]string{"userxattr", "true"})
	return info.Driver == overlay && !rootless && reach(filepath.Join(info.DockerRootDir, overlay)) && reach(filepath.Join(info.DockerRootDir, "volumes"))
}

// Files implements machine.Machine.
func (e *Engine) Files(ctx context.Context, leaseID string) (machine.Files, error) {
	c, err := e.own(ctx, leaseID)
	if err != nil {
		return machine.Files{}, err
	}
	info, err := e.Info(ctx)
	if err != nil {
		return machine.Files{}, err
	}
	root := c.GraphDriver.Data["UpperDir"]
	if !info.Archives || c.GraphDriver.Name != overlay || root == "" {
		return machine.Files{}, fleet.Errorf(fleet.Unsupported, "this host cannot tell where its containers' files lie: that needs Docker's storage driver %s, and an agent that is root beside it", overlay)
	}
	files := machine.Files{ImageID: c.Image}
	if !c.HostConfig.ReadonlyRootfs {
		files.Root = root
	}
	for _, m := range c.Mounts {
		if m.Name == name(leaseID) {
			files.Data = m.Source
		}
	}
	return files, nil
}
