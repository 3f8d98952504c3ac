package memtest

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// shape is what the driver needs of the PTX, whichever LLVM made it.
var shape = []struct {
	pattern string
	count   int
}{
	{`(?m)^\.version 6\.3$`, 1},
	{`(?m)^\.target sm_70$`, 1},
	{`\.visible \.entry mt_fill\(`, 1},
	{`\.visible \.entry mt_check\(`, 1},
	{`\.visible \.entry mt_shared\(`, 1},
	{`\.maxntid 256, 1, 1`, 3},
	{`\tld\.global\.v4\.u32 `, 5},           // four at once, and one for what is left
	{`\tld\.volatile\.global\.v4\.u32 `, 5}, // each can be read again
	{`\tst\.global\.v4\.u32 `, 10},
	{`\tatom\.global\.add\.u64 `, 6},
	{`\.extern \.shared \.align 16 \.b8 mt_shared_memory\[\]`, 1},
	{`\tst\.volatile\.shared\.u32 `, 2},
	{`\tld\.volatile\.shared\.u32 `, 1},
	{`%smid`, 1},
	{`\.local `, 0}, // nothing spilled before the driver's compiler has had a look
	{`\bcall\b`, 0},
}

func checkShape(t *testing.T, ptx string) {
	t.Helper()
	for _, s := range shape {
		require.Len(t, regexp.MustCompile(s.pattern).FindAllString(ptx, -1), s.count, s.pattern)
	}
}

func TestPTXIsOfItsSource(t *testing.T) {
	t.Parallel()
	checkShape(t, string(ptx))
	opt, err := exec.LookPath("opt-14")
	if err != nil {
		t.Skip("only the shape of memtest.ptx was checked: LLVM 14 (opt-14, llc-14), which it was made with, is not installed")
	}
	llc, err := exec.LookPath("llc-14")
	if err != nil {
		t.Skip("only the shape of memtest.ptx was checked: LLVM 14 (opt-14, llc-14), which it was made with, is not installed")
	}
	bc, out := filepath.Join(t.TempDir(), "memtest.bc"), filepath.Join(t.TempDir(), "memtest.ptx")
	run := func(args ...string) string {
		said, err := exec.Command(args[0], args[1:]...).CombinedOutput()
		require.NoError(t, err, string(said))
		return string(said)
	}
	run(opt, "-O2", "kernels/memtest.ll", "-o", bc)
	run(llc, "-march=nvptx64", "-mcpu=sm_70", "-mattr=+ptx63", bc, "-o", out)
	again := readFile(t, out)
	checkShape(t, again)
	if version := run(opt, "--version"); !strings.Contains(version, "14.0.6") {
		t.Skip("only the shape of what this LLVM makes was compared: it is not 14.0.6")
	}
	require.Equal(t, again, string(ptx), "go generate ./machine/memtest makes it anew")
}

// In check, four words are on their way before the first is looked at.
func TestCheckReadsFourWordsAtOnce(t *testing.T) {
	t.Parallel()
	body := string(ptx[strings.Index(string(ptx), ".entry mt_check("):])
	first := strings.Index(body, "ld.global.v4")
	until := body[first:strings.Index(body, "atom.global")]
	require.Equal(t, 4, strings.Count(until, "ld.global.v4"))
	require.NotContains(t, until[:strings.LastIndex(until, "ld.global.v4")], "bra")
}
