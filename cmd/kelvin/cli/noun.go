package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// A noun is a kind of thing that the API lists: how it is found, and how it is shown.
type noun[T any] struct {
	one     string // endpoint
	path    string // /v1/endpoints
	prefix  string // of its IDs; empty: found by its name
	byName  bool   // the list takes ?name=
	onePage bool   // the list has no pages: it is never long
	names   func(T) (id, name string)
	columns []column[T]
	show    func(T, time.Time) facts
}

// A column of a table: wide ones are for --output table of one kind only.
type column[T any] struct {
	title string
	cell  func(T, time.Time) string
}

const idLength = 26 // of an ID behind its prefix

// looksLikeID reports whether a resource is given by its ID rather than by its name.
func looksLikeID(prefix, arg string) bool {
	return prefix != "" && strings.HasPrefix(arg, prefix) && len(arg) == len(prefix)+idLength
}

// find returns what arg names: an ID, or a name.
func (n *noun[T]) find(ctx context.Context, c *client, arg string) (record[T], error) {
	return n.look(ctx, c, arg, url.Values{})
}

// findEver is find, and then also what is gone: of those the name does for one only.
func (n *noun[T]) findEver(ctx context.Context, c *client, arg string) (record[T], error) {
	found, err := n.find(ctx, c, arg)
	if n.byName && !looksLikeID(n.prefix, arg) && fleet.Is(err, fleet.NotFound) {
		return n.look(ctx, c, arg, url.Values{"all": {"true"}})
	}
	return found, err
}

func (n *noun[T]) look(ctx context.Context, c *client, arg string, query url.Values) (record[T], error) {
	if n.prefix == "" || looksLikeID(n.prefix, arg) {
		var found record[T]
		err := c.get(ctx, n.path+"/"+url.PathEscape(arg), nil, &found)
		return found, err
	}
	if n.byName {
		query.Set("name", arg)
	}
	all, err := n.list(ctx, c, query, 0)
	if err != nil {
		return record[T]{}, err
	}
	var ids []string
	var found record[T]
	for _, r := range all {
		if id, name := n.names(r.it); name == arg || id == arg {
			found, ids = r, append(ids, id)
		}
	}
	switch len(ids) {
	case 0:
		return found, &failure{
			exit: exitNotFound, err: fleet.Errorf(fleet.NotFound, "there is no %s %q", n.one, arg),
			next: []string{fmt.Sprintf("`kelvin %s ls` shows those there are.", n.one)},
		}
	case 1:
		return found, nil
	}
	return found, &failure{
		exit: exitConflict, err: fleet.Errorf(fleet.Conflict, "there are %d of the name %q", len(ids), arg),
		next: []string{"Use an ID: " + strings.Join(ids, ", ")},
	}
}

const pageSize = 200

// list returns limit items, or all of them for 0, page after page.
func (n *noun[T]) list(ctx context.Context, c *client, query url.Values, limit int) ([]record[T], error) {
	var all []record[T]
	if n.onePage {
		var page api.List[record[T]]
		err := c.get(ctx, n.path, query, &page)
		return page.Items[:limited(len(page.Items), limit)], err
	}
	for {
		query.Set("limit", strconv.Itoa(limited(pageSize, limit-len(all))))
		var page api.List[record[T]]
		if err := c.get(ctx, n.path, query, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == "" || len(page.Items) == 0 || limit > 0 && len(all) >= limit {
			return all, nil
		}
		query.Set("after", page.Next)
	}
}

// limited is n, or limit if that is less and not 0.
func limited(n, limit int) int {
	if limit > 0 {
		return min(n, limit)
	}
	return n
}

// print prints a list in the format that was asked for.
func (n *noun[T]) print(s *session, all []record[T]) error {
	switch s.output {
	case formatJSON, formatYAML:
		if all == nil {
			all = []record[T]{}
		}
		return writeValue(s.out, s.output, all)
	case formatName:
		for _, r := range all {
			id, name := n.names(r.it)
			fmt.Fprintln(s.out, firstOf(name, id))
		}
		return nil
	case formatTable:
	}
	if len(all) == 0 {
		s.say("None.")
		return nil
	}
	now, t := s.now(), table{}
	for _, col := range n.columns {
		t.titles = append(t.titles, col.title)
	}
	for _, r := range all {
		var line []string
		for _, col := range n.columns {
			line = append(line, col.cell(r.it, now))
		}
		t.lines = append(t.lines, line)
	}
	return t.write(s.out, !s.noHeaders)
}

// printOne prints one thing whole.
func (n *noun[T]) printOne(s *session, r record[T]) error {
	return printOne(s, r.it, r.raw, n.names, n.show)
}

func printOne[T any](s *session, it T, raw json.RawMessage, names func(T) (id, name string), show func(T, time.Time) facts) error {
	switch s.output {
	case formatJSON, formatYAML:
		return writeValue(s.out, s.output, raw)
	case formatName:
		id, name := names(it)
		_, err := fmt.Fprintln(s.out, firstOf(name, id))
		return err
	case formatTable:
	}
	return show(it, s.now()).write(s.out)
}

// showCommand shows one of n.
func showCommand[T any](a *app, n *noun[T], short string) *cobra.Command {
	return &cobra.Command{
		Use: "show " + strings.ToUpper(n.one), Aliases: []string{"get"}, Short: short, Args: cobra.ExactArgs(1),
		ValidArgsFunction: completeNouns(a, n, nil),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			found, err := n.find(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			return n.printOne(s, found)
		}),
	}
}

// lsCommand lists n: filter turns flags into the query.
func lsCommand[T any](a *app, n *noun[T], short string, limit int, filter func(context.Context, *session, url.Values) error) *cobra.Command {
	cmd := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: short, Args: cobra.NoArgs,
		RunE: a.run(func(ctx context.Context, s *session, _ []string) error {
			if limit < 0 {
				return usage(s.cmd, "--limit is negative; allowed: 0 for all, or how many")
			}
			query := url.Values{}
			if filter != nil {
				if err := filter(ctx, s, query); err != nil {
					return err
				}
			}
			all, err := n.list(ctx, s.client, query, limit)
			if err != nil {
				return err
			}
			return n.print(s, all)
		}),
	}
	cmd.Flags().IntVar(&limit, "limit", limit, "How many to list at the most; 0: all")
	return cmd
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
