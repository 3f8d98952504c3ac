//go:build cgo && linux

package nvml

import (
	"errors"
	"testing"
	"time"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/dgxa100"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// implemented are the functions that the mock of a DGX A100 has. It panics in all others, as a
// driver ends the process in what it lacks.
var implemented = []string{
	"nvmlSystemGetDriverVersion", "nvmlSystemGetCudaDriverVersion", "nvmlShutdown", "nvmlDeviceGetCount", "nvmlDeviceGetHandleByIndex",
	"nvmlDeviceGetHandleByUUID", "nvmlDeviceGetUUID", "nvmlDeviceGetName", "nvmlDeviceGetMinorNumber", "nvmlDeviceGetMemoryInfo",
	"nvmlDeviceGetPciInfo", "nvmlDeviceGetMigMode",
}

// dgx is the library on that mock, with more functions than it has.
func dgx(t testing.TB, more ...string) (*Library, *dgxa100.Server) {
	t.Helper()
	s := dgxa100.New()
	have := map[string]bool{}
	for _, f := range append(more, implemented...) {
		have[f] = true
	}
	s.LookupSymbolFunc = func(symbol string) error {
		if !have[symbol] {
			return errors.New("undefined symbol")
		}
		return nil
	}
	l, err := open(s)
	require.NoError(t, err)
	t.Cleanup(l.Close)
	return l, s
}

func mocked(s *dgxa100.Server, i int) *dgxa100.Device { return s.Devices[i].(*dgxa100.Device) }

func TestTheMocksGPUsAreListed(t *testing.T) {
	t.Parallel()
	l, s := dgx(t)
	inv, err := l.Inventory()
	require.NoError(t, err)
	require.Len(t, inv.Devices, 8)
	require.Equal(t, "550.54.15", inv.Driver)
	require.Equal(t, "12.4", inv.CUDA)
	d := inv.Devices[3]
	require.Equal(t, mocked(s, 3).UUID, d.UUID)
	require.Equal(t, "mocka100-40gb", d.Type, "its name begins with Mock")
	require.EqualValues(t, 40960, d.MemoryMB)
	require.Equal(t, "00000000:00:00.0", d.BusID, "the mock has an empty one")
	require.Empty(t, d.Serial)
}

func TestNothingIsCalledThatTheDriverLacks(t *testing.T) {
	t.Parallel()
	l, s := dgx(t)
	h, err := l.Health(mocked(s, 0).UUID)
	require.NoError(t, err)
	require.True(t, h.Remap.Pending.Unsupported)
	require.True(t, h.ECCCurrent.Unsupported)
	require.True(t, h.Recovery.Unsupported)
	require.Equal(t, gpu.Known(false), h.MIG)
	_, err = l.Holders(mocked(s, 0).UUID)
	require.Equal(t, fleet.Unsupported, fleet.CodeOf(err))
	_, err = l.Health("GPU-none")
	require.Equal(t, fleet.NotFound, fleet.CodeOf(err), "the mock says INVALID_ARGUMENT")

	s.LookupSymbolFunc = func(string) error { return errors.New("undefined symbol") }
	l, err = open(s)
	require.NoError(t, err)
	_, err = l.Inventory()
	require.Equal(t, fleet.Unsupported, fleet.CodeOf(err))
	_, err = l.Health(mocked(s, 0).UUID)
	require.Equal(t, fleet.Unsupported, fleet.CodeOf(err))
	l.Close()
}

func TestWhatIsInjectedIsRead(t *testing.T) {
	t.Parallel()
	l, s := dgx(t, "nvmlDeviceGetRemappedRows", "nvmlDeviceGetEccMode", "nvmlDeviceGetTotalEccErrors", "nvmlDeviceGetMemoryErrorCounter", "nvmlDeviceGetSramEccErrorStatus")
	d := mocked(s, 5)
	d.GetRemappedRowsFunc = func() (int, int, bool, bool, nvml.Return) { return 0, 1, true, false, nvml.SUCCESS }
	d.GetEccModeFunc = func() (nvml.EnableState, nvml.EnableState, nvml.Return) {
		return nvml.FEATURE_ENABLED, nvml.FEATURE_DISABLED, nvml.SUCCESS
	}
	d.GetTotalEccErrorsFunc = func(nvml.MemoryErrorType, nvml.EccCounterType) (uint64, nvml.Return) { return 0, nvml.ERROR_UNKNOWN }
	d.GetMemoryErrorCounterFunc = func(_ nvml.MemoryErrorType, _ nvml.EccCounterType, place nvml.MemoryLocation) (uint64, nvml.Return) {
		if place == nvml.MEMORY_LOCATION_SRAM {
			return 0, nvml.ERROR_INVALID_ARGUMENT // of a driver that does not know the place
		}
		return 3, nvml.SUCCESS
	}
	d.GetSramEccErrorStatusFunc = func() (nvml.EccSramErrorStatus, nvml.Return) {
		return nvml.EccSramErrorStatus{AggregateUncParity: 2, AggregateUncSecDed: 5, VolatileCor: 7, BThresholdExceeded: 1}, nvml.SUCCESS
	}
	h, err := l.Health(d.UUID)
	require.NoError(t, err)
	require.Equal(t, gpu.Known(true), h.Remap.Pending)
	require.Equal(t, gpu.Known[uint64](1), h.Remap.Uncorrected)
	require.Equal(t, gpu.Known(false), h.ECCPending)
	require.True(t, h.Volatile.Corrected.Failed())
	require.Equal(t, "unknown error (NVML 999)", h.Volatile.Corrected.Error)
	require.Equal(t, gpu.Known[uint64](3), h.Volatile.CorrectedDRAM)
	require.Equal(t, gpu.Known[uint64](7), h.Volatile.CorrectedSRAM, "by the status of SRAM")
	require.Equal(t, gpu.Known[uint64](7), h.Aggregate.UncorrectedSRAM)
	require.Equal(t, gpu.Known(true), h.SRAMThreshold)
}

func TestEventsOfTheMockAreWatched(t *testing.T) {
	t.Parallel()
	l, s := dgx(t, "nvmlEventSetCreate", "nvmlEventSetFree", "nvmlEventSetWait", "nvmlDeviceGetSupportedEventTypes", "nvmlDeviceRegisterEvents")
	waited := 0
	s.EventSetCreateFunc = func() (nvml.EventSet, nvml.Return) {
		return &mock.EventSet{
			FreeFunc: func() nvml.Return { return nvml.SUCCESS },
			WaitFunc: func(uint32) (nvml.EventData, nvml.Return) {
				if waited++; waited > 1 {
					return nvml.EventData{}, nvml.ERROR_UNKNOWN
				}
				return nvml.EventData{Device: s.Devices[2], EventType: nvml.EventTypeXidCriticalError, EventData: 48}, nvml.SUCCESS
			},
		}, nvml.SUCCESS
	}
	var asked []uint64
	for i := range s.Devices {
		d := mocked(s, i)
		d.GetSupportedEventTypesFunc = func() (uint64, nvml.Return) { return 0x1f, nvml.SUCCESS }
		d.RegisterEventsFunc = func(mask uint64, _ nvml.EventSet) nvml.Return {
			asked = append(asked, mask)
			return nvml.SUCCESS
		}
	}
	l.now = func() time.Time { return time.Unix(1, 0) }
	var seen []gpu.Seen
	err := l.Watch(t.Context(), WatchOptions{Kernel: "/nowhere"}, func(s gpu.Seen) error {
		seen = append(seen, s)
		return nil
	})
	require.ErrorContains(t, err, "the driver's events broke off: unknown error (NVML 999)")
	require.Equal(t, gpu.Watching{GPUs: 8, Why: "the kernel's log: open /nowhere: no such file or directory"}, *seen[0].Watching)
	require.Equal(t, gpu.Event{At: time.Unix(1, 0).UTC(), UUID: mocked(s, 2).UUID, Kind: gpu.EventXid, Xid: 48, Source: "nvml"}, *seen[len(seen)-1].Event)
	for _, mask := range asked {
		require.EqualValues(t, 0x1f&^(nvml.EventTypePState|nvml.EventTypeClock), mask, "only what is supported, and of use")
	}
}

func TestInitThatFails(t *testing.T) {
	t.Parallel()
	for r, code := range map[nvml.Return]fleet.Code{
		nvml.ERROR_LIBRARY_NOT_FOUND: fleet.Unsupported, nvml.ERROR_DRIVER_NOT_LOADED: fleet.Unsupported,
		nvml.ERROR_LIB_RM_VERSION_MISMATCH: fleet.Unavailable, nvml.ERROR_NO_PERMISSION: fleet.Unavailable, nvml.ERROR_UNKNOWN: fleet.Unavailable, nvml.Return(77): fleet.Unavailable,
	} {
		s := dgxa100.New()
		s.InitFunc = func() nvml.Return { return r }
		_, err := open(s)
		require.Equal(t, code, fleet.CodeOf(err), explain(r))
		require.Empty(t, s.SystemGetDriverVersionCalls(), "no call after a failed Init: it would end the process")
		require.Empty(t, s.ShutdownCalls())
	}
}

func TestMemoryInUse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		memory nvml.Memory_v2
		want   uint64
	}{
		"without what is reserved": {nvml.Memory_v2{Total: 100, Reserved: 10, Free: 70, Used: 20}, 20},
		"with what is reserved":    {nvml.Memory_v2{Total: 100, Reserved: 10, Free: 70, Used: 30}, 20},
		"never below zero":         {nvml.Memory_v2{Total: 100, Reserved: 10, Free: 95, Used: 5}, 0},
	} {
		l, s := dgx(t, "nvmlDeviceGetMemoryInfo_v2")
		mocked(s, 0).GetMemoryInfo_v2Func = func() (nvml.Memory_v2, nvml.Return) { return c.memory, nvml.SUCCESS }
		h, err := l.Health(mocked(s, 0).UUID)
		require.NoError(t, err)
		require.Equal(t, gpu.Known(c.want), h.Memory.Used, name)
	}
}

