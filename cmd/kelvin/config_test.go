package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// part is a command with settings, and what it got.
func part(t *testing.T, args ...string) (listen, store string, err error) {
	t.Helper()
	cmd := &cobra.Command{Use: "part", SilenceErrors: true, SilenceUsage: true, RunE: func(cmd *cobra.Command, _ []string) error {
		return required(cmd, "store")
	}}
	cmd.Flags().StringVar(&listen, "listen", ":8080", "address")
	cmd.Flags().StringVar(&store, "store", "", "database")
	cmd.Flags().Int("port-first", 1, "port")
	configured(cmd)
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(t.Context())
	return listen, store, err
}

func mustFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kelvin.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestAFlagGoesBeforeTheEnvironmentAndThatBeforeTheFile(t *testing.T) {
	file := mustFile(t, "listen: file:1\nstore: file:2\n")
	listen, store, err := part(t, "--config", file)
	require.NoError(t, err)
	require.Equal(t, []string{"file:1", "file:2"}, []string{listen, store})

	t.Setenv("KELVIN_LISTEN", "env:1")
	t.Setenv("KELVIN_CONFIG", file)
	listen, store, err = part(t)
	require.NoError(t, err)
	require.Equal(t, []string{"env:1", "file:2"}, []string{listen, store})

	listen, _, err = part(t, "--listen", "flag:1")
	require.NoError(t, err)
	require.Equal(t, "flag:1", listen)
}

func TestAllThatIsWrongIsSaidAtOnce(t *testing.T) {
	t.Setenv("KELVIN_PORT_FIRST", "many")
	_, _, err := part(t, "--config", mustFile(t, "lisen: typo\n"))
	require.ErrorContains(t, err, "KELVIN_PORT_FIRST")
	require.ErrorContains(t, err, "lisen is not a setting of kelvin part")
}

func TestWhatIsNeededIsNamedWithItsVariable(t *testing.T) {
	_, _, err := part(t)
	require.ErrorContains(t, err, "--store is needed (or KELVIN_STORE)")
}

func TestEveryPartHasHelp(t *testing.T) {
	for _, cmd := range newRoot().Commands() {
		require.NotEmpty(t, cmd.Short, cmd.Name())
	}
}

func TestASecretMayBeAFile(t *testing.T) {
	v, err := secret("@" + mustFile(t, "kelvin_gw_x\n"))
	require.NoError(t, err)
	require.Equal(t, "kelvin_gw_x", v)
	v, err = secret("kelvin_gw_y")
	require.NoError(t, err)
	require.Equal(t, "kelvin_gw_y", v)
}
