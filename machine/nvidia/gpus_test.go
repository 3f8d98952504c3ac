package nvidia

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine/nvml/fakenvml"
)

// options are of GPUs whose driver is faked as the settings say; see fakenvml.c.
func options(t testing.TB, settings ...string) Options {
	t.Helper()
	o := Options{
		Program: fakenvml.Program(t), Locks: Locks{Dir: t.TempDir()}, StateDir: t.TempDir(), CDI: []string{},
		Env: []string{"LD_LIBRARY_PATH=" + fakenvml.Library(t)}, Kernel: filepath.Join(t.TempDir(), "kmsg"), SMI: filepath.Join(t.TempDir(), "nvidia-smi"),
	}
	require.NoError(t, os.WriteFile(o.Kernel, nil, 0o600))
	for _, s := range settings {
		o.Env = append(o.Env, "FAKENVML_"+s)
	}
	return o
}

func open(t testing.TB, o Options) *GPUs {
	t.Helper()
	g, err := Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, g.Close()) })
	return g
}

func health(t testing.TB, settings ...string) gpu.Health {
	t.Helper()
	h, err := open(t, options(t, settings...)).Health(t.Context(), fakenvml.UUID(1))
	require.NoError(t, err)
	return h
}

func TestDevicesAreListed(t *testing.T) {
	t.Parallel()
	g := open(t, options(t, "NVLINK=4:direct"))
	require.False(t, g.Simulated())
	devices, err := g.Devices(t.Context())
	require.NoError(t, err)
	require.Len(t, devices, 2)
	require.Equal(t, gpu.Device{
		Index: 1, UUID: fakenvml.UUID(1), Serial: "1320420030001", BusID: "00000000:08:00.0", Minor: 1, Product: "NVIDIA A100-SXM4-80GB",
		Type: "a100-80gb", MemoryMB: 81920, Driver: "580.95.05", NUMA: devices[1].NUMA,
		Links: []gpu.Link{{Peer: fakenvml.UUID(0), NVLinks: 4, Path: "node"}},
	}, devices[1])
}

// go-gpuallocator: "TODO: Handle NVSwitch semantics". Behind a switch every GPU reaches every
// other one over all of its links.
func TestGoGpuallocatorNVSwitch(t *testing.T) {
	t.Parallel()
	devices, err := open(t, options(t, "GPUS=4", "NVLINK=6:switch")).Devices(t.Context())
	require.NoError(t, err)
	for _, d := range devices {
		require.Len(t, d.Links, 3)
		for _, l := range d.Links {
			require.Equal(t, 6, l.NVLinks)
		}
	}
}

func TestASliceIsKnownByProfileAndPlacement(t *testing.T) {
	t.Parallel()
	g := open(t, options(t, "MIG=1"))
	devices, err := g.Devices(t.Context())
	require.NoError(t, err)
	require.True(t, devices[0].MIG)
	require.Equal(t, []gpu.Slice{
		{UUID: "MIG-00000000-0000-4000-8000-000000000000", Profile: "3g.40gb", Start: 0, Size: 4, MemoryMB: 40960},
		{UUID: "MIG-00000000-0000-4000-8000-000000000001", Profile: "2g.20gb", Start: 4, Size: 2, MemoryMB: 20480},
	}, devices[0].Slices)

	// Its counters are its GPU's, as far as they are told, and its memory its own.
	h, err := g.Health(t.Context(), devices[0].Slices[1].UUID)
	require.NoError(t, err)
	require.True(t, gpu.Is(h.MIG))
	require.True(t, h.Remap.Pending.Unsupported)
	require.Equal(t, gpu.Known[uint64](0), h.Volatile.Uncorrected)
	require.Equal(t, gpu.Known[uint64](20480<<20), h.Memory.Total)
	require.ErrorContains(t, g.Reset(t.Context(), devices[0].Slices[1].UUID), "only a whole GPU")
}

