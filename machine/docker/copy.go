package docker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"regexp"
	"strings"
	"sync"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// StatPath implements machine.Machine.
func (e *Engine) StatPath(ctx context.Context, leaseID, p string) (machine.PathStat, error) {
	c, p, err := e.ownPath(ctx, leaseID, p)
	if err != nil {
		return machine.PathStat{}, err
	}
	return e.statPath(ctx, c.ID, p)
}

// ownPath is a container, and a path in it in the form that CheckPath gives.
func (e *Engine) ownPath(ctx context.Context, leaseID, p string) (container.InspectResponse, string, error) {
	p, err := machine.CheckPath(p)
	if err != nil {
		return container.InspectResponse{}, "", err
	}
	c, err := e.own(ctx, leaseID)
	return c, p, err
}

func (e *Engine) statPath(ctx context.Context, containerID, p string) (machine.PathStat, error) {
	found, err := e.client.ContainerStatPath(ctx, containerID, p)
	if err == nil {
		return machine.PathStat{Name: found.Name, Bytes: found.Size, Mode: found.Mode, Modified: found.Mtime.UTC(), Link: found.LinkTarget}, nil
	}
	if cerrdefs.IsNotFound(err) {
		return machine.PathStat{}, noPath(p)
	}
	if plain := strings.TrimSuffix(p, "/"); plain != p && plain != "" && ctx.Err() == nil {
		// The engine does not say what is wrong with it: here it is that it is no folder.
		if _, err := e.client.ContainerStatPath(ctx, containerID, plain); err == nil {
			return machine.PathStat{}, noFolder(plain)
		}
	}
	return machine.PathStat{}, failInside(ctx, err, "look for a file")
}

func noPath(p string) error {
	return fleet.Errorf(fleet.NotFound, "there is no %s in the container", p)
}

func noFolder(p string) error {
	return fleet.Errorf(fleet.Invalid, "%s is no folder in the container", p)
}

// CopyTo implements machine.Machine.
func (e *Engine) CopyTo(ctx context.Context, leaseID, dir string, from io.Reader) error {
	c, dir, err := e.ownPath(ctx, leaseID, strings.TrimRight(dir, "/")+"/")
	if err != nil {
		return err
	}
	if _, err := e.statPath(ctx, c.ID, dir); err != nil {
		return err
	}
	sifted := machine.Sift(from)
	defer sifted.Close()
	body := &remembering{from: sifted}
	err = e.client.CopyToContainer(ctx, c.ID, dir, body, container.CopyToContainerOptions{CopyUIDGID: true})
	// The engine hears of a refusal as of a broken connection, and may call it a good end.
	if refused := body.why(); refused != nil && ctx.Err() == nil {
		return refused
	}
	return failInside(ctx, err, "unpack an archive")
}

// CopyFrom implements machine.Machine.
func (e *Engine) CopyFrom(ctx context.Context, leaseID, p string) (io.ReadCloser, error) {
	c, p, err := e.ownPath(ctx, leaseID, p)
	if err != nil {
		return nil, err
	}
	if _, err := e.statPath(ctx, c.ID, p); err != nil {
		return nil, err
	}
	if p == "/" {
		p = "/." // or its names begin with a slash
	}
	body, _, err := e.client.CopyFromContainer(ctx, c.ID, p)
	if err != nil {
		return nil, failInside(ctx, err, "pack "+path.Base(p))
	}
	return &whole{ReadCloser: body}, nil
}

// trailer is how an archive ends: two blocks of nothing.
const trailer = 2 * 512

// whole is an archive whose end is checked: the engine ends one that broke off like any other.
type whole struct {
	io.ReadCloser
	zeros int // at the end of what was read
}

func (w *whole) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if last := bytes.LastIndexFunc(p[:n], func(r rune) bool { return r != 0 }); last < 0 {
		w.zeros += n
	} else {
		w.zeros = n - 1 - last
	}
	if errors.Is(err, io.EOF) && w.zeros < trailer {
		err = fleet.Errorf(fleet.Unavailable, "the engine broke off the archive")
	}
	return n, err
}

// remembering keeps the error that a reader ended with. The client may read on in another
// goroutine when it has an answer.
type remembering struct {
	from io.Reader
	mu   sync.Mutex
	err  error
}

func (r *remembering) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.err = err
	}
	return n, err
}

func (r *remembering) why() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// outside is how the engine names a container's root and its volumes in errors.
var outside = regexp.MustCompile(`/\S*/(overlay2/[^/\s]+/merged|volumes/[^/\s]+/_data)`)

// failInside is fail for files in a container: by what the engine says of them, and without
// the host's own paths.
func failInside(ctx context.Context, err error, doing string) error {
	if err == nil || ctx.Err() != nil {
		return fail(ctx, err, doing)
	}
	found := code(err)
	if found != fleet.Exhausted && says(err,
		"read-only", "not a directory", "is a directory", "cannot overwrite", "invalid symlink", "invalid hardlink",
		"file exists", "file name too long", "too many levels of symbolic links",
	) {
		found = fleet.Invalid
	}
	return fleet.Errorf(found, "%s: %s", doing, outside.ReplaceAllString(err.Error(), ""))
}
