package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A Context is a server and the key that opens it, under a name.
type Context struct {
	Server     string `json:"server"`                // URL of the API, without /v1
	Key        string `json:"key"`                   // kelvin_sk_…
	TemporalUI string `json:"temporal_ui,omitempty"` // URL, for people
	Gateway    string `json:"gateway,omitempty"`     // URL of the gateway, for people
}

// Contexts is the context file: every context, and the name of the one in use.
type Contexts struct {
	Current  string             `json:"current"`
	Contexts map[string]Context `json:"contexts"`
}

// SaveContext writes a context under name, over one of that name, and makes it the current
// one. It returns the path of the file, which only its owner can read. Several processes
// may save at once: none loses another's context. The file is KELVIN_CONTEXT, or
// kelvin/context.json in the user's configuration folder (XDG_CONFIG_HOME, or ~/.config).
func SaveContext(name string, c Context) (path string, err error) {
	path, err = contextPath(os.Getenv)
	if err != nil {
		return "", err
	}
	return path, saveContext(path, name, c)
}

func saveContext(path, name string, c Context) error {
	return changeContexts(path, func(all *Contexts) error {
		all.Contexts[name] = c
		all.Current = name
		return nil
	})
}

func contextPath(getenv func(string) string) (string, error) {
	if path := getenv("KELVIN_CONTEXT"); path != "" {
		return path, nil
	}
	dir := getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) { // the XDG specification: a relative one is ignored
		home := getenv("HOME")
		if home == "" {
			return "", errors.New("HOME is not set: say in KELVIN_CONTEXT where the context file is")
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "kelvin", "context.json"), nil
}

func loadContexts(path string) (Contexts, error) {
	all := Contexts{Contexts: map[string]Context{}}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return Contexts{}, fmt.Errorf("read contexts: %w", err)
	}
	if err := json.Unmarshal(text, &all); err != nil {
		// Not the error itself: it can quote the file, which holds keys.
		return Contexts{}, &failure{
			exit: exitFailed, err: fmt.Errorf("%s is not a context file", path),
			next: []string{"Mend it, or remove it and run `kelvin dev` or `kelvin context set`."},
		}
	}
	if all.Contexts == nil {
		all.Contexts = map[string]Context{}
	}
	return all, nil
}

// changeContexts reads, changes and replaces the file, one process at a time. Readers see
// the old file or the new one, never a part.
func changeContexts(path string, change func(*Contexts) error) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("save context: %w", err)
	}
	unlock, err := lock(path + ".lock")
	if err != nil {
		return fmt.Errorf("save context: %w", err)
	}
	defer unlock()
	all, err := loadContexts(path)
	if err != nil {
		return err
	}
	if err := change(&all); err != nil {
		return err
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("save context: %w", err)
	}
	if err := replace(path, append(text, '\n')); err != nil {
		return fmt.Errorf("save context: %w", err)
	}
	return nil
}

// replace writes a file that only its owner can read, whole or not at all.
func replace(path string, text []byte) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".context-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name()) // the first error is the one to tell
		}
	}()
	_, err = file.Write(text)
	err = errors.Join(err, file.Sync(), file.Close())
	if err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
