package nvidia

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine/nvml/fakenvml"
)

// processes are the PIDs of kelvin-gpu with a setting in their environment.
func processes(t testing.TB, setting string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	require.NoError(t, err)
	var found []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		exe, _ := os.Readlink(filepath.Join(filepath.Dir(f), "exe"))
		if err == nil && bytes.Contains(b, []byte(setting)) && filepath.Base(exe) == "kelvin-gpu" {
			found = append(found, filepath.Base(filepath.Dir(f)))
		}
	}
	return found
}

// watching starts a watch, and answers its events and its end.
func watching(t testing.TB, g *GPUs) (events chan gpu.Event, ended chan error, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	events, ended = make(chan gpu.Event, 100), make(chan error, 1)
	go func() { ended <- g.Watch(ctx, func(e gpu.Event) { events <- e }) }()
	return events, ended, cancel
}

func next(t testing.TB, events <-chan gpu.Event) gpu.Event {
	t.Helper()
	select {
	case e := <-events:
		return e
	case <-time.After(15 * time.Second):
		require.Fail(t, "no event")
		return gpu.Event{}
	}
}

func none(t testing.TB, events <-chan gpu.Event) {
	t.Helper()
	select {
	case e := <-events:
		require.Fail(t, "an event", "%+v", e)
	case <-time.After(1500 * time.Millisecond):
	}
}

// write adds a line to a kernel's log.
func write(t testing.TB, o Options, sequence int, text string) {
	t.Helper()
	f, err := os.OpenFile(o.Kernel, os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	defer f.Close()
	_, err = fmt.Fprintf(f, "4,%d,%d,-;%s\n", sequence, sequence*1_000_000, text)
	require.NoError(t, err)
}

func TestEventsOfTheDriverAreTold(t *testing.T) {
	t.Parallel()
	g := open(t, options(t, "EVENTS=1:8:79,0:1:0,1:2:0,0:512:0,1:1024:0,0:2048:0,1:16384:0"))
	events, ended, stop := watching(t, g)
	e := next(t, events)
	require.WithinDuration(t, time.Now(), e.At, time.Minute)
	e.At = time.Time{}
	require.Equal(t, gpu.Event{UUID: fakenvml.UUID(1), Kind: gpu.EventXid, Xid: 79, Source: "nvml"}, e)
	for _, want := range []gpu.EventKind{
		gpu.EventCorrected, gpu.EventUncorrected, gpu.EventCorrectedStorm, gpu.EventRetired, gpu.EventRetireFailed, gpu.EventUnavailable,
	} {
		require.Equal(t, want, next(t, events).Kind)
	}
	stop()
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestAGPUThatRefusesEventsTellsTheOthers(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"SUPPORTED=10", "REFUSED=0x1000", "REFUSED=0xfff6"} {
		events, _, stop := watching(t, open(t, options(t, how, "EVENTS=0:8:48")))
		require.Equal(t, 48, next(t, events).Xid, how)
		stop()
	}
}

func TestTheKernelsLogTellsWhatWasMissed(t *testing.T) {
	t.Parallel()
	o := options(t)
	write(t, o, 7, "NVRM: Xid (PCI:0000:08:00): 63, pid=12, name=python3, Row Remapper: New row marked for remapping")
	write(t, o, 8, "usb 1-1: new device")
	g := open(t, o)
	events, ended, stop := watching(t, g)
	e := next(t, events)
	e.At = time.Time{}
	require.Equal(t, gpu.Event{
		UUID: fakenvml.UUID(1), Kind: gpu.EventXid, Xid: 63, Message: "pid=12, name=python3, Row Remapper: New row marked for remapping", Source: "kernel",
	}, e)
	write(t, o, 9, "NVRM: Xid (PCI:0000:ff:00): 79, GPU has fallen off the bus.")
	e = next(t, events)
	require.Empty(t, e.UUID)
	require.Equal(t, "GPU at 00000000:FF:00.0: GPU has fallen off the bus.", e.Message)
	stop()
	require.ErrorIs(t, <-ended, context.Canceled)

	// Another agent does not hear of it again, and misses nothing.
	write(t, o, 10, "NVRM: Xid (PCI:0000:07:00): 95, uncontained")
	events, _, _ = watching(t, open(t, o))
	require.Equal(t, 95, next(t, events).Xid)
	none(t, events)
}

func TestAnErrorThatTwoSourcesTellIsOne(t *testing.T) {
	t.Parallel()
	o := options(t, "EVENTS=1:8:94")
	events, _, _ := watching(t, open(t, o))
	require.Equal(t, "nvml", next(t, events).Source)
	up, err := os.ReadFile("/proc/uptime")
	require.NoError(t, err)
	var seconds float64
	_, err = fmt.Sscan(string(up), &seconds)
	require.NoError(t, err)
	line := "NVRM: Xid (PCI:0000:08:00): 94, pid=1, contained"
	write(t, o, int(seconds), line)
	none(t, events)
	write(t, o, int(seconds)+1, line)
	require.Equal(t, "kernel", next(t, events).Source, "the second one is another error")
}

func TestWhatNoEventTellsIsAskedFor(t *testing.T) {
	t.Parallel()
	o := options(t)
	settings := filepath.Join(t.TempDir(), "settings")
	o.Env = append(o.Env, "FAKENVML_FILE="+settings)
	require.NoError(t, os.WriteFile(settings, nil, 0o600))
	g := open(t, o)
	events, _, _ := watching(t, g)
	require.Eventually(t, func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		return len(g.stops) > 0
	}, 5*time.Second, 10*time.Millisecond)
	time.Sleep(time.Second) // until it has looked for the first time
	require.NoError(t, os.WriteFile(settings, []byte("RECOVERY=1\n"), 0o600))
	e := next(t, events)
	require.Equal(t, gpu.EventRecovery, e.Kind)
	require.Equal(t, "the driver's recovery action is 1", e.Message)
	require.Equal(t, gpu.EventRecovery, next(t, events).Kind)
	require.NoError(t, os.WriteFile(settings, []byte("RECOVERY=1\nLOST=1\n"), 0o600))
	e = next(t, events)
	require.Equal(t, gpu.EventUnavailable, e.Kind)
	require.Equal(t, fakenvml.UUID(1), e.UUID)
}

