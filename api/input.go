package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/kelvin-gpu/kelvin/store"
)

// Mutation is embedded in the input of whatever changes something. (These are exported
// because huma does not look into embedded types that are not.)
type Mutation struct {
	Key string `header:"Idempotency-Key" required:"true" pattern:"^[ -~]{1,255}$" patternDescription:"1 to 255 printable ASCII characters, your own name for this request" doc:"Repeat a request with the same key, and it has no second effect and the same answer"`
}

// Page is embedded in the input of lists.
type Page struct {
	Limit int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"Items on a page"`
	After string `query:"after" pattern:"^[a-z]+_[0-9a-hjkmnp-tv-z]{26}$" patternDescription:"the next of the page before" doc:"The next of the page before"`
}

// more asks the store for one item more than the page has, to know whether it is the last.
// A page of the store's own limit cannot: then its last page may be followed by an empty one.
func (p Page) more() store.Page {
	return store.Page{After: p.After, Limit: min(p.Limit+1, store.MaxLimit)}
}

type listed[T any] struct{ Body List[T] }

// list makes a page of what the store gave for p.more.
func list[F, T any](p Page, found []F, id func(F) string, show func(F) T) *listed[T] {
	out := &listed[T]{Body: List[T]{Items: make([]T, 0, len(found))}}
	if len(found) > p.Limit || len(found) == store.MaxLimit {
		found = found[:p.Limit]
		out.Body.Next = id(found[len(found)-1])
	}
	for _, f := range found {
		out.Body.Items = append(out.Body.Items, show(f))
	}
	return out
}

// all is a list of what is never long.
func all[F, T any](found []F, show func(F) T) *listed[T] {
	out := &listed[T]{Body: List[T]{Items: make([]T, 0, len(found))}}
	for _, f := range found {
		out.Body.Items = append(out.Body.Items, show(f))
	}
	return out
}

type shown[T any] struct{ Body T }

// InstancePath is embedded in the input of what concerns one instance.
type InstancePath struct {
	ID string `path:"id" maxLength:"64" pattern:"^ins_" patternDescription:"an ID that begins with ins_" doc:"Of the instance"`
}

// EndpointPath is embedded in the input of what concerns one endpoint.
type EndpointPath struct {
	ID string `path:"id" maxLength:"64" pattern:"^ep_" patternDescription:"an ID that begins with ep_" doc:"Of the endpoint"`
}

// OperationPath is embedded in the input of what concerns one operation.
type OperationPath struct {
	ID string `path:"id" maxLength:"64" pattern:"^op_" patternDescription:"an ID that begins with op_" doc:"Of the operation"`
}

// SnapshotPath is embedded in the input of what concerns one snapshot.
type SnapshotPath struct {
	ID string `path:"id" maxLength:"64" pattern:"^snp_" patternDescription:"an ID that begins with snp_" doc:"Of the snapshot"`
}

// HostPath is embedded in the input of what concerns one host.
type HostPath struct {
	ID string `path:"id" maxLength:"64" pattern:"^hst_" patternDescription:"an ID that begins with hst_" doc:"Of the host"`
}

// GPUPath is embedded in the input of what concerns one GPU.
type GPUPath struct {
	ID string `path:"id" maxLength:"64" pattern:"^gpu_" patternDescription:"an ID that begins with gpu_" doc:"Of the GPU"`
}

// DiagnosisPath is embedded in the input of what concerns one diagnosis.
type DiagnosisPath struct {
	ID string `path:"id" maxLength:"64" pattern:"^dgn_" patternDescription:"an ID that begins with dgn_" doc:"Of the diagnosis"`
}

// digest tells one request from another under the same Idempotency-Key: what is done, to
// what, and how. It is taken after decoding, so that white space makes no difference.
func digest(operation, resourceID string, body any) (string, error) {
	data, err := json.Marshal([]any{operation, resourceID, body})
	if err != nil {
		return "", fmt.Errorf("digest of a request: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}
