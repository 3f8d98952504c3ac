package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// revisionsOf lists the revisions of an endpoint.
func revisionsOf(endpointID string) *noun[api.Revision] {
	return &noun[api.Revision]{
		one: "revision", path: endpoints.path + "/" + url.PathEscape(endpointID) + "/revisions",
		names: func(r api.Revision) (id, name string) { return strconv.Itoa(r.Number), "" },
		columns: []column[api.Revision]{
			{"REVISION", func(r api.Revision, _ time.Time) string { return strconv.Itoa(r.Number) }},
			{"STATE", func(r api.Revision, _ time.Time) string { return string(r.State) }},
			{"AGE", func(r api.Revision, now time.Time) string { return ago(r.CreatedAt, now) }},
			{"BY", func(r api.Revision, _ time.Time) string { return r.Actor }},
			{"CHANGES", func(r api.Revision, _ time.Time) string { return cut(changesOf(r), 100) }},
			{"WHY WITHDRAWN", func(r api.Revision, _ time.Time) string { return cut(r.Message, 100) }},
		},
		show: showRevision,
	}
}

// changesOf says what a revision changes, in a line.
func changesOf(r api.Revision) string {
	if r.Base == 0 {
		return "the first"
	}
	var parts []string
	if r.Restores > 0 {
		parts = append(parts, fmt.Sprintf("back to revision %d", r.Restores))
	}
	for _, c := range r.Changes {
		parts = append(parts, c.Field+" "+firstOf(c.From, "–")+" → "+firstOf(c.To, "–"))
	}
	return firstOf(strings.Join(parts, "; "), "nothing")
}

func showRevision(r api.Revision, now time.Time) facts {
	var f facts
	f.add("Revision", strconv.Itoa(r.Number))
	f.add("State", string(r.State))
	f.add("Asked for", moment(r.CreatedAt, now))
	f.add("By", r.Actor)
	f.add("Operation", r.OperationID)
	f.add("First worker ready", moment(r.ReadyAt, now))
	if r.Restores > 0 {
		f.add("Rolls back to", strconv.Itoa(r.Restores))
	}
	f.add("Why withdrawn", r.Message)
	if r.Base > 0 {
		f.add("Changes to", "revision "+strconv.Itoa(r.Base))
	}
	for _, c := range r.Changes {
		f.add("  "+c.Field, firstOf(c.From, "–")+" → "+firstOf(c.To, "–"))
	}
	if r.Spec != nil {
		f.add("Scale", fmt.Sprintf("%d to %d workers, each meant for %d requests in flight", r.Spec.ActiveWorkers, r.Spec.MaxWorkers, r.Spec.TargetConcurrency))
		f.add("Scaling", scalingFacts(r.Spec.Scaling))
		f.add("Market", marketOf(r.Spec.Spot))
		f.add("Requests", requestFacts(*r.Spec))
		f.add("Image", r.Spec.Image)
		f.add("Command", r.Spec.Command)
		f.add("Env", pairs(r.Spec.Env))
	}
	return f
}

func (a *app) endpointRevisions() *cobra.Command {
	cmd := &cobra.Command{
		Use: "revisions", Aliases: []string{"revision", "rev"}, Short: "See what an endpoint was, and go back to it",
		Long: "Every change of an endpoint makes a revision: who asked for it, when, what it changed, and what became of it.",
	}
	cmd.AddCommand(a.revisionsLs(), a.revisionsShow(), a.revisionsRollback())
	return cmd
}

func (a *app) revisionsLs() *cobra.Command {
	limit := shown
	cmd := &cobra.Command{
		Use: "ls ENDPOINT", Aliases: []string{"list"}, Short: "List the revisions of an endpoint, the newest first",
		Args: cobra.ExactArgs(1), ValidArgsFunction: completeNouns(a, endpoints, nil),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if limit < 0 {
				return usage(s.cmd, "--limit is negative; allowed: 0 for all, or how many")
			}
			found, err := endpoints.find(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			revisions := revisionsOf(found.it.ID)
			all, err := revisions.list(ctx, s.client, url.Values{}, limit)
			if err != nil {
				return err
			}
			return revisions.print(s, all)
		}),
	}
	cmd.Flags().IntVar(&limit, "limit", limit, "How many to list at the most; 0: all")
	return cmd
}

// revisionArg reads the number of a revision.
func revisionArg(cmd *cobra.Command, arg string) (int, error) {
	n, err := strconv.Atoi(arg)
	if err != nil || n < 1 {
		return 0, usage(cmd, "a revision is a number from 1; `kelvin endpoint revisions ls ENDPOINT` shows them")
	}
	return n, nil
}

