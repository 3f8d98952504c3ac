package workflows_test

import (
	"database/sql" //nolint:depguard // ten thousand endpoints made by the methods of the store would take a minute
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
	"github.com/kelvin-gpu/kelvin/workflows"
)

// A crowd is a record with many endpoints, each with a worker, and two gateways that see
// requests at all of them.
type crowd struct {
	store    *store.Store
	now      time.Time
	ids      []string
	gateways []string
	total    int64
	out      *outbox
	*workflows.Evaluator
}

func newCrowd(tb testing.TB, n int) *crowd {
	tb.Helper()
	ctx := tb.Context()
	path := filepath.Join(tb.TempDir(), "kelvin.db")
	s, err := store.Open(ctx, "sqlite:"+path)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, s.Close()) })
	require.NoError(tb, s.Migrate(ctx))
	require.NoError(tb, s.EnsureDataCenter(ctx, fleet.DataCenter{Name: "us-east", GatewayURL: "http://%s"}))
	account, err := s.CreateAccount(ctx, "acme", false)
	require.NoError(tb, err)
	c := &crowd{store: s, now: time.Now().UTC().Truncate(time.Second), out: &outbox{}}
	s.Now = func() time.Time { return c.now }
	for i := range 2 {
		_, id, err := s.CreateGateway(ctx, fmt.Sprint("gw-", i), "us-east")
		require.NoError(tb, err)
		c.gateways = append(c.gateways, id)
	}
	ask := func(key string) store.Ask { return store.Ask{AccountID: account.ID, Actor: "key_test", Key: key} }
	spec := fleet.EndpointSpec{Image: "kelvin/echo", ActiveWorkers: 1, MaxWorkers: 9}.Defaults()
	rec, _, err := s.CreateEndpoint(ctx, ask("one"), "one", spec)
	require.NoError(tb, err)
	_, _, err = s.BeginEndpoint(ctx, rec.ID)
	require.NoError(tb, err)
	require.NoError(tb, s.EndOperation(ctx, store.Ending{OperationID: rec.ID, Outcome: fleet.Done}))
	worker, _, err := s.CreateInstance(ctx, ask("worker"), store.NewInstance{Name: "worker", Spec: spec.Worker(), EndpointID: rec.ResourceID, Revision: 1})
	require.NoError(tb, err)
	require.NoError(tb, s.SaveScaling(ctx, store.Scaling{
		EndpointID: rec.ResourceID, Desired: 1, State: []byte(fmt.Sprintf(`{"total":1,"changed":%q}`, c.now.Add(-time.Hour).Format(time.RFC3339))),
	}))

	// The others are copies of the first, past the store's methods.
	db, err := sql.Open("sqlite", path)
	require.NoError(tb, err)
	defer db.Close()
	c.ids = append(c.ids, rec.ResourceID)
	copies(tb, db, "endpoints", n-1, map[string]string{"id": "ep_copy", "name": "copy"}, "id = ?", rec.ResourceID)
	for table, id := range map[string]string{"endpoint_revisions": "endpoint_id", "endpoint_scaling": "endpoint_id"} {
		copies(tb, db, table, n-1, map[string]string{id: "ep_copy"}, id+" = ?", rec.ResourceID)
	}
	_, err = db.ExecContext(ctx, `UPDATE instances SET state = 'running', operation_id = NULL, serving = 'ready' WHERE id = ?`, worker.ResourceID)
	require.NoError(tb, err)
	copies(tb, db, "instances", n-1, map[string]string{"id": "ins_copy", "name": "copy", "endpoint_id": "ep_copy"}, "id = ?", worker.ResourceID)
	for i := 1; i < n; i++ {
		c.ids = append(c.ids, fmt.Sprintf("ep_copy%d", i))
	}
	c.Evaluator = &workflows.Evaluator{Store: s, Observer: c.out, Logger: slog.New(slog.DiscardHandler), Holder: "a", Metrics: workflows.NewEvaluatorMetrics()}
	return c
}

