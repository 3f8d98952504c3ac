package docker

import (
	"context"
	"errors"
	"io"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/client"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// HasImage implements machine.Machine.
func (e *Engine) HasImage(ctx context.Context, imageID string) (bool, error) {
	if err := machine.CheckImageID(imageID); err != nil {
		return false, err
	}
	i, err := e.client.ImageInspect(ctx, imageID)
	if cerrdefs.IsNotFound(err) {
		return false, nil
	}
	return err == nil && i.ID == imageID, fail(ctx, err, "look for an image")
}

// SaveImage implements machine.Machine. The stream is what docker save writes, layers
// uncompressed.
func (e *Engine) SaveImage(ctx context.Context, imageID string) (io.ReadCloser, error) {
	here, err := e.HasImage(ctx, imageID)
	if err != nil {
		return nil, err
	}
	if !here {
		return nil, fleet.Errorf(fleet.NotFound, "image %s is not here", imageID)
	}
	ctx, cancel := context.WithCancel(ctx)
	body, err := e.client.ImageSave(ctx, []string{imageID})
	if err != nil {
		defer cancel()
		return nil, fail(ctx, err, "save an image")
	}
	out, in := io.Pipe()
	go func() {
		defer cancel()
		defer body.Close()
		err := pass(imageID, in, body)
		if fleet.Is(err, fleet.Invalid) {
			err = fleet.Errorf(fleet.Unavailable, "the engine did not save the whole image: %s", err)
		}
		_ = in.CloseWithError(fail(ctx, err, "save an image"))
	}()
	return &stream{PipeReader: out, cancel: cancel}, nil
}

// LoadImage implements machine.Machine.
func (e *Engine) LoadImage(ctx context.Context, imageID string, from io.Reader) error {
	if err := machine.CheckImageID(imageID); err != nil {
		return err
	}
	unlock, err := e.locks.lock(ctx, "image "+imageID)
	if err != nil {
		return err
	}
	defer unlock()
	if here, err := e.HasImage(ctx, imageID); here || err != nil {
		return err
	}
	if err := e.load(ctx, imageID, from); err != nil {
		return err
	}
	here, err := e.HasImage(ctx, imageID)
	if err == nil && !here {
		return fleet.Errorf(fleet.Invalid, "the stream does not hold image %s", imageID)
	}
	return err
}

func (e *Engine) load(ctx context.Context, imageID string, from io.Reader) error {
	out, in := io.Pipe()
	passed := make(chan error, 1)
	go func() {
		err := pass(imageID, in, from)
		passed <- err
		_ = in.CloseWithError(err)
	}()
	// The client does not let go of a request whose body does not come.
	defer context.AfterFunc(ctx, func() { _ = out.CloseWithError(errUnread) })()
	err := e.feed(ctx, out)
	_ = out.CloseWithError(errUnread)
	if ctx.Err() != nil {
		return ctx.Err() // from may never answer
	}
	// The stream's fault comes first: the engine only sees that it breaks off.
	select {
	case bad := <-passed:
		if bad != nil && !errors.Is(bad, errUnread) {
			return bad
		}
	default:
	}
	return err
}

// errUnread is why a stream ends that the engine has not read to its end.
var errUnread = errors.New("the engine has stopped reading")

// feed has the engine load a stream.
func (e *Engine) feed(ctx context.Context, from io.Reader) error {
	answer, err := e.client.ImageLoad(ctx, from, client.ImageLoadWithQuiet(true))
	if err != nil {
		return fail(ctx, err, "load an image")
	}
	defer answer.Body.Close()
	if err := follow(answer.Body, func(message) {}); err != nil {
		return fail(ctx, err, "load an image")
	}
	return nil
}
