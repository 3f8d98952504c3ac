package machinetest

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

func execRuns(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustStart(t, nil)
	for word, want := range map[string]int{"true": 0, "false": 1} {
		code, err := h.Exec(t.Context(), c.Lease.ID, machine.Exec{Command: f.Command(word)})
		require.NoError(t, err)
		require.Equal(t, want, code)
	}
	var out, errs bytes.Buffer
	code, err := h.Exec(t.Context(), c.Lease.ID, machine.Exec{
		Command: f.Command("echo", "$HOME", "a b"), Stdout: &out, Stderr: &errs,
	})
	require.NoError(t, err)
	require.Zero(t, code)
	require.Equal(t, "$HOME a b\n", out.String(), "no shell has seen it")
	require.Empty(t, errs.String())
}

func execInput(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustStart(t, nil)
	input := strings.Repeat("0123456789abcdef", 1<<14) // more than a pipe holds
	var out bytes.Buffer
	code, err := h.Exec(t.Context(), c.Lease.ID, machine.Exec{
		Command: f.Command("cat"), Stdin: strings.NewReader(input), Stdout: &out,
	})
	require.NoError(t, err)
	require.Zero(t, code)
	require.Equal(t, input, out.String())
}

func execNotFound(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustStart(t, nil)
	code, err := h.Exec(t.Context(), c.Lease.ID, machine.Exec{Command: []string{"no-such-command"}})
	require.NoError(t, err)
	require.Contains(t, []int{126, 127}, code)
}

func execRefused(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustCreate(t, nil)
	_, err := h.Exec(t.Context(), c.Lease.ID, machine.Exec{Command: f.Command("true")})
	requireCode(t, fleet.Conflict, err)
	_, err = h.Exec(t.Context(), "op_none", machine.Exec{Command: f.Command("true")})
	requireCode(t, fleet.NotFound, err)
	require.NoError(t, h.Start(t.Context(), c.Lease.ID))
	_, err = h.Exec(t.Context(), c.Lease.ID, machine.Exec{})
	requireCode(t, fleet.Invalid, err)
}

func execEnvironment(t *testing.T, f Fixture) {
	h := mustHost(t, f)
	c := h.mustStart(t, func(c *fleet.ContainerSpec) { c.Spec.Env = map[string]string{"MINE": "container", "KEPT": "yes"} })
	var out bytes.Buffer
	code, err := h.Exec(t.Context(), c.Lease.ID, machine.Exec{
		Command: f.Command("env"), Env: []string{"MINE=command's = $HOME", "EMPTY="}, User: "0", Stdout: &out,
	})
	require.NoError(t, err)
	require.Zero(t, code)
	lines := strings.Split(out.String(), "\n")
	for _, want := range []string{"MINE=command's = $HOME", "KEPT=yes", "EMPTY="} {
		require.Contains(t, lines, want)
	}
	require.NotContains(t, lines, "MINE=container")
}
