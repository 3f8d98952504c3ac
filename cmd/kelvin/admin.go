package main

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// adminCommand makes what must be there before anybody has a key: accounts, keys, data
// centers, and the credentials of hosts and gateways. It takes keys and hosts back, too. It works on the database itself, so
// who may use it is who may open that.
func adminCommand() *cobra.Command {
	var url string
	admin := &cobra.Command{Use: "admin", Short: "Make accounts, keys, data centers, hosts and gateways, on the database itself"}

	// on runs a command on the open store and prints its answer as JSON: secrets in it are
	// shown this once.
	on := func(use, short string, args cobra.PositionalArgs, do func(cmd *cobra.Command, s *store.Store, args []string) (any, error)) *cobra.Command {
		cmd := &cobra.Command{Use: use, Short: short, Args: args, RunE: func(cmd *cobra.Command, args []string) error {
			if err := required(cmd, "store"); err != nil {
				return err
			}
			record, err := openStore(cmd.Context(), url)
			if err != nil {
				return err
			}
			defer record.Close()
			answer, err := do(cmd, record, args)
			if err != nil {
				return err
			}
			out := json.NewEncoder(cmd.OutOrStdout())
			out.SetIndent("", "  ")
			return out.Encode(answer)
		}}
		cmd.Flags().StringVar(&url, "store", "", "database: sqlite:/path/kelvin.db or postgres://…")
		admin.AddCommand(cmd)
		return cmd
	}

	var isFleet bool
	account := on("account <name>", "Make an account", cobra.ExactArgs(1), func(cmd *cobra.Command, s *store.Store, args []string) (any, error) {
		made, err := s.CreateAccount(cmd.Context(), args[0], isFleet)
		return map[string]any{"id": made.ID, "name": made.Name, "fleet": made.Fleet}, err
	})
	account.Flags().BoolVar(&isFleet, "fleet", false, "it operates the fleet: it sees hosts and GPUs")

	var role string
	key := on("key <account> <name>", "Make an API key", cobra.ExactArgs(2), func(cmd *cobra.Command, s *store.Store, args []string) (any, error) {
		account, err := s.AccountByName(cmd.Context(), args[0])
		if err != nil {
			return nil, err
		}
		secret, made, err := s.CreateKey(cmd.Context(), account.ID, args[1], fleet.Role(role))
		return map[string]string{"id": made.ID, "key": secret}, err
	})
	key.Flags().StringVar(&role, "role", string(fleet.Operator), "viewer, operator or owner")

	on("delete-key <account> <key>", "Take an API key back, by its ID: it is void within seconds", cobra.ExactArgs(2), func(cmd *cobra.Command, s *store.Store, args []string) (any, error) {
		account, err := s.AccountByName(cmd.Context(), args[0])
		if err != nil {
			return nil, err
		}
		return map[string]string{"deleted": args[1]}, s.DeleteKey(cmd.Context(), account.ID, args[1])
	})

	on("data-center <name> <gateway-url>", "Make a data center, or change its gateway's URL, with %s for the label of an endpoint or server: https://%s.us-east.example.com", cobra.ExactArgs(2),
		func(cmd *cobra.Command, s *store.Store, args []string) (any, error) {
			dc := fleet.DataCenter{Name: args[0], GatewayURL: args[1]}
			return map[string]string{"name": dc.Name, "gateway_url": dc.GatewayURL}, s.EnsureDataCenter(cmd.Context(), dc)
		})

	var dataCenter string
	host := on("host <name>", "Make a host, for kelvin agent --host … --token …", cobra.ExactArgs(1), func(cmd *cobra.Command, s *store.Store, args []string) (any, error) {
		token, made, err := s.CreateHost(cmd.Context(), args[0], dataCenter)
		return map[string]string{"host": made.ID, "token": token}, err
	})
	on("retire-host <host>", "Take an empty host out, by its ID: its token is void within seconds", cobra.ExactArgs(1), func(cmd *cobra.Command, s *store.Store, args []string) (any, error) {
		return map[string]string{"retired": args[0]}, s.RetireHost(cmd.Context(), args[0], "admin", store.KeepNothing)
	})
	gateway := on("gateway <name>", "Make a gateway, for kelvin gateway --token …", cobra.ExactArgs(1), func(cmd *cobra.Command, s *store.Store, args []string) (any, error) {
		token, id, err := s.CreateGateway(cmd.Context(), args[0], dataCenter)
		return map[string]string{"gateway": id, "token": token}, err
	})
	for _, cmd := range []*cobra.Command{host, gateway} {
		cmd.Flags().StringVar(&dataCenter, "data-center", fleet.DefaultDataCenter, "data center it stands in")
	}
	for _, cmd := range admin.Commands() {
		configured(cmd)
	}
	return admin
}
