package docker

import (
	"context"
	"os"
	"path/filepath"
	"regexp"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/volume"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// volumeName is what can be a folder of an account's.
var volumeName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// mounts are the container's own disk, which it makes, and its network volume.
func (e *Engine) mounts(ctx context.Context, c fleet.ContainerSpec) ([]mount.Mount, error) {
	var mounts []mount.Mount
	if c.Spec.Volume != "" {
		dir, err := e.networkVolume(c.AccountID, c.Spec.Volume)
		if err != nil {
			return nil, err
		}
		mounts = append(mounts, mount.Mount{Type: mount.TypeBind, Source: dir, Target: c.Spec.MountPath})
	}
	if c.Spec.DiskPath != "" {
		disk, err := e.disk(ctx, c)
		if err != nil {
			return nil, err
		}
		if disk.Labels[machine.LabelHost] != c.Lease.HostID {
			return nil, fleet.Errorf(fleet.Conflict, "the engine has a volume %s that is not this host's", disk.Name)
		}
		mounts = append(mounts, mount.Mount{Type: mount.TypeVolume, Source: disk.Name, Target: c.Spec.DiskPath})
	}
	return mounts, nil
}

// networkVolume is the folder of an account's volume, made if need be. Neither name nor
// links can lead out of the folder of volumes.
func (e *Engine) networkVolume(accountID, volume string) (string, error) {
	if e.options.VolumesDir == "" {
		return "", fleet.Errorf(fleet.Unsupported, "this host has no network volumes")
	}
	if !volumeName.MatchString(volume) || !filepath.IsLocal(accountID) {
		return "", fleet.Errorf(fleet.Invalid, "the network volume's name is no good")
	}
	root, err := os.OpenRoot(e.options.VolumesDir)
	if err != nil {
		return "", fleet.Errorf(fleet.Unavailable, "the host's folder of network volumes cannot be opened")
	}
	defer root.Close()
	for _, dir := range []string{accountID, filepath.Join(accountID, volume)} {
		if err := root.Mkdir(dir, 0o755); err != nil && !os.IsExist(err) {
			return "", fleet.Errorf(fleet.Unavailable, "a network volume cannot be made on this host")
		}
		// The engine would follow a link to wherever it leads.
		if info, err := root.Lstat(dir); err != nil || !info.IsDir() {
			return "", fleet.Errorf(fleet.Invalid, "the network volume is not a folder")
		}
	}
	return filepath.Join(e.options.VolumesDir, accountID, volume), nil
}

// removeDisk deletes a lease's disk, if it is there and this host's.
func (e *Engine) removeDisk(ctx context.Context, leaseID string) error {
	disk, err := e.client.VolumeInspect(ctx, name(leaseID))
	if cerrdefs.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fail(ctx, err, "look for a disk")
	}
	if disk.Labels[machine.LabelHost] != e.options.HostID {
		return nil
	}
	if err := e.client.VolumeRemove(ctx, disk.Name, false); err != nil && !cerrdefs.IsNotFound(err) {
		return fail(ctx, err, "remove a disk")
	}
	return nil
}

// disk makes the disk of a lease's container, or finds it. One without labels was being made
// when its engine was killed, which has forgotten what it was told then: nothing is on it yet,
// and it is made again.
func (e *Engine) disk(ctx context.Context, c fleet.ContainerSpec) (volume.Volume, error) {
	wanted := volume.CreateOptions{Name: name(c.Lease.ID), Labels: map[string]string{
		machine.LabelHost:     c.Lease.HostID,
		machine.LabelInstance: c.Lease.InstanceID,
		machine.LabelLease:    c.Lease.ID,
		machine.LabelAccount:  c.AccountID,
	}}
	disk, err := e.client.VolumeCreate(ctx, wanted)
	if err == nil && len(disk.Labels) == 0 {
		if err := e.client.VolumeRemove(ctx, wanted.Name, false); err != nil {
			return disk, fail(ctx, err, "remove a disk that was never finished")
		}
		disk, err = e.client.VolumeCreate(ctx, wanted)
	}
	return disk, fail(ctx, err, "make a disk")
}

// EraseVolume implements machine.Machine.
func (e *Engine) EraseVolume(_ context.Context, accountID, volume string) error {
	if e.options.VolumesDir == "" {
		return fleet.Errorf(fleet.Unsupported, "this host has no network volumes")
	}
	if !volumeName.MatchString(volume) || !filepath.IsLocal(accountID) {
		return fleet.Errorf(fleet.Invalid, "the network volume's name is no good")
	}
	root, err := os.OpenRoot(e.options.VolumesDir)
	if err != nil {
		return fleet.Errorf(fleet.Unavailable, "the host's folder of network volumes cannot be opened")
	}
	defer root.Close()
	if err := root.RemoveAll(filepath.Join(accountID, volume)); err != nil {
		return fleet.Errorf(fleet.Unavailable, "the network volume cannot be erased: %v", err)
	}
	return nil
}
