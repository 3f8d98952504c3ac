package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/blob"
	"github.com/kopia/kopia/repo/content"
)

// content reads one content. If it is lost or spoiled, the error is damage.
func (a *Archive) content(ctx context.Context, id content.ID) ([]byte, error) {
	data, err := a.repo.ContentReader().GetContent(ctx, id)
	if err == nil {
		return data, nil
	}
	err = fmt.Errorf("content %v: %w", id, err)
	if a.lost(ctx, id) {
		err = &damage{err}
	}
	return nil, err
}

// lost tells whether a content that cannot be read never will be: the storage answers, but has
// it no more, or what it has is not it. The library's own errors do not say.
func (a *Archive) lost(ctx context.Context, id content.ID) bool {
	info, err := a.repo.ContentInfo(ctx, id)
	if err != nil {
		return errors.Is(err, content.ErrContentNotFound)
	}
	storage := a.repo.BlobReader()
	pack, err := storage.GetMetadata(ctx, info.PackBlobID)
	if err != nil {
		return errors.Is(err, blob.ErrBlobNotFound)
	}
	if pack.Length < int64(info.PackOffset)+int64(info.PackedLength) {
		return true
	}
	return storage.GetBlob(ctx, info.PackBlobID, int64(info.PackOffset), int64(info.PackedLength), &output{}) == nil
}

// output is where a storage puts a blob.
type output struct{ bytes.Buffer }

func (o *output) Length() int { return o.Len() }

// fetch reads a chunk.
func (a *Archive) fetch(ctx context.Context, h hash, length int64) ([]byte, error) {
	id, err := h.id()
	if err != nil {
		return nil, err
	}
	data, err := a.content(ctx, id)
	if err == nil && int64(len(data)) != length {
		err = &damage{fmt.Errorf("content %v has %d bytes instead of %d: %w", id, len(data), length, io.ErrUnexpectedEOF)}
	}
	return data, err
}

// lookup tells whether the repository has a content, and whether it is about to go.
func lookup(ctx context.Context, r repo.Repository, h hash) (has, going bool, err error) {
	id, err := h.id()
	if err != nil {
		return false, false, err
	}
	info, err := r.ContentInfo(ctx, id)
	if errors.Is(err, content.ErrContentNotFound) {
		return false, false, nil
	}
	return err == nil, info.Deleted, err
}
