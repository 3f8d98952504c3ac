package cli

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
)

// failuresOf lists why an endpoint's workers failed.
func failuresOf(endpointID string) *noun[api.Failure] {
	return &noun[api.Failure]{
		one: "failure", path: endpoints.path + "/" + url.PathEscape(endpointID) + "/failures",
		names: func(f api.Failure) (id, name string) { return f.ID, "" },
		columns: []column[api.Failure]{
			{"AGO", func(f api.Failure, now time.Time) string { return ago(f.At, now) }},
			{"CAUSE", func(f api.Failure, _ time.Time) string { return f.Cause.Word(false) }},
			{"TIMES", func(f api.Failure, _ time.Time) string { return fmt.Sprint(f.Times) }},
			{"EXIT", func(f api.Failure, _ time.Time) string { return exitText(f) }},
			{"REVISION", func(f api.Failure, _ time.Time) string { return fmt.Sprint(f.Revision) }},
			{"WORKER", func(f api.Failure, _ time.Time) string { return f.Worker }},
			{"ID", func(f api.Failure, _ time.Time) string { return f.InstanceID }},
			{"MESSAGE", func(f api.Failure, _ time.Time) string { return f.Message }},
		},
	}
}

func exitText(f api.Failure) string {
	if f.ExitCode == nil {
		return ""
	}
	return strconv.Itoa(*f.ExitCode)
}

// addFailure says why a worker failed, with the end of its log.
func (f *facts) addFailure(title string, m *api.Failure, now time.Time) {
	if m == nil {
		return
	}
	f.add(title, fmt.Sprintf("%s, %s: %s", m.Cause.Word(false), ago(m.At, now), m.Message))
	f.add("Exit code", exitText(*m))
	f.add("Last lines", m.LastLines)
}

// addTrouble says what is wrong with an endpoint's workers, and when the next is made.
func (f *facts) addTrouble(t *api.Trouble, now time.Time) {
	if t == nil {
		return
	}
	text := t.Word
	if t.Times > 1 {
		text += fmt.Sprintf(", %d times since %s", t.Times, ago(t.Since, now))
	}
	if !t.RetryAt.IsZero() {
		text += "; the next try is " + ago(t.RetryAt, now)
	}
	f.add("Trouble", text)
	f.addFailure("Last failure", &t.Last, now)
}

func (a *app) endpointFailures() *cobra.Command {
	limit := shown
	cmd := &cobra.Command{
		Use: "failures ENDPOINT", Short: "List why workers of an endpoint failed",
		Long: `Lists why workers did not come up, or ended though nobody asked them to, the newest first. The causes:

  pull error      its image could not be fetched
  no capacity     no host has room; tried again as soon as one has
  crash           its process ended by itself; three in a row are a crash loop
  out of memory   it was killed for using more memory than it may
  failing probe   it runs, and does not answer on its probe path
  unhealthy GPU   the GPUs it was given failed their diagnostics
  host error      its host could not make or start it

The end of each worker's log is in the JSON output, and in kelvin instance show.`,
		Args: cobra.ExactArgs(1), ValidArgsFunction: completeNouns(a, endpoints, nil),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if limit < 0 {
				return usage(s.cmd, "--limit is negative; allowed: 0 for all, or how many")
			}
			found, err := endpoints.findEver(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			failures := failuresOf(found.it.ID)
			all, err := failures.list(ctx, s.client, url.Values{}, limit)
			if err != nil {
				return err
			}
			return failures.print(s, all)
		}),
	}
	cmd.Flags().IntVar(&limit, "limit", limit, "How many to list at the most; 0: all")
	return cmd
}
