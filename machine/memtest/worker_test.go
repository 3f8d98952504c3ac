package memtest

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine/memtest/fakecuda"
	"github.com/kelvin-gpu/kelvin/machine/nvidia/wire"
)

var levels = []struct {
	name    string
	args    []string
	traffic uint64 // at least
}{
	{"quick", []string{"test", "--level", "quick", "--seed", "7"}, 11},
	{"standard", []string{"test", "--level", "standard", "--seed", "7"}, 47},
	{"rigorous", []string{"test", "--level", "rigorous", "--seed", "7", "--seconds", "0.8"}, 51},
	{"scrub", []string{"scrub", "--seed", "7"}, 4},
}

func TestAHealthyGPUHasNoErrors(t *testing.T) {
	t.Parallel()
	for _, l := range levels {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			// Small chunks and launches: all of the arithmetic between them is at work.
			all := mustRun(t, []string{"FAKECUDA_MB=24"}, append(l.args, "--chunk", "10", "--launch", "3")...)
			require.NoError(t, all.err, all.stderr)
			require.Equal(t, wire.Hello{
				Version: wire.Version, PID: all.hello.PID, UUID: strings.TrimPrefix(fakecuda.Device, "GPU-"), Driver: 13000,
				Processors: 4, ECC: true, Cache: 40 << 20, Peak: 1555.2, Seconds: all.hello.Seconds,
			}, *all.hello)
			require.Equal(t, 3, all.alloc.Chunks)
			r := all.result
			require.True(t, r.Whole(), text(r))
			require.Zero(t, r.Mismatches, text(r))
			require.Empty(t, all.mismatches)
			require.Zero(t, r.Remanent)
			require.True(t, r.Audited)
			require.EqualValues(t, 24<<20, r.Usable)
			require.EqualValues(t, 22<<20, r.Covered) // pages of 2 MiB, of 23 MiB that are free
			require.GreaterOrEqual(t, r.Moved, l.traffic*r.Covered)
			require.EqualValues(t, 7, r.Seed)
			var moved uint64
			for _, p := range r.Phases {
				moved += p.Bytes
				require.Positive(t, p.GBps, p.Name)
			}
			require.Equal(t, r.Moved, moved)
			require.Equal(t, l.name == "scrub", r.SharedMem)
			require.Equal(t, l.name == "scrub", r.Copy == 0)
			if l.name == "rigorous" {
				require.GreaterOrEqual(t, r.EndedAt.Sub(r.StartedAt).Seconds(), 0.8)
			} else {
				require.Equal(t, l.traffic*r.Covered, r.Moved)
			}
		})
	}
}

func TestAStuckBitIsFoundAtItsPlace(t *testing.T) {
	t.Parallel()
	// The byte, and the bit of its 16-byte word: in the first and the last word, at the seams of
	// chunks (10 MiB) and launches (3 MiB), and anywhere.
	for name, c := range map[string]struct {
		stuck  string
		offset uint64
		bit    int
	}{
		"the first bit, stuck at 1": {"0:0:1", 0, 0},
		"the first bit, stuck at 0": {"0:0:0", 0, 0},
		"the last bit":              {"23068671:7:0", 23068656, 127},
		"the end of a launch":       {"3145727:7:1", 3145712, 127},
		"the beginning of the next": {"3145728:0:0", 3145728, 0},
		"the end of a chunk":        {"10485759:3:1", 10485744, 123},
		"the beginning of another":  {"10485760:0:1", 10485760, 0},
		"the middle":                {"12345678:5:0", 12345664, 117},
	} {
		for _, l := range levels[:2] {
			t.Run(name+" "+l.name, func(t *testing.T) {
				t.Parallel()
				all := mustRun(t, []string{"FAKECUDA_MB=24", "FAKECUDA_STUCK=" + c.stuck}, append(l.args, "--chunk", "10", "--launch", "3")...)
				r := all.result
				require.True(t, r.Whole(), text(r))
				require.Positive(t, r.Mismatches)
				require.Len(t, r.Records, 1, text(r))
				m := r.Records[0]
				require.Equal(t, c.offset, m.Offset)
				require.Equal(t, []int{c.bit}, m.Bits)
				require.Equal(t, []int{c.bit}, m.Again)
				require.True(t, m.Hard, "it fails whenever the pattern wants the other value")
				require.Len(t, all.mismatches, 1)
				var found uint64
				for _, p := range r.Phases {
					found += p.Found
				}
				require.Equal(t, r.Mismatches, found)
				// Each moving inversion finds it in one of its two checks.
				for _, p := range r.Phases {
					if strings.HasPrefix(p.Name, "hash") || strings.Contains(p.Name, "/") || p.Name == "checkerboard" {
						require.EqualValues(t, 1, p.Found, p.Name)
					}
				}
			})
		}
	}
}

