package archive

import (
	"context"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/kopia/kopia/repo/blob"
	"github.com/kopia/kopia/repo/blob/filesystem"
	"github.com/kopia/kopia/repo/blob/s3"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// repositoryPart is the part of a storage that kopia has for itself.
const repositoryPart = "repository"

// openStorage opens a part of a storage, as blobs without encryption. Parts have names without
// '-' or '/', and know nothing of one another.
func openStorage(ctx context.Context, address, sub string) (blob.Storage, error) {
	info, err := connection(address, sub)
	if err != nil {
		return nil, err
	}
	storage, err := blob.NewStorage(ctx, info, true)
	return storage, failed("open the archive's storage", err)
}

// connection says how kopia reaches a part of a storage.
func connection(address, sub string) (blob.ConnectionInfo, error) {
	u, err := url.Parse(address)
	if err != nil {
		return blob.ConnectionInfo{}, fleet.Errorf(fleet.Invalid, "the archive's URL cannot be read")
	}
	switch u.Scheme {
	case "file":
		return directory(u, sub)
	case "s3":
		return bucket(u, sub)
	case "kopia":
		return described(u, sub)
	}
	return blob.ConnectionInfo{}, fleet.Errorf(fleet.Invalid, "the archive's URL begins with %q, not with file:, s3: or kopia:", u.Scheme)
}

func directory(u *url.URL, sub string) (blob.ConnectionInfo, error) {
	if u.Host != "" || !filepath.IsAbs(u.Path) {
		return blob.ConnectionInfo{}, fleet.Errorf(fleet.Invalid, "an archive in a directory is file:///directory")
	}
	path := filepath.Join(u.Path, sub)
	if err := os.MkdirAll(path, 0o700); err != nil {
		return blob.ConnectionInfo{}, failed("make the archive's directory", err)
	}
	return blob.ConnectionInfo{Type: "filesystem", Config: &filesystem.Options{Path: path, FileMode: 0o600, DirectoryMode: 0o700}}, nil
}

func bucket(u *url.URL, sub string) (blob.ConnectionInfo, error) {
	o := &s3.Options{BucketName: u.Host, Endpoint: "s3.amazonaws.com"}
	if o.BucketName == "" {
		return blob.ConnectionInfo{}, fleet.Errorf(fleet.Invalid, "an archive in S3 is s3://bucket/prefix")
	}
	if prefix := strings.Trim(u.Path, "/"); prefix != "" {
		o.Prefix = prefix + "/"
	}
	o.Prefix += sub + "/"
	for name, values := range u.Query() {
		value := values[len(values)-1]
		switch {
		case name == "endpoint":
			o.Endpoint = value
		case name == "region":
			o.Region = value
		case name == "tls" && value == "off":
			o.DoNotUseTLS = true
		default:
			return blob.ConnectionInfo{}, fleet.Errorf(fleet.Invalid, "the archive's URL may have endpoint=, region= and tls=off, not %q", name)
		}
	}
	return blob.ConnectionInfo{Type: "s3", Config: o}, nil
}

// described reads a connection in kopia's own JSON.
func described(u *url.URL, sub string) (blob.ConnectionInfo, error) {
	var info blob.ConnectionInfo
	text, err := os.ReadFile(u.Path)
	if err == nil {
		err = json.Unmarshal(text, &info)
	}
	if err != nil {
		return info, fleet.Errorf(fleet.Invalid, "the description of the archive's storage: %v", err)
	}
	return blob.ConnectionInfo{Type: withinType, Config: &withinOptions{Storage: info, Prefix: sub + "-"}}, nil
}

// isLocal reports whether a storage needs no cache.
func isLocal(info blob.ConnectionInfo) bool { return info.Type == "filesystem" }
