package sim

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// A tree is where a container's files lie: real folders of this machine. Its image has no
// files, so what it changed in its root filesystem is what it wrote there.
type tree struct {
	root    string // "/": also of one whose root is read-only, where nothing is written to it but /tmp
	data    string // its own disk; "" without one
	at      string // where that is inside
	volume  string // its network volume; "" without one
	mounted string // where that is inside
}

// Files implements machine.Machine.
func (m *Machine) Files(ctx context.Context, leaseID string) (files machine.Files, err error) {
	err = m.call(ctx, "Files", leaseID, "", func() error {
		m.host.mu.Lock()
		defer m.host.mu.Unlock()
		c, err := m.find(leaseID)
		if err != nil {
			return err
		}
		files = machine.Files{ImageID: c.imageID, Data: c.tree.data, Root: c.tree.root}
		if c.spec.Spec.ReadOnly {
			files.Root = ""
		}
		return nil
	})
	return files, err
}

// find says which folder a path inside the container is in, and where.
func (t tree) find(name string) (dir, rest string) {
	name = path.Clean("/" + name)
	for at, dir := range map[string]string{t.at: t.data, t.mounted: t.volume} {
		if rest, ok := strings.CutPrefix(name, path.Clean("/"+at)); ok && dir != "" && (rest == "" || rest[0] == '/') {
			return dir, path.Join(".", rest)
		}
	}
	return t.root, path.Join(".", name)
}

// plant makes the folders of a container, and says where its workload keeps its files: on
// its disk, else on its network volume, else in /tmp. The caller holds the lock.
func (h *Host) plant(c fleet.ContainerSpec) (t tree, files *disk, err error) {
	dir, err := h.makeDir()
	if err != nil {
		return t, nil, err
	}
	own := filepath.Join(dir, "containers", c.Lease.ID)
	t = tree{root: filepath.Join(own, "root")}
	files = &disk{dir: filepath.Join(t.root, "tmp")}
	if c.Spec.Volume != "" {
		if files, err = h.volume(dir, c.AccountID, c.Spec.Volume); err != nil {
			return t, nil, err
		}
		t.volume, t.mounted = files.dir, c.Spec.MountPath
	}
	if c.Spec.DiskPath != "" {
		t.data, t.at = filepath.Join(own, "data"), c.Spec.DiskPath
		files = &disk{dir: t.data}
	}
	for _, d := range []string{filepath.Join(t.root, "tmp"), files.dir} {
		if err := os.MkdirAll(d, 0o755); err != nil { //nolint:gosec // what is inside has modes of its own
			return t, nil, broken(err)
		}
	}
	return t, files, nil
}

// volume is an account's network volume.
func (h *Host) volume(dir, accountID, name string) (*disk, error) {
	if err := checkVolume(accountID, name); err != nil {
		return nil, err
	}
	key := accountID + "/" + name
	if h.volumes[key] == nil {
		h.volumes[key] = &disk{dir: filepath.Join(dir, "volumes", accountID, name)}
	}
	return h.volumes[key], nil
}

// checkVolume holds that a volume is a folder of its account's.
func checkVolume(accountID, name string) error {
	if !filepath.IsLocal(accountID) || !filepath.IsLocal(name) || strings.ContainsAny(name, `/\`) || name == "." {
		return fleet.Errorf(fleet.Invalid, "the network volume's name is no good")
	}
	return nil
}

// fell removes the folders of a container that is gone.
func (h *Host) fell(leaseID string) error {
	if err := os.RemoveAll(filepath.Join(h.dir, "containers", leaseID)); err != nil {
		return broken(err)
	}
	return nil
}

// makeDir is the machine's folder. The caller holds the lock.
func (h *Host) makeDir() (dir string, err error) {
	if h.dir != "" {
		return h.dir, nil
	}
	if h.options.Dir == "" {
		dir, err = os.MkdirTemp("", "kelvin-sim-*")
	} else if dir, err = filepath.Abs(h.options.Dir); err == nil {
		h.dir = dir
		h.removeDir()
	}
	if err != nil {
		return "", broken(err)
	}
	h.dir = dir
	return dir, nil
}

// removeDir removes what the machine has made in its folder, and the folder if nothing else
// is in it. The caller holds the lock.
func (h *Host) removeDir() {
	if h.dir == "" {
		return
	}
	// What stays is in nobody's way: leases have names of their own.
	_ = os.RemoveAll(filepath.Join(h.dir, "containers"))
	_ = os.RemoveAll(filepath.Join(h.dir, "volumes"))
	_ = os.Remove(h.dir)
	h.dir = ""
}

// broken is a failure of the disk that a simulated machine keeps its files on.
func broken(err error) error {
	return fleet.Errorf(fleet.Unavailable, "the simulated machine's disk: %s", err)
}
