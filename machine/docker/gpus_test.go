package docker_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine/docker"
)

const (
	gpuA  = "GPU-5a2d1c7e-0000-4a11-8c11-00000000000a"
	gpuB  = "GPU-5a2d1c7e-0000-4a11-8c11-00000000000b"
	slice = "MIG-9c3e1f20-0000-5b22-9d22-000000000001"
)

// discovered is docker info of an engine that knows those devices by CDI.
func discovered(names ...string) map[string]any {
	devices := []map[string]string{}
	for _, name := range names {
		devices = append(devices, map[string]string{"Source": "cdi", "ID": "nvidia.com/gpu=" + name})
	}
	return map[string]any{"CDISpecDirs": []string{"/etc/cdi", "/var/run/cdi"}, "DiscoveredDevices": devices}
}

// hooked is docker info of an engine with NVIDIA's runtime and without CDI.
func hooked() map[string]any {
	return map[string]any{"Runtimes": map[string]any{"runc": map[string]any{"path": "runc"}, "nvidia": map[string]any{"path": "nvidia-container-runtime"}}}
}

func TestAnEngineSaysHowItHandsOverGPUs(t *testing.T) {
	t.Parallel()
	specs := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(specs, "nvidia.yaml"), []byte("cdiVersion: 0.5.0\nkind: nvidia.com/gpu\ndevices:\n- name: \"0\"\n- name: "+gpuA+"\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(specs, "broken.yaml"), []byte("kind: [\n"), 0o600))
	byNumber := discovered("0", "all")
	byNumber["Runtimes"] = hooked()["Runtimes"]
	for name, test := range map[string]struct {
		api    string
		info   map[string]any
		access fleet.GPUAccess
		note   string
	}{
		"CDI":                                 {"1.50", discovered(gpuA, "0", "all"), fleet.AccessCDI, "1 of them"},
		"CDI before CDI's list, from files":   {"1.44", map[string]any{"CDISpecDirs": []string{specs, "/no/such"}}, fleet.AccessCDI, "1 of them"},
		"CDI without GPUs":                    {"1.50", discovered(), fleet.AccessNone, "nvidia-ctk cdi generate"},
		"CDI of somebody else":                {"1.50", map[string]any{"CDISpecDirs": []string{"/etc/cdi"}, "DiscoveredDevices": []map[string]string{{"Source": "cdi", "ID": "amd.com/gpu=GPU-1"}}}, fleet.AccessNone, "no nvidia.com/gpu devices by UUID"},
		"CDI by number only, with the hook":   {"1.50", byNumber, fleet.AccessHook, "no nvidia.com/gpu devices by UUID"},
		"the hook":                            {"1.41", hooked(), fleet.AccessHook, "systemctl daemon-reload"},
		"the hook's runtime by default":       {"1.41", map[string]any{"DefaultRuntime": "nvidia"}, fleet.AccessHook, "create-dev-char-symlinks"},
		"neither, and an API from before":     {"1.41", map[string]any{}, fleet.AccessNone, "does not know CDI"},
		"neither, and CDI could be turned on": {"1.50", map[string]any{"DiscoveredDevices": []string{}}, fleet.AccessNone, "features.cdi"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := mustFake(t, &fakeEngine{api: test.api, info: test.info}, docker.Options{})
			info, err := e.Info(t.Context())
			require.NoError(t, err)
			require.Equal(t, test.access, info.GPUAccess)
			require.Contains(t, info.GPUNote, test.note)
		})
	}
}

func TestGPUsAreAskedForByName(t *testing.T) {
	t.Parallel()
	two := []fleet.GPUReport{{UUID: gpuA, Type: "a100-80gb"}, {UUID: gpuB, Type: "a100-80gb"}}
	for name, test := range map[string]struct {
		info    map[string]any
		gpus    []fleet.GPUReport
		pretend bool
		request []container.DeviceRequest
		visible string
	}{
		"CDI": {
			info: discovered(gpuA, gpuB, "all"), gpus: two, visible: "void",
			request: []container.DeviceRequest{{Driver: "cdi", DeviceIDs: []string{"nvidia.com/gpu=" + gpuA, "nvidia.com/gpu=" + gpuB}}},
		},
		"the hook": {
			info: hooked(), gpus: two, visible: gpuA + "," + gpuB,
			request: []container.DeviceRequest{{Driver: "nvidia", DeviceIDs: []string{gpuA, gpuB}, Capabilities: [][]string{{"gpu"}}}},
		},
		"no GPU where there are some":           {info: discovered(gpuA), visible: "void"},
		"no GPU where the hook would listen":    {info: hooked(), visible: "void"},
		"simulated where there are real ones":   {info: discovered(gpuA), gpus: two, pretend: true, visible: "void"},
		"simulated where the hook would listen": {info: hooked(), gpus: two, pretend: true, visible: "void"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakeEngine{api: "1.50", info: test.info}
			e := mustFake(t, f, docker.Options{})
			c := onFake(t, test.gpus...)
			c.Simulated = test.pretend
			c.Spec.Env = map[string]string{"NVIDIA_VISIBLE_DEVICES": "all", "NVIDIA_MIG_CONFIG_DEVICES": "all", "CUDA_VISIBLE_DEVICES": "7"}
			require.NoError(t, e.Create(t.Context(), c))
			made := f.mustOne(t)
			require.Equal(t, test.request, made.HostConfig.DeviceRequests)
			require.Equal(t, test.visible, made.env(t, "NVIDIA_VISIBLE_DEVICES"))
			require.NotContains(t, fmt.Sprint(made.Env), "NVIDIA_MIG_CONFIG_DEVICES")
			require.NotContains(t, fmt.Sprint(made.Env), "CUDA_VISIBLE_DEVICES")
			require.Empty(t, made.HostConfig.Runtime)
			require.Empty(t, made.HostConfig.Devices)
			for _, r := range made.HostConfig.DeviceRequests {
				require.NotEmpty(t, r.DeviceIDs, "CDI takes none for a wish that is granted")
				require.Zero(t, r.Count)
				require.Empty(t, r.Options)
			}
		})
	}
}