func TestEveryCounterIsItsOwn(t *testing.T) {
	t.Parallel()
	h := health(t, "VOLATILE_CORRECTED_DRAM=1", "VOLATILE_CORRECTED_SRAM=2", "VOLATILE_UNCORRECTED_DRAM=4", "VOLATILE_UNCORRECTED_SRAM=8",
		"AGGREGATE_CORRECTED_DRAM=16", "AGGREGATE_CORRECTED_SRAM=32", "AGGREGATE_UNCORRECTED_DRAM=64", "AGGREGATE_UNCORRECTED_SRAM=128",
		"ROWS=3,5,1,0", "BANKS=630,4,3,2,1", "THRESHOLD=1", "REPAIR=1", "RECOVERY=4", "THROTTLE=68", "ECC_PENDING=0", "MEMORY_TEMPERATURE=55", "USED_MB=7", "PAGES=2,9")
	known := gpu.Known[uint64]
	require.Equal(t, gpu.Errors{
		Corrected: known(3), Uncorrected: known(12), CorrectedDRAM: known(1), CorrectedSRAM: known(2), UncorrectedDRAM: known(4), UncorrectedSRAM: known(8),
	}, h.Volatile)
	require.Equal(t, gpu.Errors{
		Corrected: known(48), Uncorrected: known(192), CorrectedDRAM: known(16), CorrectedSRAM: known(32), UncorrectedDRAM: known(64), UncorrectedSRAM: known(128),
	}, h.Aggregate)
	require.Equal(t, gpu.Remap{
		Corrected: known(3), Uncorrected: known(5), Pending: gpu.Known(true), Failed: gpu.Known(false),
		Banks: gpu.Known(gpu.Banks{Max: 630, High: 4, Partial: 3, Low: 2, None: 1}),
	}, h.Remap)
	require.Equal(t, gpu.Retired{SingleBit: known(2), DoubleBit: known(9), Pending: gpu.Known(false)}, h.Retired)
	require.Equal(t, gpu.Memory{Total: known(81920 << 20), Reserved: known(600 << 20), Used: known(7 << 20)}, h.Memory)
	require.Equal(t, gpu.Known(true), h.SRAMThreshold)
	require.Equal(t, gpu.Known(true), h.RepairPending)
	require.Equal(t, gpu.Known(4), h.Recovery)
	require.Equal(t, known(68), h.Throttle)
	require.Equal(t, gpu.Known(true), h.ECCCurrent)
	require.Equal(t, gpu.Known(false), h.ECCPending)
	require.Equal(t, gpu.Known(55), h.MemoryTemperature)
	require.Equal(t, gpu.Known(62.5), h.Power)
	require.Equal(t, gpu.Known(true), h.InfoROMValid)
	require.Equal(t, "00000000:08:00.0", h.BusID)
}

// gpud's GetECCErrors ends at the first location that is not supported, the L1 cache, and so
// never reads DRAM and SRAM from Turing on.
func TestGpudUnsupportedLocation(t *testing.T) {
	t.Parallel()
	h := health(t, "VOLATILE_UNCORRECTED_DRAM=1", "VOLATILE_UNCORRECTED_SRAM=2")
	require.Equal(t, gpu.Known[uint64](1), h.Volatile.UncorrectedDRAM)
	require.Equal(t, gpu.Known[uint64](2), h.Volatile.UncorrectedSRAM)
}

// gpud sets its metric of uncorrectable remaps from the correctable count.
func TestGpudUncorrectableRemaps(t *testing.T) {
	t.Parallel()
	h := health(t, "ROWS=0,7,0,0")
	require.Equal(t, gpu.Known[uint64](0), h.Remap.Corrected)
	require.Equal(t, gpu.Known[uint64](7), h.Remap.Uncorrected)
}

// Azure's check_ecc asks for three columns of remapped rows and looks at a fourth: more than
// 512 are never seen.
func TestAzureRemapColumns(t *testing.T) {
	t.Parallel()
	h := health(t, "ROWS=1,600,0,1")
	require.Equal(t, gpu.Known[uint64](600), h.Remap.Uncorrected)
	require.Equal(t, gpu.Known(false), h.Remap.Pending)
	require.Equal(t, gpu.Known(true), h.Remap.Failed)
}

