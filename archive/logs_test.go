package archive

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A diary keeps logs in a directory, as agents do.
type diary struct {
	*testing.T
	*Logs
	dir  string
	last map[string]*Segment // by lease
	now  time.Time
}

func mustDiary(t *testing.T) *diary {
	t.Helper()
	dir := t.TempDir()
	return &diary{T: t, Logs: mustLogs(t, "file://"+dir, testKey), dir: dir, last: map[string]*Segment{}, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
}

func mustLogs(t *testing.T, url, key string) *Logs {
	t.Helper()
	a, err := Open(t.Context(), Options{URL: url, Key: key, CacheDir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close(context.Background())) })
	l, err := a.Logs(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close(context.Background())) })
	return l
}

func newLease(instance string, epoch int64) fleet.Lease {
	return fleet.Lease{ID: fleet.NewID(fleet.OperationPrefix, time.Now()), InstanceID: instance, Epoch: epoch}
}

func newInstance() string { return fleet.NewID(fleet.InstancePrefix, time.Now()) }

// write has a container write lines, step apart, and keeps them in one segment or more.
func (d *diary) write(lease fleet.Lease, step time.Duration, texts ...string) {
	d.Helper()
	s := d.last[lease.ID]
	if s == nil {
		s = &Segment{InstanceID: lease.InstanceID, LeaseID: lease.ID, Epoch: lease.Epoch}
	}
	for _, text := range texts {
		d.now = d.now.Add(step)
		line := fleet.LogLine{InstanceID: lease.InstanceID, LeaseID: lease.ID, At: d.now, Text: []byte(text)}
		if len(s.Lines) == 0 {
			s.First = line.At
		}
		if !s.Add(line) {
			d.put(s)
			s = s.After(line)
		}
		s.End = s.End.Past(line)
	}
	d.put(s)
	d.last[lease.ID] = s
}

func (d *diary) put(s *Segment) {
	d.Helper()
	_, err := d.Put(d.Context(), s)
	require.NoError(d, err)
}

// read is what a query finds, and its head.
func (d *diary) read(q fleet.LogQuery) ([]string, fleet.LogHead) {
	d.Helper()
	r, err := d.Read(d.Context(), q)
	require.NoError(d, err)
	lines := []string{}
	for line, err := range r.Lines(d.Context()) {
		require.NoError(d, err)
		lines = append(lines, string(line.Text))
	}
	return lines, r.Head
}

func numbers(from, to int) []string {
	var all []string
	for n := from; n <= to; n++ {
		all = append(all, fmt.Sprint("line ", n))
	}
	return all
}

// blobs are the files of the segments.
func (d *diary) blobs() (paths []string) {
	d.Helper()
	require.NoError(d, filepath.WalkDir(filepath.Join(d.dir, "logs"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && strings.HasSuffix(path, ".f") {
			paths = append(paths, path)
		}
		return err
	}))
	return paths
}

func TestLogsAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	d := mustDiary(t)
	box := newInstance()
	one, two := newLease(box, 1), newLease(box, 2)
	awkward := []string{"", "not UTF-8: \xff\x00", strings.Repeat("long ", 60_000), "日本"}
	d.write(one, time.Second, awkward...)
	d.write(one, time.Second, numbers(1, 5)...)
	d.write(two, time.Second, numbers(6, 9)...)
	got, head := d.read(fleet.LogQuery{Instances: []string{box}})
	require.Equal(t, append(awkward, numbers(1, 9)...), got)
	require.Equal(t, -1, head.Count, "nobody has counted")

	// Another agent, with the same key, reads the same; nothing is there for another key.
	d.Logs = mustLogs(t, "file://"+d.dir, testKey)
	again, _ := d.read(fleet.LogQuery{Instances: []string{box}})
	require.Equal(t, got, again)
	for _, path := range d.blobs() {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NotContains(t, string(text), "line")
	}
	none, _ := d.read(fleet.LogQuery{Instances: []string{newInstance()}})
	require.Empty(t, none)
}

