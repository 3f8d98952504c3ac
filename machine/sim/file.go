package sim

import (
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
)

// fileCommands are the commands for files that a simulated image has.
var fileCommands = []string{"cat", "write", "ls", "mkdir", "ln", "rm"}

// file runs one of them. Paths are the container's, and do not lead out of it.
func (p process) file(name string, args []string) int {
	if slices.Contains([]string{"write", "ln"}, name) && len(args) < 2 || len(args) == 0 {
		fmt.Fprintf(p.stderr, "%s: too few words\n", name)
		return 1
	}
	if err := p.fileDo(name, args); err != nil {
		fmt.Fprintf(p.stderr, "%s: %s\n", name, err)
		return 1
	}
	return 0
}

func (p process) fileDo(name string, args []string) error {
	at := args[len(args)-1]
	if name == "write" {
		at = args[0]
	}
	dir, rest := p.container.tree.find(at)
	if dir == p.container.tree.root && p.container.spec.Spec.ReadOnly && !strings.HasPrefix(rest, "tmp/") && name != "cat" && name != "ls" {
		return fmt.Errorf("%s: read-only file system", at)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	switch name {
	case "cat":
		return p.cat(root, rest)
	case "write":
		if err := root.MkdirAll(path.Dir(rest), 0o755); err != nil {
			return err
		}
		return root.WriteFile(rest, []byte(strings.Join(args[1:], " ")), 0o644)
	case "ls":
		return p.list(root, rest)
	case "mkdir":
		return root.MkdirAll(rest, 0o755)
	case "ln":
		return root.Symlink(args[len(args)-2], rest)
	default: // rm
		return root.RemoveAll(rest)
	}
}

func (p process) cat(root *os.Root, name string) error {
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(p.stdout, f)
	return err
}

func (p process) list(root *os.Root, name string) error {
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, n := range names {
		fmt.Fprintln(p.stdout, n)
	}
	return nil
}
