package sim

import (
	"context"
	"os"
	"path/filepath"
)

// EraseVolume implements machine.Machine.
func (m *Machine) EraseVolume(ctx context.Context, accountID, name string) error {
	return m.call(ctx, "EraseVolume", "", "", func() error {
		h := m.host
		h.mu.Lock()
		defer h.mu.Unlock()
		if err := checkVolume(accountID, name); err != nil {
			return err
		}
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