func TestPlacementsComeInOrderThoughClocksDiffer(t *testing.T) {
	t.Parallel()
	d := mustDiary(t)
	box := newInstance()
	d.write(newLease(box, 1), time.Second, numbers(1, 3)...)
	d.now = d.now.Add(-2 * time.Second) // the other host's clock
	d.write(newLease(box, 2), time.Second, numbers(4, 6)...)
	got, _ := d.read(fleet.LogQuery{Instances: []string{box}})
	require.Equal(t, numbers(1, 6), got)
}

func TestSinceUntilAndTailSelect(t *testing.T) {
	t.Parallel()
	d := mustDiary(t)
	box := newInstance()
	lease := newLease(box, 1)
	begin := d.now
	for n := 1; n <= 300; n++ {
		if n%7 == 0 {
			d.last[lease.ID] = d.last[lease.ID].After(fleet.LogLine{At: d.now.Add(time.Minute)}) // segments of some lines
			d.last[lease.ID].Lines, d.last[lease.ID].Bytes = nil, 0
		}
		d.write(lease, time.Minute, fmt.Sprint("line ", n))
	}
	at := func(n int) time.Time { return begin.Add(time.Duration(n) * time.Minute) }
	for name, test := range map[string]struct {
		query    fleet.LogQuery
		from, to int
	}{
		"all":                 {fleet.LogQuery{}, 1, 300},
		"since":               {fleet.LogQuery{Since: at(250)}, 250, 300},
		"until":               {fleet.LogQuery{Until: at(50)}, 1, 49},
		"both":                {fleet.LogQuery{Since: at(100), Until: at(200)}, 100, 199},
		"tail":                {fleet.LogQuery{Tail: 10}, 291, 300},
		"the tail of a part":  {fleet.LogQuery{Since: at(100), Until: at(200), Tail: 20}, 180, 199},
		"a tail that has all": {fleet.LogQuery{Since: at(295), Tail: 20}, 295, 300},
		"nothing":             {fleet.LogQuery{Since: at(301)}, 1, 0},
		"nothing of a tail":   {fleet.LogQuery{Since: at(301), Tail: 10}, 1, 0},
	} {
		test.query.Instances = []string{box}
		got, head := d.read(test.query)
		want := numbers(test.from, test.to)
		if want == nil {
			want = []string{}
		}
		require.Equal(t, want, got, name)
		if test.query.Tail > 0 {
			require.Equal(t, len(want), head.Count, name)
		}
	}
}

func TestSeveralInstancesAreMergedByTime(t *testing.T) {
	t.Parallel()
	d := mustDiary(t)
	var instances []string
	var leases []fleet.Lease
	for range 3 {
		instances = append(instances, newInstance())
		leases = append(leases, newLease(instances[len(instances)-1], 1))
	}
	for n := 1; n <= 60; n++ {
		d.write(leases[n*n%3], time.Second, fmt.Sprint("line ", n))
	}
	got, _ := d.read(fleet.LogQuery{Instances: instances})
	require.Equal(t, numbers(1, 60), got)
	got, head := d.read(fleet.LogQuery{Instances: instances, Tail: 7})
	require.Equal(t, numbers(54, 60), got)
	require.Equal(t, 7, head.Count)
}

func TestSegmentsAreBounded(t *testing.T) {
	t.Parallel()
	d := mustDiary(t)
	box := newInstance()
	lease := newLease(box, 1)
	big := strings.Repeat("x", SegmentBytes/4)
	d.write(lease, time.Second, big, big, big, big, big)
	require.Len(t, d.blobs(), 2, "by their size")
	d.write(lease, SegmentSpan, "later")
	require.Len(t, d.blobs(), 3, "and by their age")
	for _, path := range d.blobs() {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Less(t, info.Size(), int64(SegmentBytes/100), "they are compressed")
	}
	got, _ := d.read(fleet.LogQuery{Instances: []string{box}})
	require.Len(t, got, 6)
}