// gcm lets processes pass that do not exist and hold the GPU: zombies, or those of a PID
// namespace that cannot be seen.
func TestGcmProcessesThatAreGone(t *testing.T) {
	t.Parallel()
	holders, err := open(t, options(t, "PROCS=1:4194399:1048576")).Holders(t.Context(), fakenvml.UUID(1))
	require.NoError(t, err)
	require.Equal(t, []gpu.Holder{{PID: 4194399, Command: "a process that cannot be seen", MemoryBytes: 1 << 20}}, holders)
}

// gpud #351: an RTX 4090 has no ECC by default and answers "no rows remapped" with success.
func TestGpudRTX4090AnswersZeros(t *testing.T) {
	t.Parallel()
	h := health(t, "NAME=NVIDIA GeForce RTX 4090", "MEMORY_MB=24564", "ECC=0")
	require.Equal(t, gpu.Known(false), h.ECCCurrent)
	require.True(t, h.Remap.Failed.Unsupported)
	require.True(t, h.Volatile.Uncorrected.Unsupported)
	require.True(t, h.Aggregate.CorrectedDRAM.Unsupported)
}

// Each call by itself: what it is not supported for says so, what it fails for is unreadable,
// and all else is read.
func TestOneCallSpoilsOnlyItsOwn(t *testing.T) {
	t.Parallel()
	reading := map[string]func(gpu.Health) (bool, bool){
		"nvmlDeviceGetEccMode": func(h gpu.Health) (bool, bool) { return h.ECCPending.Unsupported, h.ECCPending.Failed() },
		"nvmlDeviceGetTotalEccErrors": func(h gpu.Health) (bool, bool) {
			return h.Aggregate.Corrected.Unsupported, h.Aggregate.Corrected.Failed()
		},
		"nvmlDeviceGetRemappedRows":              func(h gpu.Health) (bool, bool) { return h.Remap.Failed.Unsupported, h.Remap.Failed.Failed() },
		"nvmlDeviceGetRowRemapperHistogram":      func(h gpu.Health) (bool, bool) { return h.Remap.Banks.Unsupported, h.Remap.Banks.Failed() },
		"nvmlDeviceGetSramEccErrorStatus":        func(h gpu.Health) (bool, bool) { return h.SRAMThreshold.Unsupported, h.SRAMThreshold.Failed() },
		"nvmlDeviceGetRepairStatus":              func(h gpu.Health) (bool, bool) { return h.RepairPending.Unsupported, h.RepairPending.Failed() },
		"nvmlDeviceGetFieldValues":               func(h gpu.Health) (bool, bool) { return h.Recovery.Unsupported, h.Recovery.Failed() },
		"nvmlDeviceGetMigMode":                   func(h gpu.Health) (bool, bool) { return h.MIG.Unsupported, h.MIG.Failed() },
		"nvmlDeviceGetTemperature":               func(h gpu.Health) (bool, bool) { return h.Temperature.Unsupported, h.Temperature.Failed() },
		"nvmlDeviceGetPowerUsage":                func(h gpu.Health) (bool, bool) { return h.Power.Unsupported, h.Power.Failed() },
		"nvmlDeviceGetClockInfo":                 func(h gpu.Health) (bool, bool) { return h.MemoryClock.Unsupported, h.MemoryClock.Failed() },
		"nvmlDeviceValidateInforom":              func(h gpu.Health) (bool, bool) { return h.InfoROMValid.Unsupported, h.InfoROMValid.Failed() },
		"nvmlDeviceGetCurrentClocksEventReasons": func(h gpu.Health) (bool, bool) { return h.Throttle.Unsupported, h.Throttle.Failed() },
	}
	for call := range reading {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			unsupported, unknown, refused := health(t, "RC="+call+":3"), health(t, "RC="+call+":999"), health(t, "RC="+call+":4")
			for other, read := range reading {
				u, f := read(unsupported)
				require.Equal(t, other == call, u, "%s of NOT_SUPPORTED by %s", other, call)
				require.False(t, f)
				for _, h := range []gpu.Health{unknown, refused} {
					u, f := read(h)
					require.False(t, u, "%s of an error of %s", other, call)
					require.Equal(t, other == call, f, "%s of an error of %s", other, call)
				}
			}
		})
	}
}

