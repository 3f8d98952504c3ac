package machinetest

import (
	"archive/tar"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// tools are what an image needs for tasks, and a few that tests look around with.
var tools = []string{"sh", "cat", "date", "id", "ls", "mkdir", "mv", "rm", "sed", "sleep", "stat", "tail", "touch", "tr"}

// library is a line of ldd: the file behind a name, or the loader itself.
var library = regexp.MustCompile(`(?m)(/\S+) \(0x`)

// WriteShell writes a small root filesystem as a tar: a shell and the tools that tasks need,
// copied from this machine with the libraries they use. There is no registry to have one from.
func WriteShell(to io.Writer) error {
	files := map[string]string{} // where they go, and where they are
	for _, tool := range tools {
		found, err := exec.LookPath(tool)
		if err != nil {
			return fmt.Errorf("this machine has no %s: %w", tool, err)
		}
		if found, err = filepath.EvalSymlinks(found); err != nil {
			return err
		}
		files["bin/"+tool] = found
		// A static one has no libraries, and ldd says so by failing.
		libraries, _ := exec.Command("ldd", found).Output() //nolint:noctx // it only reads a file
		for _, line := range library.FindAllStringSubmatch(string(libraries), -1) {
			// Only the loader's path matters; the others are found in /lib.
			name := strings.TrimPrefix(line[1], "/")
			if base := path.Base(name); !strings.HasPrefix(base, "ld-") {
				name = "lib/" + base
			}
			files[name] = line[1]
		}
	}
	layer := tar.NewWriter(to)
	for _, dir := range []string{"tmp/", "etc/", "root/"} {
		if err := layer.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir, Mode: 0o755}); err != nil {
			return err
		}
	}
	for name, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := layer.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(data)), Mode: 0o755}); err != nil {
			return err
		}
		if _, err := layer.Write(data); err != nil {
			return err
		}
	}
	return layer.Close()
}