func TestWhoResumesGoesOnWhereTheLogEnds(t *testing.T) {
	t.Parallel()
	d := mustDiary(t)
	box := newInstance()
	lease, other := newLease(box, 1), newLease(box, 2)
	empty, err := d.Last(t.Context(), lease)
	require.NoError(t, err)
	require.True(t, empty.End.IsZero())
	d.write(lease, time.Second, numbers(1, 3)...)
	d.write(other, time.Second, numbers(4, 5)...)
	last, err := d.Last(t.Context(), lease)
	require.NoError(t, err)
	require.Equal(t, d.last[lease.ID], last)
	require.Len(t, last.Lines, 3)

	// It is written again, with more in it, under the name it has.
	d.last[lease.ID] = last
	before := len(d.blobs())
	d.write(lease, time.Second, "more")
	require.Len(t, d.blobs(), before)
	_, head := d.read(fleet.LogQuery{Instances: []string{box}, Ends: []string{lease.ID, other.ID, "op_none"}})
	require.Equal(t, map[string]fleet.LogPosition{lease.ID: d.last[lease.ID].End, other.ID: d.last[other.ID].End}, head.Ends)
}

func TestWhatIsBehindAPositionIsRead(t *testing.T) {
	t.Parallel()
	d := mustDiary(t)
	box := newInstance()
	lease := newLease(box, 1)
	d.write(lease, time.Second, numbers(1, 3)...)
	end := d.last[lease.ID].End
	for n := 4; n <= 8; n++ { // a segment each
		s := d.last[lease.ID]
		d.now = d.now.Add(time.Second)
		line := fleet.LogLine{InstanceID: box, LeaseID: lease.ID, At: d.now, Text: fmt.Append(nil, "line ", n)}
		next := s.After(line)
		next.End = s.End.Past(line)
		d.put(next)
		d.last[lease.ID] = next
		got, _ := d.read(fleet.LogQuery{Instances: []string{box}, Since: end.Since(), After: map[string]fleet.LogPosition{lease.ID: end}})
		require.Equal(t, numbers(4, n), got)
	}
	end = d.last[lease.ID].End
	got, _ := d.read(fleet.LogQuery{Instances: []string{box}, Since: end.Since(), After: map[string]fleet.LogPosition{lease.ID: end}})
	require.Empty(t, got)
}

func TestDamagedSegmentsAreSaidAndTheOthersRead(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func([]byte) []byte{
		"a bit":     func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"cut off":   func(b []byte) []byte { return b[:len(b)/2] },
		"empty":     func([]byte) []byte { return nil },
		"no magic":  func(b []byte) []byte { return b[1:] },
		"something": func(b []byte) []byte { return bytes.Repeat([]byte("KLVLOG1\n"), 10) },
	} {
		d := mustDiary(t)
		box := newInstance()
		one, two := newLease(box, 1), newLease(box, 2)
		d.write(one, time.Second, numbers(1, 3)...)
		damaged := d.blobs()[0]
		d.write(two, time.Second, numbers(4, 5)...)
		text, err := os.ReadFile(damaged)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(damaged, spoil(text), 0o600))
		got, _ := d.read(fleet.LogQuery{Instances: []string{box}, Ends: []string{one.ID}})
		require.Len(t, got, 3, name)
		require.Contains(t, got[0], "lines are missing here", name)
		require.Equal(t, numbers(4, 5), got[1:], name)
		last, err := d.Last(t.Context(), one)
		require.NoError(t, err)
		require.True(t, last.End.IsZero(), name)
	}
}

