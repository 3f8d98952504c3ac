package fleet

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestIDsSortAsTheyAreMade(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	before := ""
	for range 10_000 { // ten milliseconds
		id := NewID(InstancePrefix, now)
		require.Greater(t, id, before)
		require.Regexp(t, `^ins_[0-9a-hjkmnp-tv-z]{26}$`, id)
		before, now = id, now.Add(time.Microsecond)
	}
	require.NotEqual(t, NewID(InstancePrefix, now), NewID(InstancePrefix, now))
}
