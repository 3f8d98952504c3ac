package activities

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A VolumeErasure is a network volume to erase.
type VolumeErasure struct {
	VolumeID  string
	AccountID string
	Name      string
	HostID    string // that can; empty: there is nothing to erase
	Over      bool   // it is erased already
}

// OfLease fences the step like those of containers: a volume is erased once only.
func (v VolumeErasure) OfLease() fleet.Lease {
	return fleet.Lease{ID: v.VolumeID, InstanceID: v.VolumeID, HostID: v.HostID, Epoch: 1}
}

// FindErasure says what to erase, and where. Unavailable while no host that reaches it is ready.
func (c *Control) FindErasure(ctx context.Context, volumeID string) (VolumeErasure, error) {
	found, err := c.Store.Erasure(ctx, volumeID)
	if err != nil {
		return VolumeErasure{}, err
	}
	return VolumeErasure{VolumeID: volumeID, AccountID: found.Volume.AccountID, Name: found.Volume.Name, HostID: found.HostID, Over: found.Over}, nil
}

// VolumeErased notes that nothing is left of it.
func (c *Control) VolumeErased(ctx context.Context, volumeID string) error {
	return c.Store.VolumeErased(ctx, volumeID)
}

// EraseVolume removes the files of a network volume.
func (h *Host) EraseVolume(ctx context.Context, in VolumeErasure) error {
	return h.Machine.EraseVolume(ctx, in.AccountID, in.Name)
}
