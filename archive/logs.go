package archive

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kopia/kopia/repo/blob"
	"golang.org/x/sync/errgroup"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Logs keep what containers wrote, beside the repository in the same storage: as segments of
// their own format, for kopia's contents are made for files, and its maintenance would pack
// what is here to be forgotten soon. docs/decisions/0014-logs-as-segments.md says more.
type Logs struct {
	storage blob.Storage
	secret  []byte
	log     *slog.Logger
}

const (
	// SegmentBytes is how much text a segment has at the most, but for its last line.
	SegmentBytes = 1 << 20

	// SegmentSpan is from its first line to its last at the most.
	SegmentSpan = time.Hour

	// lineBytes is what a line counts for beside its text, as it takes memory.
	lineBytes = 64
)

// A Segment is a part of what the container of a lease wrote, without gaps.
type Segment struct {
	InstanceID string
	LeaseID    string
	Epoch      int64
	First      time.Time // its name: no two of a lease have the same, and they sort as their lines do
	Lines      []fleet.LogLine
	End        fleet.LogPosition // behind the last line that it is made from
	Bytes      int               // of its lines
}

// Add puts a line behind the others. false: it is full, and the line belongs in the next.
func (s *Segment) Add(l fleet.LogLine) bool {
	if len(s.Lines) > 0 && (s.Bytes >= SegmentBytes || l.At.Sub(s.First) >= SegmentSpan) {
		return false
	}
	s.Lines, s.Bytes = append(s.Lines, l), s.Bytes+len(l.Text)+lineBytes
	return true
}

// After is the segment that follows on s, and begins with l.
func (s *Segment) After(l fleet.LogLine) *Segment {
	next := &Segment{InstanceID: s.InstanceID, LeaseID: s.LeaseID, Epoch: s.Epoch, End: s.End, First: l.At}
	if earliest := s.First.Add(1); next.First.Before(earliest) {
		next.First = earliest
	}
	next.Add(l)
	return next
}

// Logs opens the logs of an archive. Close them, too.
func (a *Archive) Logs(ctx context.Context) (*Logs, error) {
	storage, err := openStorage(ctx, a.options.URL, "logs")
	if err != nil {
		return nil, err
	}
	return &Logs{storage: storage, secret: a.secret, log: a.log}, nil
}

// Close lets go of the storage.
func (l *Logs) Close(ctx context.Context) error {
	return failed("close the logs", l.storage.Close(ctx))
}

// Put writes a segment, whole or not at all, in place of what it was before. It returns how
// many bytes it has in the storage.
func (l *Logs) Put(ctx context.Context, s *Segment) (int, error) {
	name, err := nameOf(s)
	if err != nil {
		return 0, err
	}
	sealed, err := l.seal(s, name)
	if err != nil {
		return 0, failed("keep a log", err)
	}
	return len(sealed), failed("keep a log", l.storage.PutBlob(ctx, name.blob(), blobText(sealed), blob.PutOptions{}))
}

// Last is the newest segment of a lease: what comes next follows on its End. Without one, it
// is an empty one. One that is damaged does not count.
func (l *Logs) Last(ctx context.Context, lease fleet.Lease) (*Segment, error) {
	names, err := l.list(ctx, lease.InstanceID)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Backward(names) {
		if name.lease != lease.ID {
			continue
		}
		s, err := l.get(ctx, name)
		if err == nil {
			return s, nil
		}
		if !lost(err) {
			return nil, err
		}
		if errors.Is(err, blob.ErrBlobNotFound) {
			continue // it was pruned just now
		}
		l.log.WarnContext(ctx, "a segment of a log is damaged", slog.String("segment", string(name.blob())), slog.Any("error", err))
	}
	return &Segment{InstanceID: lease.InstanceID, LeaseID: lease.ID, Epoch: lease.Epoch}, nil
}

// Pruned says what a pruning removed.
type Pruned struct {
	Segments int   `json:"segments"`
	Bytes    int64 `json:"bytes"`
}

// Prune removes what is older, and of each instance the oldest beyond that many bytes; 0: no
// limit.
func (l *Logs) Prune(ctx context.Context, olderThan time.Time, limit int64) (Pruned, error) {
	var done Pruned
	all, err := l.listed(ctx, "")
	if err != nil {
		return done, err
	}
	size := map[string]int64{} // by instance, of those that stay
	for _, name := range slices.Backward(all) {
		kept := size[name.instance] + name.length
		// A segment's last line is at most its span younger than its name.
		if !name.first.Before(olderThan.Add(-SegmentSpan)) && (limit <= 0 || kept <= limit) {
			size[name.instance] = kept
			continue
		}
		if limit > 0 {
			size[name.instance] = limit // nor what is older still
		}
		if err := l.storage.DeleteBlob(ctx, name.blob()); err != nil && !errors.Is(err, blob.ErrBlobNotFound) {
			return done, failed("prune the logs", err)
		}
		done.Segments, done.Bytes = done.Segments+1, done.Bytes+name.length
	}
	return done, nil
}