func TestReturnsThatTellMore(t *testing.T) {
	t.Parallel()
	require.True(t, health(t, "RC=nvmlDeviceGetTemperature:16").ResetRequired)
	require.True(t, health(t, "RC=nvmlDeviceGetTemperature:15").Lost)
	require.Equal(t, gpu.Known(false), health(t, "RC=nvmlDeviceGetTotalEccErrors:14").InfoROMValid)
	require.Equal(t, gpu.Known(false), health(t, "INFOROM=14").InfoROMValid)
	require.Equal(t, gpu.Known(1), health(t, "RECOVERY=-1", "RESET_STATUS=1").Recovery)
	require.Equal(t, gpu.Known(4), health(t, "RECOVERY=-1", "DRAIN_STATUS=1").Recovery)
	require.True(t, health(t, "RECOVERY=-1", "RESET_STATUS=-1").Recovery.Unsupported)
}

func TestALostGPUDoesNotHideTheOthers(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"LOST=1", "ABSENT=1"} {
		devices, err := open(t, options(t, how, "GPUS=3")).Devices(t.Context())
		require.NoError(t, err)
		require.Len(t, devices, 2)
		require.Equal(t, fakenvml.UUID(2), devices[1].UUID)
	}
	require.True(t, health(t, "LOST=1").Lost)
	_, err := open(t, options(t, "LOST=1")).Holders(t.Context(), fakenvml.UUID(1))
	require.Equal(t, fleet.Unavailable, fleet.CodeOf(err))
}

func TestUUIDsThatChangePlaces(t *testing.T) {
	t.Parallel()
	devices, err := open(t, options(t, "SWAP=1")).Devices(t.Context())
	require.NoError(t, err)
	require.Equal(t, fakenvml.UUID(1), devices[0].UUID)
	h := health(t, "SWAP=1")
	require.Equal(t, "00000000:07:00.0", h.BusID)
	require.Equal(t, "1320420030001", h.Serial)
}

// A driver of long ago lacks most functions, and a call of one ends the process.
func TestAnOldDriverIsSurvived(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Env = append(o.Env, "LD_LIBRARY_PATH="+fakenvml.Old(t))
	g := open(t, o)
	devices, err := g.Devices(t.Context())
	require.NoError(t, err)
	require.Len(t, devices, 2)
	h, err := g.Health(t.Context(), fakenvml.UUID(1))
	require.NoError(t, err)
	require.True(t, h.Remap.Failed.Unsupported)
	require.True(t, h.ECCCurrent.Unsupported)
	require.True(t, h.Aggregate.UncorrectedSRAM.Unsupported)
	require.True(t, h.Recovery.Unsupported)
	require.Equal(t, gpu.Known[uint64](81920<<20), h.Memory.Total)
	_, err = g.Holders(t.Context(), fakenvml.UUID(1))
	require.Equal(t, fleet.Unsupported, fleet.CodeOf(err))
}

func TestAHostWithoutGPUsSaysWhyInOneLine(t *testing.T) {
	t.Parallel()
	nowhere := "LD_LIBRARY_PATH=" + t.TempDir()
	for name, c := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"no program":      {func(o *Options) { o.Program = "/nowhere/kelvin-gpu" }, "kelvin-gpu is not at /nowhere/kelvin-gpu"},
		"no driver":       {func(o *Options) { o.Env = append(o.Env, nowhere) }, "no NVIDIA driver: libnvidia-ml.so.1 is not there"},
		"not loaded":      {func(o *Options) { o.Env = append(o.Env, "FAKENVML_RC=nvmlInit_v2:9") }, "no NVIDIA driver is loaded (or there is no GPU for it)"},
		"no GPU":          {func(o *Options) { o.Env = append(o.Env, "FAKENVML_GPUS=0") }, "no GPU: the NVIDIA driver (580.95.05) lists none"},
		"built without C": {func(o *Options) { o.Program = fakenvml.Without(t) }, "kelvin-gpu was built without NVML: it needs cgo and Linux"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if files, _ := filepath.Glob("/usr/lib/*/libnvidia-ml.so.1"); name == "no driver" && len(files) > 0 {
				t.Skip("this machine has an NVIDIA driver")
			}
			var log bytes.Buffer
			o := options(t)
			o.Logger = slog.New(slog.NewTextHandler(&log, nil))
			c.change(&o)
			_, err := Open(t.Context(), o)
			require.Equal(t, fleet.Unsupported, fleet.CodeOf(err))
			require.EqualError(t, err, c.want)
			require.Empty(t, log.String())
		})
	}
}

