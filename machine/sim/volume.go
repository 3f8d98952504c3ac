package sim

import (
	"context"
	"os"
	"path/filepath"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// EraseVolume implements machine.Machine.
func (m *Machine) EraseVolume(ctx context.Context, accountID, name string) error {
	return m.call(ctx, "EraseVolume", "", "", func() error {
		if !filepath.IsLocal(name) || filepath.Base(name) != name || !filepath.IsLocal(accountID) {
			return fleet.Errorf(fleet.Invalid, "the network volume's name is no good")
		}
		h := m.host
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.volumes, accountID+"/"+name)
		if h.dir == "" {
			return nil // it never had files
		}
		if err := os.RemoveAll(filepath.Join(h.dir, "volumes", accountID, name)); err != nil {
			return broken(err)
		}
		return nil
	})
}
