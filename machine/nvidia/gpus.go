package nvidia

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine"
)

// Options are how a host's GPUs are reached.
type Options struct {
	Program string   // kelvin-gpu; empty: beside this program, or on the PATH
	Env     []string // more of its environment
	Kernel  string   // the kernel's log; empty: /dev/kmsg
	Locks   Locks

	// StateDir is where it is kept what has been seen of the kernel's log; empty: nowhere, and
	// a new agent hears again of what happened since the machine started.
	StateDir string

	SMI     string   // nvidia-smi; empty: on the PATH
	Clients []string // services of systemd that have GPUs open, and are stopped while one is reset
	CDI     []string // folders of descriptions for containers, which change with a reset; nil: the usual ones

	// Leases are those of Kelvin's containers, by the engine's ID of the container. Nil: none.
	Leases func(ctx context.Context) (map[string]string, error)

	Logger *slog.Logger // nil: silent

	List, Answer, Silence, Unkillable time.Duration // limits; 0: 30 s, 15 s, 20 s, 3 s
}

// GPUs are those of a host with NVIDIA's driver.
type GPUs struct {
	*Workers
	o Options

	// driver is held for reading by questions, and for writing while the driver must have no client.
	driver sync.RWMutex

	mu     sync.Mutex
	silent map[string]int // how often in a row a GPU's questions were not answered, by UUID
	pauses int            // resets that want no watch
	resume chan struct{}  // closed when they are over
	stops  map[int]func() // end the watches, by number
	last   int            // number of a watch
	mark   gpu.Mark       // what has been seen of the kernel's log
}

var _ machine.GPUs = (*GPUs)(nil)

// Open finds kelvin-gpu and asks it for the GPUs. Unsupported, with the reason, where there
// are none: no such program, no driver, no GPU. A driver that does not answer is no error: it
// may later.
func Open(ctx context.Context, o Options) (*GPUs, error) {
	var err error
	if o.Program, err = find(o.Program); err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Kernel = cmp.Or(o.Kernel, "/dev/kmsg")
	o.List, o.Answer = cmp.Or(o.List, 30*time.Second), cmp.Or(o.Answer, 15*time.Second)
	o.Silence, o.Unkillable = cmp.Or(o.Silence, 20*time.Second), cmp.Or(o.Unkillable, 3*time.Second)
	if o.CDI == nil {
		o.CDI = []string{"/etc/cdi", "/var/run/cdi"}
	}
	g := &GPUs{o: o, silent: map[string]int{}, stops: map[int]func(){}}
	g.Workers = &Workers{Program: o.Program, Env: o.Env, Locks: o.Locks, Temperature: g.temperature, Usable: g.usable, Holders: g.Holders}
	inv, err := g.inventory(ctx)
	switch {
	case fleet.Is(err, fleet.Unsupported):
		return nil, err
	case err != nil:
		o.Logger.WarnContext(ctx, "the GPUs' driver does not answer", "error", err)
	case len(inv.Devices)+len(inv.Missing) == 0:
		return nil, fleet.Errorf(fleet.Unsupported, "no GPU: the NVIDIA driver (%s) lists none", inv.Driver)
	}
	for _, m := range inv.Missing {
		o.Logger.WarnContext(ctx, "the driver does not reach a GPU", "index", m.Index, "lost", m.Lost, "why", m.Why)
	}
	g.loadMark()
	if err := o.Locks.Reap(ctx); err != nil {
		o.Logger.WarnContext(ctx, "a memory test of before cannot be ended", "error", err)
	}
	return g, nil
}

// find is where kelvin-gpu is: as told, beside this program, or on the PATH.
func find(program string) (string, error) {
	if program != "" {
		if _, err := exec.LookPath(program); err != nil {
			return "", fleet.Errorf(fleet.Unsupported, "kelvin-gpu is not at %s", program)
		}
		return program, nil
	}
	if self, err := os.Executable(); err == nil {
		if beside, err := exec.LookPath(filepath.Join(filepath.Dir(self), "kelvin-gpu")); err == nil {
			return beside, nil
		}
	}
	found, err := exec.LookPath("kelvin-gpu")
	if err != nil {
		return "", fleet.Errorf(fleet.Unsupported, "kelvin-gpu is not beside kelvin, and not on the PATH")
	}
	return found, nil
}

// Simulated implements machine.GPUs.
func (*GPUs) Simulated() bool { return false }

// Close ends the watches. Tests, scrubs and questions end with their contexts.
func (g *GPUs) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, stop := range g.stops {
		stop()
	}
	return nil
}