func TestADriverThatDoesNotStartMayLater(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	o := options(t, "RC=nvmlInit_v2:18")
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	g := open(t, o)
	require.Contains(t, log.String(), "of different versions")
	_, err := g.Devices(t.Context())
	require.Equal(t, fleet.Unavailable, fleet.CodeOf(err))
}

func TestACallThatNeverReturnsIsKilled(t *testing.T) {
	t.Parallel()
	marker := "MARKER=" + t.TempDir()
	o := options(t, "HANG=nvmlDeviceGetEccMode", marker)
	o.Answer = 500 * time.Millisecond
	g := open(t, o)
	for try := 1; try <= 3; try++ {
		began := time.Now()
		_, err := g.Health(t.Context(), fakenvml.UUID(1))
		require.Equal(t, fleet.Unavailable, fleet.CodeOf(err))
		require.Less(t, time.Since(began), 3*time.Second)
		require.Equal(t, try == 3, strings.HasPrefix(err.Error(), "hung: "), err)
		require.Empty(t, processes(t, marker), "the process is gone")
	}
	_, err := g.Health(t.Context(), fakenvml.UUID(0))
	require.NotContains(t, err.Error(), "hung", "each GPU is counted by itself")
}

func TestAQuestionEndsWithItsContext(t *testing.T) {
	t.Parallel()
	g := open(t, options(t, "HANG=nvmlDeviceGetEccMode"))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := g.Health(ctx, fakenvml.UUID(1))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(began), 2*time.Second)
}

func TestWhatCannotBeKilledIsLeftBehind(t *testing.T) {
	t.Parallel()
	o := options(t, "HANG=nvmlDeviceGetEccMode")
	o.Answer, o.Unkillable = 200*time.Millisecond, 100*time.Millisecond
	g := open(t, o)
	var pid int
	g.kill = func(p int) { pid = p }
	_, err := g.Health(t.Context(), fakenvml.UUID(1))
	require.ErrorContains(t, err, "cannot be killed")
	end(pid)
}

func TestErrorsOfQuestions(t *testing.T) {
	t.Parallel()
	g := open(t, options(t))
	for uuid, code := range map[string]fleet.Code{
		"GPU-none": fleet.NotFound, "-h": fleet.Invalid, "GPU-1; true": fleet.Invalid, "": fleet.Invalid,
	} {
		_, err := g.Health(t.Context(), uuid)
		require.Equal(t, code, fleet.CodeOf(err), uuid)
		_, err = g.Holders(t.Context(), uuid)
		require.Equal(t, code, fleet.CodeOf(err), uuid)
	}
}

// program is a kelvin-gpu that does what a shell script says.
func program(t testing.TB, lines ...string) *GPUs {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kelvin-gpu")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+strings.Join(lines, "\n")+"\n"), 0o700))
	return open(t, Options{Program: path, Locks: Locks{Dir: t.TempDir()}, CDI: []string{}, Answer: 5 * time.Second, Silence: 5 * time.Second})
}

