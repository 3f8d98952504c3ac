package gateway

import (
	"net/http"
	"strings"
	"sync"
)

// Buffers hold what is copied from workers to clients, each for as long as a response takes.
// Event streams are open long and carry little at a time, so theirs are small.
var (
	largeBuffers = &bufferPool{size: 32 << 10}
	smallBuffers = &bufferPool{size: 2 << 10}
)

// bufferPool is an httputil.BufferPool.
type bufferPool struct {
	size int
	pool sync.Pool
}

func (b *bufferPool) Get() []byte {
	if p, ok := b.pool.Get().(*[]byte); ok {
		return *p
	}
	return make([]byte, b.size)
}

func (b *bufferPool) Put(p []byte) { b.pool.Put(&p) }

func isEventStream(h http.Header) bool {
	return strings.HasPrefix(strings.ToLower(h.Get("Content-Type")), "text/event-stream")
}
