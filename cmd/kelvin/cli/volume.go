package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

var volumes = &noun[api.Volume]{
	one: "volume", path: "/v1/volumes", prefix: fleet.VolumePrefix, onePage: true,
	names: func(v api.Volume) (id, name string) { return v.ID, v.Name },
	columns: []column[api.Volume]{
		{"NAME", func(v api.Volume, _ time.Time) string { return v.Name }},
		{"DATA CENTER", func(v api.Volume, _ time.Time) string { return v.DataCenter }},
		{"STATE", func(v api.Volume, _ time.Time) string { return string(v.State) }},
		{"MOUNTED BY", func(v api.Volume, _ time.Time) string { return strings.Join(v.Users, ", ") }},
		{"CREATED", func(v api.Volume, now time.Time) string { return ago(v.CreatedAt, now) }},
		{"ID", func(v api.Volume, _ time.Time) string { return v.ID }},
	},
	show: func(v api.Volume, now time.Time) facts {
		var f facts
		f.add("Volume", v.Name)
		f.add("ID", v.ID)
		f.add("Data center", v.DataCenter)
		f.add("State", string(v.State))
		f.add("Mounted by", strings.Join(v.Users, ", "))
		f.add("Created", moment(v.CreatedAt, now))
		f.add("Deleted", moment(v.DeletedAt, now))
		f.add("Use it", "kelvin endpoint create NAME --volume "+v.Name+" --mount-path /data …")
		return f
	},
}

func (a *app) volumeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "volume", Aliases: []string{"volumes"}, Short: "Create, list and delete network volumes",
		Long: "A network volume is a folder in a data center that several workers and servers mount at a time (--volume and --mount-path). It outlives them.",
	}
	cmd.AddCommand(a.volumeCreate(), a.volumeList(), showCommand(a, volumes, "Show a volume"), a.volumeRemove())
	return cmd
}

func (a *app) volumeList() *cobra.Command {
	var where string
	cmd := lsCommand(a, volumes, "List volumes", 0, func(_ context.Context, _ *session, query url.Values) error {
		if where != "" {
			query.Set("data_center", where)
		}
		return nil
	})
	cmd.Flags().StringVar(&where, "data-center", "", "Only those in this `data center`")
	return cmd
}

func (a *app) volumeCreate() *cobra.Command {
	var key, where string
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Create a volume", Args: cobra.ExactArgs(1), ValidArgsFunction: cobra.NoFileCompletions,
		Long:    "NAME is lower-case letters, digits and hyphens, at most 63, unique among your volumes in the data center. The same one again is no error.",
		Example: "  kelvin volume create models --data-center us-east",
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if err := checkKey(s.cmd, key); err != nil {
				return err
			}
			var made record[api.Volume]
			in := call{method: http.MethodPost, path: volumes.path, body: api.VolumeCreate{Name: args[0], DataCenter: where}, key: firstOf(key, newKey())}
			if err := s.do(ctx, in, &made); err != nil {
				return err
			}
			if s.output != formatTable {
				return volumes.printOne(s, made)
			}
			_, err := fmt.Fprintf(s.out, "volume %s in %s: %s\n", clean(made.it.Name), clean(made.it.DataCenter), made.it.State)
			return err
		}),
	}
	cmd.Flags().StringVar(&where, "data-center", "", "`Data center` where it is. Default: us-east, or the only one")
	keyFlag(cmd, &key)
	return cmd
}

func (a *app) volumeRemove() *cobra.Command {
	var key string
	var yes bool
	cmd := &cobra.Command{
		Use: "rm VOLUME", Aliases: []string{"delete"}, Short: "Delete a volume, and erase its files", Args: cobra.ExactArgs(1),
		Long:              "Refused while endpoints or servers have it, stopped ones, too. There is no way back.",
		ValidArgsFunction: completeNouns(a, volumes, func(v api.Volume) bool { return len(v.Users) == 0 }),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if err := checkKey(s.cmd, key); err != nil {
				return err
			}
			found, err := volumes.find(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			what := fmt.Sprintf("This will erase all files on volume %s in %s. There is no way back.", found.it.Name, found.it.DataCenter)
			if err := s.confirm(yes, what, found.it.Name); err != nil {
				return err
			}
			var now record[api.Volume]
			in := call{method: http.MethodDelete, path: volumes.path + "/" + url.PathEscape(found.it.ID), key: firstOf(key, newKey())}
			if err := s.do(ctx, in, &now); err != nil {
				return err
			}
			if s.output != formatTable {
				return volumes.printOne(s, now)
			}
			_, err = fmt.Fprintf(s.out, "volume %s: %s\n", clean(now.it.Name), now.it.State)
			return err
		}),
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "Do not ask for confirmation")
	keyFlag(cmd, &key)
	return cmd
}
