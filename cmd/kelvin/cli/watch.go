package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// watchEvery is how often a resource is looked at. Its state has a stream of its own only
// while an operation is open, and workers come and go without one.
const watchEvery = time.Second

// watchCommand prints a line whenever a resource changes, until it is gone. line says what
// is printed, and whether it is the last.
func watchCommand[T any](a *app, n *noun[T], line func(T) (text string, gone bool)) *cobra.Command {
	return &cobra.Command{
		Use: "watch " + strings.ToUpper(n.one), Short: "Print a line whenever its state changes, until Ctrl-C",
		Long: "Prints a line whenever its state changes, until it is gone or Ctrl-C. With --output json each line is a whole " + n.one + ".",
		Args: cobra.ExactArgs(1), ValidArgsFunction: completeNouns(a, n, nil),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			found, err := n.find(ctx, s.client, args[0])
			if err != nil {
				return err
			}
			id, _ := n.names(found.it)
			last, brokeAt := "", time.Time{}
			for {
				if text, gone := line(found.it); text != last {
					last = text
					if err := printLine(s, found, text); err != nil || gone {
						return err
					}
				}
				if err := s.pause(ctx, watchEvery); err != nil {
					return err
				}
				err := s.get(ctx, n.path+"/"+url.PathEscape(id), nil, &found)
				switch {
				case err == nil:
					brokeAt = time.Time{}
				case !transient(err) || !brokeAt.IsZero() && s.now().Sub(brokeAt) > patience:
					return err
				case brokeAt.IsZero():
					brokeAt = s.now()
					s.note("Lost the connection to the server; trying again for up to a minute.")
				}
			}
		}),
	}
}

// printLine prints one of many things that come one after another: text for people, or
// JSON, one thing a line, or YAML, one document each.
func printLine[T any](s *session, r record[T], text string) error {
	switch s.output {
	case formatJSON:
		line, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("print: %w", err)
		}
		_, err = fmt.Fprintln(s.out, string(line))
		return err
	case formatYAML:
		if _, err := fmt.Fprintln(s.out, "---"); err != nil {
			return err
		}
		return writeValue(s.out, formatYAML, r)
	case formatTable, formatName:
	}
	return s.printAt(s.now(), text)
}

// printAt prints a line of what was at a time.
func (s *session) printAt(at time.Time, text string) error {
	_, err := fmt.Fprintln(s.out, clean(at.UTC().Format(time.TimeOnly)+"  "+text))
	return err
}
