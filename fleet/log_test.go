package fleet_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func logged(second int, text string) fleet.LogLine {
	return fleet.LogLine{InstanceID: "ins_1", LeaseID: "op_1", At: time.Unix(1_700_000_000+int64(second), 5).UTC(), Text: []byte(text)}
}

// texts are the lines that a position lets through.
func behind(to fleet.LogPosition, lines ...fleet.LogLine) (texts string, lost bool) {
	skip := fleet.NewLogSkip(to)
	var all []string
	for _, l := range lines {
		for _, l := range skip.Next(l) {
			all = append(all, string(l.Text))
		}
	}
	for _, l := range skip.End() {
		all = append(all, string(l.Text))
	}
	return strings.Join(all, " "), skip.Lost()
}

func TestALogGoesOnBehindAPosition(t *testing.T) {
	t.Parallel()
	lines := []fleet.LogLine{logged(1, "a"), logged(2, "b"), logged(2, "b"), logged(2, "c"), logged(1, "late"), logged(9, "d"), logged(9, "e")}
	at := []fleet.LogPosition{{}}
	for _, l := range lines {
		at = append(at, at[len(at)-1].Past(l))
	}
	for i, to := range at {
		text, err := to.MarshalText()
		require.NoError(t, err)
		var read fleet.LogPosition
		require.NoError(t, read.UnmarshalText(text))
		want, _ := behind(fleet.LogPosition{}, lines[i:]...)
		got, lost := behind(read, lines...)
		require.Equal(t, want, got, "behind line %d", i)
		require.False(t, lost)
	}

	// What is not there any more is skipped by its time.
	got, lost := behind(at[3], logged(1, "x"), logged(2, "y"), logged(3, "new"), logged(9, "d"))
	require.Equal(t, "new d", got)
	require.True(t, lost)
	got, lost = behind(at[3], logged(3, "new"))
	require.Equal(t, "new", got, "also at the end of what is there")
	require.True(t, lost)

	for _, text := range []string{"1", "1.2", "a.b.1", "1.2.0", "1.2.-1", "1.zz.1", "1.2.3.4"} {
		var p fleet.LogPosition
		require.Equal(t, fleet.Invalid, fleet.CodeOf(p.UnmarshalText([]byte(text))), text)
	}
}

func TestALogGoesOverTheWire(t *testing.T) {
	t.Parallel()
	head := fleet.LogHead{Count: 3, Ends: map[string]fleet.LogPosition{"op_1": fleet.LogPosition{}.Past(logged(1, "a"))}}
	lines := []fleet.LogLine{logged(1, ""), logged(2, "\xff\x00"), logged(3, strings.Repeat("x", 100_000))}
	var wire bytes.Buffer
	w := fleet.NewLogWriter(&wire)
	require.NoError(t, w.Head(head))
	for _, l := range lines {
		require.NoError(t, w.Line(l))
	}
	require.NoError(t, w.End(nil))
	whole := wire.Bytes()

	read := func(from []byte) (got []fleet.LogLine, err error) {
		r := fleet.NewLogReader(bytes.NewReader(from))
		h, err := r.Head()
		if err != nil {
			return nil, err
		}
		require.Equal(t, head, h)
		for {
			l, err := r.Next()
			if err != nil {
				return got, err
			}
			got = append(got, l)
		}
	}
	got, err := read(whole)
	require.Equal(t, io.EOF, err)
	require.Equal(t, lines, got)
	for _, n := range []int{0, 1, 10, len(whole) / 2, len(whole) - 1} {
		_, err := read(whole[:n])
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, "cut off after %d bytes", n)
	}

	wire.Reset()
	w = fleet.NewLogWriter(&wire)
	require.NoError(t, w.Head(head))
	require.NoError(t, w.End(fleet.Errorf(fleet.Unavailable, "no storage")))
	_, err = read(wire.Bytes())
	require.Equal(t, fleet.Unavailable, fleet.CodeOf(err))

	// Who sends something else is found out, and cannot have memory taken for it.
	for _, bad := range []string{"hello", "l", "h\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "h\x02[]", "h\x02{}q"} {
		r := fleet.NewLogReader(strings.NewReader(bad))
		_, err := r.Head()
		if err == nil {
			_, err = r.Next()
		}
		require.Error(t, err, bad)
		require.False(t, errors.Is(err, io.EOF), bad)
	}
}
