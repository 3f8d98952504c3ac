package gateway

import (
	"maps"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A collector shows the counts of the endpoints and servers that are in the routes, and of
// "unknown", which stands for all other host names. So there are never more series than
// those, and what is deleted takes its own along. The label endpoint is a server's ID, too.
type collector struct{ g *Gateway }

var (
	requestsDesc = prometheus.NewDesc("kelvin_gateway_requests_total",
		"Requests that ended, by endpoint and class of the status they were answered with; a client that left is 4xx.",
		[]string{"endpoint", "code_class"}, nil)
	inflightDesc = prometheus.NewDesc("kelvin_gateway_inflight",
		"Requests at workers now.", []string{"endpoint"}, nil)
	queuedDesc = prometheus.NewDesc("kelvin_gateway_queued",
		"Requests that wait for a worker now.", []string{"endpoint"}, nil)
	secondsDesc = prometheus.NewDesc("kelvin_gateway_seconds",
		"Time from a request's header to the end of its answer.", []string{"endpoint"}, nil)
	waitsDesc = prometheus.NewDesc("kelvin_gateway_queue_seconds",
		"Time that requests waited for a worker, until they had one or gave up; 0 for those that did not wait.", []string{"endpoint"}, nil)
	limitDesc = prometheus.NewDesc("kelvin_gateway_limit",
		"Requests that the ready workers may have in flight, together.", []string{"endpoint"}, nil)
	rejectedDesc = prometheus.NewDesc("kelvin_gateway_rejected_total",
		"Requests that no worker answered, or not to the end, by why.", []string{"endpoint", "reason"}, nil)
	retriesDesc = prometheus.NewDesc("kelvin_gateway_retries_total",
		"Attempts that reached no worker, because it could not be dialled.", []string{"endpoint"}, nil)
	streamsDesc = prometheus.NewDesc("kelvin_gateway_streams",
		"TCP streams to a server's addresses that are open now.", []string{"endpoint"}, nil)
	streamsEndedDesc = prometheus.NewDesc("kelvin_gateway_streams_total",
		"TCP streams that ended, by how: ended (by one of its ends), broken (the server stopped, moved or was lost), refused (it does not run), overdue (it was not ready in time), full (too many), unreachable (nothing accepts connections on that port).",
		[]string{"endpoint", "outcome"}, nil)
	streamBytesDesc = prometheus.NewDesc("kelvin_gateway_stream_bytes_total",
		"Bytes of TCP streams to a server (in) and from it (out).", []string{"endpoint", "direction"}, nil)
	addressesDesc = prometheus.NewDesc("kelvin_gateway_addresses",
		"Ports of servers' addresses, by whether they are listened on or could not be bound (failed).", []string{"state"}, nil)
	versionDesc = prometheus.NewDesc("kelvin_gateway_routes_version",
		"Version of the routes in force.", nil, nil)
)

// Describe implements prometheus.Collector.
func (c collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{requestsDesc, inflightDesc, queuedDesc, waitsDesc, limitDesc, rejectedDesc, secondsDesc, retriesDesc, streamsDesc, streamsEndedDesc, streamBytesDesc, addressesDesc, versionDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	c.g.unknown.collect(ch)
	t := c.g.table.Load()
	if t == nil {
		return
	}
	ch <- prometheus.MustNewConstMetric(versionDesc, prometheus.GaugeValue, float64(t.version))
	ch <- prometheus.MustNewConstMetric(addressesDesc, prometheus.GaugeValue, float64(c.g.bound.listening.Load()), "listening")
	ch <- prometheus.MustNewConstMetric(addressesDesc, prometheus.GaugeValue, float64(c.g.bound.failed.Load()), "failed")
	for _, e := range t.endpoints {
		e.collect(ch)
	}
}

func (e *endpoint) collect(ch chan<- prometheus.Metric) {
	e.mu.Lock()
	c, queued, inflight, limit := e.count, e.waiting(), 0, e.rules.Load().limit*len(e.ready)
	for _, w := range e.workers {
		inflight += w.inflight
	}
	streams, in, out := len(e.streams), c.streams.in, c.streams.out
	for s := range e.streams {
		in, out = in+s.in.Load(), out+s.out.Load()
	}
	outcomes, rejected := maps.Clone(c.streams.outcomes), maps.Clone(c.rejected)
	e.mu.Unlock()

	gauge, counter := prometheus.GaugeValue, prometheus.CounterValue
	ch <- prometheus.MustNewConstMetric(inflightDesc, gauge, float64(inflight), e.id)
	ch <- prometheus.MustNewConstMetric(queuedDesc, gauge, float64(queued), e.id)
	ch <- prometheus.MustNewConstMetric(retriesDesc, counter, float64(c.retries), e.id)
	for class, n := range c.classes {
		if n > 0 {
			ch <- prometheus.MustNewConstMetric(requestsDesc, counter, float64(n), e.id, strconv.Itoa(class)+"xx")
		}
	}
	if e.server {
		ch <- prometheus.MustNewConstMetric(streamsDesc, gauge, float64(streams), e.id)
		ch <- prometheus.MustNewConstMetric(streamBytesDesc, counter, float64(in), e.id, "in")
		ch <- prometheus.MustNewConstMetric(streamBytesDesc, counter, float64(out), e.id, "out")
		for how, n := range outcomes {
			ch <- prometheus.MustNewConstMetric(streamsEndedDesc, counter, float64(n), e.id, string(how))
		}
	}
	if limit > 0 {
		ch <- prometheus.MustNewConstMetric(limitDesc, gauge, float64(limit), e.id)
	}
	for reason, n := range rejected {
		ch <- prometheus.MustNewConstMetric(rejectedDesc, counter, float64(n), e.id, reason)
	}
	ch <- histogram(waitsDesc, c.waits, c.waited, e.id)
	ch <- histogram(secondsDesc, c.buckets, c.seconds, e.id)
}

// histogram shows times by the bounds of fleet.LatencyBounds.
func histogram(desc *prometheus.Desc, counted [buckets]int64, seconds float64, id string) prometheus.Metric {
	var sum uint64
	below := make(map[float64]uint64, len(fleet.LatencyBounds))
	for i, bound := range fleet.LatencyBounds {
		sum += uint64(counted[i])
		below[bound] = sum
	}
	return prometheus.MustNewConstHistogram(desc, sum+uint64(counted[len(fleet.LatencyBounds)]), seconds, below, id)
}
