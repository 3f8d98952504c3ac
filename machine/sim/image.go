package sim

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// savedBytes is how long a simulated image's saved form is.
const savedBytes = 64 << 10

// idOf is the ID of the image that simulated registries have under a name.
func idOf(image string) string {
	sum := sha256.Sum256([]byte("sim image " + image))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// savedForm is noise that depends on the image's ID only.
func savedForm(imageID string) []byte {
	form := make([]byte, savedBytes)
	_, _ = rand.NewChaCha8(sha256.Sum256([]byte(imageID))).Read(form) // it cannot fail
	return form
}

// HasImage implements machine.Machine.
func (m *Machine) HasImage(ctx context.Context, imageID string) (here bool, err error) {
	err = m.call(ctx, "HasImage", "", "", func() error {
		here, err = m.has(imageID)
		return err
	})
	return here, err
}

func (m *Machine) has(imageID string) (bool, error) {
	if err := machine.CheckImageID(imageID); err != nil {
		return false, err
	}
	m.host.mu.Lock()
	defer m.host.mu.Unlock()
	return m.host.images[imageID], nil
}

// SaveImage implements machine.Machine.
func (m *Machine) SaveImage(ctx context.Context, imageID string) (saved io.ReadCloser, err error) {
	err = m.call(ctx, "SaveImage", "", "", func() error {
		here, err := m.has(imageID)
		if err != nil {
			return err
		}
		if !here {
			return fleet.Errorf(fleet.NotFound, "image %s is not here", imageID)
		}
		saved = io.NopCloser(&while{ctx: ctx, host: m.host, Reader: bytes.NewReader(savedForm(imageID))})
		return nil
	})
	return saved, err
}

// LoadImage implements machine.Machine.
func (m *Machine) LoadImage(ctx context.Context, imageID string, from io.Reader) error {
	return m.call(ctx, "LoadImage", "", "", func() error {
		here, err := m.has(imageID)
		if here || err != nil {
			return err
		}
		read := make(chan error, 1)
		var form []byte
		go func() {
			got, err := io.ReadAll(io.LimitReader(from, savedBytes+1))
			form = got
			read <- err
		}()
		select {
		case err = <-read:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		if !bytes.Equal(form, savedForm(imageID)) {
			return fleet.Errorf(fleet.Invalid, "the stream does not hold image %s", imageID)
		}
		if err := m.host.answers(); err != nil {
			return err
		}
		m.host.mu.Lock()
		defer m.host.mu.Unlock()
		m.host.images[imageID] = true
		return nil
	})
}

// while breaks a stream when its caller gives up or the machine goes off.
type while struct {
	io.Reader
	ctx  context.Context
	host *Host
}

func (w *while) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	if err := w.host.answers(); err != nil {
		return 0, err
	}
	return w.Reader.Read(p)
}
