package docker

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// maxDescription is how long an image's description of itself may be.
const maxDescription = 16 << 20

// pass copies an image's saved form and makes sure on the way that it is this image, whole:
// engines end a stream that fails without saying so. Names are dropped, for they would be
// taken from other images of the engine that loads it. Invalid if it is something else or
// cut off. Layers are not looked at: an engine checks them against the description.
func pass(imageID string, to io.Writer, from io.Reader) error {
	source := &reader{from: from}
	in, out := tar.NewReader(source), tar.NewWriter(to)
	s := saved{hex: strings.TrimPrefix(imageID, "sha256:")}
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return source.blame(err)
		}
		if err := s.entry(h, in, out); err != nil {
			return source.blame(err)
		}
	}
	if !s.described || !s.listed {
		return fleet.Errorf(fleet.Invalid, "the stream does not hold image %s", imageID)
	}
	return out.Close()
}

// saved is what has been seen of an image's saved form.
type saved struct {
	hex       string // of its ID, which is the digest of its description
	described bool   // its description has gone by
	listed    bool   // the list of contents has gone by, and names nothing else
}

func (s *saved) entry(h *tar.Header, in io.Reader, out *tar.Writer) error {
	var body []byte
	var err error
	switch h.Name {
	case "repositories":
		return nil
	case "manifest.json":
		if body, err = s.list(in); err != nil {
			return err
		}
	case s.hex + ".json", "blobs/sha256/" + s.hex:
		if body, err = s.description(in); err != nil {
			return err
		}
	default:
		if err := out.WriteHeader(h); err != nil {
			return &writeError{err}
		}
		return copyEntry(out, in)
	}
	h.Size = int64(len(body))
	if err := out.WriteHeader(h); err != nil {
		return &writeError{err}
	}
	return copyEntry(out, bytes.NewReader(body))
}

// list is the list of contents, without names.
func (s *saved) list(in io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(in, maxDescription))
	if err != nil {
		return nil, err
	}
	var images []map[string]any
	if err := json.Unmarshal(body, &images); err != nil || len(images) != 1 {
		return nil, fleet.Errorf(fleet.Invalid, "the stream does not list one image")
	}
	switch images[0]["Config"] {
	case s.hex + ".json", "blobs/sha256/" + s.hex:
	default:
		return nil, fleet.Errorf(fleet.Invalid, "the stream holds another image")
	}
	images[0]["RepoTags"] = nil
	s.listed = true
	return json.Marshal(images)
}

func (s *saved) description(in io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(in, maxDescription))
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != s.hex {
		return nil, fleet.Errorf(fleet.Invalid, "the stream's image is damaged")
	}
	s.described = true
	return body, nil
}

// copyEntry tells which side fails.
func copyEntry(out io.Writer, in io.Reader) error {
	w := &writer{to: out}
	_, err := io.Copy(w, in)
	if w.err != nil {
		return &writeError{w.err}
	}
	return err
}

// A reader remembers how its source failed.
type reader struct {
	from io.Reader
	err  error
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

// blame says whose error it is: the target's, the source's, or that of who made the stream.
func (r *reader) blame(err error) error {
	var write *writeError
	switch {
	case errors.As(err, &write):
		return write.error
	case r.err != nil:
		return r.err
	case fleet.Is(err, fleet.Invalid):
		return err
	}
	return fleet.Errorf(fleet.Invalid, "the stream does not hold a whole image: %s", err)
}

type writer struct {
	to  io.Writer
	err error
}

func (w *writer) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	w.err = err
	return n, err
}

type writeError struct{ error }
