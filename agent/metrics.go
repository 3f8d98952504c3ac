package agent

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/kelvin-gpu/kelvin/machine"
)

// metrics are what an agent tells Prometheus of its host. Those of its steps are the
// worker's.
type metrics struct {
	containers *prometheus.GaugeVec
	fenced     prometheus.Counter
	orphans    prometheus.Counter
	accessLost prometheus.Counter
	metadata   *prometheus.CounterVec

	logsShipped, logsBytes, logsDropped, logsCut prometheus.Counter
}

func newMetrics(a *Agent) *metrics {
	in := promauto.With(a.Registerer)
	in.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "kelvin_agent_lease_seconds_left", Help: "Time until the host's lease ends; 0 without one.",
	}, func() float64 {
		if l := a.lease.Load(); l != nil {
			return max(time.Until(l.ends), 0).Seconds()
		}
		return 0
	})
	in.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "kelvin_agent_log_lag_seconds", Help: "Age of the oldest line of a container's log that is not in the archive.",
	}, func() float64 { return a.keeper.lag().Seconds() })
	return &metrics{
		containers: in.NewGaugeVec(prometheus.GaugeOpts{
			Name: "kelvin_agent_containers", Help: "Kelvin's containers on the host, as it last reported them.",
		}, []string{"running"}),
		fenced: in.NewCounter(prometheus.CounterOpts{
			Name: "kelvin_agent_fenced_total", Help: "Containers that the agent stopped for want of a lease.",
		}),
		orphans: in.NewCounter(prometheus.CounterOpts{
			Name: "kelvin_agent_orphans_removed_total", Help: "Containers without a record that the agent removed.",
		}),
		accessLost: in.NewCounter(prometheus.CounterOpts{
			Name: "kelvin_agent_gpu_access_lost_total", Help: "Containers that could not open their GPUs any more while they ran.",
		}),
		metadata: in.NewCounterVec(prometheus.CounterOpts{
			Name: "kelvin_agent_metadata_requests_total", Help: "Questions to the provider whether the host is taken away, by outcome (ok, failed).",
		}, []string{"outcome"}),
		logsShipped: in.NewCounter(prometheus.CounterOpts{
			Name: "kelvin_agent_log_segments_total", Help: "Segments of logs written to the archive, anew or with more in them.",
		}),
		logsBytes: in.NewCounter(prometheus.CounterOpts{
			Name: "kelvin_agent_log_bytes_total", Help: "Bytes of logs written to the archive, compressed.",
		}),
		logsDropped: in.NewCounter(prometheus.CounterOpts{
			Name: "kelvin_agent_log_dropped_bytes_total", Help: "Bytes that containers wrote beyond their rate, and that were not kept.",
		}),
		logsCut: in.NewCounter(prometheus.CounterOpts{
			Name: "kelvin_agent_logs_cut_total", Help: "Containers that were removed before the end of their log was in the archive.",
		}),
	}
}

// asked counts a question to the provider.
func (m *metrics) asked(err error) {
	outcome := "ok"
	if err != nil {
		outcome = "failed"
	}
	m.metadata.WithLabelValues(outcome).Inc()
}

func (m *metrics) count(containers []machine.Container) {
	running := map[bool]int{true: 0, false: 0}
	for _, c := range containers {
		running[c.Running]++
	}
	for r, n := range running {
		m.containers.WithLabelValues(strconv.FormatBool(r)).Set(float64(n))
	}
}
