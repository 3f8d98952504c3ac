package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
)

func (a *app) meCommand() *cobra.Command {
	return &cobra.Command{
		Use: "me", Aliases: []string{"whoami"}, Short: "Show who you are to the server", Args: cobra.NoArgs,
		RunE: a.run(func(ctx context.Context, s *session, _ []string) error {
			var me record[api.Me]
			if err := s.get(ctx, "/v1/me", nil, &me); err != nil {
				return err
			}
			names := func(m api.Me) (id, name string) { return m.AccountID, m.Account }
			return printOne(s, me.it, me.raw, names, func(m api.Me, _ time.Time) facts {
				var f facts
				f.add("Account", m.Account)
				f.add("Account ID", m.AccountID)
				f.add("Role", string(m.Role))
				f.add("Operates the fleet", yes(m.Fleet, "no"))
				f.add("Key", m.KeyID)
				f.add("Server", s.client.server.Redacted())
				f.add("Version", m.Version)
				f.add("Simulated", yes(m.Simulated, ""))
				f.add("Temporal", m.TemporalUI)
				return f
			})
		}),
	}
}