func TestGPUsThatCannotBeGivenMakeNoContainer(t *testing.T) {
	t.Parallel()
	slices := func(all ...gpu.Slice) func(context.Context) ([]gpu.Device, error) {
		return func(context.Context) ([]gpu.Device, error) {
			return []gpu.Device{{UUID: gpuA, MIG: true, Slices: all}}, nil
		}
	}
	third := fleet.GPUReport{UUID: "MIG-of-yesterday", Parent: gpuA, Profile: "3g.40gb", Start: 4, Size: 4}
	for name, test := range map[string]struct {
		info    map[string]any
		gpu     fleet.GPUReport
		devices func(context.Context) ([]gpu.Device, error)
		code    fleet.Code
		says    []string
	}{
		"no capability":            {map[string]any{}, fleet.GPUReport{UUID: gpuA}, nil, fleet.Unsupported, []string{"nvidia-container-toolkit"}},
		"a specification of yore":  {discovered(gpuB), fleet.GPUReport{UUID: gpuA}, nil, fleet.Unavailable, []string{"nvidia.com/gpu=" + gpuA, "nvidia-ctk cdi generate"}},
		"no name":                  {discovered(gpuA), fleet.GPUReport{}, nil, fleet.Invalid, nil},
		"all of them":              {discovered(gpuA, "all"), fleet.GPUReport{UUID: "all"}, nil, fleet.Invalid, nil},
		"two in one, by the hook":  {hooked(), fleet.GPUReport{UUID: gpuA + "," + gpuB}, nil, fleet.Invalid, nil},
		"a slice, nobody to ask":   {discovered(slice), third, nil, fleet.Unsupported, nil},
		"a slice that is not made": {discovered(slice), third, slices(gpu.Slice{UUID: slice, Profile: "3g.40gb", Start: 0}), fleet.Unavailable, []string{gpuA, "3g.40gb at 4"}},
		"a slice before its name":  {discovered(gpuA), third, slices(gpu.Slice{UUID: slice, Profile: "3g.40gb", Start: 4}), fleet.Unavailable, []string{"nvidia.com/gpu=" + slice}},
		"a driver that is silent": {discovered(slice), third, func(context.Context) ([]gpu.Device, error) {
			return nil, fleet.Errorf(fleet.Unavailable, "the driver does not answer")
		}, fleet.Unavailable, []string{"the driver does not answer"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakeEngine{api: "1.50", info: test.info}
			e := mustFake(t, f, docker.Options{Devices: test.devices})
			err := e.Create(t.Context(), onFake(t, test.gpu))
			require.Equal(t, test.code, fleet.CodeOf(err), "%v", err)
			for _, words := range test.says {
				require.ErrorContains(t, err, words)
			}
			require.NotContains(t, f.requests(), "POST /containers/create")
			require.NotContains(t, f.requests(), "POST /networks/create")
		})
	}
	f := &fakeEngine{api: "1.50", info: discovered(gpuA)}
	err := mustFake(t, f, docker.Options{}).Create(t.Context(), onFake(t, fleet.GPUReport{UUID: gpuA}, fleet.GPUReport{UUID: gpuA}))
	require.Equal(t, fleet.Invalid, fleet.CodeOf(err), "the same one twice")
}

