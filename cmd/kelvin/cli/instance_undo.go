package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

func (a *app) instanceUndo() *cobra.Command {
	var ch change
	var yes bool
	keep := lasting{}
	cmd := &cobra.Command{
		Use: "undo INSTANCE", Short: "Put a server back to what it was before its last reset",
		Long: "Resets a server to its newest safety snapshot: what `kelvin instance reset --keep` has saved. What it has now is\n" +
			"erased, unless --keep says otherwise. A server that was terminated comes back with `kelvin snapshot restore`.",
		Args: cobra.ExactArgs(1), ValidArgsFunction: completeNouns(a, instances, accepts(legalOnInstance, fleet.Reset.Name)),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if err := ch.check(s.cmd); err != nil {
				return err
			}
			found, err := instances.find(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			id, name := found.it.ID, found.it.Name
			safety, err := s.newestSafety(ctx, id, name)
			if err != nil {
				return err
			}
			what := fmt.Sprintf("This will reset instance %s to its data as of %s: what it has now is erased%s", name, moment(safety.SavedAt, s.now()), keeping(func(any) time.Duration { return keep.d }, nil))
			if err := s.confirm(yes, what, name); err != nil {
				return err
			}
			in := call{
				method: http.MethodPost, path: instances.path + "/" + url.PathEscape(id) + "/reset",
				body: api.InstanceReset{Confirm: api.Confirm{Confirm: name}, SnapshotID: safety.ID, Keep: keep.duration()},
			}
			return ch.do(ctx, s, in, name, nil)
		}),
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "Do not ask for confirmation")
	cmd.Flags().Var(&keep, "keep", "Save what it has now first, and keep it this long, such as 12h or 7d; at most 90d. Default: it is not kept")
	ch.flags(cmd)
	return cmd
}

// newestSafety is the newest whole snapshot that undoes something.
func (s *session) newestSafety(ctx context.Context, id, name string) (api.Snapshot, error) {
	all, err := snapshots.list(ctx, s.client, url.Values{"instance": {id}}, 0)
	if err != nil {
		return api.Snapshot{}, err
	}
	var newest api.Snapshot
	for _, r := range all {
		if r.it.Kind == fleet.SnapshotSafety && isWhole(r.it) && r.it.SavedAt.After(newest.SavedAt) {
			newest = r.it
		}
	}
	if newest.ID == "" {
		return newest, &failure{
			exit: exitNotFound, err: fleet.Errorf(fleet.NotFound, "there is nothing to undo on %s: no reset has kept its data, or that has expired", name),
			next: []string{fmt.Sprintf("`kelvin snapshot ls --instance %s` shows what there is; `kelvin instance reset %s --from SNAPSHOT` restores it.", name, name)},
		}
	}
	return newest, nil
}