func TestSeveralBitsAreTold(t *testing.T) {
	t.Parallel()
	r := mustRun(t, []string{"FAKECUDA_STUCK=4096:0:1;4096:1:1;4111:7:1;8192:4:0"}, "test", "--level", "standard").result
	require.Len(t, r.Records, 2, text(r))
	bits := map[uint64]map[int]bool{}
	for _, m := range r.Records {
		bits[m.Offset] = map[int]bool{}
		for _, b := range m.Bits {
			bits[m.Offset][b] = true
		}
	}
	require.Equal(t, map[int]bool{0: true, 1: true, 127: true}, bits[4096], "00/ff comes first, and wants all of them 0")
	require.Equal(t, map[int]bool{4: true}, bits[8192])
	require.Equal(t, []string{"0000000000000003", "8000000000000000"}, r.Records[0].XOR)
}

func TestATransientFlipIsNotHard(t *testing.T) {
	t.Parallel()
	// Launches: the audit, then fill, invert and check of each pattern. After the second there is a
	// pattern that the third reads.
	r := mustRun(t, []string{"FAKECUDA_FLIP=65537:2:2"}, "test", "--level", "quick").result
	require.EqualValues(t, 1, r.Mismatches, text(r))
	require.Len(t, r.Records, 1)
	require.Equal(t, gpu.Mismatch{
		Pattern: "hash", Offset: 65536, Bits: []int{10}, Again: []int{10}, XOR: []string{"0000000000000400", "0000000000000000"},
	}, r.Records[0])
}

func TestAStuckAddressLineIsFoundByHashes(t *testing.T) {
	t.Parallel()
	r := mustRun(t, []string{"FAKECUDA_MB=32", "FAKECUDA_ALIAS=20"}, "test", "--level", "standard").result
	require.True(t, r.Whole(), text(r))
	found := map[string]uint64{}
	for _, p := range r.Phases {
		found[p.Name] = p.Found
	}
	// Of each pair of words that are one, the later write wins; the checking pass has met the first
	// of them complemented by then.
	for _, name := range []string{"hash 1", "hash 2", "hash 3", "hold"} {
		require.NotZero(t, found[name], name)
	}
	require.Len(t, r.Records, 64)
	require.Greater(t, r.Mismatches, uint64(100000))
}

func TestRemanenceIsCountedAndNoMismatch(t *testing.T) {
	t.Parallel()
	for _, l := range levels {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			// 100 bytes from the middle of a word: 7 words.
			r := mustRun(t, []string{"FAKECUDA_MB=24", "FAKECUDA_DIRT=1000008:100"}, l.args...).result
			require.True(t, r.Whole(), text(r))
			require.EqualValues(t, 7, r.Remanent)
			require.Zero(t, r.Mismatches)
		})
	}
}

func TestAnErrorOfTheDriverIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault string
		code  int
		text  string
	}{
		"uncorrectable, in a launch":  {"cuStreamSynchronize:214:2", 214, "cuStreamSynchronize: error 214 CUDA_ERROR_ECC_UNCORRECTABLE"},
		"uncorrectable, on release":   {"cuMemFree_v2:214", 214, "cuMemFree_v2: error 214"},
		"contained":                   {"cuMemcpyDtoH_v2:226:3", 226, "cuMemcpyDtoH_v2: error 226"},
		"allocation that is not room": {"cuMemAlloc_v2:999:2", 999, "cuMemAlloc_v2: error 999"},
		"a launch":                    {"cuLaunchKernel:719:4", 719, "cuLaunchKernel: error 719"},
		"the system is not ready":     {"cuInit:802", 802, "cuInit: error 802"},
		"the GPU is taken":            {"cuDevicePrimaryCtxRetain:46", 46, "cuDevicePrimaryCtxRetain: error 46"},
		"kernels that are too new":    {"cuModuleLoadData:222", 222, "cuModuleLoadData: error 222"},
		"the copy at the end":         {"cuMemcpyDtoDAsync_v2:700", 700, "cuMemcpyDtoDAsync_v2: error 700"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := mustRun(t, []string{"FAKECUDA_MB=24", "FAKECUDA_RC=" + c.fault}, "test")
			require.NoError(t, all.err)
			require.Equal(t, c.code, all.result.CUDA)
			require.Contains(t, all.result.Error, c.text)
			require.False(t, all.result.Whole())
		})
	}
}

func TestADriverThatDoesNotStartIsAnError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env  string
		text string
	}{
		"no such GPU":  {"CUDA_VISIBLE_DEVICES=GPU-ffffffff-0000-0000-0000-000000000001", "error 100"},
		"no GPU named": {"CUDA_VISIBLE_DEVICES=", "CUDA_VISIBLE_DEVICES must name the GPU"},
		"no driver":    {"LD_LIBRARY_PATH=/nonexistent", "no CUDA driver"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := mustRun(t, []string{c.env}, "test")
			require.Error(t, all.err)
			require.Contains(t, all.stderr, c.text)
			require.Nil(t, all.result)
		})
	}
}

func TestLessMemoryIsToldAsLessCoverage(t *testing.T) {
	t.Parallel()
	// More is said to be free than can be had.
	r := mustRun(t, []string{"FAKECUDA_MB=256", "FAKECUDA_ROOM_MB=200"}, "test", "--chunk", "64")
	require.True(t, r.result.Whole(), text(r.result))
	require.EqualValues(t, 200<<20, r.result.Covered, "to the last page")
	require.InDelta(t, 200.0/256, r.result.Coverage, 0.001)

	// Somebody else has half of it.
	r = mustRun(t, []string{"FAKECUDA_MB=64", "FAKECUDA_USED_MB=32"}, "test")
	require.Less(t, r.result.Coverage, 0.5)
	require.True(t, r.result.Whole())

	// Usable memory is more than CUDA says.
	r = mustRun(t, nil, "test", "--usable", "134217728")
	require.Less(t, r.result.Coverage, 0.5)

	// Nothing at all.
	r = mustRun(t, []string{"FAKECUDA_ROOM_MB=1"}, "test")
	require.Contains(t, r.result.Error, "no memory to be had")
	require.Zero(t, r.result.Coverage)
}

func TestAScrubClaimsOnlyWhatItDid(t *testing.T) {
	t.Parallel()
	r := mustRun(t, []string{"FAKECUDA_MET=3"}, "scrub").result
	require.True(t, r.Whole())
	require.False(t, r.SharedMem, "one processor was not met")

	r = mustRun(t, []string{"FAKECUDA_NOSHARED=1"}, "scrub").result
	require.True(t, r.Whole())
	require.False(t, r.SharedMem)

	r = mustRun(t, []string{"FAKECUDA_STUCK=777:1:1"}, "scrub").result
	require.EqualValues(t, 1, r.Mismatches, "the zeros did not hold")
}

func TestCancelEndsAWorkerAtOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault  string
		cancel func(c *child)
	}{
		"between launches":         {"FAKECUDA_SLOW=5000", func(c *child) { _ = c.stdin.Close() }},
		"while the driver hangs":   {"FAKECUDA_HANG=cuStreamSynchronize:4", func(c *child) { _ = c.stdin.Close() }},
		"by a signal":              {"FAKECUDA_SLOW=5000", func(c *child) { _ = c.Process.Signal(syscall.SIGTERM) }},
		"by a signal while hung":   {"FAKECUDA_HANG=cuStreamSynchronize:4", func(c *child) { _ = c.Process.Signal(syscall.SIGTERM) }},
		"while memory is left":     {"FAKECUDA_MB=8", func(c *child) { _ = c.stdin.Close() }},
		"while memory is set up":   {"FAKECUDA_HANG=cuMemAlloc_v2:2", func(c *child) { _ = c.stdin.Close() }},
		"while the driver starts":  {"FAKECUDA_HANG=cuInit", func(c *child) { _ = c.stdin.Close() }},
		"while kernels are loaded": {"FAKECUDA_HANG=cuModuleLoadData", func(c *child) { _ = c.stdin.Close() }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			child := mustStart(t, []string{c.fault}, "test", "--level", "rigorous", "--seconds", "30", "--launch", "1")
			time.Sleep(500 * time.Millisecond)
			begun := time.Now()
			c.cancel(child)
			all := child.listen(t, nil)
			require.Less(t, time.Since(begun), time.Second, "100 ms, on a machine with nothing else to do")
			if all.result != nil {
				require.False(t, all.result.Whole())
				require.Equal(t, "cancelled", all.result.Error)
			}
		})
	}
}

// Who is done is not cancelled by that, however long it takes to go.
func TestAnEndIsNoCancel(t *testing.T) {
	t.Parallel()
	all := mustRun(t, []string{"FAKECUDA_MB=8", "MEMTEST_LINGER=300ms"}, "test")
	require.NoError(t, all.err)
	require.True(t, all.result.Whole())
}

func TestProgressIsToldTenTimesASecond(t *testing.T) {
	t.Parallel()
	all := mustRun(t, []string{"FAKECUDA_MB=24", "FAKECUDA_SLOW=10000"}, "test", "--level", "standard", "--launch", "4")
	require.NotEmpty(t, all.progress)
	require.LessOrEqual(t, len(all.progress), int(all.took.Seconds()*10)+2)
	last := gpu.Progress{}
	for _, p := range all.progress {
		require.GreaterOrEqual(t, p.Done, last.Done)
		require.LessOrEqual(t, p.Percent, 99.0)
		if p.Phase != "allocation" { // nobody knows before how much it is
			require.Equal(t, 47*all.result.Covered, p.Total)
		}
		last = p
	}
	require.Positive(t, last.Percent)
}

func TestNobodyListeningIsAnEnd(t *testing.T) {
	t.Parallel()
	child := mustStart(t, []string{"FAKECUDA_SLOW=5000"}, "test", "--level", "rigorous", "--seconds", "30")
	time.Sleep(300 * time.Millisecond)
	begun := time.Now()
	require.NoError(t, child.lines.Close())
	require.NoError(t, child.stdin.Close())
	require.Error(t, child.Wait())
	require.Less(t, time.Since(begun), time.Second)
}

func TestAnMPSDaemonIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, syscall.Mkfifo(dir+"/control", 0o600))
	all := mustRun(t, []string{"CUDA_MPS_PIPE_DIRECTORY=" + dir}, "test")
	require.NoError(t, all.err, "what a dead one left behind does not count")
	daemon, err := os.OpenFile(dir+"/control", os.O_RDWR, 0)
	require.NoError(t, err)
	defer daemon.Close()
	all = mustRun(t, []string{"CUDA_MPS_PIPE_DIRECTORY=" + dir}, "test")
	require.Error(t, all.err)
	require.Contains(t, all.stderr, "MPS")
}

func TestUsageIsChecked(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--level", "thorough"},
		{"--level", "counters"},
		{"--seconds", "-1"},
		{"--seconds", "NaN"},
		{"--seconds", "1e9"},
		{"--chunk", "1"},
		{"--launch", "0"},
		{"extra"},
		{"--what"},
		{"--seed", "x"},
	} {
		_, err := parseJob("test", args)
		require.Error(t, err, args)
	}
	_, err := parseJob("scrub", []string{"--level", "quick"})
	require.Error(t, err)
}
