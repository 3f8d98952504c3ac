package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

func TestTheReferenceIsUpToDate(t *testing.T) {
	t.Parallel()
	root := newRoot()
	AddTo(root)
	path := filepath.Join("..", "..", "..", "docs", "reference", "cli.md")
	got := Reference(root)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run the test with -update")
	require.Equal(t, string(want), got, "run the test with -update")
}

func TestEveryCommandAndFlagExplainsItself(t *testing.T) {
	t.Parallel()
	root := newRoot()
	AddTo(root)
	everyCommand(root, func(cmd *cobra.Command) {
		require.NotEmpty(t, cmd.Short, cmd.CommandPath())
		require.False(t, strings.HasSuffix(cmd.Short, "."), cmd.CommandPath())
		for line := range strings.SplitSeq(strings.TrimSpace(cmd.LocalFlags().FlagUsages()), "\n") {
			if line != "" {
				_, help, _ := strings.Cut(strings.TrimSpace(line), "  ")
				require.NotEmpty(t, strings.TrimSpace(help), "%s: %s", cmd.CommandPath(), line)
			}
		}
	})
}

func everyCommand(cmd *cobra.Command, do func(*cobra.Command)) {
	do(cmd)
	for _, sub := range cmd.Commands() {
		everyCommand(sub, do)
	}
}

func TestHelpTopicsAndAliasesAreThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Contains(t, w.mustRun("help", "exit-codes"), "130  interrupted by Ctrl-C")
	require.Contains(t, w.mustRun("help", "environment"), "KELVIN_API_KEY")
	require.Contains(t, w.mustRun(), "exit-codes")
	require.Contains(t, w.mustRun("endpoint"), "create")
	for alias, full := range map[string]string{"ep": "endpoint", "ins": "instance", "op": "operation", "qd": "quick-deploy", "ctx": "context"} {
		cmd, _, err := w.command().Find([]string{alias})
		require.NoError(t, err)
		require.Equal(t, full, cmd.Name())
	}
	require.Contains(t, w.mustRun("completion", "bash"), "__start_kelvin")
}
