package temporalchild

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
)

// program is the name of the server's binary.
const program = "kelvin-temporal"

// Find returns the path of kelvin-temporal: beside this program, as installed;
// in bin of the module the working directory is in, as built; or on the PATH.
func Find() (string, error) {
	if self, err := os.Executable(); err == nil {
		if path := filepath.Join(filepath.Dir(self), program); isFile(path) {
			return path, nil
		}
	}
	if dir, err := os.Getwd(); err == nil {
		for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			path := filepath.Join(dir, "bin", program)
			if isFile(filepath.Join(dir, "go.mod")) && isFile(path) {
				return path, nil
			}
		}
	}
	if path, err := exec.LookPath(program); err == nil {
		return path, nil
	}
	return "", errors.New("kelvin-temporal not found beside this program, in bin/ or on the PATH (run `make build`)")
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