func TestAnswersAreNotBelievedBlindly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ script, want string }{
		"killed by the linker": {"echo 'kelvin-gpu: symbol lookup error' >&2; exit 127", "exit status 127: symbol lookup error"},
		"a crash":              {"echo 'panic: no' >&2; exit 2", "exit status 2: panic: no"},
		"too much":             {"yes 0123456789 | head -c 9000000", "more than 4194304 bytes"},
		"no JSON":              {"echo hello", "makes no sense"},
		"nothing":              {"exit 0", "makes no sense"},
		"two answers":          {"echo '{} {}'", "makes no sense"},
		"another GPU":          {`echo '{"at":"2026-01-01T00:00:00Z","uuid":"GPU-2"}'`, `the health of "GPU-2"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := program(t, `[ "$1" = inventory ] && exit 69`, c.script).Health(t.Context(), "GPU-1")
			require.Equal(t, fleet.Unavailable, fleet.CodeOf(err))
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestWhoHoldsAGPU(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings []string
		want     []gpu.Holder
	}{
		"nobody":                     {nil, []gpu.Holder{}},
		"another GPU's process":      {[]string{"PROCS=0:1:1024"}, []gpu.Holder{}},
		"memory that is idle":        {[]string{"USED_MB=20"}, []gpu.Holder{}},
		"memory that nobody has":     {[]string{"USED_MB=500"}, []gpu.Holder{{Command: "nobody that can be seen", MemoryBytes: 500 << 20}}},
		"memory that is not told":    {[]string{"PROCS=1:4194399:-1", "USED_MB=500"}, []gpu.Holder{{PID: 4194399, Command: "a process that cannot be seen"}}},
		"more processes than asked":  {[]string{"PROCS=1:4194397:1,1:4194398:2,1:4194399:3"}, []gpu.Holder{{PID: 4194397, Command: "a process that cannot be seen", MemoryBytes: 1}, {PID: 4194398, Command: "a process that cannot be seen", MemoryBytes: 2}, {PID: 4194399, Command: "a process that cannot be seen", MemoryBytes: 3}}},
		"an unsupported list":        {[]string{"RC=nvmlDeviceGetGraphicsRunningProcesses_v3:3"}, []gpu.Holder{}},
		"a GPU that wants its reset": {[]string{"RC=nvmlDeviceGetComputeRunningProcesses_v3:16"}, []gpu.Holder{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			holders, err := open(t, options(t, c.settings...)).Holders(t.Context(), fakenvml.UUID(1))
			require.NoError(t, err)
			require.Equal(t, c.want, holders)
		})
	}
	_, err := open(t, options(t, "RC=nvmlDeviceGetComputeRunningProcesses_v3:999")).Holders(t.Context(), fakenvml.UUID(1))
	require.Equal(t, fleet.Unavailable, fleet.CodeOf(err), "what is not known is not nobody")
}

func TestHoldersInOurContainersBearTheirLease(t *testing.T) {
	t.Parallel()
	g := program(t, `[ "$1" = holders ] && echo '[{"pid":7,"container":"c1","lease_id":"op_lie"},{"pid":8,"container":"c2"},{"pid":9,"command":"nv-hostengine","monitor":true}]'`)
	g.o.Leases = func(context.Context) (map[string]string, error) { return map[string]string{"c1": "op_1"}, nil }
	holders, err := g.Holders(t.Context(), "GPU-1")
	require.NoError(t, err)
	require.Equal(t, []gpu.Holder{{PID: 7, Container: "c1", LeaseID: "op_1"}, {PID: 8, Container: "c2"}}, holders)

	g.o.Leases = func(context.Context) (map[string]string, error) {
		return nil, fleet.Errorf(fleet.Unavailable, "no engine")
	}
	_, err = g.Holders(t.Context(), "GPU-1")
	require.Equal(t, fleet.Unavailable, fleet.CodeOf(err))
}

func BenchmarkInventory(b *testing.B) {
	g := open(b, options(b, "GPUS=8", "NVLINK=12:switch"))
	for b.Loop() {
		_, err := g.Devices(b.Context())
		require.NoError(b, err)
	}
}

func BenchmarkHealth(b *testing.B) {
	g := open(b, options(b))
	for b.Loop() {
		_, err := g.Health(b.Context(), fakenvml.UUID(1))
		require.NoError(b, err)
	}
}
