package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kopia/kopia/repo/blob/filesystem"
	"github.com/kopia/kopia/repo/content"
	"github.com/kopia/kopia/repo/object"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Verified says what was read to verify a snapshot.
type Verified struct {
	Bytes int64         `json:"bytes"`
	Took  time.Duration `json:"took"`
}

// Verify reads all that a snapshot consists of, its image included, and compares it with the
// hashes it was saved under. Damage is a Conflict. With it the storage is told to keep what it
// has (a directory is synced), so it belongs before any deletion of the original.
func (a *Archive) Verify(ctx context.Context, id string, progress func(Progress)) (Verified, error) {
	begin := a.now()
	m := newMeter("verifying", progress)
	defer m.end()
	if _, local := a.directory(); !local {
		// What this host has in its cache proves nothing.
		uncached := *a
		var err error
		if uncached.repo, err = a.dial(ctx, false); err != nil {
			return Verified{}, failed("open the archive", err)
		}
		defer func() { _ = uncached.repo.Close(context.WithoutCancel(ctx)) }()
		a = &uncached
	}
	r, err := a.find(ctx, id)
	if err != nil {
		return Verified{}, err
	}
	if path, local := a.directory(); local {
		if err := syncTree(ctx, path); err != nil {
			return Verified{}, failed("sync the archive", err)
		}
	}
	needed, err := a.contents(ctx, r)
	if err != nil {
		return Verified{}, failed("read the snapshot", err)
	}
	if r.ImageID != "" {
		image, err := a.findImage(ctx, r.ImageID)
		if err != nil {
			return Verified{}, err
		}
		ids, err := a.repo.VerifyObject(ctx, image.Object)
		if err != nil {
			return Verified{}, failed("read the snapshot", err)
		}
		for _, id := range ids {
			needed[id] = true
		}
	}
	infos, bytes, err := a.located(ctx, needed)
	if err != nil {
		return Verified{}, failed("read the snapshot", err)
	}
	m.begin("verifying", bytes, int64(len(infos)))
	err = inParallel(ctx, infos, func() struct{} { return struct{}{} }, func(ctx context.Context, _ struct{}, c content.Info) error {
		data, err := a.content(ctx, c.ContentID)
		if err != nil {
			return err
		}
		if a.hash(data) != hash(c.ContentID.Hash()) {
			return &damage{fmt.Errorf("content %v is another", c.ContentID)}
		}
		m.bytes.Add(int64(len(data)))
		m.files.Add(1)
		return wait(ctx, min(len(data), chunkSize), a.limiter)
	}, func(struct{}) {})
	if err != nil {
		return Verified{}, failed("read the snapshot", err)
	}
	return Verified{Bytes: m.bytes.Load(), Took: a.now().Sub(begin)}, nil
}

// directory is where the repository is, if it is in a directory.
func (a *Archive) directory() (string, bool) {
	o, local := a.repo.BlobReader().ConnectionInfo().Config.(*filesystem.Options)
	if !local {
		return "", false
	}
	return o.Path, true
}

// hash names a content.
func (a *Archive) hash(data []byte) (h hash) {
	hasher := a.newHash()
	_, _ = hasher.Write(data)
	copy(h[:], hasher.Sum(nil))
	return h
}

// contents are all contents that a snapshot's trees need: their chunks, and their indexes'.
func (a *Archive) contents(ctx context.Context, r record) (map[content.ID]bool, error) {
	needed := map[content.ID]bool{}
	for _, index := range r.Trees {
		top, err := a.readIndex(ctx, index)
		if err != nil {
			return nil, err
		}
		ids, err := a.repo.VerifyObject(ctx, index)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			needed[id] = true
		}
		top.walk(func(n *node) {
			for _, c := range n.chunks {
				if id, err := c.hash.id(); err == nil {
					needed[id] = true
				}
			}
		})
	}
	return needed, nil
}

// located looks contents up, in the order in which they lie in the storage.
func (a *Archive) located(ctx context.Context, needed map[content.ID]bool) (infos []content.Info, bytes int64, err error) {
	for id := range needed {
		info, err := a.repo.ContentInfo(ctx, id)
		if errors.Is(err, content.ErrContentNotFound) {
			err = &damage{fmt.Errorf("content %v: %w", id, err)}
		}
		if err != nil {
			return nil, 0, err
		}
		infos = append(infos, info)
		bytes += int64(info.OriginalLength)
	}
	slices.SortFunc(infos, func(a, b content.Info) int {
		if c := strings.Compare(string(a.PackBlobID), string(b.PackBlobID)); c != 0 {
			return c
		}
		return int(a.PackOffset) - int(b.PackOffset)
	})
	return infos, bytes, nil
}

// readIndex reads a tree of a snapshot.
func (a *Archive) readIndex(ctx context.Context, id object.ID) (*node, error) {
	ids, err := a.repo.VerifyObject(ctx, id)
	if errors.Is(err, object.ErrObjectNotFound) || errors.Is(err, content.ErrContentNotFound) {
		return nil, &damage{err}
	}
	if err != nil {
		return nil, err
	}
	for _, id := range ids { // those in the cache stay there
		if _, err := a.content(ctx, id); err != nil {
			return nil, err
		}
	}
	r, err := a.repo.OpenObject(ctx, id)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	_, top, err := decodeTree(r)
	return top, err
}

// readTree reads a tree of a snapshot by name.
func (a *Archive) readTree(ctx context.Context, r record, name string) (*node, error) {
	index, found := r.Trees[name]
	if !found {
		return nil, fleet.Errorf(fleet.NotFound, "the snapshot %s has no tree %q", r.ID, name)
	}
	top, err := a.readIndex(ctx, index)
	if err != nil {
		return nil, failed("read the snapshot", err)
	}
	return top, nil
}
