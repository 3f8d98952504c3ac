package docker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// maxSpec is more than a CDI specification of a host's GPUs and all their slices has.
const maxSpec = 4 << 20

// specDevices are the devices that CDI's specifications in some folders name, as an engine
// reads them. A file that cannot be read has none: the engine skips it, too.
func specDevices(dirs []string) map[string]bool {
	names := map[string]bool{}
	for _, dir := range dirs {
		files, _ := os.ReadDir(dir) // it need not be there
		for _, f := range files {
			switch filepath.Ext(f.Name()) {
			case ".yaml", ".yml", ".json":
				for _, name := range readSpec(filepath.Join(dir, f.Name())) {
					names[name] = true
				}
			}
		}
	}
	return names
}

func readSpec(path string) []string {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSpec))
	if err != nil {
		return nil
	}
	return parseSpec(text)
}

// parseSpec reads the names of a CDI specification's devices. JSON is YAML.
func parseSpec(text []byte) (names []string) {
	var spec struct {
		Kind    string `yaml:"kind"`
		Devices []struct {
			Name string `yaml:"name"`
		} `yaml:"devices"`
	}
	if yaml.Unmarshal(text, &spec) != nil || spec.Kind == "" {
		return nil
	}
	for _, d := range spec.Devices {
		if d.Name != "" {
			names = append(names, spec.Kind+"="+d.Name)
		}
	}
	return names
}

// refreshWithin is how long it may take to write a specification anew; a driver that is just
// being loaded takes seconds for each GPU.
const refreshWithin = time.Minute

// RefreshGPUs implements machine.Machine: it runs Options.Refresh, if there is such a program
// on this machine, and this machine is the engine's. The engine watches the folders of its
// specifications itself.
func (e *Engine) RefreshGPUs(ctx context.Context) error {
	words := e.options.Refresh
	if len(words) == 0 || !e.local() {
		return nil
	}
	path, err := exec.LookPath(words[0])
	if err != nil {
		return nil // the engine gives no GPUs by name, then
	}
	unlock, err := e.locks.lock(ctx, "cdi")
	if err != nil {
		return err
	}
	defer unlock()
	limited, cancel := context.WithTimeout(ctx, refreshWithin)
	defer cancel()
	var said bytes.Buffer
	command := exec.CommandContext(limited, path, words[1:]...)
	command.Stdout, command.Stderr, command.WaitDelay = &said, &said, time.Second
	err = command.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		why := strings.TrimSpace(strings.ToValidUTF8(said.String(), "?"))
		why = why[max(0, len(why)-500):]
		if _, ended := errors.AsType[*exec.ExitError](err); !ended || limited.Err() != nil {
			why = err.Error()
		}
		return fleet.Errorf(fleet.Unavailable, "the names of the host's GPUs cannot be written anew: %s: %s", words[0], why)
	}
	return nil
}
