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

var snapshots = &noun[api.Snapshot]{
	one: "snapshot", path: "/v1/snapshots", prefix: fleet.SnapshotPrefix,
	names: func(s api.Snapshot) (id, name string) { return s.ID, "" },
	columns: []column[api.Snapshot]{
		{"SNAPSHOT", func(s api.Snapshot, _ time.Time) string { return s.ID }},
		{"OF", func(s api.Snapshot, _ time.Time) string { return firstOf(s.InstanceName, s.InstanceID) }},
		{"KIND", func(s api.Snapshot, _ time.Time) string { return string(s.Kind) }},
		{"STATE", func(s api.Snapshot, _ time.Time) string { return string(s.State) }},
		{"SIZE", func(s api.Snapshot, _ time.Time) string { return savedSize(s) }},
		{"SAVED", func(s api.Snapshot, now time.Time) string { return ago(s.SavedAt, now) }},
		{"EXPIRES", func(s api.Snapshot, now time.Time) string { return ago(s.ExpiresAt, now) }},
	},
	show: func(s api.Snapshot, now time.Time) facts {
		var f facts
		f.add("Snapshot", s.ID)
		f.add("Of", s.InstanceName)
		f.add("Instance", s.InstanceID)
		f.add("Kind", string(s.Kind))
		f.add("State", string(s.State))
		f.add("Size", savedSize(s))
		if s.State == fleet.SnapshotReady {
			f.add("Files", fmt.Sprint(s.Files))
		}
		f.add("Image", s.ImageID)
		f.add("Data center", s.DataCenter)
		f.add("Operation", s.OperationID)
		f.add("Created", moment(s.CreatedAt, now))
		f.add("Saved", moment(s.SavedAt, now))
		f.add("Expires", moment(s.ExpiresAt, now))
		return f
	},
}

func savedSize(s api.Snapshot) string {
	if s.State != fleet.SnapshotReady {
		return ""
	}
	return bytesOf(s.Bytes)
}

func (a *app) snapshotCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "snapshot", Aliases: []string{"snap", "snapshots"}, Short: "Keep the data of servers as it is, and make servers from it",
		Long: "A snapshot is the disk and the root filesystem of a server in the archive. Some are taken by operations: a frozen\n" +
			"server is restored from one, and resets and terminates with --keep leave one. A server with --snapshot-every has\n" +
			"one taken on that interval. What snapshots keep, and what not, is in docs/guides/servers.md.",
	}
	cmd.AddCommand(a.snapshotCreate(), a.snapshotLs(), showCommand(a, snapshots, "Show a snapshot"), a.snapshotRestore(), a.snapshotRm())
	return cmd
}

func (a *app) snapshotLs() *cobra.Command {
	var instance string
	cmd := lsCommand(a, snapshots, "List snapshots, the oldest first", 0, func(ctx context.Context, s *session, query url.Values) error {
		if instance == "" {
			return nil
		}
		if looksLikeID(fleet.InstancePrefix, instance) { // of one that is terminated, too
			query.Set("instance", instance)
			return nil
		}
		found, err := instances.find(ctx, s.client, instance)
		query.Set("instance", found.it.ID)
		return err
	})
	cmd.Flags().StringVar(&instance, "instance", "", "Only those of this server, by `name` or ID")
	complete(cmd, "instance", completeFlag(a, instances, isServer))
	return cmd
}

func (a *app) snapshotCreate() *cobra.Command {
	var ch change
	cmd := &cobra.Command{
		Use: "create INSTANCE", Short: "Take a snapshot of a server",
		Long: "Saves the disk and the root filesystem of a server as it is. What a server that runs writes meanwhile may be\n" +
			"missing, as after a power cut: stop it first where that matters.",
		Args: cobra.ExactArgs(1), ValidArgsFunction: completeNouns(a, instances, isServer),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if err := ch.check(s.cmd); err != nil {
				return err
			}
			if ch.cancel {
				return usage(s.cmd, "--cancel-on-interrupt is for operations: `kelvin snapshot rm` deletes a snapshot")
			}
			found, err := instances.find(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			in := call{method: http.MethodPost, path: instances.path + "/" + url.PathEscape(found.it.ID) + "/snapshots", key: firstOf(ch.key, newKey())}
			var snap record[api.Snapshot]
			if err := s.do(ctx, in, &snap); err != nil {
				return err
			}
			if ch.wait {
				if snap, err = s.awaitSnapshot(ctx, snap, ch.timeout); err != nil {
					return err
				}
			}
			if s.output != formatTable {
				return snapshots.printOne(s, snap)
			}
			size := ""
			if snap.it.State == fleet.SnapshotReady {
				size = ", " + bytesOf(snap.it.Bytes)
			}
			_, err = fmt.Fprintln(s.out, clean(fmt.Sprintf("snapshot %s of %s: %s%s", snap.it.ID, found.it.Name, snap.it.State, size)))
			return err
		}),
	}
	ch.flags(cmd)
	return cmd
}

