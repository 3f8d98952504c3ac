package worker

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// Metrics tells Prometheus how long operations and their steps take, and how they end. An
// attempt of a step is a step here.
type Metrics struct {
	interceptor.WorkerInterceptorBase
	operations *prometheus.HistogramVec
	steps      *prometheus.HistogramVec
	running    *prometheus.GaugeVec
}

// NewMetrics registers the metrics, once per registerer; with nil, nowhere.
func NewMetrics(registerer prometheus.Registerer) *Metrics {
	in := promauto.With(registerer)
	return &Metrics{
		operations: in.NewHistogramVec(prometheus.HistogramOpts{
			Name: "kelvin_operation_seconds", Help: "Time of operations, from accepted to ended.",
			Buckets: []float64{.1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 7200},
		}, []string{"operation", "outcome"}),
		steps: in.NewHistogramVec(prometheus.HistogramOpts{
			Name: "kelvin_step_seconds", Help: "Time of attempts at steps, by how they ended: done, or an error's code.",
			Buckets: []float64{.005, .025, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200},
		}, []string{"step", "outcome"}),
		running: in.NewGaugeVec(prometheus.GaugeOpts{
			Name: "kelvin_steps_running", Help: "Steps that this process is at.",
		}, []string{"step"}),
	}
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (m *Metrics) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &measured{interceptor.ActivityInboundInterceptorBase{Next: next}, m}
}

type measured struct {
	interceptor.ActivityInboundInterceptorBase
	metrics *Metrics
}

// ExecuteActivity implements interceptor.ActivityInboundInterceptor.
func (m *measured) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (out any, err error) {
	info, began := activity.GetInfo(ctx), time.Now()
	running := m.metrics.running.WithLabelValues(info.ActivityType.Name)
	running.Inc()
	err = fleet.Errorf(fleet.Internal, "the step panicked")
	defer func() {
		running.Dec()
		m.metrics.steps.WithLabelValues(info.ActivityType.Name, stepOutcome(err)).Observe(time.Since(began).Seconds())
	}()
	if out, err = m.Next.ExecuteActivity(ctx, in); err == nil && info.WorkflowType != nil {
		m.metrics.ended(info.WorkflowType.Name, in.Args)
	}
	return out, err
}

// ended counts an operation when the step that ends it has; again, should the answer of
// that step be lost.
func (m *Metrics) ended(workflow string, args []any) {
	if len(args) == 0 {
		return
	}
	ending, ok := args[0].(activities.Ending)
	if !ok {
		return
	}
	accepted := ending.AcceptedAt
	if accepted.IsZero() && len(ending.Steps) > 0 {
		accepted = ending.Steps[0].StartedAt // it never got to know; this is when it began
	}
	if !accepted.IsZero() {
		m.operations.WithLabelValues(workflow, string(ending.Outcome)).Observe(time.Since(accepted).Seconds())
	}
}

// stepOutcome is how a step ended: done, or the code of its error.
func stepOutcome(err error) string {
	switch {
	case err == nil:
		return string(fleet.Done)
	case errors.Is(err, context.Canceled), temporal.IsCanceledError(err):
		return string(fleet.Cancelled)
	case errors.Is(err, context.DeadlineExceeded):
		return string(fleet.Timeout)
	default:
		return string(fleet.CodeOf(err))
	}
}
