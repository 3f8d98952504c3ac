package workflows

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// EvaluatorMetrics tell Prometheus how long the evaluator's looks take, and what it sees of
// each endpoint. Only the process that leads has the latter. nil: nobody is told.
type EvaluatorMetrics struct {
	seconds prometheus.Histogram
	drops   prometheus.Counter

	mu        sync.Mutex
	leading   bool
	endpoints map[string]figures
}

// figures are what Prometheus is told of an endpoint.
type figures struct{ desired, ready, starting, inflight, queued int }

var (
	leadingDesc  = prometheus.NewDesc("kelvin_evaluator_leading", "1 on the server that evaluates the load of endpoints.", nil, nil)
	desiredDesc  = prometheus.NewDesc("kelvin_endpoint_desired", "Workers that an endpoint should have.", []string{"endpoint"}, nil)
	readyDesc    = prometheus.NewDesc("kelvin_endpoint_ready", "Workers of an endpoint that answer.", []string{"endpoint"}, nil)
	startingDesc = prometheus.NewDesc("kelvin_endpoint_starting", "Workers of an endpoint that are on their way.", []string{"endpoint"}, nil)
	loadDesc     = prometheus.NewDesc("kelvin_endpoint_load", "Requests of an endpoint, over all gateways: in flight at workers, or queued.", []string{"endpoint", "state"}, nil)
)

// NewEvaluatorMetrics makes metrics to be registered.
func NewEvaluatorMetrics() *EvaluatorMetrics {
	return &EvaluatorMetrics{
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "kelvin_evaluator_seconds", Help: "Time of a look of the evaluator over all endpoints.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}),
		drops: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "kelvin_evaluator_dropped_total", Help: "Signals to autoscalers that found no room and were put off.",
		}),
	}
}

// Describe implements prometheus.Collector.
func (m *EvaluatorMetrics) Describe(out chan<- *prometheus.Desc) {
	m.seconds.Describe(out)
	m.drops.Describe(out)
	for _, d := range []*prometheus.Desc{leadingDesc, desiredDesc, readyDesc, startingDesc, loadDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (m *EvaluatorMetrics) Collect(out chan<- prometheus.Metric) {
	m.seconds.Collect(out)
	m.drops.Collect(out)
	gauge := func(d *prometheus.Desc, n int, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n), labels...)
	}
	m.mu.Lock()
	leading, endpoints := m.leading, m.endpoints
	m.mu.Unlock()
	if !leading {
		gauge(leadingDesc, 0)
		return
	}
	gauge(leadingDesc, 1)
	for id, f := range endpoints {
		gauge(desiredDesc, f.desired, id)
		gauge(readyDesc, f.ready, id)
		gauge(startingDesc, f.starting, id)
		gauge(loadDesc, f.inflight, id, "in_flight")
		gauge(loadDesc, f.queued, id, "queued")
	}
}

func (m *EvaluatorMetrics) leads(leads bool) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.leading = leads
}

func (m *EvaluatorMetrics) dropped() {
	if m != nil {
		m.drops.Inc()
	}
}

func (m *EvaluatorMetrics) looked(took time.Duration, endpoints map[string]*evaluated) {
	if m == nil {
		return
	}
	m.seconds.Observe(took.Seconds())
	now := make(map[string]figures, len(endpoints)) // a new one: the old may be being collected
	for id, e := range endpoints {
		now[id] = e.figures
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.endpoints = now
}