func TestASliceIsAskedForByTheNameItHasNow(t *testing.T) {
	t.Parallel()
	f := &fakeEngine{api: "1.50", info: discovered(slice)}
	e := mustFake(t, f, docker.Options{Devices: func(context.Context) ([]gpu.Device, error) {
		return []gpu.Device{
			{UUID: gpuB, MIG: true, Slices: []gpu.Slice{{UUID: "MIG-another", Profile: "3g.40gb", Start: 4}}},
			{UUID: gpuA, MIG: true, Slices: []gpu.Slice{{UUID: "MIG-first", Profile: "3g.40gb"}, {UUID: slice, Profile: "3g.40gb", Start: 4}}},
		}, nil
	}})
	c := onFake(t, fleet.GPUReport{UUID: "MIG-of-yesterday", Parent: gpuA, Profile: "3g.40gb", Start: 4, Size: 4})
	require.NoError(t, e.Create(t.Context(), c))
	made := f.mustOne(t)
	require.Equal(t, []string{"nvidia.com/gpu=" + slice}, made.HostConfig.DeviceRequests[0].DeviceIDs)
	require.Equal(t, slice, made.env(t, "KELVIN_GPU_UUIDS"))
	d, err := e.Inspect(t.Context(), c.Lease.ID)
	require.NoError(t, err)
	require.Equal(t, []string{slice}, d.GPUs)
	require.False(t, d.Simulated)
}

func TestNamesOfBeforeAreWrittenAnewOnce(t *testing.T) {
	t.Parallel()
	fresh := filepath.Join(t.TempDir(), "fresh")
	f := &fakeEngine{api: "1.50", info: discovered(gpuB), again: discovered(gpuA, gpuB), fresh: fresh}
	e := mustFake(t, f, docker.Options{Refresh: []string{"touch", fresh}})
	require.NoError(t, e.Create(t.Context(), onFake(t, fleet.GPUReport{UUID: gpuB})))
	require.NoFileExists(t, fresh, "nothing is missing")
	f.forget()
	require.NoError(t, e.Create(t.Context(), onFake(t, fleet.GPUReport{UUID: gpuA})))
	require.Equal(t, []string{"nvidia.com/gpu=" + gpuA}, f.mustOne(t).HostConfig.DeviceRequests[0].DeviceIDs)

	f = &fakeEngine{api: "1.50", info: discovered(gpuB)}
	e = mustFake(t, f, docker.Options{Refresh: []string{"ls", "/no/such/folder"}})
	err := e.Create(t.Context(), onFake(t, fleet.GPUReport{UUID: gpuA}))
	require.Equal(t, fleet.Unavailable, fleet.CodeOf(err))
	require.ErrorContains(t, err, "/no/such/folder")
}

func TestAnEngineThatRefusesGPUsAtTheStartSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"an engine older than the toolkit": `could not select device driver "nvidia" with capabilities: [[gpu]]`,
		"a name that has gone":             `CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=` + gpuA,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakeEngine{api: "1.50", info: discovered(gpuA), starts: text}
			e := mustFake(t, f, docker.Options{})
			c := onFake(t, fleet.GPUReport{UUID: gpuA})
			require.NoError(t, e.Create(t.Context(), c))
			err := e.Start(t.Context(), c.Lease.ID)
			require.Equal(t, fleet.Unavailable, fleet.CodeOf(err), "%v", err)
			require.ErrorContains(t, err, text)
			require.ErrorContains(t, err, "nvidia-ctk cdi generate")
		})
	}
}

func TestNamesAreWrittenAnewByACommand(t *testing.T) {
	t.Parallel()
	mark := filepath.Join(t.TempDir(), "$(touch never)")
	for name, test := range map[string]struct {
		command []string
		code    fleet.Code
		says    string
	}{
		"it works":     {[]string{"touch", mark}, "", ""},
		"none":         {nil, "", ""},
		"not here":     {[]string{"/no/such/nvidia-ctk", "cdi", "generate"}, "", ""},
		"it does not":  {[]string{"ls", "/no/such/folder"}, fleet.Unavailable, "/no/such/folder"},
		"it is killed": {[]string{"sh", "-c", "kill -9 $$"}, fleet.Unavailable, "sh"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := mustFake(t, &fakeEngine{api: "1.50"}, docker.Options{Refresh: test.command})
			err := e.RefreshGPUs(t.Context())
			if test.code == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, test.code, fleet.CodeOf(err), "%v", err)
			require.ErrorContains(t, err, test.says)
		})
	}
	t.Cleanup(func() { require.FileExists(t, mark, "its words are what they are: no shell reads them") })
}

func TestThisEngineHandsGPUsOverByCDI(t *testing.T) {
	t.Parallel()
	e, host := mustHost(t, docker.Options{})
	info, err := e.Info(t.Context())
	require.NoError(t, err)
	c := spec(t, host)
	c.GPUs = []fleet.GPUReport{{UUID: gpuA}}
	if info.GPUAccess == fleet.AccessNone {
		require.Equal(t, fleet.Unsupported, fleet.CodeOf(e.Create(t.Context(), c)))
		require.Empty(t, left(t, host))
		t.Skipf("needs an engine that discovers CDI devices (Docker 28.2 or later): %s is too old, or has none: %s", info.Version, info.GPUNote)
	}
	err = e.Create(t.Context(), c)
	require.Equal(t, fleet.Unavailable, fleet.CodeOf(err), "this GPU is nowhere: %v", err)
	require.ErrorContains(t, err, gpuA)
}
