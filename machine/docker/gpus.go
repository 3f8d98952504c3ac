package docker

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/system"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

const (
	// cdiKind is how NVIDIA's devices are called in CDI: nvidia.com/gpu=GPU-….
	cdiKind = "nvidia.com/gpu"
	// hook is the program by which NVIDIA's toolkit gives containers devices without CDI. An
	// engine that finds it when it starts has a device driver "nvidia".
	hook = "nvidia-container-runtime-hook"

	generate = "nvidia-ctk cdi generate --output=/var/run/cdi/nvidia.yaml"
)

// uuidForm is what the driver calls a GPU or a MIG slice. Nothing else may be asked of the
// engine: "all" would be a name, too.
var uuidForm = regexp.MustCompile(`^(GPU|MIG)-[0-9A-Za-z][0-9A-Za-z/-]{0,127}$`)

// handing is how the engine hands GPUs to containers, as it says itself.
type handing struct {
	access fleet.GPUAccess
	names  map[string]bool // of CDI's devices
	note   string          // what an operator should know
}

// handing prefers CDI: what the engine does not do itself it undoes by accident, as NVIDIA's
// hook has learnt. See access.go.
func (e *Engine) handing(info system.Info) handing {
	names := map[string]bool{}
	for _, d := range info.DiscoveredDevices {
		names[d.ID] = true
	}
	if info.DiscoveredDevices == nil && e.local() {
		// An engine before API 1.50 does not say what it would find.
		names = specDevices(info.CDISpecDirs)
	}
	known := 0
	for name := range names {
		if kind, uuid, _ := strings.Cut(name, "="); kind == cdiKind && uuidForm.MatchString(uuid) {
			known++
		}
	}
	if known > 0 {
		return handing{fleet.AccessCDI, names, fmt.Sprintf("by name (CDI), %d of them", known)}
	}
	why := "the engine finds no " + cdiKind + " devices by UUID (run: " + generate + ")"
	if len(info.CDISpecDirs) == 0 {
		why = "the engine does not know CDI (Docker before 25), or it is off (set features.cdi in its daemon.json and restart it)"
	}
	if e.hooked(info) {
		return handing{access: fleet.AccessHook, note: "by NVIDIA's hook, behind the engine's back, as " + why +
			". Running containers lose them when their device cgroup is rewritten, as by systemctl daemon-reload. Cures, best first: CDI;" +
			" nvidia-ctk system create-dev-char-symlinks --create-all with a udev rule; native.cgroupdriver=cgroupfs"}
	}
	return handing{access: fleet.AccessNone, note: why + ", and has no nvidia runtime: install nvidia-container-toolkit"}
}

// hooked reports whether the engine should have the device driver "nvidia". It does not say:
// its runtimes do, or the hook itself if this is its machine.
func (e *Engine) hooked(info system.Info) bool {
	if _, ok := info.Runtimes["nvidia"]; ok || info.DefaultRuntime == "nvidia" {
		return true
	}
	_, err := exec.LookPath(hook)
	return err == nil && e.local()
}

// given are the GPUs of a container to be.
type given struct {
	uuids     []string // as the driver calls them now
	simulated bool
	access    fleet.GPUAccess // "": no real ones
}

// give finds out how the container gets its GPUs. Unsupported if this engine hands none over,
// Unavailable if one is not there, or not known to the engine.
func (e *Engine) give(ctx context.Context, c fleet.ContainerSpec) (given, error) {
	g := given{simulated: c.Simulated && len(c.GPUs) > 0}
	if len(c.GPUs) == 0 || c.Simulated {
		for _, report := range c.GPUs {
			g.uuids = append(g.uuids, report.UUID)
		}
		return g, nil
	}
	for _, report := range c.GPUs {
		uuid, err := e.uuid(ctx, report)
		if err != nil {
			return g, err
		}
		if !uuidForm.MatchString(uuid) || slices.Contains(g.uuids, uuid) {
			return g, fleet.Errorf(fleet.Invalid, "a GPU of lease %s has no UUID of its own", c.Lease.ID)
		}
		g.uuids = append(g.uuids, uuid)
	}
	h, err := e.ask(ctx)
	if err != nil {
		return g, err
	}
	if h.missing(g.uuids) != "" {
		// As after a reset that made slices anew: the names are of those before.
		if err := e.RefreshGPUs(ctx); err != nil {
			return g, err
		}
		if h, err = e.ask(ctx); err != nil {
			return g, err
		}
	}
	if h.access == fleet.AccessNone {
		return g, fleet.Errorf(fleet.Unsupported, "this host cannot give containers GPUs: %s", h.note)
	}
	if name := h.missing(g.uuids); name != "" {
		return g, fleet.Errorf(fleet.Unavailable, "the engine does not find the device %s: its CDI specification is out of date (run: %s)", name, generate)
	}
	g.access = h.access
	return g, nil
}

// ask has the engine say how it hands GPUs over.
func (e *Engine) ask(ctx context.Context) (handing, error) {
	info, err := e.client.Info(ctx)
	if err != nil {
		return handing{}, fail(ctx, err, "ask the Docker engine for GPUs")
	}
	return e.handing(info), nil
}

// missing is a GPU that the engine gives by name, and does not know.
func (h handing) missing(uuids []string) string {
	for _, uuid := range uuids {
		if name := cdiName(uuid); h.access == fleet.AccessCDI && !h.names[name] {
			return name
		}
	}
	return ""
}

// uuid is what the driver calls a GPU now. A MIG slice has another name each time it is made:
// its profile and placement stay.
func (e *Engine) uuid(ctx context.Context, report fleet.GPUReport) (string, error) {
	if report.Profile == "" {
		return report.UUID, nil
	}
	devices, err := e.devices(ctx)
	if err != nil {
		return "", err
	}
	for _, d := range devices {
		for _, s := range d.Slices {
			if d.UUID == report.Parent && s.Profile == report.Profile && s.Start == report.Start {
				return s.UUID, nil
			}
		}
	}
	return "", fleet.Errorf(fleet.Unavailable, "GPU %s has no MIG slice %s at %d now", report.Parent, report.Profile, report.Start)
}

// devices are what the driver lists.
func (e *Engine) devices(ctx context.Context) ([]gpu.Device, error) {
	if e.options.Devices == nil {
		return nil, fleet.Errorf(fleet.Unsupported, "this host has nobody to ask for its GPUs")
	}
	devices, err := e.options.Devices(ctx)
	return devices, fail(ctx, err, "list the host's GPUs")
}

// request asks the engine for them, by name: never by a number of any, and never for none,
// which CDI takes for a wish that is granted.
func (g given) request() []container.DeviceRequest {
	if g.access == "" || len(g.uuids) == 0 {
		return nil
	}
	if g.access == fleet.AccessHook {
		return []container.DeviceRequest{{Driver: "nvidia", DeviceIDs: g.uuids, Capabilities: [][]string{{"gpu"}}}}
	}
	names := make([]string, len(g.uuids))
	for i, uuid := range g.uuids {
		names[i] = cdiName(uuid)
	}
	return []container.DeviceRequest{{Driver: "cdi", DeviceIDs: names}}
}

func cdiName(uuid string) string { return cdiKind + "=" + uuid }

// refused recognizes what an engine says when it starts a container whose GPUs it cannot hand
// over.
func refused(err error) bool {
	return says(err, "could not select device driver", "CDI device injection failed", "unresolvable CDI devices", "nvidia-container-cli")
}
