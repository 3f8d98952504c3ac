package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// logsCommand prints what a resource writes, as it comes.
func logsCommand[T any](a *app, n *noun[T], short, long string) *cobra.Command {
	var follow, timestamps bool
	var tail int
	var since, until string
	cmd := &cobra.Command{
		Use: "logs " + strings.ToUpper(n.one), Short: short, Long: long, Args: cobra.ExactArgs(1),
		ValidArgsFunction: completeNouns(a, n, nil),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			query := url.Values{}
			if follow {
				query.Set("follow", "true")
			}
			if timestamps {
				query.Set("timestamps", "true")
			}
			if tail < 0 {
				return usage(s.cmd, "--tail is negative; allowed: 0 or more lines")
			}
			if s.cmd.Flags().Changed("tail") {
				query.Set("tail", strconv.Itoa(tail))
			}
			for name, text := range map[string]string{"since": since, "until": until} {
				if text == "" {
					continue
				}
				at, err := parseMoment("--"+name, text, s.now())
				if err != nil {
					return misused(s.cmd, err)
				}
				query.Set(name, at.UTC().Format(time.RFC3339Nano))
			}
			if follow && until != "" {
				return usage(s.cmd, "--until does not go with --follow")
			}
			found, err := n.findEver(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			id, _ := n.names(found.it)
			return s.copyText(ctx, n.path+"/"+url.PathEscape(id)+"/logs", query)
		}),
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "Go on with what is written from now on, over restarts and moves")
	cmd.Flags().IntVarP(&tail, "tail", "n", 0, "Only the last `lines`. Default: all that is kept")
	cmd.Flags().StringVar(&since, "since", "", "Only what is not older: a duration such as 10m, or a `time` such as 2026-01-31T15:04:05Z")
	cmd.Flags().StringVar(&until, "until", "", "Only what is older: a duration such as 10m, or a `time` such as 2026-01-31T15:04:05Z")
	cmd.Flags().BoolVarP(&timestamps, "timestamps", "t", false, "Begin each line with its time, in UTC")
	return cmd
}

func parseMoment(flag, text string, now time.Time) (time.Time, error) {
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, fmt.Errorf("%s is neither a duration such as 10m nor a time such as 2026-01-31T15:04:05Z", flag)
	}
	return at, nil
}

// copyText prints an answer of plain text as it arrives.
func (s *session) copyText(ctx context.Context, path string, query url.Values) error {
	answer, err := s.send(ctx, call{method: http.MethodGet, path: path, query: query}, http.Header{"Accept": {"text/plain"}}, nil, 1)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(s.out, answer.Body); err != nil {
		return &failure{exit: exitUnavailable, err: fmt.Errorf("the logs broke off: %w", err), next: []string{"Run it again with --since to go on."}}
	}
	return nil
}
