package cli

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
)

// An explanation is why an endpoint has the workers it has.
type explanation struct {
	Scaling   record[api.Scaling]         `json:"scaling"`
	Decisions []record[api.ScaleDecision] `json:"decisions"`
}

func (a *app) endpointExplain() *cobra.Command {
	var (
		follow, asJSON bool
		limit          int
	)
	cmd := &cobra.Command{
		Use: "explain ENDPOINT", Short: "Say why an endpoint has the workers it has",
		Long: `Says why an endpoint has as many workers as it has, and not more or fewer: its load as the gateways
see it, what each rule of its policy has to say to that, which one binds, when the same load would lead to another
number, and the last decisions. With --follow each decision is printed as it is made; --output json has a line each.`,
		Args: cobra.ExactArgs(1), ValidArgsFunction: completeNouns(a, endpoints, nil),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if limit < 1 || limit > pageSize {
				return usage(s.cmd, "--limit is out of range; allowed: 1 to %d", pageSize)
			}
			if asJSON {
				s.output = formatJSON
			}
			found, err := endpoints.find(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			path := endpoints.path + "/" + url.PathEscape(found.it.ID)
			if follow {
				return s.followDecisions(ctx, path)
			}
			return s.explain(ctx, found.it, path, limit)
		}),
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "Print each decision as it is made, until Ctrl-C")
	cmd.Flags().BoolVar(&asJSON, "json", false, "The same as --output json")
	cmd.Flags().IntVar(&limit, "limit", 10, "How many decisions to show")
	return cmd
}

func (s *session) explain(ctx context.Context, e api.Endpoint, path string, limit int) error {
	var x explanation
	if err := s.get(ctx, path+"/scaling", nil, &x.Scaling); err != nil {
		return err
	}
	var err error
	if x.Decisions, err = s.decisions(ctx, path, limit); err != nil {
		return err
	}
	switch s.output {
	case formatJSON, formatYAML:
		return writeValue(s.out, s.output, x)
	case formatName:
		_, err := fmt.Fprintln(s.out, e.Name)
		return err
	case formatTable:
	}
	now := s.now()
	if err := explained(e, x.Scaling.it, now).write(s.out); err != nil {
		return err
	}
	if votes := x.Scaling.it.Votes; len(votes) > 0 {
		fmt.Fprintln(s.out)
		t := table{titles: []string{"RULE", "WORKERS", "WHY"}}
		for _, v := range votes {
			t.lines = append(t.lines, []string{v.Rule, fmt.Sprint(v.Total), v.Note})
		}
		if err := t.write(s.out, !s.noHeaders); err != nil {
			return err
		}
	}
	if len(x.Decisions) == 0 {
		return nil
	}
	fmt.Fprintln(s.out)
	t := table{titles: []string{"WHEN", "WORKERS", "RULE", "DECISION"}}
	for _, d := range x.Decisions {
		t.lines = append(t.lines, []string{ago(d.it.At, now), turned(d.it), d.it.Rule, d.it.Reason})
	}
	return t.write(s.out, !s.noHeaders)
}

// explained is how an endpoint is scaled now.
func explained(e api.Endpoint, x api.Scaling, now time.Time) facts {
	var f facts
	w, l := x.Workers, x.Load
	f.add("Endpoint", e.Name)
	f.add("Workers", fmt.Sprintf("%d wanted, %d ready, %d starting; %d to %d, each meant for %d requests in flight", w.Desired, w.Ready, w.Starting, w.Active, w.Max, w.Target))
	load := fmt.Sprintf("%d requests in flight, %d waiting, %.1f arrive in a second", l.InFlight, l.Queued, l.Rate)
	if l.ServiceSeconds > 0 {
		load += fmt.Sprintf(" and take %s", took(time.Duration(l.ServiceSeconds*float64(time.Second))))
	}
	f.add("Load", load)
	if !l.Known {
		f.add("Known", "no: not every gateway has reported just now, so nothing is removed")
	}
	f.add("Policy", x.Rules.Policy)
	f.add("Rule", x.Rule)
	f.add("Why", x.Reason)
	f.add("Changed", moment(x.ChangedAt, now))
	f.add("Next change", moment(x.NextAt, now))
	f.addTrouble(e.Trouble, now)
	return f
}

// turned is what a decision made of the number of workers.
func turned(d api.ScaleDecision) string {
	text := fmt.Sprint(d.To)
	if d.From != d.To {
		text = fmt.Sprintf("%d → %d", d.From, d.To)
	}
	var did []string
	if d.From == d.To && d.Created > 0 {
		did = append(did, fmt.Sprintf("+%d", d.Created))
	}
	if n := len(d.Removed); d.From == d.To && n > 0 {
		did = append(did, fmt.Sprintf("-%d", n))
	}
	if len(did) > 0 {
		text += " (" + strings.Join(did, " ") + ")"
	}
	return text
}

// decisions are the last ones, the newest first.
func (s *session) decisions(ctx context.Context, path string, limit int) ([]record[api.ScaleDecision], error) {
	var page api.List[record[api.ScaleDecision]]
	err := s.get(ctx, path+"/decisions", url.Values{"limit": {fmt.Sprint(limit)}}, &page)
	if page.Items == nil {
		page.Items = []record[api.ScaleDecision]{}
	}
	return page.Items, err
}

// followDecisions prints decisions as they are made. After a lost connection it goes on
// where it was.
func (s *session) followDecisions(ctx context.Context, path string) error {
	last, brokeAt := int64(-1), time.Time{}
	for {
		found, err := s.decisions(ctx, path, pageSize)
		switch {
		case err == nil:
			brokeAt = time.Time{}
		case !transient(err) || !brokeAt.IsZero() && s.now().Sub(brokeAt) > patience:
			return err
		case brokeAt.IsZero():
			brokeAt = s.now()
			s.note("Lost the connection to the server; trying again for up to a minute.")
		}
		slices.Reverse(found)
		for i, d := range found {
			if d.it.Seq <= last || last < 0 && i < len(found)-1 { // the first is where it stands
				continue
			}
			text := fmt.Sprintf("%s  %s: %s", turned(d.it), d.it.Rule, d.it.Reason)
			if s.output == formatTable { // when it was made, not when it was heard of
				err = s.printAt(d.it.At, text)
			} else {
				err = printLine(s, d, text)
			}
			if err != nil {
				return err
			}
			last = d.it.Seq
		}
		if err == nil {
			last = max(last, 0)
		}
		if err := s.pause(ctx, watchEvery); err != nil {
			return err
		}
	}
}
