package machine

import (
	"cmp"
	"maps"
	"strconv"
	"strings"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Environment are the variables of a container: those of its spec that are not reserved, and
// Kelvin's. PORT is the first port of its spec, unless the spec sets it. NVIDIA_VISIBLE_DEVICES
// is void: devices come by request to the engine, never by a variable that an image or a
// tenant could set. (NVIDIA's hook is such a request's servant and needs it; see docker.) KELVIN_DATA is the folder that outlives a restart, if it has one: its own
// disk, else its network volume.
func Environment(c fleet.ContainerSpec) map[string]string {
	env := map[string]string{}
	if len(c.Spec.Ports) > 0 {
		env["PORT"] = strconv.Itoa(c.Spec.Ports[0])
	}
	maps.Copy(env, c.Spec.Env)
	// The API refuses these; what was written down before it did is left out.
	maps.DeleteFunc(env, func(name, _ string) bool { return fleet.ReservedEnv(name) })
	uuids := make([]string, len(c.GPUs))
	for i, gpu := range c.GPUs {
		uuids[i] = gpu.UUID
	}
	maps.Copy(env, map[string]string{
		"KELVIN_INSTANCE_ID":     c.Lease.InstanceID,
		"KELVIN_ENDPOINT_ID":     c.EndpointID,
		"KELVIN_HOST_ID":         c.Lease.HostID,
		"KELVIN_GPU_COUNT":       strconv.Itoa(len(c.GPUs)),
		"KELVIN_GPU_UUIDS":       strings.Join(uuids, ","),
		"KELVIN_GPU_SIMULATED":   strconv.FormatBool(c.Simulated && len(c.GPUs) > 0),
		"NVIDIA_VISIBLE_DEVICES": "void",
	})
	if data := cmp.Or(c.Spec.DiskPath, c.Spec.MountPath); data != "" {
		env["KELVIN_DATA"] = data
	}
	if len(c.GPUs) > 0 {
		env["KELVIN_GPU_TYPE"] = c.GPUs[0].Type
	}
	return env
}
