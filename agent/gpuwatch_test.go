package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/sim"
)

// An ear is a server that hears of events.
type ear struct {
	mu    sync.Mutex
	told  []fleet.GPUEvents
	fails int // that many times
}

var errDeaf = errors.New("the server is away")

func (e *ear) hear(_ context.Context, events fleet.GPUEvents) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fails > 0 {
		e.fails--
		return fleet.Errorf(fleet.Unavailable, "%v", errDeaf)
	}
	e.told = append(e.told, events)
	return nil
}

// events are all that was heard, and health what came with it.
func (e *ear) events() (all []gpu.Event, health []gpu.Health) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, t := range e.told {
		all, health = append(all, t.Events...), append(health, t.Health...)
	}
	return all, health
}

func (e *ear) has(kind gpu.EventKind, xid int) bool {
	all, _ := e.events()
	for _, h := range all {
		if h.Kind == kind && h.Xid == xid {
			return true
		}
	}
	return false
}

// watchGPUs watches two simulated GPUs, and looks at their health that often.
func watchGPUs(t *testing.T, look time.Duration) (*GPUWatch, *sim.GPUs, *ear) {
	t.Helper()
	declared, err := SimulateGPUs("a100-80gb:2", t.Name())
	require.NoError(t, err)
	gpus, err := sim.NewGPUs(sim.GPUOptions{Devices: sim.DevicesOf(declared), Seconds: 0.05})
	require.NoError(t, err)
	e := &ear{}
	w := &GPUWatch{
		HostID: "hst_test", GPUs: machine.NewExclusive(gpus), Tell: e.hear, Look: look,
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Registerer: prometheus.NewRegistry(),
	}
	done := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-done)
	})
	require.Eventually(t, func() bool { return len(w.Summaries()) == 2 }, 5*time.Second, time.Millisecond)
	require.Eventually(t, func() bool { // it listens, too
		require.NoError(t, gpus.Inject(t.Context(), declared[0].UUID, "xid", map[string]string{"xid": "45"}))
		return e.has(gpu.EventXid, 45)
	}, 5*time.Second, 10*time.Millisecond)
	time.Sleep(2 * gather)
	e.mu.Lock()
	defer e.mu.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.states[declared[0].UUID].heard, e.told = nil, nil
	w.metrics.dropped.Reset()
	return w, gpus, e
}

func uuidsOf(t *testing.T, g machine.GPUs) []string {
	t.Helper()
	devices, err := g.Devices(t.Context())
	require.NoError(t, err)
	var uuids []string
	for _, d := range devices {
		uuids = append(uuids, d.UUID)
	}
	return uuids
}

func TestTheWatchTellsTheServerOfEvents(t *testing.T) {
	t.Parallel()
	w, gpus, heard := watchGPUs(t, time.Hour)
	heard.mu.Lock()
	heard.fails = 1
	heard.mu.Unlock()
	uuid, began := uuidsOf(t, gpus)[1], time.Now()
	require.NoError(t, gpus.Inject(t.Context(), uuid, "xid", map[string]string{"xid": "94"}))
	require.Eventually(t, func() bool { return heard.has(gpu.EventXid, 94) }, 10*time.Second, 5*time.Millisecond)
	require.Less(t, time.Since(began), 5*time.Second, "although the first try failed")
	events, _ := heard.events()
	require.Len(t, events, 1)
	require.Equal(t, uuid, events[0].UUID)
	require.Equal(t, 1.0, testutil.ToFloat64(w.metrics.failures))
	require.Equal(t, 1.0, testutil.ToFloat64(w.metrics.events.WithLabelValues("xid", "94")))

	require.Len(t, w.Events(uuid, began.Add(-time.Second)), 1, "for who examines it")
	require.Empty(t, w.Events(uuid, time.Now().Add(time.Second)))
	require.Empty(t, w.Events(uuidsOf(t, gpus)[0], began.Add(-time.Second)), "it is another GPU's")
}

func TestTheWatchOutlivesTheServersOutage(t *testing.T) {
	t.Parallel()
	w, gpus, heard := watchGPUs(t, time.Hour)
	heard.mu.Lock()
	heard.fails = 3
	heard.mu.Unlock()
	for i := range 40 { // all unlike each other
		require.NoError(t, gpus.Inject(t.Context(), uuidsOf(t, gpus)[0], "xid", map[string]string{"xid": fmt.Sprint(200 + i)}))
	}
	require.Eventually(t, func() bool { all, _ := heard.events(); return len(all) == 40 }, 15*time.Second, 10*time.Millisecond)
	require.Zero(t, w.outgoing.length())
	require.Equal(t, 40.0, testutil.ToFloat64(w.metrics.events.WithLabelValues("xid", "other")), "a number that is no Xid is no label")
}