func TestFieldsAreReadByTheirType(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind  nvml.ValueType
		bytes [8]byte
		want  uint64
		ok    bool
	}{
		{nvml.VALUE_TYPE_UNSIGNED_INT, [8]byte{1, 0, 0, 0, 9, 9, 9, 9}, 1, true},
		{nvml.VALUE_TYPE_UNSIGNED_LONG_LONG, [8]byte{1, 0, 0, 0, 1}, 1 + 1<<32, true},
		{nvml.VALUE_TYPE_UNSIGNED_LONG, [8]byte{2}, 2, true},
		{nvml.VALUE_TYPE_UNSIGNED_SHORT, [8]byte{3, 0, 9}, 3, true},
		{nvml.VALUE_TYPE_SIGNED_INT, [8]byte{255, 255, 255, 255}, 0, false},
		{nvml.VALUE_TYPE_SIGNED_LONG_LONG, [8]byte{255, 255, 255, 255, 255, 255, 255, 255}, 0, false},
		{nvml.VALUE_TYPE_DOUBLE, [8]byte{0, 0, 0, 0, 0, 0, 0xF0, 0x7F}, 0, false}, // infinity
		{nvml.VALUE_TYPE_COUNT, [8]byte{1}, 0, false},
	} {
		got, ok := value(c.kind, c.bytes)
		require.Equal(t, c.ok, ok, "%v", c)
		require.Equal(t, c.want, got, "%v", c)
	}
}

func TestProfilesByTheirParts(t *testing.T) {
	t.Parallel()
	require.Equal(t, "3g.40gb", profileOf(nvml.DeviceAttributes{GpuInstanceSliceCount: 3, ComputeInstanceSliceCount: 3, MemorySizeMB: 40192}))
	require.Equal(t, "1c.3g.20gb", profileOf(nvml.DeviceAttributes{GpuInstanceSliceCount: 3, ComputeInstanceSliceCount: 1, MemorySizeMB: 19968}))
}

func BenchmarkHealthOfTheMock(b *testing.B) {
	l, s := dgx(b)
	for b.Loop() {
		_, err := l.Health(mocked(s, 0).UUID)
		require.NoError(b, err)
	}
}
