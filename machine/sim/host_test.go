package sim_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/sim"
)

const image = "kelvin/echo:latest"

func TestContainersOutliveAHandle(t *testing.T) {
	t.Parallel()
	h := mustHost(t, sim.Options{})
	first := h.Open("hst_1")
	c := mustRun(t, first, "op_1")
	require.NoError(t, first.Close())

	again := h.Open("hst_1")
	all, err := again.List(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.True(t, all[0].Running)
	require.Contains(t, mustGet(t, c.Ports[0].Host, "/"), `"instance":"ins_op_1"`)
}

func TestAFaultStrikesTheNthCallBeforeItsWork(t *testing.T) {
	t.Parallel()
	h := mustHost(t, sim.Options{Faults: []sim.Fault{{Verb: "Start", Nth: 2, Code: fleet.Unavailable}}})
	m := h.Open("hst_1")
	mustRun(t, m, "op_1")
	mustCreate(t, m, "op_2")
	require.Equal(t, fleet.Unavailable, fleet.CodeOf(m.Start(t.Context(), "op_2")))
	d, err := m.Inspect(t.Context(), "op_2")
	require.NoError(t, err)
	require.False(t, d.Running)
	require.NoError(t, m.Start(t.Context(), "op_2"), "the third call")
}

func TestAFaultAfterTheWorkLosesTheAnswer(t *testing.T) {
	t.Parallel()
	h := mustHost(t, sim.Options{Faults: []sim.Fault{{Verb: "Start", Lease: "op_1", When: sim.After, Code: fleet.Internal, Nth: 1}}})
	m := h.Open("hst_1")
	mustCreate(t, m, "op_1")
	require.Equal(t, fleet.Internal, fleet.CodeOf(m.Start(t.Context(), "op_1")))
	d, err := m.Inspect(t.Context(), "op_1")
	require.NoError(t, err)
	require.True(t, d.Running)
}

func TestABehaviourCrashesTheContainer(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]sim.Behaviour{
		"exits":         {ExitAfter: fleet.Duration(20 * time.Millisecond), ExitCode: 3},
		"out of memory": {ExitAfter: fleet.Duration(20 * time.Millisecond), OutOfMemory: true, ExitCode: 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := mustHost(t, sim.Options{Behaviours: []sim.Behaviour{b}}).Open("hst_1")
			mustRun(t, m, "op_1")
			var d machine.Container
			require.Eventually(t, func() bool {
				var err error
				d, err = m.Inspect(t.Context(), "op_1")
				return err == nil && !d.Running
			}, 5*time.Second, 5*time.Millisecond)
			require.Equal(t, b.OutOfMemory, d.OOMKilled)
			if b.OutOfMemory {
				require.Equal(t, 137, d.ExitCode)
			} else {
				require.Equal(t, 3, d.ExitCode)
			}
		})
	}
}

func TestAContainerThatIsNeverReadyClosesItsConnections(t *testing.T) {
	t.Parallel()
	m := mustHost(t, sim.Options{Behaviours: []sim.Behaviour{{NeverReady: true}}}).Open("hst_1")
	c := mustRun(t, m, "op_1")
	_, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/", c.Ports[0].Host))
	require.Error(t, err)
	require.NoError(t, m.Stop(t.Context(), "op_1", time.Minute), "it still hears that it should end")
}

func TestAPowerCutEndsWhatRuns(t *testing.T) {
	t.Parallel()
	h := mustHost(t, sim.Options{})
	m := h.Open("hst_1")
	mustRun(t, m, "op_1")
	h.PowerOff()
	_, err := m.Info(t.Context())
	require.Equal(t, fleet.Unavailable, fleet.CodeOf(err))
	h.PowerOn()
	d, err := m.Inspect(t.Context(), "op_1")
	require.NoError(t, err)
	require.False(t, d.Running)
	require.NoError(t, m.Start(t.Context(), "op_1"), "its port is free again")
}

func mustHost(t *testing.T, o sim.Options) *sim.Host {
	t.Helper()
	h := sim.NewHost(o)
	t.Cleanup(h.Close)
	return h
}

func mustCreate(t *testing.T, m machine.Machine, lease string) fleet.ContainerSpec {
	t.Helper()
	return mustCreateWith(t, m, lease, func(*fleet.ContainerSpec) {})
}

func mustCreateWith(t *testing.T, m machine.Machine, lease string, change func(*fleet.ContainerSpec)) fleet.ContainerSpec {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := l.Addr().(*net.TCPAddr).Port
	require.NoError(t, l.Close())
	c := fleet.ContainerSpec{
		Lease:     fleet.Lease{ID: lease, InstanceID: "ins_" + lease, HostID: "hst_1", Epoch: 1},
		AccountID: "acc_1", Spec: fleet.InstanceSpec{Image: image, Ports: []int{8080}},
		Ports: []fleet.Published{{Container: 8080, Host: port}},
	}
	change(&c)
	require.NoError(t, m.Pull(t.Context(), image, nil))
	require.NoError(t, m.Create(t.Context(), c))
	return c
}

func mustRun(t *testing.T, m machine.Machine, lease string) fleet.ContainerSpec {
	t.Helper()
	c := mustCreate(t, m, lease)
	require.NoError(t, m.Start(t.Context(), lease))
	return c
}

func mustGet(t *testing.T, port int, path string) string {
	t.Helper()
	var body []byte
	require.Eventually(t, func() bool {
		res, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d%s", port, path))
		if err != nil {
			return false
		}
		defer res.Body.Close()
		body, err = io.ReadAll(res.Body)
		return err == nil && res.StatusCode == http.StatusOK
	}, 5*time.Second, 5*time.Millisecond)
	return string(body)
}
