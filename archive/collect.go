package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/blob"
	"github.com/kopia/kopia/repo/content"
	"github.com/kopia/kopia/repo/maintenance"
	"github.com/kopia/kopia/repo/maintenancestats"
	"github.com/kopia/kopia/repo/manifest"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Collected says what a collection removed.
type Collected struct {
	Snapshots int   `json:"snapshots"`
	Images    int   `json:"images"`
	Bytes     int64 `json:"bytes"` // of contents that nothing needs any more; the storage shrinks later
}

// collection is one Collect.
type collection struct {
	*Archive

	out   repo.DirectRepositoryWriter
	keep  map[string]bool
	grace time.Duration
	done  Collected
	me    string // who holds the lock
}

// Collect drops the snapshots that are not in keep and the images that no snapshot names, and
// then what only they needed. Nothing younger than grace is touched, so that what is being
// saved, and has no record yet, stays: grace is longer than the longest save, and keep is made
// after the call has been decided on. Contents are marked first, and leave the storage in a
// later collection, at least grace after that. If another agent is collecting, it does nothing.
func (a *Archive) Collect(ctx context.Context, keep map[string]bool, grace time.Duration) (Collected, error) {
	if grace < 0 {
		return Collected{}, fleet.Errorf(fleet.Invalid, "the grace is less than nothing")
	}
	if err := a.repo.Refresh(ctx); err != nil {
		return Collected{}, failed("collect", err)
	}
	c := &collection{Archive: a, keep: keep, grace: grace}
	err := repo.DirectWriteSession(ctx, a.repo, repo.WriteSessionOptions{Purpose: "collect"}, func(ctx context.Context, out repo.DirectRepositoryWriter) error {
		c.out = out
		locked, err := c.lock(ctx)
		if err != nil || !locked {
			return err
		}
		return c.held(ctx, c.run)
	})
	a.forgetGone()
	return c.done, failed("collect", err)
}

func (c *collection) run(ctx context.Context) error {
	if err := c.drop(ctx); err != nil {
		return err
	}
	return maintenance.RunExclusive(ctx, c.out, maintenance.ModeFull, true, func(ctx context.Context, p maintenance.RunParameters) error {
		err := maintenance.ReportRun(ctx, c.out, maintenance.TaskSnapshotGarbageCollection, nil, func() (maintenancestats.Kind, error) {
			return &maintenancestats.SnapshotGCStats{}, c.sweep(ctx)
		})
		if err != nil {
			return err
		}
		return maintenance.Run(ctx, p, safety(c.grace))
	})
}

// safety is how long the library waits between marking, forgetting and removing.
func safety(grace time.Duration) maintenance.SafetyParameters {
	s := maintenance.SafetyFull
	s.MinContentAgeSubjectToGC = grace
	s.MarginBetweenSnapshotGC = grace
	s.DropContentFromIndexExtraMargin = grace / 4
	s.PackDeleteMinAge = grace
	s.RewriteMinAge = grace
	s.SessionExpirationAge = 4 * grace
	s.MinRewriteToOrphanDeletionDelay = grace
	if grace == 0 { // nobody else is there
		return maintenance.SafetyNone
	}
	return s
}

// drop forgets the manifests that nothing wants.
func (c *collection) drop(ctx context.Context) error {
	named := map[string]bool{}
	err := each(ctx, c.out, snapshotType, func(id manifest.ID, r record) error {
		if c.keep[r.ID] || c.now().Sub(r.SavedAt) < c.grace {
			named[r.ImageID] = true
			return nil
		}
		c.done.Snapshots++
		return c.out.DeleteManifest(ctx, id)
	})
	if err != nil {
		return err
	}
	err = each(ctx, c.out, imageType, func(id manifest.ID, i image) error {
		if named[i.ID] || c.now().Sub(i.SavedAt) < c.grace {
			return nil
		}
		c.done.Images++
		return c.out.DeleteManifest(ctx, id)
	})
	if err != nil {
		return err
	}
	return c.out.Flush(ctx)
}

// each calls do for every manifest of a kind.
func each[T any](ctx context.Context, r repo.Repository, kind string, do func(manifest.ID, T) error) error {
	found, err := r.FindManifests(ctx, map[string]string{typeLabel: kind})
	if err != nil {
		return err
	}
	for _, m := range found {
		var payload T
		if _, err := r.GetManifest(ctx, m.ID, &payload); err != nil {
			return err
		}
		if err := do(m.ID, payload); err != nil {
			return err
		}
	}
	return nil
}

