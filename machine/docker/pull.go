package docker

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/image"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// freshness is how long a registry may take to say whether there is a newer image than the
// one that is here.
const freshness = 15 * time.Second

// familiar is a reference as people write it, with its tag: nginx:latest. Invalid if it is
// none.
func familiar(image string) (string, error) {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return "", fleet.Errorf(fleet.Invalid, "%q is not an image reference", image)
	}
	return reference.FamiliarString(reference.TagNameOnly(named)), nil
}

// settled reports whether a reference that is here need not be asked for again.
func settled(image string) bool {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return false
	}
	if _, digested := named.(reference.Digested); digested {
		return true
	}
	tagged, ok := reference.TagNameOnly(named).(reference.Tagged)
	return ok && tagged.Tag() != "latest"
}

// Pull implements machine.Machine. Progress counts the bytes of all layers that are not
// here yet. Images that Options.Images builds are built.
func (e *Engine) Pull(ctx context.Context, ref string, progress func(fleet.Progress)) error {
	ref, err := familiar(ref)
	if err != nil {
		return err
	}
	if progress == nil {
		progress = func(fleet.Progress) {}
	}
	if build, ok := e.images[ref]; ok {
		unlock, err := e.locks.lock(ctx, "image "+ref)
		if err != nil {
			return err
		}
		defer unlock()
		return build(ctx, e, ref, progress)
	}
	_, err = e.client.ImageInspect(ctx, ref)
	here := err == nil
	if !here && !cerrdefs.IsNotFound(err) {
		return fail(ctx, err, "look for an image")
	}
	if here && settled(ref) {
		return nil
	}
	err = e.pull(ctx, ref, here, progress)
	if err != nil && here && ctx.Err() == nil {
		return nil // the registry does not answer or has lost it; what is here will do
	}
	return err
}

func (e *Engine) pull(ctx context.Context, ref string, here bool, progress func(fleet.Progress)) error {
	pulling, cancel := context.WithCancel(ctx)
	defer cancel()
	answered := func() bool { return true }
	if here {
		answered = time.AfterFunc(freshness, cancel).Stop
	}
	defer answered()
	body, err := e.client.ImagePull(pulling, ref, image.PullOptions{})
	if err != nil {
		return fail(ctx, err, "pull image "+ref)
	}
	defer body.Close()
	l := layers{image: ref, report: progress}
	err = follow(body, func(m message) {
		answered()
		l.add(m)
	})
	if err != nil {
		return fail(ctx, err, "pull image "+ref)
	}
	l.tell()
	return nil
}

// A message is a line of the engine's report on a pull or an import.
type message struct {
	ID       string `json:"id"` // of the layer
	Status   string `json:"status"`
	Progress struct {
		Current int64 `json:"current"`
		Total   int64 `json:"total"`
	} `json:"progressDetail"`
	Error struct {
		Message string `json:"message"`
	} `json:"errorDetail"`
}

// follow reads a report to its end. What fails after the first line is an error in it.
func follow(body io.Reader, each func(message)) error {
	lines := json.NewDecoder(body)
	for {
		var m message
		err := lines.Decode(&m)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if m.Error.Message != "" {
			return errors.New(m.Error.Message)
		}
		each(m)
	}
}
