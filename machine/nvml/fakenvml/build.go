package fakenvml

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// UUID is that of a GPU of the library, by its index.
func UUID(index int) string { return fmt.Sprintf("GPU-00000000-0000-4000-8000-00000000000%d", index) }

// Library is the directory of a libnvidia-ml.so.1 of a driver of today, for LD_LIBRARY_PATH.
func Library(tb testing.TB) string { return today.dir(tb) }

// Old is the directory of one of a driver of long ago, which lacks most functions.
func Old(tb testing.TB) string { return old.dir(tb) }

// Program is kelvin-gpu, built from this tree with NVML.
func Program(tb testing.TB) string {
	tb.Helper()
	return filepath.Join(program.dir(tb), "kelvin-gpu")
}

// Without is kelvin-gpu as it is built where there is no C compiler.
func Without(tb testing.TB) string {
	tb.Helper()
	return filepath.Join(without.dir(tb), "kelvin-gpu")
}

var (
	today   = build{make: func(root, dir string) error { return library(root, dir) }}
	old     = build{make: func(root, dir string) error { return library(root, dir, "-DOLD") }}
	program = build{make: func(root, dir string) error { return compile(root, dir, "1", "-extldflags=-Wl,-z,lazy") }}
	without = build{make: func(root, dir string) error { return compile(root, dir, "0", "") }}
)

// A build is something that is built once for all tests of a process.
type build struct {
	make func(root, dir string) error
	once sync.Once
	path string
	err  error
}

func (b *build) dir(tb testing.TB) string {
	tb.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		tb.Skip("needs gcc to build a libnvidia-ml.so.1 without a GPU: deploy/setup/gcc.sh installs it")
	}
	if runtime.GOOS != "linux" {
		tb.Skip("needs Linux: the driver's library is faked")
	}
	b.once.Do(func() {
		root, err := root()
		if err == nil {
			b.path, err = os.MkdirTemp("", "fakenvml")
		}
		if err == nil {
			err = b.make(root, b.path)
		}
		b.err = err
	})
	if b.err != nil {
		tb.Fatal(b.err)
	}
	return b.path
}

// Clean removes what was built. TestMain calls it.
func Clean() {
	for _, b := range []*build{&today, &old, &program, &without} {
		if b.path != "" {
			_ = os.RemoveAll(b.path)
		}
	}
}

func library(root, dir string, flags ...string) error {
	list := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/NVIDIA/go-nvml")
	list.Dir = root
	module, err := list.Output()
	if err != nil {
		return fmt.Errorf("find nvml.h: %w", err)
	}
	header := filepath.Join(strings.TrimSpace(string(module)), "pkg/nvml")
	args := append(flags, "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-I"+header,
		"-o", filepath.Join(dir, "libnvidia-ml.so.1"), filepath.Join(root, "machine/nvml/testdata/fakenvml.c"))
	if out, err := exec.Command("gcc", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("build libnvidia-ml.so.1: %w\n%s", err, out)
	}
	return nil
}

func compile(root, dir, cgo, ldflags string) error {
	cmd := exec.Command("go", "build", "-ldflags="+ldflags, "-o", filepath.Join(dir, "kelvin-gpu"), "./cmd/kelvin-gpu")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED="+cgo)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build kelvin-gpu: %w\n%s", err, out)
	}
	return nil
}

// root is the module's directory, which tests run somewhere below.
func root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", os.ErrNotExist
		}
		dir = filepath.Dir(dir)
	}
}
