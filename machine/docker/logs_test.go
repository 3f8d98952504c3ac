package docker_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/docker"
)

func TestEveryLineHasOneTime(t *testing.T) {
	t.Parallel()
	e, host := mustHost(t, docker.Options{})
	long := strings.Repeat("x", 1024)
	c := mustCreate(t, e, host, func(c *fleet.ContainerSpec) {
		c.Spec.Image, c.Spec.Ports, c.Ports = shellImage, nil, nil
		c.Spec.Command = `l=` + long + `; l=$l$l$l$l$l$l$l$l; l=$l$l$l$l$l$l$l$l
			echo "$l"; for i in 1 2 3 4 5 6 7 8; do echo "$l"; done & for i in 1 2 3 4 5 6 7 8; do echo "error $i" >&2; done; wait
			printf "%s%s%s%s%s" "$l" "$l" "$l" "$l" "$l"; echo; printf "no end"`
	})
	require.NoError(t, e.Start(t.Context(), c.Lease.ID))
	require.Eventually(t, func() bool {
		found, err := e.Inspect(t.Context(), c.Lease.ID)
		return err == nil && !found.Running
	}, time.Minute, 50*time.Millisecond)
	// A second run does not lengthen the line that the first did not end.
	require.NoError(t, e.Start(t.Context(), c.Lease.ID))
	require.Eventually(t, func() bool { // the engine writes a line without an end a moment after its container's
		log, err := e.Logs(t.Context(), c.Lease.ID, machine.LogOptions{})
		require.NoError(t, err)
		defer log.Close()
		text, err := io.ReadAll(log)
		return err == nil && strings.Count(string(text), "no end") == 2
	}, time.Minute, 50*time.Millisecond)
	for _, follow := range []bool{true, false} {
		log, err := e.Logs(t.Context(), c.Lease.ID, machine.LogOptions{Timestamps: true, Follow: follow})
		require.NoError(t, err)
		text, err := io.ReadAll(log)
		require.NoError(t, err)
		require.NoError(t, log.Close())
		counts := map[string]int{}
		var cut int
		for _, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
			stamp, rest, _ := strings.Cut(line, " ")
			_, err := time.Parse(time.RFC3339Nano, stamp)
			require.NoError(t, err, line[:min(len(line), 100)])
			switch {
			case rest == strings.Repeat(long, 64):
				counts["long"]++
			case strings.HasPrefix(rest, "x"):
				require.Equal(t, strings.Repeat("x", len(rest)), rest, "no time lies within a line")
				cut += len(rest)
			case strings.HasPrefix(rest, "error "):
				counts["error"]++
			default:
				counts[rest]++
			}
		}
		require.Equal(t, map[string]int{"long": 18, "error": 16, "no end": 2}, counts)
		require.Equal(t, 2*5*64<<10, cut, "what is longer than a line may be comes in pieces")
	}
}
