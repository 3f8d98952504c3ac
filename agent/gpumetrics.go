package agent

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// gpuMetrics are what an agent tells Prometheus of watching its GPUs.
type gpuMetrics struct {
	events    *prometheus.CounterVec
	dropped   *prometheus.CounterVec
	listening prometheus.Gauge
	breaks    prometheus.Counter
	unread    prometheus.Counter
	failures  prometheus.Counter
	delay     prometheus.Histogram
}

func newGPUMetrics(w *GPUWatch) *gpuMetrics {
	in := promauto.With(w.Registerer)
	in.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "kelvin_agent_gpu_events_waiting", Help: "Events of GPUs that the server does not have yet.",
	}, func() float64 { return float64(w.outgoing.length()) })
	return &gpuMetrics{
		events: in.NewCounterVec(prometheus.CounterOpts{
			Name: "kelvin_agent_gpu_events_total", Help: "What was heard or found out about the health of GPUs, by kind and Xid.",
		}, []string{"kind", "xid"}),
		dropped: in.NewCounterVec(prometheus.CounterOpts{
			Name: "kelvin_agent_gpu_events_dropped_total", Help: "Events that the server was not told of: there were too many of their kind (rate), or it was away too long (full).",
		}, []string{"reason"}),
		listening: in.NewGauge(prometheus.GaugeOpts{
			Name: "kelvin_agent_gpu_watching", Help: "1 while the agent hears what the driver of its GPUs reports.",
		}),
		breaks: in.NewCounter(prometheus.CounterOpts{
			Name: "kelvin_agent_gpu_watch_breaks_total", Help: "How often that broke off.",
		}),
		unread: in.NewCounter(prometheus.CounterOpts{
			Name: "kelvin_agent_gpu_health_unread_total", Help: "Looks at the health of GPUs that the driver did not answer.",
		}),
		failures: in.NewCounter(prometheus.CounterOpts{
			Name: "kelvin_agent_gpu_events_failures_total", Help: "Failed tries to tell the server of events.",
		}),
		delay: in.NewHistogram(prometheus.HistogramOpts{
			Name: "kelvin_agent_gpu_event_delay_seconds", Help: "From an event to the server's record of it.",
			Buckets: []float64{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300},
		}),
	}
}

// count counts an event. Numbers that are no Xid do not become labels: a driver that goes mad
// must not fill Prometheus.
func (m *gpuMetrics) count(e gpu.Event) {
	kind, xid := string(e.Kind), ""
	if gpu.React(e).Rule == gpu.React(gpu.Event{}).Rule {
		kind = "other"
	}
	if e.Kind == gpu.EventXid {
		if xid = strconv.Itoa(e.Xid); gpu.XidOf(e.Xid).Class == gpu.XidWarning {
			xid = "other"
		}
	}
	m.events.WithLabelValues(kind, xid).Inc()
}
