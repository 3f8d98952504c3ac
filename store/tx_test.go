package store

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A caller that goes away, as a gateway does that stops, is no bug of ours to report.
func TestACallerThatDoesNotWaitIsNoInternalError(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		for _, wait := range []time.Duration{0, 50 * time.Millisecond} { // it is rolled back in the background, a moment after
			ctx, cancel := context.WithCancel(t.Context())
			err := s.read(ctx, "ask", func(*tx) error {
				cancel()
				time.Sleep(wait)
				return nil
			})
			require.Equal(t, fleet.Unavailable, fleet.CodeOf(err), "%v", err)
		}
	})
}
