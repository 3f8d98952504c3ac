package api

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// countsTTL is how long counts are good for: scrapes of several Prometheus servers cost
// the record no more than one.
const countsTTL = 5 * time.Second

// metrics are what this server tells Prometheus.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
}

func (s *Server) newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "kelvin_http_request_seconds", Help: "Time of requests to the API, by route.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 30},
		}, []string{"method", "route", "status"}),
	}
	m.registry.MustRegister(m.requests, &census{server: s},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.registry.MustRegister(s.Collectors...)
	return m
}

// observe times a request. Its route is the template, never the path: IDs would make a
// series each.
func (m *metrics) observe(c *gin.Context) {
	begun := time.Now()
	c.Next()
	route, method := c.FullPath(), c.Request.Method
	if route == "" {
		route, method = "none", "any" // what callers make up must not make series either
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(c.Writer.Status())).Observe(time.Since(begun).Seconds())
}

// census is the collector of what there is in the fleet.
type census struct {
	server *Server
	mu     sync.Mutex
	counts store.Counts
	at     time.Time
}

var (
	instancesDesc = prometheus.NewDesc("kelvin_instances", "Instances by state.", []string{"state"}, nil)
	hostsDesc     = prometheus.NewDesc("kelvin_hosts", "Hosts by state.", []string{"state"}, nil)
	gpusDesc      = prometheus.NewDesc("kelvin_gpus", "GPUs by type and state.", []string{"type", "state"}, nil)
	verdictsDesc  = prometheus.NewDesc("kelvin_gpu_verdicts_total", "Verdicts on GPUs by outcome and the rule that decided.", []string{"outcome", "rule"}, nil)
	scrubsDesc    = prometheus.NewDesc("kelvin_gpu_scrubs_total", "Scrubs of GPUs by outcome.", []string{"outcome"}, nil)
	mishapsDesc   = prometheus.NewDesc("kelvin_worker_failures_total", "Workers of endpoints that did not come up, or ended by themselves, by cause.", []string{"cause"}, nil)
	gpuEventsDesc = prometheus.NewDesc("kelvin_gpu_events_total", "What drivers of GPUs reported, by kind and Xid.", []string{"kind", "xid"}, nil)
	decisionsDesc = prometheus.NewDesc("kelvin_scale_decisions_total", "Decisions of autoscalers by the rule that bound them.", []string{"rule"}, nil)
	badDesc       = prometheus.NewDesc("kelvin_gpu_quarantined", "GPUs in quarantine by type.", []string{"type"}, nil)
	openDesc      = prometheus.NewDesc("kelvin_operations_open", "Open operations by name.", []string{"operation"}, nil)
	overdueDesc   = prometheus.NewDesc("kelvin_operation_overdue", "Open operations past their deadline.", nil, nil)
	schedulesDesc = prometheus.NewDesc("kelvin_schedules", "Schedules by state.", []string{"state"}, nil)
	noticesDesc   = prometheus.NewDesc("kelvin_spot_notices_total", "Notices that hosts are taken away, by source and kind.", []string{"source", "kind"}, nil)
	preemptedDesc = prometheus.NewDesc("kelvin_spot_preemptions_total", "Hosts that were taken away, by provider, with notice or without (silent).", []string{"provider", "how"}, nil)
	actionDesc    = prometheus.NewDesc("kelvin_spot_notice_to_action_seconds", "Time from a notice to the start of a worker's replacement.", nil, nil)
	unsyncedDesc  = prometheus.NewDesc("kelvin_schedules_unsynced", "Schedules that Temporal does not have as they are.", nil, nil)
	findingsDesc  = prometheus.NewDesc("kelvin_audit_findings", "What the audit found and is still so, by kind.", []string{"kind"}, nil)
	tunnelsDesc   = prometheus.NewDesc("kelvin_tunnels", "Hosts with a tunnel to this server.", nil, nil)
	commandsDesc  = prometheus.NewDesc("kelvin_commands", "Commands that are open on this server.", nil, nil)
	copiesDesc    = prometheus.NewDesc("kelvin_copies", "Copies of files that are under way on this server.", nil, nil)
)

// Describe implements prometheus.Collector.
func (c *census) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{instancesDesc, hostsDesc, gpusDesc, verdictsDesc, scrubsDesc, gpuEventsDesc, decisionsDesc, mishapsDesc, badDesc, openDesc, overdueDesc, schedulesDesc, unsyncedDesc, findingsDesc, noticesDesc, preemptedDesc, actionDesc, tunnelsDesc, commandsDesc, copiesDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector. When the record does not answer, its gauges are
// missing, which is what an alert on their absence is for.
func (c *census) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, n int, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n), labels...)
	}
	gauge(tunnelsDesc, c.server.tunnels.count())
	gauge(commandsDesc, c.server.execs.count())
	gauge(copiesDesc, c.server.copies.count())
	counts, err := c.fresh()
	if err != nil {
		c.server.Logger.Warn("nothing counted", slog.Any("error", err))
		return
	}
	for state, n := range counts.Instances {
		gauge(instancesDesc, n, string(state))
	}
	for state, n := range counts.Hosts {
		gauge(hostsDesc, n, string(state))
	}
	bad := map[string]int{}
	for _, g := range counts.GPUs {
		gauge(gpusDesc, g.Count, g.Type, string(g.State))
		bad[g.Type] += 0
		if g.State == fleet.GPUQuarantined {
			bad[g.Type] += g.Count
		}
	}
	for kind, n := range bad {
		gauge(badDesc, n, kind)
	}
	for _, t := range counts.Tallies {
		d, labels := verdictsDesc, []string{t.One, t.Two}
		switch t.Metric {
		case store.TallyScrubs:
			d, labels = scrubsDesc, labels[:1]
		case store.TallyEvents:
			d = gpuEventsDesc
		case store.TallyScaling:
			d, labels = decisionsDesc, labels[:1]
		case store.TallyNotices:
			d = noticesDesc
		case store.TallyPreemptions:
			d = preemptedDesc
		case store.TallyActions, store.TallyActionTime:
			continue // below
		case store.TallyMishaps:
			d, labels = mishapsDesc, labels[:1]
		}
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(t.Count), labels...)
	}
	out <- actions(counts.Tallies)
	for operation, n := range counts.Open {
		gauge(openDesc, n, operation)
	}
	gauge(overdueDesc, counts.Overdue)
	for state, n := range counts.Schedules {
		gauge(schedulesDesc, n, string(state))
	}
	gauge(unsyncedDesc, counts.Unsynced)
	for kind, n := range counts.Findings {
		gauge(findingsDesc, n, string(kind))
	}
}

func (c *census) fresh() (store.Counts, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.at) < countsTTL {
		return c.counts, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), countsTTL)
	defer cancel()
	counts, err := c.server.Store.Counts(ctx)
	if err != nil {
		return counts, err
	}
	c.counts, c.at = counts, time.Now()
	return counts, nil
}
