package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	docker "github.com/docker/docker/client"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// A wire carries connections to an address, until it is cut.
type wire struct {
	address string
	to      string
	cut     atomic.Bool

	mu   sync.Mutex
	open map[net.Conn]bool
}

func newWire(t testing.TB, to string) *wire {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = ln.Close() })
	w := &wire{address: ln.Addr().String(), to: to, open: map[net.Conn]bool{}}
	go func() {
		for {
			in, err := ln.Accept()
			if err != nil {
				return
			}
			go w.carry(in)
		}
	}()
	return w
}

// carry holds connections open while it is cut, as a network does that drops everything.
func (w *wire) carry(in net.Conn) {
	defer in.Close()
	for w.cut.Load() {
		time.Sleep(100 * time.Millisecond)
	}
	out, err := net.Dial("tcp", w.to) //nolint:noctx // it ends with the test
	if err != nil {
		return
	}
	defer out.Close()
	w.mu.Lock()
	w.open[in], w.open[out] = true, true
	w.mu.Unlock()
	go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
	_, _ = io.Copy(in, out)
	w.mu.Lock()
	delete(w.open, in)
	delete(w.open, out)
	w.mu.Unlock()
}

// sever cuts the wire, or mends it. What was open breaks.
func (w *wire) sever(cut bool) {
	w.cut.Store(cut)
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.open {
		_ = c.Close()
	}
}

// A span is when a container ran.
type span struct {
	container  string
	from, till time.Time
}

// ran are the times at which containers of an instance ran on an engine, by its own events.
func ran(t testing.TB, engine *docker.Client, instance string, since time.Time) []span {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	until := time.Now()
	messages, errs := engine.Events(ctx, events.ListOptions{
		Since: fmt.Sprint(since.Unix()), Until: fmt.Sprint(until.Unix() + 1),
		Filters: filters.NewArgs(filters.Arg("type", "container"), filters.Arg("label", machine.LabelInstance+"="+instance)),
	})
	var spans []span
	for {
		select {
		case m := <-messages:
			at := time.Unix(0, m.TimeNano)
			if m.Action == events.ActionStart {
				spans = append(spans, span{container: m.Actor.ID, from: at, till: until.Add(time.Hour)})
			}
			if m.Action == events.ActionDie {
				for i := range spans {
					if spans[i].container == m.Actor.ID && spans[i].till.After(at) {
						spans[i].till = at
					}
				}
			}
		case err := <-errs:
			if err != nil && !errors.Is(err, io.EOF) {
				require.NoError(t, err)
			}
			return spans
		}
	}
}

// A host that loses the network for longer than its lease and grace has its server recovered
// elsewhere, with the data of its snapshot. At no instant do two containers of it run: both
// engines tell when theirs started and ended, by one clock. What the old host has is kept
// until its owner lets go of it.
func TestAPartitionedServerNeverRunsTwice(t *testing.T) {
	began := time.Now()
	s := newStack(t)
	toServer, toTemporal := newWire(t, s.api[len("http://"):]), newWire(t, s.temporal)
	two := s.addHost("two", "--server", "http://"+toServer.address, "--temporal", toTemporal.address)
	s.must("host", "cordon", s.host)
	s.must("instance", "create", "box", "--image", s.countingImage(two), "--gpus", "1", "--port", "8080", "--probe-path", "/healthz",
		"--disk-path", "/workspace", "--command", counting, "--wait")
	box := s.server("box")
	require.Equal(t, two.id, box.HostID)
	old := s.lease(box)
	time.Sleep(2 * time.Second)
	var snap struct{ ID, State string }
	status, text, err := s.do(http.MethodPost, "/v1/instances/"+box.ID+"/snapshots", "snap", nil)
	require.NoError(t, err)
	require.Less(t, status, 300, "%s", text)
	require.Eventually(t, func() bool {
		var all api.List[struct{ ID, State string }]
		if s.get("/v1/snapshots?instance="+box.ID, &all) != nil || len(all.Items) != 1 {
			return false
		}
		snap = all.Items[0]
		return snap.State == string(fleet.SnapshotReady)
	}, time.Minute, 100*time.Millisecond)

	s.must("host", "uncordon", s.host)
	cut := time.Now()
	toServer.sever(true)
	toTemporal.sever(true)
	require.Eventually(t, func() bool {
		now := s.server("box")
		return now.State == fleet.Running && now.HostID == s.host
	}, 2*time.Minute, 200*time.Millisecond, "it is not recovered")
	t.Logf("recovered %s after the network went", time.Since(cut).Round(time.Millisecond))
	status, _ = fetch(t, s.server("box").URL)
	require.Equal(t, http.StatusOK, status)

	toServer.sever(false)
	toTemporal.sever(false)
	require.Eventually(t, func() bool {
		var found api.Host
		return s.get("/v1/hosts/"+two.id, &found) == nil && found.State == fleet.HostReady
	}, time.Minute, 200*time.Millisecond)
	time.Sleep(2 * fleet.LeaseEvery) // it hears what belongs there

	spans := append(ran(t, s.engine, box.ID, began), ran(t, two.engine, box.ID, began)...)
	require.GreaterOrEqual(t, len(spans), 2)
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	for i, sp := range spans {
		t.Logf("container %.12s ran from %s till %s", sp.container, sp.from.Format(time.StampMicro), sp.till.Format(time.StampMicro))
		if i > 0 {
			require.True(t, spans[i-1].till.Before(sp.from), "two of them ran at once")
		}
	}

	// The old data is there, and does not run.
	kept, err := two.engine.ContainerInspect(t.Context(), "kelvin-"+old)
	require.NoError(t, err)
	require.False(t, kept.State.Running)
	status, text, err = s.do(http.MethodDelete, "/v1/instances/"+box.ID+"/kept/"+old, "release", nil)
	require.NoError(t, err)
	require.Less(t, status, 300, "%s", text)
	require.Eventually(t, func() bool {
		left, err := two.engine.ContainerList(t.Context(), container.ListOptions{All: true})
		return err == nil && len(left) == 0
	}, 2*time.Minute, time.Second, "its agent does not clear up")
	s.must("instance", "rm", "box", "--yes", "--wait")
	s.requireClean()
}