// segmentName is what a segment is called: enough to know which to read.
type segmentName struct {
	instance string
	epoch    int64
	first    time.Time
	lease    string
	length   int64 // of the blob
}

func nameOf(s *Segment) (segmentName, error) {
	n := segmentName{instance: s.InstanceID, epoch: s.Epoch, first: s.First, lease: s.LeaseID}
	if !isID(fleet.InstancePrefix, s.InstanceID) || !isID(fleet.OperationPrefix, s.LeaseID) || s.Epoch < 0 || len(s.Lines) == 0 || s.First.UnixNano() <= 0 {
		return n, fleet.Errorf(fleet.Invalid, "that is no segment of a log: %q of %q, %d lines", s.LeaseID, s.InstanceID, len(s.Lines))
	}
	return n, nil
}

// isID lets nothing into the name of a blob but our own IDs.
func isID(prefix, id string) bool {
	rest, ok := strings.CutPrefix(id, prefix)
	return ok && rest != "" && len(rest) <= 64 && strings.IndexFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'z') }) < 0
}

// folder begins the names of an instance's segments. The hash spreads instances, whose IDs
// begin alike, over the folders of a storage that makes some from the names.
func folder(instance string) string {
	hash := sha256.Sum256([]byte(instance))
	return fmt.Sprintf("%x-%s-", hash[:2], instance)
}

func (n segmentName) blob() blob.ID {
	return blob.ID(fmt.Sprintf("%s%016x-%016x-%s", folder(n.instance), n.epoch, n.first.UnixNano(), n.lease))
}

// parseSegment reads a blob's name. Others' blobs are none of ours.
func parseSegment(m blob.Metadata) (segmentName, bool) {
	parts := strings.Split(string(m.BlobID), "-")
	if len(parts) != 5 {
		return segmentName{}, false
	}
	n := segmentName{instance: parts[1], lease: parts[4], length: m.Length}
	first, err := strconv.ParseInt(parts[3], 16, 64)
	if err == nil {
		n.epoch, err = strconv.ParseInt(parts[2], 16, 64)
	}
	if err != nil {
		return n, false
	}
	n.first = time.Unix(0, first).UTC()
	return n, n.blob() == m.BlobID
}

// list lists the segments of an instance.
func (l *Logs) list(ctx context.Context, instance string) ([]segmentName, error) {
	if !isID(fleet.InstancePrefix, instance) {
		return nil, fleet.Errorf(fleet.Invalid, "%q is not the ID of an instance", instance)
	}
	return l.listed(ctx, folder(instance))
}

// listed lists segments as their lines come: by placement and time, for each instance.
func (l *Logs) listed(ctx context.Context, prefix string) ([]segmentName, error) {
	var names []segmentName
	err := l.storage.ListBlobs(ctx, blob.ID(prefix), func(m blob.Metadata) error {
		if n, ok := parseSegment(m); ok {
			names = append(names, n)
		}
		return ctx.Err()
	})
	slices.SortFunc(names, func(a, b segmentName) int {
		return cmp.Or(cmp.Compare(a.instance, b.instance), cmp.Compare(a.epoch, b.epoch), a.first.Compare(b.first), cmp.Compare(a.lease, b.lease))
	})
	return names, failed("list a log", err)
}

// listMany lists the segments of instances, some at a time.
func (l *Logs) listMany(ctx context.Context, instances []string) ([][]segmentName, error) {
	all := make([][]segmentName, len(instances))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for i, instance := range instances {
		group.Go(func() (err error) {
			all[i], err = l.list(ctx, instance)
			return err
		})
	}
	return all, group.Wait()
}

// get reads a segment. lost(err) says that it is not there, or damaged, for good.
func (l *Logs) get(ctx context.Context, n segmentName) (*Segment, error) {
	var sealed output
	if err := l.storage.GetBlob(ctx, n.blob(), 0, -1, &sealed); err != nil {
		if errors.Is(err, blob.ErrBlobNotFound) {
			return nil, &damage{err}
		}
		return nil, failed("read a log", err)
	}
	return l.open(sealed.Bytes(), n)
}

func lost(err error) bool {
	_, ok := errors.AsType[*damage](err)
	return ok
}
