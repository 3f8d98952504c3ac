package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// Reference describes root's commands and help topics in Markdown, as they describe
// themselves: docs/reference/cli.md is made by it, and a test fails when that is stale.
func Reference(root *cobra.Command) string {
	var out strings.Builder
	fmt.Fprintf(&out, "# The kelvin command\n\nMade from the commands themselves; `kelvin help COMMAND` says the same.\n\n"+
		"## Flags of every user command\n\n```\n%s\n```\n", sharedFlags())
	describe(&out, root)
	return out.String()
}

// sharedFlags describes the flags that every user command has. They are said once.
func sharedFlags() string {
	cmd := &cobra.Command{}
	newApp().addFlags(cmd)
	return flagsOf(cmd)
}

func flagsOf(cmd *cobra.Command) string {
	return strings.TrimRight(cmd.LocalFlags().FlagUsages(), "\n")
}

func describe(out *strings.Builder, cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		switch {
		case sub.IsAdditionalHelpTopicCommand():
			fmt.Fprintf(out, "\n## %s\n\n```\n%s\n```\n", sub.Short, sub.Long)
		case sub.IsAvailableCommand():
			describeOne(out, sub)
			describe(out, sub)
		}
	}
}

func describeOne(out *strings.Builder, cmd *cobra.Command) {
	level := strings.Count(cmd.CommandPath(), " ") + 1
	fmt.Fprintf(out, "\n%s %s\n\n%s\n", strings.Repeat("#", min(level, 6)), cmd.CommandPath(), whole(cmd))
	if cmd.Runnable() && !cmd.HasSubCommands() {
		fmt.Fprintf(out, "\n```\n%s\n```\n", cmd.UseLine())
	}
	if len(cmd.Aliases) > 0 {
		fmt.Fprintf(out, "\nAlso: `%s`\n", strings.Join(cmd.Aliases, "`, `"))
	}
	if cmd.Example != "" {
		fmt.Fprintf(out, "\n```sh\n%s\n```\n", outdent(cmd.Example))
	}
	if flags := flagsOf(cmd); flags != "" && flags != sharedFlags() {
		fmt.Fprintf(out, "\n```\n%s\n```\n", flags)
	}
}

// whole is what a command says of itself at the most.
func whole(cmd *cobra.Command) string {
	if cmd.Long != "" {
		return cmd.Long
	}
	return cmd.Short + "."
}

func outdent(text string) string {
	return strings.TrimPrefix(strings.ReplaceAll(text, "\n  ", "\n"), "  ")
}
