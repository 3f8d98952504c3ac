package docker

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const (
	// binaryLabel holds the digest of what an image was built from.
	binaryLabel = "kelvin.binary"
	// layout is part of the digest: one more whenever the image is put together otherwise.
	layout = "2"
	// busybox is where Debian's busybox-static puts it.
	busybox = "/bin/busybox"
)

// FromBinary is an ImageBuilder that makes an image from a binary; see BuildFromBinary. The
// binary is read once, so it must not change while the agent runs.
func FromBinary(binaryPath string, entrypoint ...string) ImageBuilder {
	read := sync.OnceValues(func() (contents, error) { return open(binaryPath, entrypoint) })
	return func(ctx context.Context, e *Engine, ref string, progress func(fleet.Progress)) error {
		c, err := read()
		if err != nil {
			return err
		}
		return e.build(ctx, ref, c, progress)
	}
}

// BuildFromBinary makes an image under ref that holds a static Linux binary as /kelvin, an
// empty /tmp, and nothing else; no registry is asked. Without an entrypoint it runs
// /kelvin. An image of the same binary and entrypoint that is already there stays, another
// one is replaced.
//
// There is no shell in it, so instances of it cannot have a start command, unless this
// machine has a static /bin/busybox (Debian: busybox-static), which is put in as /bin/sh.
//
// Unsupported: the file is no static Linux binary.
func (e *Engine) BuildFromBinary(ctx context.Context, ref, binaryPath string, entrypoint []string) error {
	ref, err := familiar(ref)
	if err != nil {
		return err
	}
	c, err := open(binaryPath, entrypoint)
	if err != nil {
		return err
	}
	return e.build(ctx, ref, c, func(fleet.Progress) {})
}

// contents are what an image is made of.
type contents struct {
	binary     string
	shell      bool // busybox comes along
	entrypoint []string
	digest     string
	size       int64
}

func open(binaryPath string, entrypoint []string) (contents, error) {
	c := contents{binary: binaryPath, entrypoint: entrypoint}
	if len(entrypoint) == 0 {
		c.entrypoint = []string{"/kelvin"}
	}
	if !static(binaryPath) {
		return c, fleet.Errorf(fleet.Unsupported, "an image can only be built from a static Linux binary, and this one is not (CGO_ENABLED=0 makes one)")
	}
	c.shell = static(busybox)
	hash := sha256.New()
	fmt.Fprintln(hash, layout, c.shell, c.entrypoint)
	files := []string{binaryPath}
	if c.shell {
		files = append(files, busybox)
	}
	for _, file := range files {
		n, err := copyFile(hash, file)
		if err != nil {
			return c, fleet.Errorf(fleet.Unavailable, "read what an image is built from: %s", err)
		}
		c.size += n
	}
	c.digest = "sha256:" + hex.EncodeToString(hash.Sum(nil))
	return c, nil
}

func (e *Engine) build(ctx context.Context, ref string, c contents, progress func(fleet.Progress)) error {
	old, err := e.client.ImageInspect(ctx, ref)
	switch {
	case err == nil && old.Config != nil && old.Config.Labels[binaryLabel] == c.digest:
		return nil
	case err != nil && !cerrdefs.IsNotFound(err):
		return fail(ctx, err, "look for image "+ref)
	}
	entrypoint, err := json.Marshal(c.entrypoint)
	if err != nil {
		return fail(ctx, err, "build image "+ref)
	}
	out, in := io.Pipe()
	go func() { _ = in.CloseWithError(c.write(in)) }()
	defer out.Close()
	body, err := e.client.ImageImport(ctx, image.ImportSource{Source: out, SourceName: "-"}, ref, image.ImportOptions{
		Message: "built by kelvin",
		Changes: []string{"ENTRYPOINT " + string(entrypoint), "LABEL " + binaryLabel + "=" + c.digest, "ENV PATH=/bin"},
	})
	if err != nil {
		return fail(ctx, err, "build image "+ref)
	}
	defer body.Close()
	if err := follow(body, func(message) {}); err != nil {
		return fail(ctx, err, "build image "+ref)
	}
	progress(fleet.Progress{Message: "built " + ref, Done: c.size, Total: c.size, Percent: 100})
	if old.ID != "" {
		// Nameless now. While a container still runs from it the engine keeps it.
		_, _ = e.client.ImageRemove(ctx, old.ID, image.RemoveOptions{PruneChildren: true})
	}
	return nil
}

// write is the image's only layer.
func (c contents) write(to io.Writer) error {
	layer := tar.NewWriter(to)
	if err := layer.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: "tmp/", Mode: 0o1777, ModTime: time.Unix(0, 0)}); err != nil {
		return err
	}
	if err := add(layer, "kelvin", c.binary); err != nil {
		return err
	}
	if c.shell {
		if err := add(layer, "bin/busybox", busybox); err != nil {
			return err
		}
		for _, applet := range []string{
			"sh", "cat", "date", "echo", "env", "false", "grep", "id", "ls", "mkdir", "mv", "ps", "rm", "sed", "sleep", "tail", "touch", "true", "wget",
		} {
			link := &tar.Header{Typeflag: tar.TypeSymlink, Name: "bin/" + applet, Linkname: "busybox", Mode: 0o777, ModTime: time.Unix(0, 0)}
			if err := layer.WriteHeader(link); err != nil {
				return err
			}
		}
	}
	return layer.Close()
}

func add(layer *tar.Writer, name, file string) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if err := layer.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: info.Size(), Mode: 0o755, ModTime: time.Unix(0, 0)}); err != nil {
		return err
	}
	_, err = copyFile(layer, file)
	return err
}

func copyFile(to io.Writer, file string) (int64, error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return io.Copy(to, f)
}

// static reports whether a file is a Linux binary that needs no other file to run.
func static(file string) bool {
	f, err := elf.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return false
		}
	}
	return true
}
