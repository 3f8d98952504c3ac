package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/reference/configuration.md")

func TestTheConfigurationReferenceIsUpToDate(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "docs", "reference", "configuration.md")
	got := configuration(newRoot())
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run the test with -update")
	require.Equal(t, string(want), got, "run the test with -update")
}

const configurationIntro = `<!-- Generated from the commands by go test ./cmd/kelvin -run TestTheConfiguration -update. Do not edit. -->

# Configuration

Each part of Kelvin is a command, and each setting of a part is a flag. A setting may also come from the
environment or from a YAML file. A flag goes before the environment, the environment before the file.

` + "```sh" + `
kelvin gateway --data-center us-east        # a flag
KELVIN_DATA_CENTER=us-east kelvin gateway   # the environment: KELVIN_, upper case, _ for -
kelvin gateway --config gateway.yaml        # a file with the line "data-center: us-east"; or KELVIN_CONFIG
` + "```" + `

A name in the file that is no setting of that part is an error. All errors are said at once. Durations are written
like ` + "`90s`" + ` or ` + "`1h30m`" + `. A ` + "`--token`" + ` may be ` + "`@file`" + `: the file holds the token.

The settings of the user commands (` + "`KELVIN_SERVER`, `KELVIN_API_KEY`, `KELVIN_CONTEXT`" + `) are in [cli.md](cli.md).
`

// configuration describes the settings of all parts in Markdown.
func configuration(root *cobra.Command) string {
	var out strings.Builder
	out.WriteString(configurationIntro)
	var describe func(cmd *cobra.Command)
	describe = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			describe(sub)
		}
		if cmd.Flags().Lookup("config") == nil {
			return
		}
		fmt.Fprintf(&out, "\n## %s\n\n%s.\n\n| flag | environment | default | |\n|---|---|---|---|\n", cmd.CommandPath(), cmd.Short)
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Name == "help" {
				return
			}
			value := ""
			if f.DefValue != "" {
				value = "`" + f.DefValue + "`"
			}
			says := strings.TrimSuffix(f.Usage, " ("+variable(f.Name)+")")
			fmt.Fprintf(&out, "| `--%s` | `%s` | %s | %s |\n", f.Name, variable(f.Name), value, says)
		})
	}
	for _, cmd := range root.Commands() {
		if cmd.GroupID == "parts" {
			describe(cmd)
		}
	}
	return out.String()
}
