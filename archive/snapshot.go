package archive

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/manifest"
	"github.com/kopia/kopia/repo/object"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Trees are the directories of an instance, by name: "data" is its disk, "root" the changed
// part of its root filesystem.
type Trees map[string]string

var treeName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// names are the trees' names, sorted; an error if one cannot be.
func (t Trees) names() ([]string, error) {
	var names []string
	for name, dir := range t {
		if !treeName.MatchString(name) || dir == "" {
			return nil, fleet.Errorf(fleet.Invalid, "a tree has a name such as data, and a directory")
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return nil, fleet.Errorf(fleet.Invalid, "no trees")
	}
	slices.Sort(names)
	return names, nil
}

// Snapshot names what is saved.
type Snapshot struct {
	ID         string `json:"id"` // snp_…
	InstanceID string `json:"instance_id"`
	ImageID    string `json:"image_id,omitempty"` // the image below the root tree, kept as long as the snapshot
}

// Info is a snapshot that the archive has.
type Info struct {
	Snapshot

	SavedAt time.Time `json:"saved_at"` // the end of its last pass
	Bytes   int64     `json:"bytes"`    // content of its files, holes left out
	Files   int64     `json:"files"`    // everything with a name: files, directories, links, devices
}

// A record is the manifest of a snapshot: where its trees are.
type record struct {
	Info

	Trees map[string]object.ID `json:"trees"` // the index of each (encode.go)
}

const (
	typeLabel     = "type"
	snapshotType  = "kelvin-snapshot"
	snapshotLabel = "snapshot"
)

func snapshotLabels(id string) map[string]string {
	return map[string]string{typeLabel: snapshotType, snapshotLabel: id}
}

// Find returns what the archive knows of a snapshot, or NotFound.
func (a *Archive) Find(ctx context.Context, id string) (Info, error) {
	r, err := a.find(ctx, id)
	return r.Info, err
}

func (a *Archive) find(ctx context.Context, id string) (record, error) {
	var r record
	if err := a.repo.Refresh(ctx); err != nil {
		return r, failed("look into the archive", err)
	}
	found, err := newest(ctx, a.repo, snapshotLabels(id), &r)
	if err == nil && !found {
		err = fleet.Errorf(fleet.NotFound, "the archive has no snapshot %q", id)
	}
	return r, failed("find the snapshot", err)
}

// newest reads the latest manifest with the labels: two attempts of one Save may both have
// written theirs.
func newest(ctx context.Context, r repo.Repository, labels map[string]string, into any) (bool, error) {
	found, err := r.FindManifests(ctx, labels)
	if err != nil || len(found) == 0 {
		return false, err
	}
	_, err = r.GetManifest(ctx, manifest.PickLatestID(found), into)
	return err == nil, err
}

// Drop forgets a snapshot; one that is not there is fine. Collect frees its space later.
func (a *Archive) Drop(ctx context.Context, id string) error {
	return failed("drop the snapshot", a.drop(ctx, snapshotLabels(id)))
}

func (a *Archive) drop(ctx context.Context, labels map[string]string) error {
	if err := a.repo.Refresh(ctx); err != nil {
		return err
	}
	return repo.WriteSession(ctx, a.repo, repo.WriteSessionOptions{Purpose: "drop"}, func(ctx context.Context, w repo.RepositoryWriter) error {
		found, err := w.FindManifests(ctx, labels)
		if err != nil {
			return err
		}
		for _, m := range found {
			if err := w.DeleteManifest(ctx, m.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// check reports what is wrong with a snapshot's names.
func (s Snapshot) check() error {
	if !strings.HasPrefix(s.ID, "snp_") || s.InstanceID == "" {
		return fleet.Errorf(fleet.Invalid, "a snapshot has an ID snp_… and an instance")
	}
	return nil
}