func (g *GPUs) inventory(ctx context.Context) (gpu.Inventory, error) {
	b, err := g.question(ctx, g.o.List, "inventory")
	if err != nil {
		return gpu.Inventory{}, err
	}
	return parseInventory(b)
}

// Devices implements machine.GPUs.
func (g *GPUs) Devices(ctx context.Context) ([]gpu.Device, error) {
	inv, err := g.inventory(ctx)
	return inv.Devices, err
}

// Health implements machine.GPUs. The third answer in a row that does not come is told as a
// driver that hangs.
func (g *GPUs) Health(ctx context.Context, uuid string) (gpu.Health, error) {
	if err := CheckUUID(uuid); err != nil {
		return gpu.Health{}, err
	}
	b, err := g.question(ctx, g.o.Answer, "health", uuid)
	if err = g.count(uuid, err); err != nil {
		return gpu.Health{}, err
	}
	return parseHealth(b, uuid)
}

// hungAfter is how many answers in a row do not come before the driver counts as hung.
const hungAfter = 3

// count counts the questions about a GPU that are not answered.
func (g *GPUs) count(uuid string, err error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !errors.Is(err, errNoAnswer) {
		delete(g.silent, uuid)
		return err
	}
	if g.silent[uuid]++; g.silent[uuid] < hungAfter {
		return err
	}
	return fleet.Errorf(fleet.Unavailable, "hung: the driver did not answer %d times in a row", g.silent[uuid])
}

// Holders implements machine.GPUs.
func (g *GPUs) Holders(ctx context.Context, uuid string) ([]gpu.Holder, error) {
	all, err := g.holders(ctx, uuid)
	if err != nil {
		return nil, err
	}
	users := []gpu.Holder{}
	for _, h := range all {
		if !h.Monitor {
			users = append(users, h)
		}
	}
	return users, nil
}

// holders are all of them, those that only watch, too.
func (g *GPUs) holders(ctx context.Context, uuid string) ([]gpu.Holder, error) {
	if err := CheckUUID(uuid); err != nil {
		return nil, err
	}
	b, err := g.question(ctx, g.o.Answer, "holders", uuid)
	if err = g.count(uuid, err); err != nil {
		return nil, err
	}
	all, err := parseHolders(b)
	if err != nil {
		return nil, err
	}
	inContainer := func(h gpu.Holder) bool { return h.Container != "" }
	if g.o.Leases == nil || !slices.ContainsFunc(all, inContainer) {
		return all, nil
	}
	leases, err := g.o.Leases(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask whose containers hold the GPU: %w", err)
	}
	for i, h := range all {
		if inContainer(h) {
			all[i].LeaseID = leases[h.Container]
		}
	}
	return all, nil
}

// temperature is that of a GPU's memory, or else of the GPU.
func (g *GPUs) temperature(ctx context.Context, uuid string) (int, bool) {
	h, err := g.Health(ctx, uuid)
	if err != nil {
		return 0, false
	}
	return h.MemoryTemperature.Get()
}

// usable is a GPU's memory without what the driver keeps for itself; 0: unknown.
func (g *GPUs) usable(ctx context.Context, uuid string) uint64 {
	h, err := g.Health(ctx, uuid)
	if err != nil {
		return 0
	}
	total, _ := h.Memory.Total.Get()
	reserved, known := h.Memory.Reserved.Get()
	if !known || reserved > total {
		return 0
	}
	return total - reserved
}

// markFile keeps the mark over restarts of the agent.
func (g *GPUs) markFile() string { return filepath.Join(g.o.StateDir, "gpu-watch.json") }

func (g *GPUs) loadMark() {
	if g.o.StateDir == "" {
		return
	}
	b, err := os.ReadFile(g.markFile())
	if err == nil {
		err = json.Unmarshal(b, &g.mark)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		g.mark = gpu.Mark{} // some events are told twice
		g.o.Logger.Warn("what was seen of the kernel's log is forgotten", "error", err)
	}
}

// setMark notes that what comes before has been told.
func (g *GPUs) setMark(m gpu.Mark) {
	g.mu.Lock()
	g.mark = m
	g.mu.Unlock()
	if g.o.StateDir == "" {
		return
	}
	b, err := json.Marshal(m)
	fresh := g.markFile() + ".new"
	if err == nil {
		err = os.WriteFile(fresh, b, 0o600)
	}
	if err == nil {
		err = os.Rename(fresh, g.markFile())
	}
	if err != nil {
		g.o.Logger.Warn("what was seen of the kernel's log is not kept", "error", err)
	}
}
