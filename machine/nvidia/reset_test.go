package nvidia

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine/nvml/fakenvml"
)

// smi is a nvidia-smi that does what a shell script says.
func smi(t testing.TB, o Options, script string) {
	t.Helper()
	require.NoError(t, os.WriteFile(o.SMI, []byte("#!/bin/sh\n"+script+"\n"), 0o700))
}

// settings are those of the driver, in a file that can be changed.
func settings(t testing.TB, o *Options, lines string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "settings")
	o.Env = append(o.Env, "FAKENVML_FILE="+path)
	require.NoError(t, os.WriteFile(path, []byte(lines), 0o600))
	return path
}

func TestAResetMendsAGPU(t *testing.T) {
	t.Parallel()
	marker := "MARKER=" + t.TempDir()
	o := options(t, marker)
	file := settings(t, &o, "ROWS=0,1,1,0\nRECOVERY=1\nVOLATILE_UNCORRECTED_DRAM=1\nAGGREGATE_UNCORRECTED_DRAM=1\nRC=nvmlDeviceGetTemperature:16\n")
	// While it is reset the driver has no client of ours, not even the watch.
	smi(t, o, `echo "$@" >> "$0.log"
for e in /proc/[0-9]*/environ; do
	if grep -qz 'FAKENVML_`+marker+`' $e 2>/dev/null && [ "$(basename "$(readlink "$(dirname $e)/exe")")" = kelvin-gpu ]; then echo "in use by $e"; exit 19; fi
done
printf 'ROWS=0,1,0,0\nAGGREGATE_UNCORRECTED_DRAM=1\n' > `+file)
	g := open(t, o)
	events, _, _ := watching(t, g)
	require.Equal(t, "recovery_changed", string(next(t, events).Kind), "the watch watches")
	before, err := g.Health(t.Context(), fakenvml.UUID(1))
	require.NoError(t, err)
	require.True(t, before.ResetRequired)

	require.NoError(t, g.Reset(t.Context(), fakenvml.UUID(1)))
	log, err := os.ReadFile(o.SMI + ".log")
	require.NoError(t, err)
	require.Equal(t, "-r -i "+fakenvml.UUID(1)+"\n", string(log))
	after, err := g.Health(t.Context(), fakenvml.UUID(1))
	require.NoError(t, err)
	require.False(t, after.ResetRequired)
	require.Equal(t, false, *after.Remap.Pending.Value)
	require.EqualValues(t, 0, *after.Volatile.Uncorrected.Value)
	require.EqualValues(t, 1, *after.Aggregate.Uncorrected.Value)

	require.Eventually(t, func() bool { return len(processes(t, marker)) == 1 }, 5*time.Second, 20*time.Millisecond, "it watches again")
	write(t, o, 1, "NVRM: Xid (PCI:0000:08:00): 45, ended")
	for {
		if e := next(t, events); e.Xid == 45 {
			break
		}
	}
}

func TestAResetThatFails(t *testing.T) {
	t.Parallel()
	uuid := fakenvml.UUID(1)
	for name, c := range map[string]struct {
		settings []string
		script   string
		code     fleet.Code
		want     string
	}{
		"not supported": {nil, "echo 'Resetting GPU is not supported'; exit 3", fleet.Unsupported, "status 3): Resetting GPU is not supported"},
		"not root":      {nil, "echo Insufficient Permissions; exit 4", fleet.Unavailable, "Insufficient Permissions"},
		"another opens it": {
			nil, "echo x >> $0.tries; echo 'GPU 00000000:08:00.0 is currently in use by another process.'; exit 255", fleet.Conflict, "currently in use",
		},
		"no such GPU":     {nil, "echo No devices were found; exit 6", fleet.NotFound, "No devices were found"},
		"unknown":         {nil, "printf '\\033[31mboom\\n' >&2; exit 255", fleet.Unavailable, "status 255): ?[31mboom"},
		"somebody has it": {[]string{"PROCS=1:" + strconv.Itoa(os.Getpid()) + ":1048576"}, "echo must not run > $0.ran", fleet.Conflict, "(process " + strconv.Itoa(os.Getpid()) + ")"},
		"it is in slices": {[]string{"MIG=1"}, "echo must not run > $0.ran", fleet.Unsupported, "cut into slices"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options(t, c.settings...)
			smi(t, o, c.script)
			err := open(t, o).Reset(t.Context(), uuid)
			require.Equal(t, c.code, fleet.CodeOf(err), err)
			require.ErrorContains(t, err, c.want)
			require.NoFileExists(t, o.SMI+".ran")
			if b, err := os.ReadFile(o.SMI + ".tries"); err == nil {
				require.Equal(t, tries, strings.Count(string(b), "x"))
			}
		})
	}
	o := options(t)
	require.ErrorContains(t, open(t, o).Reset(t.Context(), uuid), "nvidia-smi, which resets GPUs, is not there")
	smi(t, o, "exit 0")
	require.Equal(t, fleet.NotFound, fleet.CodeOf(open(t, o).Reset(t.Context(), "GPU-none")))
	require.Equal(t, fleet.Invalid, fleet.CodeOf(open(t, o).Reset(t.Context(), "-r")))
}

func TestAResetWaitsForATestOfThatGPU(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Locks.Wait = 100 * time.Millisecond
	smi(t, o, "exit 0")
	g := open(t, o)
	lock, err := o.Locks.Take(t.Context(), fakenvml.UUID(1))
	require.NoError(t, err)
	require.Equal(t, fleet.Conflict, fleet.CodeOf(g.Reset(t.Context(), fakenvml.UUID(1))))
	require.NoError(t, g.Reset(t.Context(), fakenvml.UUID(0)))
	lock.Release()
	require.NoError(t, g.Reset(t.Context(), fakenvml.UUID(1)))
}

func TestServicesRestDuringAReset(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "systemctl"), fmt.Appendf(nil, `#!/bin/sh
[ "$1" = is-active ] && { [ "$3" = dcgm ] || [ "$3" = exporter ]; exit; }
echo "$@" >> %s
`, log), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "nvidia-ctk"), fmt.Appendf(nil, "#!/bin/sh\necho ctk \"$@\" >> %s\n", log), 0o700))
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	o := options(t)
	o.Clients, o.CDI = []string{"exporter", "absent", "dcgm"}, []string{dir, filepath.Join(dir, "none")}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "nvidia.yaml"), nil, 0o600))
	smi(t, o, "echo reset >> "+log+"; [ ! -e "+log+".fail ]")
	g := open(t, o)
	require.NoError(t, g.Reset(t.Context(), fakenvml.UUID(1)))
	b, err := os.ReadFile(log)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf("stop exporter\nstop dcgm\nreset\nctk cdi generate --output=%s/nvidia.yaml\nstart dcgm\nstart exporter\n", dir), string(b))

	// They are started again when the reset fails, too.
	require.NoError(t, os.Remove(log))
	require.NoError(t, os.WriteFile(log+".fail", nil, 0o600))
	require.Error(t, g.Reset(t.Context(), fakenvml.UUID(1)))
	b, err = os.ReadFile(log)
	require.NoError(t, err)
	require.Equal(t, "stop exporter\nstop dcgm\nreset\nstart dcgm\nstart exporter\n", string(b))
}