// awaitSnapshot follows a snapshot until it is whole. One that could not be taken is gone.
func (s *session) awaitSnapshot(ctx context.Context, snap record[api.Snapshot], limit time.Duration) (record[api.Snapshot], error) {
	id, began := snap.it.ID, s.now()
	for snap.it.State != fleet.SnapshotReady {
		if limit > 0 && s.now().Sub(began) >= limit {
			return snap, &failure{exit: exitTimeout, err: fmt.Errorf("snapshot %s is not whole after %s", id, limit), next: []string{"It goes on; `kelvin snapshot show " + id + "` shows it."}}
		}
		if err := s.pause(ctx, watchEvery); err != nil {
			s.say("It goes on; `kelvin snapshot show " + id + "` shows it.")
			return snap, errInterrupted
		}
		var now record[api.Snapshot]
		err := s.get(ctx, snapshots.path+"/"+url.PathEscape(id), nil, &now)
		if fleet.Is(err, fleet.NotFound) {
			return snap, &failure{exit: exitFailed, err: fmt.Errorf("snapshot %s could not be taken, or was deleted", id), next: []string{"Its server moved meanwhile, or its host did not answer: try again."}}
		}
		if err != nil {
			return snap, err
		}
		snap = now
	}
	return snap, nil
}

func (a *app) snapshotRm() *cobra.Command {
	var yes bool
	var key string
	cmd := &cobra.Command{
		Use: "rm SNAPSHOT", Aliases: []string{"delete"}, Short: "Delete a snapshot", Args: cobra.ExactArgs(1),
		ValidArgsFunction: completeNouns(a, snapshots, nil),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if err := checkKey(s.cmd, key); err != nil {
				return err
			}
			found, err := snapshots.find(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			id := found.it.ID
			what := fmt.Sprintf("This will delete a snapshot of %s, with its data as of %s: it is gone for good.", firstOf(found.it.InstanceName, found.it.InstanceID), moment(found.it.SavedAt, s.now()))
			if err := s.confirm(yes, what, id); err != nil {
				return err
			}
			if err := s.do(ctx, call{method: http.MethodDelete, path: snapshots.path + "/" + url.PathEscape(id), key: firstOf(key, newKey())}, nil); err != nil {
				return err
			}
			if s.output != formatTable {
				return snapshots.printOne(s, found)
			}
			_, err = fmt.Fprintf(s.out, "snapshot %s: deleted\n", id)
			return err
		}),
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "Do not ask for confirmation")
	keyFlag(cmd, &key)
	return cmd
}

func (a *app) snapshotRestore() *cobra.Command {
	var ch change
	cmd := &cobra.Command{
		Use: "restore SNAPSHOT NAME", Short: "Make a new server from a snapshot",
		Long: "Makes a new server with the settings of the one that the snapshot is of, even if that is terminated, and its data.\n" +
			"NAME is yours to choose. It gets an ID, a URL and addresses of its own. To put a server itself back to a snapshot\n" +
			"use `kelvin instance reset --from`.",
		Args: cobra.ExactArgs(2), ValidArgsFunction: completeNouns(a, snapshots, isWhole),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if err := ch.check(s.cmd); err != nil {
				return err
			}
			in := call{method: http.MethodPost, path: snapshots.path + "/" + url.PathEscape(args[0]) + "/restore", body: api.SnapshotRestore{Name: args[1]}}
			return ch.do(ctx, s, in, args[1], func(op api.Operation, f *facts) { s.introduceServer(ctx, op, f) })
		}),
	}
	ch.flags(cmd)
	return cmd
}

func isWhole(s api.Snapshot) bool { return s.State == fleet.SnapshotReady }