func TestASegmentIsNoOtherInstances(t *testing.T) {
	t.Parallel()
	d := mustDiary(t)
	mine, theirs := newLease(newInstance(), 1), newLease(newInstance(), 1)
	d.write(theirs, time.Second, "a secret of theirs")
	secret := d.blobs()[0]
	d.write(mine, time.Second, "mine")
	for _, path := range d.blobs() {
		if path != secret {
			text, err := os.ReadFile(secret)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, text, 0o600)) // as who can write to the storage might
		}
	}
	got, _ := d.read(fleet.LogQuery{Instances: []string{mine.InstanceID}})
	require.Len(t, got, 1)
	require.NotContains(t, got[0], "secret")
}

func TestNamesAreIDsOnly(t *testing.T) {
	t.Parallel()
	d := mustDiary(t)
	for _, id := range []string{"", "ins_", "ins_../../etc", "ins_a-b", "ins_A", "op_1", "ins_" + strings.Repeat("a", 65), "ins_\x00"} {
		_, err := d.Read(t.Context(), fleet.LogQuery{Instances: []string{id}})
		require.Equal(t, fleet.Invalid, fleet.CodeOf(err), id)
		_, err = d.Put(t.Context(), &Segment{InstanceID: id, LeaseID: "op_1", First: d.now, Lines: make([]fleet.LogLine, 1)})
		require.Equal(t, fleet.Invalid, fleet.CodeOf(err), id)
	}
	require.Empty(t, d.blobs())
}

func TestPruningKeepsWhatIsYoungAndWhatFits(t *testing.T) {
	t.Parallel()
	d := mustDiary(t)
	box, other := newInstance(), newInstance()
	lease := newLease(box, 1)
	begin := d.now
	for n := 1; n <= 20; n++ {
		d.write(lease, SegmentSpan, fmt.Sprint("line ", n)) // a segment each
	}
	d.write(newLease(other, 1), time.Second, "other")
	require.Len(t, d.blobs(), 21)
	done, err := d.Prune(t.Context(), begin.Add(11*SegmentSpan), 0)
	require.NoError(t, err)
	require.Equal(t, 9, done.Segments)
	require.Positive(t, done.Bytes)
	got, _ := d.read(fleet.LogQuery{Instances: []string{box}})
	require.Equal(t, numbers(10, 20), got, "a segment may have lines that are a span younger than its name")

	info, err := os.Stat(d.blobs()[0])
	require.NoError(t, err)
	done, err = d.Prune(t.Context(), time.Time{}, info.Size()*5+info.Size()/2)
	require.NoError(t, err)
	require.Equal(t, 6, done.Segments)
	got, _ = d.read(fleet.LogQuery{Instances: []string{box}})
	require.Equal(t, numbers(16, 20), got, "the newest stay")
	got, _ = d.read(fleet.LogQuery{Instances: []string{other}})
	require.Equal(t, []string{"other"}, got)

	stranger := filepath.Join(d.dir, "logs", "not-a-segment-of-any-log.f")
	require.NoError(t, os.WriteFile(stranger, nil, 0o600))
	done, err = d.Prune(t.Context(), d.now.Add(100*time.Hour), 0)
	require.NoError(t, err)
	require.Equal(t, 6, done.Segments)
	require.FileExists(t, stranger, "what others put there is left alone")
}

func TestLogsLieBesideOthersInAnyStorage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	description := filepath.Join(t.TempDir(), "storage.json")
	require.NoError(t, os.WriteFile(description, fmt.Appendf(nil, `{"type": "filesystem", "config": {"path": %q, "dirShards": []}}`, dir), 0o600))
	d := &diary{T: t, Logs: mustLogs(t, "kopia://"+description, testKey), dir: dir, last: map[string]*Segment{}, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	box := newInstance()
	d.write(newLease(box, 1), time.Second, numbers(1, 3)...)
	got, _ := d.read(fleet.LogQuery{Instances: []string{box}})
	require.Equal(t, numbers(1, 3), got)
	done, err := d.Prune(t.Context(), d.now.Add(2*SegmentSpan), 0)
	require.NoError(t, err)
	require.Equal(t, 1, done.Segments)
	mustLogs(t, "kopia://"+description, testKey) // the repository is as it was
}
