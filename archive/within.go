package archive

import (
	"context"
	"strings"

	"github.com/kopia/kopia/repo/blob"
	_ "github.com/kopia/kopia/repo/blob/azure" // the storages a description may name
	_ "github.com/kopia/kopia/repo/blob/b2"
	_ "github.com/kopia/kopia/repo/blob/rclone"
	_ "github.com/kopia/kopia/repo/blob/sftp"
	_ "github.com/kopia/kopia/repo/blob/webdav"
)

// withinType is a part of any other storage: the blobs whose names begin with a prefix.
const withinType = "kelvin-within"

type withinOptions struct {
	Storage blob.ConnectionInfo `json:"storage"`
	Prefix  string              `json:"prefix"`
}

type within struct {
	blob.Storage
	options withinOptions
}

func init() {
	blob.AddSupportedStorage(withinType, withinOptions{}, func(ctx context.Context, o *withinOptions, isCreate bool) (blob.Storage, error) {
		all, err := blob.NewStorage(ctx, o.Storage, isCreate)
		if err != nil {
			return nil, err
		}
		return &within{all, *o}, nil
	})
}

func (w *within) id(id blob.ID) blob.ID { return blob.ID(w.options.Prefix) + id }

func (w *within) ConnectionInfo() blob.ConnectionInfo {
	return blob.ConnectionInfo{Type: withinType, Config: &w.options}
}

func (w *within) GetBlob(ctx context.Context, id blob.ID, offset, length int64, output blob.OutputBuffer) error {
	return w.Storage.GetBlob(ctx, w.id(id), offset, length, output)
}

func (w *within) GetMetadata(ctx context.Context, id blob.ID) (blob.Metadata, error) {
	m, err := w.Storage.GetMetadata(ctx, w.id(id))
	m.BlobID = id
	return m, err
}

func (w *within) ListBlobs(ctx context.Context, prefix blob.ID, each func(blob.Metadata) error) error {
	return w.Storage.ListBlobs(ctx, w.id(prefix), func(m blob.Metadata) error {
		m.BlobID = blob.ID(strings.TrimPrefix(string(m.BlobID), w.options.Prefix))
		return each(m)
	})
}

func (w *within) PutBlob(ctx context.Context, id blob.ID, data blob.Bytes, o blob.PutOptions) error {
	return w.Storage.PutBlob(ctx, w.id(id), data, o)
}

func (w *within) DeleteBlob(ctx context.Context, id blob.ID) error {
	return w.Storage.DeleteBlob(ctx, w.id(id))
}

func (w *within) ExtendBlobRetention(ctx context.Context, id blob.ID, o blob.ExtendOptions) error {
	return w.Storage.ExtendBlobRetention(ctx, w.id(id), o)
}
