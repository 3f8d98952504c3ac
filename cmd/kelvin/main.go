package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/cmd/kelvin/cli"
	"github.com/kelvin-gpu/kelvin/machine/echo"
)

// version is set by the linker.
var version = "devel"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:]))
}

func run(ctx context.Context, args []string) int {
	root := newRoot()
	root.SetArgs(args)
	return cli.Report(os.Stderr, root.ExecuteContext(ctx))
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:     "kelvin",
		Short:   "Durable orchestrator for GPU clouds",
		Long:    "Kelvin keeps GPU instances at the temperature their owners want: running, stopped, frozen.\n\nStart here: kelvin dev",
		Version: version,
	}
	parts := &cobra.Group{ID: "parts", Title: "Parts of Kelvin:"}
	root.AddGroup(parts)
	for _, part := range []*cobra.Command{devCommand(), serverCommand(), workerCommand(), agentCommand(), gatewayCommand(), migrateCommand(), auditCommand(), adminCommand(), simulateCommand()} {
		part.GroupID = parts.ID
		root.AddCommand(part)
	}
	root.AddCommand(&cobra.Command{
		Use: "echo", Short: "The demo workload, as its container runs it", Hidden: true, Args: cobra.NoArgs,
		Run: func(*cobra.Command, []string) { os.Exit(echo.Main(nil)) },
	})
	root.AddCommand(lookCommand())
	cli.AddTo(root)
	return root
}
