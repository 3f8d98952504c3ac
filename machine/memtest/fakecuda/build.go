package fakecuda

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"sync"
	"testing"
)

// Device is the only GPU, if FAKECUDA_DEVICES does not name others.
const Device = "GPU-00000000-0000-0000-0000-000000000001"

// Library is the directory of the fake libcuda.so.1, for LD_LIBRARY_PATH. It skips the test
// where it cannot be built for want of tools.
func Library(tb testing.TB) string {
	tb.Helper()
	opt, llc, cc := tool("opt"), tool("llc"), tool("gcc")
	for _, need := range [][2]string{{opt, "LLVM's opt (deploy/setup/llvm.sh"}, {llc, "LLVM's llc (deploy/setup/llvm.sh"}, {cc, "gcc (deploy/setup/gcc.sh"}} {
		if need[0] == "" {
			tb.Skip("needs " + need[1] + " installs it) to run the kernels on the CPU")
		}
	}
	if runtime.GOOS != "linux" {
		tb.Skip("needs Linux: the CUDA driver's library is faked")
	}
	library.Do(func() { libraryDir, libraryErr = build(opt, llc, cc) })
	if libraryErr != nil {
		tb.Fatal(libraryErr)
	}
	return libraryDir
}

var (
	library    sync.Once
	libraryDir string
	libraryErr error
)

// Program is kelvin-gpu, built from this tree without NVML.
func Program(tb testing.TB) string {
	tb.Helper()
	program.Do(func() { programPath, programErr = buildProgram() })
	if programErr != nil {
		tb.Fatal(programErr)
	}
	return programPath
}

var (
	program     sync.Once
	programPath string
	programErr  error
)

func buildProgram() (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	dir, err := cacheDir("bin", []byte(root))
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "kelvin-gpu")
	fresh := fmt.Sprintf("%s.%d", path, os.Getpid())
	build := exec.Command("go", "build", "-o", fresh, "./cmd/kelvin-gpu")
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build kelvin-gpu: %w\n%s", err, out)
	}
	return path, os.Rename(fresh, path)
}

// cacheDir is a directory for what was made of those sources.
func cacheDir(kind string, of ...[]byte) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	key := sha256.Sum256(bytes.Join(of, []byte{0}))
	dir := filepath.Join(cache, "kelvin-fakecuda", fmt.Sprintf("%s-%x", kind, key[:8]))
	return dir, os.MkdirAll(dir, 0o755)
}

// build compiles the library once for its sources and tools, and keeps it for later runs.
func build(opt, llc, cc string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	source, err := os.ReadFile(filepath.Join(root, "machine/memtest/kernels/memtest.ll"))
	if err != nil {
		return "", err
	}
	driver := filepath.Join(root, "machine/memtest/testdata/fakecuda.c")
	c, err := os.ReadFile(driver)
	if err != nil {
		return "", err
	}
	dir, err := cacheDir("lib", source, c, []byte(opt+llc+cc+runtime.GOARCH))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(dir, "libcuda.so.1")); err == nil {
		return dir, nil
	}
	work, err := os.MkdirTemp("", "fakecuda")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(work) }()
	ll, bc, object, so := filepath.Join(work, "cpu.ll"), filepath.Join(work, "cpu.bc"), filepath.Join(work, "cpu.o"), filepath.Join(work, "libcuda.so.1")
	if err := os.WriteFile(ll, ForCPU(source), 0o600); err != nil {
		return "", err
	}
	for _, command := range [][]string{
		{opt, "-O2", ll, "-o", bc},
		{llc, "-O2", "-relocation-model=pic", "-filetype=obj", bc, "-o", object},
		{cc, "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", so, driver, object},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("%v: %w\n%s", command, err, out)
		}
	}
	built, err := os.ReadFile(so)
	if err != nil {
		return "", err
	}
	// Another process may be at it: the file is there whole, or not at all.
	fresh := filepath.Join(dir, fmt.Sprintf(".%d", os.Getpid()))
	if err := os.WriteFile(fresh, built, 0o755); err != nil {
		return "", err
	}
	return dir, os.Rename(fresh, filepath.Join(dir, "libcuda.so.1"))
}

var rewrites = []struct {
	from *regexp.Regexp
	to   string
}{
	{regexp.MustCompile(`(?m)^target .*\n`), ""},
	{regexp.MustCompile(`@llvm\.nvvm\.read\.ptx\.sreg\.([a-z]+)(\.x)?\(`), "@sreg_$1("},
	{regexp.MustCompile(` addrspace\([13]\)`), ""},
	{regexp.MustCompile(`(?m)^!.*\n`), ""},
}

// ForCPU is the kernels' source for the machine that LLVM runs on: index intrinsics are plain
// functions, and there is one address space.
func ForCPU(source []byte) []byte {
	for _, r := range rewrites {
		source = r.from.ReplaceAll(source, []byte(r.to))
	}
	return source
}

// tool is where a tool is, by its plain name or with LLVM's version; empty if nowhere.
func tool(name string) string {
	for _, suffix := range []string{"-14", "", "-15", "-16", "-17", "-18", "-19"} {
		if path, err := exec.LookPath(name + suffix); err == nil {
			return path
		}
	}
	return ""
}

// Root is the module's directory, which tests run somewhere below.
func Root() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", os.ErrNotExist
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}
