package gateway

import (
	"cmp"
	"net/netip"
	"time"
)

// Options are limits and times. Zero values stand for the defaults.
type Options struct {
	// HoldFor is how long a request may wait for a worker that has a place free, over all of
	// its attempts, unless its endpoint says otherwise. Default 2 min; negative: it does not wait.
	HoldFor time.Duration
	// HoldServers is the same for requests and streams to a server that is on its way to
	// running: it starts, restarts, thaws or moves. Default 30 s; negative: they do not wait.
	HoldServers time.Duration
	// HoldMax is how many requests of one endpoint that does not say otherwise, or requests
	// and streams of one server, may wait at a time. Default 1000.
	HoldMax int
	// ProgressEvery is how often a waiting client that wants to know is told its place.
	// Default 2 s.
	ProgressEvery time.Duration
	// SlowStart is how long a new worker gets fewer requests than others. Default 10 s;
	// negative: it does not.
	SlowStart time.Duration
	// SlowReader is how long a client may leave unread what is sent to it, before its request
	// is ended. Default 1 min.
	SlowReader time.Duration

	// MaxStreams is how many streams one address of a server may have at a time, those that
	// wait among them. Default 4096.
	MaxStreams int
	// StreamGrace is the age below which a stream counts as in flight when its server is
	// about to stop or move: short ones, a request each, may end, and nobody waits for a
	// terminal that is open all day. Default 1 s.
	StreamGrace time.Duration

	// DialTimeout limits the connecting to a worker. Default 2 s.
	DialTimeout time.Duration
	// ResponseTimeout limits the wait for a worker's response header, once the request is
	// sent; past it the answer is 504. Default: no limit.
	ResponseTimeout time.Duration
	// WorkerIdle is how long an unused connection to a worker is kept. Default 1.5 s, below
	// the keep-alive time of the usual model servers: when a worker closes a connection in
	// the moment we send a request over it, that request is lost.
	WorkerIdle time.Duration

	// MaxBody limits request bodies, in bytes; above it the answer is 413. Default: no limit.
	MaxBody int64
	// MaxHeaderBytes limits the header of a request. Default 64 KiB.
	MaxHeaderBytes int
	// ReadHeaderTimeout limits the reading of a request's header. Default 10 s.
	ReadHeaderTimeout time.Duration
	// IdleTimeout is how long a client's unused connection is kept. Default 2 min.
	IdleTimeout time.Duration
	// ShutdownGrace is how long Serve waits for requests in flight. Default 60 s.
	ShutdownGrace time.Duration
	// Linger is how long Serve, when it is to end, waits for clients to hear with their next
	// answer that their connection is closed; it is part of ShutdownGrace. Default: not at all.
	Linger time.Duration
	// SharePort says that listeners are of Listen with shared, so that the next gateway may
	// listen already. Default: they are not.
	SharePort bool

	// ReportEvery is the time between reports. Default 1 s.
	ReportEvery time.Duration

	// TrustedProxies are the load balancers before the gateway: X-Forwarded-For, -Proto and
	// -Host that come from there are kept. Default: none.
	TrustedProxies []netip.Prefix

	watchEvery, bodyGrace time.Duration // for tests
}

func (o Options) withDefaults() Options {
	o.HoldFor = cmp.Or(o.HoldFor, 2*time.Minute)
	o.HoldServers = cmp.Or(o.HoldServers, 30*time.Second)
	o.HoldMax = cmp.Or(o.HoldMax, 1000)
	o.ProgressEvery = cmp.Or(o.ProgressEvery, 2*time.Second)
	o.SlowStart = max(cmp.Or(o.SlowStart, 10*time.Second), 0)
	o.SlowReader = cmp.Or(o.SlowReader, time.Minute)
	o.watchEvery = cmp.Or(o.watchEvery, watchEvery)
	o.bodyGrace = cmp.Or(o.bodyGrace, bodyGrace)
	o.MaxStreams = cmp.Or(o.MaxStreams, 4096)
	o.StreamGrace = cmp.Or(o.StreamGrace, time.Second)
	o.DialTimeout = cmp.Or(o.DialTimeout, 2*time.Second)
	o.WorkerIdle = cmp.Or(o.WorkerIdle, 1500*time.Millisecond)
	o.MaxHeaderBytes = cmp.Or(o.MaxHeaderBytes, 64<<10)
	o.ReadHeaderTimeout = cmp.Or(o.ReadHeaderTimeout, 10*time.Second)
	o.IdleTimeout = cmp.Or(o.IdleTimeout, 2*time.Minute)
	o.ShutdownGrace = cmp.Or(o.ShutdownGrace, time.Minute)
	o.ReportEvery = cmp.Or(o.ReportEvery, time.Second)
	return o
}