func TestAWatchThatHangsIsEnded(t *testing.T) {
	t.Parallel()
	o := options(t, "HANG=nvmlEventSetWait_v2", "MARKER="+t.TempDir())
	o.Silence = 2 * time.Second
	_, ended, _ := watching(t, open(t, o))
	select {
	case err := <-ended:
		require.Equal(t, fleet.Unavailable, fleet.CodeOf(err))
		require.ErrorContains(t, err, "said nothing for 2s")
	case <-time.After(20 * time.Second):
		require.Fail(t, "the watch goes on")
	}
	require.Empty(t, processes(t, o.Env[len(o.Env)-1]))
}

func TestAWatchThatCannotBeWaits(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Env, o.Kernel = append(o.Env, "LD_LIBRARY_PATH="+fakenvml.Old(t)), "/nowhere"
	_, ended, stop := watching(t, open(t, o))
	select {
	case err := <-ended:
		require.Fail(t, "it ended", "%v", err)
	case <-time.After(time.Second):
	}
	stop()
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestAWatchThatTalksNonsenseIsEnded(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"no JSON":       "echo rubbish; sleep 60",
		"an empty line": "echo; echo '{}'; sleep 60",
		"too long":      "head -c 100000 /dev/zero | tr '\\0' x; sleep 60",
		"a crash":       "echo '{\"watching\":{\"gpus\":1}}'; exit 127",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, ended, _ := watching(t, program(t, `[ "$1" = watch ] || exit 69`, script))
			select {
			case err := <-ended:
				require.Equal(t, fleet.Unavailable, fleet.CodeOf(err))
				require.NotContains(t, strings.TrimSpace(err.Error()), "\n")
			case <-time.After(10 * time.Second):
				require.Fail(t, "the watch goes on")
			}
		})
	}
}
