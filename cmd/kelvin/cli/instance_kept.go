package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

var kept = &noun[api.Kept]{
	one: "kept data", names: func(k api.Kept) (id, name string) { return k.LeaseID, "" },
	columns: []column[api.Kept]{
		{"LEASE", func(k api.Kept, _ time.Time) string { return k.LeaseID }},
		{"HOST", func(k api.Kept, _ time.Time) string { return k.HostID }},
		{"KEPT", func(k api.Kept, now time.Time) string { return ago(k.Since, now) }},
	},
}

func (a *app) instanceKept() *cobra.Command {
	var release, key string
	var yes bool
	cmd := &cobra.Command{
		Use: "kept INSTANCE", Short: "List what old hosts keep of a recovered server, and let go of it",
		Long: "A server that was recovered elsewhere left data on its old host, which may be newer than the snapshot that it came\n" +
			"back from. The host keeps it until you release it.",
		Args: cobra.ExactArgs(1), ValidArgsFunction: completeNouns(a, instances, func(i api.Instance) bool { return len(i.Kept) > 0 }),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if err := checkKey(s.cmd, key); err != nil {
				return err
			}
			found, err := instances.find(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			if !s.cmd.Flags().Changed("release") {
				return s.printKept(found.it)
			}
			i := slices.IndexFunc(found.it.Kept, func(k api.Kept) bool { return k.LeaseID == release })
			if i < 0 {
				return &failure{
					exit: exitNotFound, err: fleet.Errorf(fleet.NotFound, "nothing of %s is kept under %q", found.it.Name, release),
					next: []string{"`kelvin instance kept " + found.it.Name + "` shows what is."},
				}
			}
			what := fmt.Sprintf("This will erase what host %s has kept of instance %s since %s.", found.it.Kept[i].HostID, found.it.Name, moment(found.it.Kept[i].Since, s.now()))
			if err := s.confirm(yes, what, found.it.Name); err != nil {
				return err
			}
			path := instances.path + "/" + url.PathEscape(found.it.ID) + "/kept/" + url.PathEscape(release)
			if err := s.do(ctx, call{method: http.MethodDelete, path: path, key: firstOf(key, newKey())}, nil); err != nil {
				return err
			}
			if s.output == formatTable {
				_, err = fmt.Fprintln(s.out, clean(fmt.Sprintf("instance %s: released on %s", found.it.Name, found.it.Kept[i].HostID)))
				return err
			}
			found.it.Kept = found.it.Kept[i : i+1]
			return s.printKept(found.it)
		}),
	}
	cmd.Flags().StringVar(&release, "release", "", "Erase what is kept under this `lease`")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "Do not ask for confirmation")
	keyFlag(cmd, &key)
	complete(cmd, "release", a.completeKept)
	return cmd
}

func (s *session) printKept(i api.Instance) error {
	var all []record[api.Kept]
	for _, k := range i.Kept {
		text, err := encode(k)
		if err != nil {
			return err
		}
		all = append(all, record[api.Kept]{it: k, raw: text})
	}
	return kept.print(s, all)
}

// completeKept completes the leases of the server on the command line.
func (a *app) completeKept(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var leases []string
	for _, r := range fetch(a, cmd, instances) {
		if len(args) > 0 && (r.it.Name == args[0] || r.it.ID == args[0]) {
			for _, k := range r.it.Kept {
				leases = append(leases, cobra.CompletionWithDesc(k.LeaseID, strings.TrimSpace("on "+k.HostID)))
			}
		}
	}
	return leases, cobra.ShellCompDirectiveNoFileComp
}
