package gateway

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAPeakIsSeenForThreeSeconds(t *testing.T) {
	t.Parallel()
	at := func(ms int64) time.Time { return time.Unix(1_000_000, ms*int64(time.Millisecond)) }
	var p peak
	require.Zero(t, p.top(at(0)))
	p.move(at(100), 1)
	for range 6 {
		p.move(at(200), 1)
	}
	for range 5 {
		p.move(at(300), -1)
	}
	require.Equal(t, 7, p.top(at(400)))
	require.Equal(t, 7, p.top(at(3300)), "3 s later")
	require.Equal(t, 2, p.top(at(4000)))
	p.move(at(9000), 1)
	require.Equal(t, 3, p.top(at(9000)))
	p.move(at(9100), -3)
	require.Equal(t, 3, p.top(at(12999)))
	require.Zero(t, p.top(at(13000)))
	p.move(at(12500), 1) // a clock that is set back
	require.Equal(t, 1, p.top(at(12500)))
}
