package archive

import (
	"context"
	"sync"

	"github.com/kopia/kopia/repo/content"
	"golang.org/x/time/rate"
)

// aheadBytes is how much is read into the cache at a time, and about how far ahead of the files.
const aheadBytes = 128 << 20

// readAhead brings what new files consist of into the cache, many contents with one request: a
// storage that takes its time to answer would otherwise do so for every small file. It stops
// with the context, and is waited for. Where there is no cache, or a limit, it does nothing.
func (a *Archive) readAhead(ctx context.Context, pieces []*piece, limiter *rate.Limiter) *sync.WaitGroup {
	var ahead sync.WaitGroup
	if _, local := a.directory(); local || a.limiter != nil || limiter != nil {
		return &ahead
	}
	ahead.Go(func() {
		var ids []content.ID
		var bytes int64
		for i, p := range pieces {
			for _, c := range p.chunks {
				if id, err := c.hash.id(); err == nil && p.make {
					ids = append(ids, id)
					bytes += p.node.length(c.index)
				}
			}
			if bytes < aheadBytes && i < len(pieces)-1 {
				continue
			}
			if ctx.Err() != nil {
				return
			}
			a.repo.PrefetchContents(ctx, ids, "")
			ids, bytes = nil, 0
		}
	})
	return &ahead
}
