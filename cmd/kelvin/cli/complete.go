package cli

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
)

// completionTimeout is how long the shell waits for names from the server. Without an
// answer there are none: a completion has nobody to tell an error.
const completionTimeout = time.Second

type completer = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

// complete gives a flag its completer.
func complete(cmd *cobra.Command, flag string, with completer) {
	if err := cmd.RegisterFlagCompletionFunc(flag, with); err != nil {
		panic(err) // there is no such flag: a mistake in this package
	}
}

// fixed completes words that are known.
func fixed[S ~string](words ...S) completer {
	var texts []string
	for _, word := range words {
		if word != "" {
			texts = append(texts, string(word))
		}
	}
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return texts, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeNouns completes the names of n, of those that keep wants (nil: all), once a
// command line. What each is doing stands beside it.
func completeNouns[T any](a *app, n *noun[T], keep func(T) bool) completer {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return completeFlag(a, n, keep)(cmd, args, "")
	}
}

func completeFlag[T any](a *app, n *noun[T], keep func(T) bool) completer {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		all := fetch(a, cmd, n)
		var names []string
		for _, r := range all {
			if keep != nil && !keep(r.it) {
				continue
			}
			id, name := n.names(r.it)
			names = append(names, cobra.CompletionWithDesc(firstOf(name, id), clean(n.about(r.it, a.now()))))
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// about is a word on one of n: its second column, for the first is its name.
func (n *noun[T]) about(it T, now time.Time) string {
	if len(n.columns) < 2 {
		return ""
	}
	return n.columns[1].cell(it, now)
}

func fetch[T any](a *app, cmd *cobra.Command, n *noun[T]) []record[T] {
	ctx := cmd.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, cancel := context.WithTimeout(ctx, completionTimeout)
	defer cancel()
	s, err := a.open(cmd)
	if err != nil {
		return nil
	}
	s.note, s.tries, s.trace = func(string) {}, 1, nil
	all, err := n.list(ctx, s.client, url.Values{}, pageSize)
	if err != nil {
		return nil
	}
	return all
}

// completeGPUTypes completes the types of the GPUs that the account can see, or else those
// that quick deploys ask for.
func (a *app) completeGPUTypes(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	types := map[string]bool{}
	for _, r := range fetch(a, cmd, gpus) {
		types[r.it.Type] = true
	}
	if len(types) == 0 {
		for _, r := range fetch(a, cmd, quickDeploys) {
			types[r.it.Spec.GPUType] = true
		}
	}
	delete(types, "")
	return slices.Sorted(maps.Keys(types)), cobra.ShellCompDirectiveNoFileComp
}

var dataCenters = &noun[api.DataCenter]{
	one: "data-center", path: "/v1/data-centers", onePage: true,
	names: func(d api.DataCenter) (id, name string) { return d.Name, d.Name },
}

func (a *app) completeContexts(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	path, err := contextPath(a.getenv)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	all, err := loadContexts(path)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(all.Contexts)) {
		names = append(names, cobra.CompletionWithDesc(name, all.Contexts[name].Server))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// accepts keeps what the operation of that name is legal on.
func accepts[T any](legal func(T) []string, operation string) func(T) bool {
	return func(it T) bool { return slices.Contains(legal(it), operation) }
}