func (a *app) revisionsShow() *cobra.Command {
	return &cobra.Command{
		Use: "show ENDPOINT REVISION", Aliases: []string{"get"}, Short: "Show a revision, and what it changed",
		Args: cobra.ExactArgs(2), ValidArgsFunction: completeNouns(a, endpoints, nil),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			n, err := revisionArg(s.cmd, args[1])
			if err != nil {
				return err
			}
			found, err := endpoints.find(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			revisions := revisionsOf(found.it.ID)
			one, err := revisions.find(ctx, s.client, strconv.Itoa(n))
			if err != nil {
				return err
			}
			return revisions.printOne(s, one)
		}),
	}
}

func (a *app) revisionsRollback() *cobra.Command {
	var ch change
	cmd := &cobra.Command{
		Use: "rollback ENDPOINT [REVISION]", Short: "Go back to what an endpoint was",
		Long: `Without REVISION a roll-out that is under way is cancelled: workers of the older revision have been
serving all along, and the new ones go. If none is, the endpoint goes back to the revision before the
one that runs. With REVISION it goes back to that one.

Going back makes a new revision with the old one's settings, all of them, and rolls it out like any other.`,
		Args: cobra.RangeArgs(1, 2), ValidArgsFunction: completeNouns(a, endpoints, nil),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if err := ch.check(s.cmd); err != nil {
				return err
			}
			var body api.EndpointRollback
			if len(args) == 2 {
				n, err := revisionArg(s.cmd, args[1])
				if err != nil {
					return err
				}
				body.Revision = n
			}
			found, err := endpoints.find(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			in := call{method: http.MethodPost, path: endpoints.path + "/" + url.PathEscape(found.it.ID) + "/rollback", body: body}
			if found.it.State == fleet.Updating && body.Revision == 0 {
				in = call{method: http.MethodPost, path: operations.path + "/" + url.PathEscape(found.it.OperationID) + "/cancel"}
				ch.undoes = true
			}
			return ch.do(ctx, s, in, found.it.Name, nil)
		}),
	}
	ch.flags(cmd)
	return cmd
}

func (a *app) endpointRollout() *cobra.Command {
	cmd := &cobra.Command{
		Use: "rollout", Short: "Follow, pause and resume the way to a new revision",
		Long: "A new revision reaches the workers one by one: one more comes up, and when it is ready an older one is drained and goes.",
	}
	cmd.AddCommand(
		a.rolloutVerb("status", "Show how far a roll-out is", "", http.MethodGet),
		a.rolloutVerb("pause", "Pause a roll-out", `No more workers are replaced: those of both revisions serve, and scaling goes on. New workers run the new
revision if a worker of it has been ready, else the older one. Paused for 30 days, the roll-out is taken back.`, http.MethodPost),
		a.rolloutVerb("resume", "Let a paused roll-out go on", "The time that it was paused does not count, and failures before it hold nothing up.", http.MethodPost),
	)
	return cmd
}

func (a *app) rolloutVerb(name, short, long, method string) *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use: name + " ENDPOINT", Short: short, Long: long, Args: cobra.ExactArgs(1), ValidArgsFunction: completeNouns(a, endpoints, nil),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			found, err := endpoints.find(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			path := endpoints.path + "/" + url.PathEscape(found.it.ID) + "/rollout"
			var out record[api.Rollout]
			if method == http.MethodGet {
				err = s.get(ctx, path, nil, &out)
			} else {
				if err := checkKey(s.cmd, key); err != nil {
					return err
				}
				err = s.do(ctx, call{method: method, path: path + "/" + name, key: firstOf(key, newKey())}, &out)
			}
			if err != nil {
				return err
			}
			return printOne(s, out.it, out.raw, func(r api.Rollout) (id, name string) { return strconv.Itoa(r.Revision), r.State }, showRollout)
		}),
	}
	if method != http.MethodGet {
		keyFlag(cmd, &key)
	}
	return cmd
}

func showRollout(r api.Rollout, now time.Time) facts {
	var f facts
	f.add("Roll-out", r.State)
	f.add("Progress", r.Message)
	revision := strconv.Itoa(r.Revision)
	if r.From > 0 && r.From != r.Revision {
		revision += fmt.Sprintf(", from %d", r.From)
	}
	f.add("Revision", revision)
	f.add("Workers", fmt.Sprintf("%d wanted; %d/%d of the new revision ready, %d/%d of older ones", r.Wanted, r.New.Ready, r.New.Total, r.Old.Ready, r.Old.Total))
	f.add("Operation", r.OperationID)
	if !r.PausedAt.IsZero() {
		f.add("Paused", moment(r.PausedAt, now)+" by "+r.PausedBy)
	}
	f.add("Started", moment(r.StartedAt, now))
	f.add("Taken back", moment(r.Deadline, now))
	f.addTrouble(r.Trouble, now)
	return f
}