// copies makes copies of a row, with numbers behind the columns in as.
func copies(tb testing.TB, db *sql.DB, table string, n int, as map[string]string, where string, args ...any) {
	tb.Helper()
	rows, err := db.QueryContext(tb.Context(), `SELECT name FROM pragma_table_info('`+table+`')`)
	require.NoError(tb, err)
	defer rows.Close()
	var into, from []string
	for rows.Next() {
		var name string
		require.NoError(tb, rows.Scan(&name))
		into = append(into, `"`+name+`"`)
		if prefix, ok := as[name]; ok {
			from = append(from, `'`+prefix+`' || n`)
		} else {
			from = append(from, `"`+name+`"`)
		}
	}
	require.NoError(tb, rows.Err())
	_, err = db.ExecContext(tb.Context(), fmt.Sprintf(`WITH RECURSIVE copy (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < %d)
		INSERT INTO %s (%s) SELECT %s FROM copy, %s WHERE %s`, n, table, strings.Join(into, ", "), strings.Join(from, ", "), table, where), args...)
	require.NoError(tb, err)
}

// second passes a second: both gateways report all endpoints, of which the first so many
// have more requests than their workers are meant for.
func (c *crowd) second(tb testing.TB, busy int) {
	tb.Helper()
	c.now = c.now.Add(time.Second)
	c.total += 3
	load := make(map[string]fleet.EndpointLoad, len(c.ids))
	latency := make([]int64, len(fleet.LatencyBounds)+1)
	latency[5] = c.total
	for i, id := range c.ids {
		l := fleet.EndpointLoad{InFlight: 20, Peak: 25, Requests: c.total, Ended: c.total, BusyMS: 100 * c.total, Classes: []int64{0, c.total, 0, 0, 0}, Latency: latency}
		if i < busy {
			l.InFlight = 90
		}
		load[id] = l
	}
	for _, id := range c.gateways {
		require.NoError(tb, c.store.SaveGatewayReport(tb.Context(), id, fleet.GatewayReport{Run: "one", Version: 1, Load: load}))
	}
}

const tenThousand = 10_000

// One look sees all of ten thousand endpoints, and speaks of those only of which there is
// something to say.
func TestTenThousandEndpointsInOneLook(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, tenThousand)
	var longest time.Duration
	c.now = c.now.Truncate(fleet.LoadSlot).Add(3 * time.Second)
	for i := range 4 {
		busy := 0
		if i == 3 {
			busy = 100
		}
		c.second(t, busy)
		began := time.Now()
		require.NoError(t, c.Look(t.Context()))
		longest = max(longest, time.Since(began))
	}
	c.Settle()
	c.Flush(t.Context())
	t.Logf("the longest of 4 looks over %d endpoints took %s", tenThousand, longest.Round(time.Millisecond))
	require.Equal(t, 100, len(c.out.said), "the others have what they need")
	for _, o := range c.out.said {
		require.Equal(t, 180, o.Load.InFlight, "of both gateways")
	}
	registry := prometheus.NewRegistry()
	require.NoError(t, registry.Register(c.Metrics))
	all, err := registry.Gather()
	require.NoError(t, err)
	seen := 0
	for _, family := range all {
		if family.GetName() == "kelvin_endpoint_ready" {
			for _, m := range family.GetMetric() {
				require.InDelta(t, 1, m.GetGauge().GetValue(), 0)
				seen++
			}
		}
	}
	require.Equal(t, tenThousand, seen)
	ep, err := c.store.Endpoint(t.Context(), c.ids[tenThousand-1])
	require.NoError(t, err)
	points, err := c.store.Loads(t.Context(), ep.AccountID, ep.ID, time.Time{})
	require.NoError(t, err)
	require.NotEmpty(t, points)
	require.Equal(t, 40, points[0].InFlight)
}

// BenchmarkEvaluator is a look over ten thousand endpoints, each with a worker and with
// requests at two gateways. Its reports are not in the time: gateways send them.
func BenchmarkEvaluator(b *testing.B) {
	c := newCrowd(b, tenThousand)
	c.second(b, 0)
	require.NoError(b, c.Look(b.Context()))
	var cpu time.Duration
	for b.Loop() {
		b.StopTimer()
		c.Settle()
		c.second(b, 0)
		before := spent(b)
		b.StartTimer()
		require.NoError(b, c.Look(b.Context()))
		b.StopTimer()
		cpu += spent(b) - before
		b.StartTimer()
	}
	b.ReportMetric(float64(cpu.Milliseconds())/float64(b.N), "cpu-ms/op") // whatever else the machine does
}

// spent is the CPU time of this process.
func spent(tb testing.TB) time.Duration {
	tb.Helper()
	var use syscall.Rusage
	require.NoError(tb, syscall.Getrusage(syscall.RUSAGE_SELF, &use))
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