func TestTheWatchHoldsBackWhatComesTooOften(t *testing.T) {
	t.Parallel()
	w, gpus, heard := watchGPUs(t, time.Hour)
	for range 200 {
		require.NoError(t, gpus.Inject(t.Context(), uuidsOf(t, gpus)[0], "xid", map[string]string{"xid": "31"}))
		time.Sleep(100 * time.Microsecond) // the simulated driver's own queue is short, too
	}
	require.NoError(t, gpus.Inject(t.Context(), uuidsOf(t, gpus)[0], "xid", map[string]string{"xid": "79"}))
	require.Eventually(t, func() bool { return heard.has(gpu.EventXid, 79) }, 10*time.Second, 5*time.Millisecond, "another kind is not held back")
	all, _ := heard.events()
	require.Len(t, all, quotaBurst+1)
	require.InDelta(t, 195, testutil.ToFloat64(w.metrics.dropped.WithLabelValues("rate")), 0)

	q := newQuota()
	now := time.Now()
	for range quotaBurst + 7 {
		q.pass(gpu.Event{}, now)
	}
	e, pass := q.pass(gpu.Event{Message: "page fault"}, now.Add(quotaEvery))
	require.True(t, pass)
	require.Equal(t, "page fault; 7 more like it before", e.Message)
}

func TestTheWatchFindsWhatTheDriverDoesNotReport(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]gpu.EventKind{
		"remap-pending": gpu.EventRetired, "remap-failed": gpu.EventRetireFailed, "sram-threshold": gpu.EventRecovery, "reset-required": gpu.EventRecovery,
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			_, gpus, heard := watchGPUs(t, 10*time.Millisecond)
			uuid := uuidsOf(t, gpus)[0]
			require.NoError(t, gpus.Inject(t.Context(), uuid, fault, nil))
			require.Eventually(t, func() bool { return heard.has(want, 0) }, 10*time.Second, 5*time.Millisecond)
			time.Sleep(50 * time.Millisecond)
			all, health := heard.events()
			n := 0
			for _, e := range all {
				if e.Kind == want {
					n++
					require.Equal(t, uuid, e.UUID)
					require.Equal(t, "agent", e.Source)
					require.NotEmpty(t, e.Message)
				}
			}
			require.Equal(t, 1, n, "it is told once")
			if want == gpu.EventRecovery {
				require.NotEmpty(t, health, "without its health nobody could tell what to do")
				require.NotEqual(t, gpu.DoNothing, gpu.ReactHealth(health[0]).Do)
			}
		})
	}
}

func TestTheWatchSaysOnceWhatTheDriverAndItsCountersSay(t *testing.T) {
	t.Parallel()
	_, gpus, heard := watchGPUs(t, 20*time.Millisecond)
	require.NoError(t, gpus.Inject(t.Context(), uuidsOf(t, gpus)[0], "uncorrected-contained", map[string]string{"when": "now"}))
	require.Eventually(t, func() bool { return heard.has(gpu.EventXid, 94) }, 10*time.Second, 5*time.Millisecond)
	time.Sleep(100 * time.Millisecond)
	all, _ := heard.events()
	for _, e := range all {
		require.Equal(t, "simulated", e.Source, "%s: the driver has told that", e.Kind)
	}
}

func TestTheWatchReadsTheHealthThatAnEventIsAbout(t *testing.T) {
	t.Parallel()
	_, gpus, heard := watchGPUs(t, time.Hour)
	require.NoError(t, gpus.Inject(t.Context(), uuidsOf(t, gpus)[0], "recovery-action", map[string]string{"action": "4"}))
	require.Eventually(t, func() bool { return heard.has(gpu.EventRecovery, 0) }, 10*time.Second, 5*time.Millisecond)
	all, health := heard.events()
	require.Len(t, all, 1)
	require.Len(t, health, 1)
	require.Equal(t, gpu.DoReset, gpu.ReactHealth(health[0]).Do)
}

func TestTheWatchNoticesAGPUThatIsGone(t *testing.T) {
	t.Parallel()
	_, gpus, heard := watchGPUs(t, 10*time.Millisecond)
	require.NoError(t, gpus.Inject(t.Context(), uuidsOf(t, gpus)[0], "lost", map[string]string{"missing": "true"}))
	require.Eventually(t, func() bool { return heard.has(gpu.EventUnavailable, 0) }, 10*time.Second, 5*time.Millisecond)
}

