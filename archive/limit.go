package archive

import (
	"context"

	"golang.org/x/time/rate"
)

// newLimiter lets n bytes pass in a second, at most a chunk at once. Without n there is none.
func newLimiter(n int64) *rate.Limiter {
	if n <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(n), chunkSize)
}

// wait waits until all limiters let n bytes pass. n is at most a chunk.
func wait(ctx context.Context, n int, limiters ...*rate.Limiter) error {
	for _, l := range limiters {
		if l == nil || n == 0 {
			continue
		}
		if err := l.WaitN(ctx, n); err != nil {
			return err
		}
	}
	return ctx.Err()
}
