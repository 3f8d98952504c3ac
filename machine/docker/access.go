package docker

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A container can lose GPUs that it has. NVIDIA's hook adds devices to its device cgroup behind
// the engine's back, and whoever writes that anew (systemd at a daemon-reload, the engine at an
// update of the container, which is why nothing here ever updates one) writes what it knows of.
// The nodes stay in /dev and cannot be opened: "Failed to initialize NVML: Unknown Error".
//
// Few images have a program that could try to open them, and the rules of cgroup v2 are a
// program in the kernel that nobody can read back. So a process of ours, the looker, is put
// into the container's device cgroup for a moment, outside its namespaces, and asks access(2):
// the kernel consults the cgroup, v1's or v2's, and opens nothing. An idle GPU is not woken,
// nobody becomes its holder, and the looker's memory stays its starter's account. It looks at
// the host's nodes, as a tenant could make a link to anything of his: cgroups go by number.

// lookWithin is how long a look may take.
const lookWithin = 5 * time.Second

// nodes are the device nodes of a container's GPUs in one of its lives.
type nodes struct {
	startedAt string
	names     []string // in /dev
}

// GPUsVisible implements machine.Machine.
func (e *Engine) GPUsVisible(ctx context.Context, leaseID string) error {
	c, err := e.running(ctx, leaseID)
	if err != nil {
		return err
	}
	if c.State.Paused {
		return fleet.Errorf(fleet.Conflict, "the container of lease %s is paused", leaseID)
	}
	uuids, simulated := gpusOf(c)
	if len(uuids) == 0 || simulated {
		return nil
	}
	if !e.local() || len(e.options.Looker) == 0 {
		return fleet.Errorf(fleet.Unsupported, "this agent cannot see whether containers have their GPUs: it has to run on the engine's machine")
	}
	names, err := e.nodesOf(ctx, c, uuids)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	wrong, err := e.look(limited, c.State.Pid, c.ID, names)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	for i, why := range wrong {
		if why != "" {
			return fleet.Errorf(fleet.Unhealthy, "the container of lease %s cannot open /dev/%s: %s", leaseID, names[i], why)
		}
	}
	return nil
}

// nodesOf are the device nodes that a container with these GPUs has. The driver is asked once
// in a container's life: as long as it has GPUs open they keep their numbers.
func (e *Engine) nodesOf(ctx context.Context, c container.InspectResponse, uuids []string) ([]string, error) {
	e.mu.Lock()
	known := e.nodes[c.ID]
	e.mu.Unlock()
	if known.startedAt == c.State.StartedAt {
		return known.names, nil
	}
	devices, err := e.devices(ctx)
	if err != nil {
		return nil, err
	}
	minors := map[string]int{}
	for _, d := range devices {
		minors[d.UUID] = d.Minor
		for _, s := range d.Slices {
			minors[s.UUID] = d.Minor
		}
	}
	names := []string{"nvidiactl"}
	for _, uuid := range uuids {
		minor, ok := minors[uuid]
		if !ok {
			return nil, fleet.Errorf(fleet.Unavailable, "the driver does not list GPU %s", uuid)
		}
		if name := fmt.Sprint("nvidia", minor); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.nodes[c.ID] = nodes{c.State.StartedAt, names}
	return names, nil
}

// maxLook is more than a question to a looker, or its answer, has.
const maxLook = 64 << 10

// LookAtDevices is what the looker does: it reads paths of device nodes once it is where it
// should be, and writes for each why it cannot be opened, or "".
func LookAtDevices(in io.Reader, out io.Writer) error {
	var paths []string
	if err := json.NewDecoder(io.LimitReader(in, maxLook)).Decode(&paths); err != nil {
		return fmt.Errorf("read what to look at: %w", err)
	}
	wrong := make([]string, len(paths))
	for i, path := range paths {
		wrong[i] = forbidden(path)
	}
	return json.NewEncoder(out).Encode(wrong)
}

// answer reads a looker's.
func answer(said []byte, asked int) ([]string, error) {
	var wrong []string
	if err := json.NewDecoder(bytes.NewReader(said)).Decode(&wrong); err != nil || len(wrong) != asked {
		return nil, fleet.Errorf(fleet.Unavailable, "whether a container has its GPUs cannot be seen: the looker makes no sense")
	}
	return wrong, nil
}

// paths are nodes on the host.
func (e *Engine) paths(names []string) []string {
	paths := make([]string, len(names))
	for i, name := range names {
		paths[i] = filepath.Join(e.options.DevDir, name)
	}
	return paths
}
