//go:build cgo && linux

package nvml

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

func TestRecordsOfTheKernelsLog(t *testing.T) {
	t.Parallel()
	r, ok := parseRecord("4,339,5140900,-;NVRM: hello; there")
	require.True(t, ok)
	require.Equal(t, record{339, 5140900 * time.Microsecond, "NVRM: hello; there"}, r)
	for _, line := range []string{
		"", "4,339,5140900,-", " SUBSYSTEM=pci", "x,1,2,-;a", "4,x,2,-;a", "4,1,x,-;a", "4,1,-2,-;a", "4,1,99999999999999999999,-;a", "4,1;a",
		"12,339,5140900,-;NVRM: Xid (PCI:0000:3b:00): 79, written by a user", // facility 1
	} {
		_, ok := parseRecord(line)
		require.False(t, ok, line)
	}
}

func TestXidsInTheKernelsLog(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		bus, message string
		xid          int
	}{
		"NVRM: Xid (PCI:0000:3b:00): 79, pid=1234, name=python, GPU has fallen off the bus.": {"00000000:3B:00.0", "pid=1234, name=python, GPU has fallen off the bus.", 79},
		"NVRM: Xid (0000:03:00): 14, Channel 00000001":                                       {"00000000:03:00.0", "Channel 00000001", 14},
		"NVRM: Xid (PCI:0009:01:00): 95, pid='<unknown>', name=<unknown>, Uncontained":       {"00000009:01:00.0", "pid='<unknown>', name=<unknown>, Uncontained", 95},
		"NVRM: Xid (PCI:0000:d8:00.0): 48, Double Bit ECC Error":                             {"00000000:D8:00.0", "Double Bit ECC Error", 48},
		"[1.2] NVRM: Xid (PCI:0000:3b:00): 31, \x1b[2J":                                      {"00000000:3B:00.0", "?[2J", 31},
	} {
		bus, xid, message, ok := parseXid(text)
		require.True(t, ok, text)
		require.Equal(t, want.bus, bus)
		require.Equal(t, want.xid, xid)
		require.Equal(t, want.message, message)
	}
	for _, text := range []string{
		"", "NVRM: loading", "NVRM: Xid (PCI:0000:3b:00): none", "NVRM: Xid (): 79, x", "NVRM: Xid (PCI:0000:3b:00): 123456, x", "Xid (PCI:0000:3b:00): 79, x",
	} {
		_, _, _, ok := parseXid(text)
		require.False(t, ok, text)
	}
}

func FuzzParseXid(f *testing.F) {
	f.Add("4,339,5140900,-;NVRM: Xid (PCI:0000:3b:00): 79, pid=1234, GPU has fallen off the bus.")
	f.Fuzz(func(t *testing.T, line string) {
		r, ok := parseRecord(line)
		if !ok {
			return
		}
		require.GreaterOrEqual(t, r.at, time.Duration(0))
		_, xid, message, ok := parseXid(r.text)
		if !ok {
			return
		}
		require.GreaterOrEqual(t, xid, 0)
		require.LessOrEqual(t, len(message), maxMessage)
		for _, c := range message {
			require.GreaterOrEqual(t, c, ' ')
		}
	})
}

func TestAddressesAreWrittenOneWay(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"0000:3b:00.0": "00000000:3B:00.0", "00000000:3B:00.0": "00000000:3B:00.0", "PCI:0000:3b:00": "00000000:3B:00.0", "3b:00.0": "00000000:3B:00.0",
		"0001:3b:1f.3": "00000001:3B:1F.3", "": "", "x": "x", "1:2:3:4": "1:2:3:4", "0:100:0": "0:100:0", "0:0:20": "0:0:20",
	} {
		require.Equal(t, want, normalBus(in), in)
	}
}

func TestAnErrorIsToldOnce(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	w := twice{now: func() time.Time { return now }}
	e := func(source string, xid int, after time.Duration) gpu.Event {
		return gpu.Event{At: now.Add(after), UUID: "GPU-1", Kind: gpu.EventXid, Xid: xid, Source: source}
	}
	require.False(t, w.told(e("nvml", 79, 0)))
	require.False(t, w.told(e("nvml", 79, 0)), "two of one source are two")
	require.False(t, w.told(e("kernel", 48, 0)), "another error")
	require.True(t, w.told(e("kernel", 79, time.Second)))
	require.True(t, w.told(e("kernel", 79, -time.Second)))
	require.False(t, w.told(e("kernel", 79, 0)), "a third one")
	require.False(t, w.told(e("nvml", 48, both+time.Second)), "too late to be the same")
	require.False(t, w.told(gpu.Event{UUID: "GPU-1", Kind: gpu.EventCorrected, Source: "nvml"}))

	now = now.Add(time.Hour)
	require.False(t, w.told(e("nvml", 1, 0)))
	require.Len(t, w.waiting, 1, "the others are forgotten")
}