// sweep marks the contents that no manifest needs, and unmarks those that one needs again.
func (c *collection) sweep(ctx context.Context) error {
	needed := map[content.ID]bool{}
	err := each(ctx, c.out, snapshotType, func(_ manifest.ID, r record) error {
		contents, err := c.contents(ctx, r)
		for id := range contents {
			needed[id] = true
		}
		return err
	})
	if err != nil {
		return err
	}
	err = each(ctx, c.out, imageType, func(_ manifest.ID, i image) error {
		ids, err := c.out.VerifyObject(ctx, i.Object)
		for _, id := range ids {
			needed[id] = true
		}
		return err
	})
	if err != nil {
		return err
	}
	now := c.now()
	err = c.out.ContentReader().IterateContents(ctx, content.IterateOptions{IncludeDeleted: true}, func(i content.Info) error {
		switch {
		case i.ContentID.Prefix() == manifest.ContentPrefix:
			return nil // the library's own
		case needed[i.ContentID] && i.Deleted:
			return c.out.ContentManager().UndeleteContent(ctx, i.ContentID)
		case needed[i.ContentID] || i.Deleted || now.Sub(i.Timestamp()) < c.grace:
			return ctx.Err()
		}
		c.done.Bytes += int64(i.PackedLength)
		return c.out.ContentManager().DeleteContent(ctx, i.ContentID)
	})
	if err != nil {
		return err
	}
	return c.out.Flush(ctx)
}

// The lock is a blob that says who collects, and until when.
const (
	lockBlob blob.ID = "kelvin.collecting"
	lockFor          = 15 * time.Minute // it is renewed long before
)

type holder struct {
	Who   string    `json:"who"`
	Until time.Time `json:"until"`
}

// lock reports whether this agent may collect.
func (c *collection) lock(ctx context.Context) (bool, error) {
	host, _ := os.Hostname()
	c.me = fmt.Sprintf("%s %d %d", host, os.Getpid(), c.now().UnixNano())
	now, err := c.holder(ctx)
	if err != nil {
		return false, err
	}
	if now.Until.After(c.now()) {
		c.log.Debug("another agent is collecting", slog.String("agent", now.Who))
		return false, nil
	}
	if err := c.take(ctx); err != nil {
		return false, err
	}
	select {
	case <-time.After(c.lockSettles):
	case <-ctx.Done():
		return false, ctx.Err()
	}
	now, err = c.holder(ctx)
	return now.Who == c.me, err
}

// take writes the lock.
func (c *collection) take(ctx context.Context) error {
	text, err := json.Marshal(holder{Who: c.me, Until: c.now().Add(lockFor).UTC()})
	if err != nil {
		return err
	}
	return c.out.BlobStorage().PutBlob(ctx, lockBlob, blobText(text), blob.PutOptions{})
}

// held runs while the lock is renewed, and gives it back.
func (c *collection) held(ctx context.Context, run func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var renewal sync.WaitGroup
	renewal.Go(func() {
		ticker := time.NewTicker(lockFor / 4)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				if err := c.take(ctx); err != nil {
					cancel(err)
				}
			case <-ctx.Done():
				return
			}
		}
	})
	err := run(ctx)
	if errors.Is(err, context.Canceled) {
		err = context.Cause(ctx)
	}
	cancel(nil)
	renewal.Wait()
	if err := c.out.BlobStorage().DeleteBlob(context.WithoutCancel(ctx), lockBlob); err != nil {
		c.log.Warn("the archive's collection stays locked", slog.Any("error", err), slog.Duration("for", lockFor))
	}
	return err
}

func (c *collection) holder(ctx context.Context) (h holder, err error) {
	var text output
	err = c.out.BlobStorage().GetBlob(ctx, lockBlob, 0, -1, &text)
	if err != nil {
		if errors.Is(err, blob.ErrBlobNotFound) {
			err = nil
		}
		return h, err
	}
	_ = json.Unmarshal(text.Bytes(), &h) // what cannot be read holds nothing
	return h, nil
}

// blobText is a blob's content.
type blobText string

func (b blobText) Length() int { return len(b) }

func (b blobText) Reader() io.ReadSeekCloser { return readSeekCloser{strings.NewReader(string(b))} }

func (b blobText) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, string(b))
	return int64(n), err
}

type readSeekCloser struct{ io.ReadSeeker }

func (readSeekCloser) Close() error { return nil }
