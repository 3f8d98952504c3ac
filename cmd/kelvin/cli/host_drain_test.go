package cli

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

func drainingA() api.Host {
	h := hostA()
	h.State = fleet.HostDraining
	h.Drain = &api.Drain{
		StartedAt: testNow.Add(-60e9), Parallel: 2, Total: 5, Remaining: 2,
		Left: []api.Occupant{
			{InstanceID: id("ins_", 1), Name: "notebook", State: fleet.Migrating, Reason: "it is being moved"},
			{InstanceID: id("ins_", 2), EndpointID: id("ep_", 1), Name: "llama-1", State: fleet.Running, Reason: "it waits for its turn"},
		},
	}
	return h
}

func drainedA() api.Host {
	h := drainingA()
	h.State = fleet.HostDrained
	h.Drain.EndedAt, h.Drain.Remaining, h.Drain.Left = testNow, 0, nil
	return h
}

func TestAHostIsDrained(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	w.answers("POST /v1/hosts/{id}/drain", 200, drainingA())
	require.Equal(t, "host a: draining\n", w.mustRun("host", "drain", "a", "--parallel", "4"))
	require.Equal(t, api.HostDrain{Parallel: 4}, sent[api.HostDrain](t, w, "POST", "/v1/hosts/"+id("hst_", 1)+"/drain"))

	w.answers("DELETE /v1/hosts/{id}/drain", 200, hostA())
	require.Equal(t, "host a: ready\n", w.mustRun("host", "drain", "a", "--cancel"))
	for _, args := range [][]string{
		{"--parallel", "0"},
		{"--parallel", "65"},
		{"--cancel", "--wait"},
		{"--cancel", "--parallel", "3"},
		{"--timeout", "1m"},
		{"--wait", "--timeout", "-1m"},
	} {
		require.Equal(t, exitUsage, w.run(append([]string{"host", "drain", "a"}, args...)...).exit, args)
	}
}

func TestADrainIsAwaited(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		then api.Host
		exit int
		says string
	}{
		"until nothing is left": {drainedA(), 0, "2 of 5 left, notebook: it is being moved, llama-1: it waits for its turn"},
		"until it is cancelled": {hostA(), exitFailed, "the drain of a was cancelled: the host is ready"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.answers("GET /v1/hosts", 200, page(hostA()))
			w.answers("POST /v1/hosts/{id}/drain", 200, drainingA())
			looks := 0
			w.mux.HandleFunc("GET /v1/hosts/{id}", func(rw http.ResponseWriter, _ *http.Request) {
				now := drainingA()
				if looks++; looks > 1 {
					now = c.then
				}
				_ = json.NewEncoder(rw).Encode(now)
			})
			got := w.run("host", "drain", "a", "--wait")
			require.Equal(t, c.exit, got.exit, got.err)
			require.Contains(t, got.err, c.says)
			if c.exit == 0 {
				require.Equal(t, "host a: drained\n", got.out)
			}
		})
	}
}

func TestAHostShowsWhatIsLeftOnIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answers("GET /v1/hosts/{id}", 200, drainingA())
	out := w.mustRun("host", "show", id("hst_", 1))
	for _, want := range []string{"2 of 5 left, 2 at a time", "server", "notebook (" + id("ins_", 1) + ", migrating): it is being moved", "worker"} {
		require.Contains(t, out, want)
	}
}

func TestAHostIsRetiredOnceItsNameIsGiven(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	h := drainedA()
	h.State = fleet.HostRetired
	w.answers("POST /v1/hosts/{id}/retire", 200, h)
	require.Equal(t, exitUsage, w.run("host", "retire", "a").exit, "nobody can be asked")
	require.Equal(t, "host a: retired\n", w.mustRun("host", "retire", "a", "--yes", "--discard-kept"))
	require.Equal(t, api.HostRetire{DiscardKept: true}, sent[api.HostRetire](t, w, "POST", "/v1/hosts/"+id("hst_", 1)+"/retire"))
}
