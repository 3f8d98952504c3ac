package docker_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A registry serves images over the engine's protocol, on a loopback address, which engines
// trust without TLS.
type registry struct {
	*httptest.Server
	blobs     map[string][]byte // by digest
	manifests map[string][]byte // by name and tag, or name and digest: images/some:v1
}

const manifestType = "application/vnd.docker.distribution.manifest.v2+json"

func mustRegistry(t *testing.T) *registry {
	t.Helper()
	r := &registry{blobs: map[string][]byte{}, manifests: map[string][]byte{}}
	r.Server = httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(r.Close)
	return r
}

// name is an image's full reference.
func (r *registry) name(image string) string {
	return strings.TrimPrefix(r.URL, "http://") + "/" + image
}

func (r *registry) serve(w http.ResponseWriter, q *http.Request) {
	path := strings.TrimPrefix(q.URL.Path, "/v2/")
	if path == "" {
		return
	}
	var content []byte
	if _, sum, ok := strings.Cut(path, "/blobs/"); ok {
		content = r.blobs[sum]
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Docker-Content-Digest", sum)
	} else if name, ref, ok := strings.Cut(path, "/manifests/"); ok {
		content = r.manifests[name+":"+ref]
		w.Header().Set("Content-Type", manifestType)
		w.Header().Set("Docker-Content-Digest", digest(content))
	}
	if content == nil {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}`))
		return
	}
	http.ServeContent(w, q, "", time.Time{}, bytes.NewReader(content))
}

// push puts an image with layers of these sizes under name:tag.
func (r *registry) push(t *testing.T, name, tag string, sizes ...int) {
	t.Helper()
	type descriptor struct {
		MediaType string `json:"mediaType"`
		Size      int    `json:"size"`
		Digest    string `json:"digest"`
	}
	var layers []descriptor
	var diffs []string
	for i, size := range sizes {
		data := make([]byte, size)
		_, _ = rand.NewChaCha8([32]byte{byte(i), byte(size)}).Read(data)
		var layer bytes.Buffer
		archive := tar.NewWriter(&layer)
		require.NoError(t, archive.WriteHeader(&tar.Header{Name: "noise" + tag + string(rune('a'+i)), Mode: 0o644, Size: int64(size)}))
		_, err := archive.Write(data)
		require.NoError(t, err)
		require.NoError(t, archive.Close())
		layers = append(layers, descriptor{"application/vnd.docker.image.rootfs.diff.tar", layer.Len(), r.put(layer.Bytes())})
		diffs = append(diffs, digest(layer.Bytes()))
	}
	config, err := json.Marshal(map[string]any{
		"architecture": "amd64", "os": "linux", "config": map[string]any{"Entrypoint": []string{"/none"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": diffs},
	})
	require.NoError(t, err)
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": manifestType,
		"config": descriptor{"application/vnd.docker.container.image.v1+json", len(config), r.put(config)},
		"layers": layers,
	})
	require.NoError(t, err)
	r.manifests[name+":"+tag] = manifest
	r.manifests[name+":"+digest(manifest)] = manifest
}

func (r *registry) put(blob []byte) string {
	r.blobs[digest(blob)] = blob
	return digest(blob)
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}