func TestTheWatchLeavesAGPUAloneThatIsExamined(t *testing.T) {
	t.Parallel()
	w, gpus, heard := watchGPUs(t, 10*time.Millisecond)
	uuid := uuidsOf(t, gpus)[0]
	exclusive, ok := w.GPUs.(*machine.Exclusive)
	require.True(t, ok)
	_, release, err := exclusive.Hold(t.Context(), uuid)
	require.NoError(t, err)
	require.NoError(t, gpus.Inject(t.Context(), uuid, "remap-pending", nil))
	time.Sleep(100 * time.Millisecond)
	require.False(t, heard.has(gpu.EventRetired, 0))
	release()
	require.Eventually(t, func() bool { return heard.has(gpu.EventRetired, 0) }, 10*time.Second, 5*time.Millisecond)
}

// A fragile driver's watch breaks as often as it is told to.
type fragile struct {
	*sim.GPUs
	breaks chan struct{}
}

func (f fragile) Watch(ctx context.Context, event func(gpu.Event)) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		select {
		case <-f.breaks:
			stop()
		case <-ctx.Done():
		}
	}()
	_ = f.GPUs.Watch(ctx, event)
	return fleet.Errorf(fleet.Unavailable, "the watch broke")
}

func TestABrokenWatchIsBegunAgain(t *testing.T) {
	t.Parallel()
	declared, err := SimulateGPUs("a100-80gb:1", t.Name())
	require.NoError(t, err)
	gpus, err := sim.NewGPUs(sim.GPUOptions{Devices: sim.DevicesOf(declared)})
	require.NoError(t, err)
	heard, driver := &ear{}, fragile{gpus, make(chan struct{})}
	w := &GPUWatch{HostID: "hst_test", GPUs: driver, Tell: heard.hear, Look: time.Hour, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-done)
	})
	require.Eventually(t, func() bool { return len(w.Summaries()) == 1 }, 5*time.Second, time.Millisecond)
	driver.breaks <- struct{}{}
	require.NoError(t, gpus.Inject(t.Context(), declared[0].UUID, "remap-pending", nil), "while nobody listens")
	require.Eventually(t, func() bool { return heard.has(gpu.EventRetired, 0) }, 10*time.Second, 5*time.Millisecond, "the counters tell")
	require.Eventually(t, func() bool { return testutil.ToFloat64(w.metrics.listening) == 1 }, 5*time.Second, 5*time.Millisecond)
	require.NoError(t, gpus.Inject(t.Context(), declared[0].UUID, "xid", map[string]string{"xid": "13"}))
	require.Eventually(t, func() bool { return heard.has(gpu.EventXid, 13) }, 10*time.Second, 5*time.Millisecond)
}

func TestARenewalTellsOfTheHealthNowAndThen(t *testing.T) {
	t.Parallel()
	w, _, _ := watchGPUs(t, 5*time.Millisecond)
	all := w.Summaries()
	require.Len(t, all, 2)
	require.NotEmpty(t, all[0].Product)
	w.Shown(all)
	time.Sleep(20 * time.Millisecond)
	require.Empty(t, w.Summaries(), "not so soon again")
	w.mu.Lock()
	w.Summary = time.Millisecond
	w.mu.Unlock()
	require.Eventually(t, func() bool { return len(w.Summaries()) == 2 }, 5*time.Second, time.Millisecond)
}

func TestAFullQueueDropsWhatMattersLeast(t *testing.T) {
	t.Parallel()
	w := &GPUWatch{}
	w.prepare()
	w.outgoing.put(gpu.Event{Kind: gpu.EventXid, Xid: 95})
	for i := range mostOutgoing + 10 {
		w.outgoing.put(gpu.Event{Kind: gpu.EventXid, Xid: 13, Message: fmt.Sprint(i)})
	}
	batch, last := w.outgoing.batch()
	require.Equal(t, 95, batch[0].Xid)
	require.Equal(t, "11", batch[1].Message, "the oldest of those that nothing follows from are gone")
	w.outgoing.put(gpu.Event{Kind: gpu.EventXid, Xid: 13}) // one of the batch goes while it is under way
	w.outgoing.drop(last)
	require.Equal(t, mostOutgoing-mostAtOnce+1, w.outgoing.length())
}
