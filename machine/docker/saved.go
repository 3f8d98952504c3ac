package docker

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// maxDescription is how long an image's description of itself may be.
const maxDescription = 16 << 20

// pass copies an image's saved form and makes sure on the way that it is this image, whole:
// engines end a stream that fails without saying so, and give damage no class. Names are
// dropped, for they would be taken from other images of the engine that loads it. Invalid if
// it is something else, cut off or damaged.
func pass(imageID string, to io.Writer, from io.Reader) error {
	source := &reader{from: from}
	in, out := tar.NewReader(source), tar.NewWriter(to)
	s := saved{hex: strings.TrimPrefix(imageID, "sha256:"), sums: map[string]string{}}
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = s.entry(h, in, out)
		}
		if err != nil {
			return source.blame(err)
		}
	}
	if err := s.check(); err != nil {
		return err
	}
	return out.Close()
}

// saved is what has been seen of an image's saved form.
type saved struct {
	hex    string // of its ID, which is the digest of its description
	listed bool   // its list of contents has gone by
	layers []string
	diffs  []string          // digests of the layers; nil until its description has gone by
	sums   map[string]string // digests of what has gone by; "" for links
}

func (s *saved) entry(h *tar.Header, in io.Reader, out *tar.Writer) (err error) {
	var body []byte
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
		return s.copy(h, in, out)
	}
	h.Size = int64(len(body))
	return s.copy(h, bytes.NewReader(body), out)
}

// copy tells which side fails.
func (s *saved) copy(h *tar.Header, in io.Reader, out *tar.Writer) error {
	if err := out.WriteHeader(h); err != nil {
		return &writeError{err}
	}
	hash, w := sha256.New(), &writer{to: out}
	n, err := io.Copy(w, io.TeeReader(in, hash))
	if w.err != nil {
		return &writeError{w.err}
	}
	s.sums[h.Name] = ""
	if n > 0 {
		s.sums[h.Name] = hex.EncodeToString(hash.Sum(nil))
	}
	return err
}

// list is the list of contents, without names.
func (s *saved) list(in io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(in, maxDescription))
	if err != nil {
		return nil, err
	}
	var images []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	if err := json.Unmarshal(body, &images); err != nil || len(images) != 1 {
		return nil, fleet.Errorf(fleet.Invalid, "the stream does not list one image")
	}
	switch images[0].Config {
	case s.hex + ".json", "blobs/sha256/" + s.hex:
	default:
		return nil, fleet.Errorf(fleet.Invalid, "the stream holds another image")
	}
	images[0].RepoTags, s.layers, s.listed = nil, images[0].Layers, true
	return json.Marshal(images)
}

func (s *saved) description(in io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(in, maxDescription))
	if err != nil {
		return nil, err
	}
	var image struct {
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		} `json:"rootfs"`
	}
	sum := sha256.Sum256(body)
	if err := json.Unmarshal(body, &image); err != nil || hex.EncodeToString(sum[:]) != s.hex {
		return nil, fleet.Errorf(fleet.Invalid, "the stream's image is damaged")
	}
	s.diffs = append([]string{}, image.RootFS.DiffIDs...)
	return body, nil
}

// check says whether everything has gone by. A layer that is a link to an equal one is the
// engine's to check.
func (s *saved) check() error {
	if s.diffs == nil || !s.listed || len(s.diffs) != len(s.layers) {
		return fleet.Errorf(fleet.Invalid, "the stream does not hold image sha256:%s", s.hex)
	}
	for i, layer := range s.layers {
		sum, seen := s.sums[layer]
		if !seen || sum != "" && "sha256:"+sum != s.diffs[i] && sum != path.Base(layer) {
			return fleet.Errorf(fleet.Invalid, "layer %d of the stream's image is missing or damaged", i)
		}
	}
	return nil
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
	write, target := errors.AsType[*writeError](err)
	switch {
	case target:
		return write.error
	case r.err != nil:
		return r.err
	case fleet.Is(err, fleet.Invalid):
		return err
	}
	return fleet.Errorf(fleet.Invalid, "the stream does not hold a whole image: %s", err)
}

// A writer remembers how its target failed.
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
