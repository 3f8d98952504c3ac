package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func migrateCommand() *cobra.Command {
	var url string
	cmd := &cobra.Command{
		Use: "migrate", Short: "Bring the database to this version's schema", Args: cobra.NoArgs,
		Long: "Bring the database to this version's schema. Server and worker do so as well when they start; use this to do it ahead, as one step of an upgrade.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := required(cmd, "store"); err != nil {
				return err
			}
			record, err := openStore(cmd.Context(), url)
			if err != nil {
				return err
			}
			defer record.Close()
			fmt.Fprintf(cmd.OutOrStdout(), "%s is at this version's schema\n", record.Engine())
			return nil
		},
	}
	cmd.Flags().StringVar(&url, "store", "", "database: sqlite:/path/kelvin.db or postgres://…")
	return configured(cmd)
}
