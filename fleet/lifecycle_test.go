package fleet

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/lifecycle.md")

const lifecycleFile = "../docs/lifecycle.md"

func TestLifecycleDocumentIsUpToDate(t *testing.T) {
	t.Parallel()
	want := lifecycle()
	if *update {
		require.NoError(t, os.WriteFile(lifecycleFile, []byte(want), 0o644))
	}
	got, err := os.ReadFile(lifecycleFile)
	require.NoError(t, err)
	require.Equal(t, want, string(got), "write it again: go test ./fleet -run TestLifecycle -update")
}

// lifecycle writes the operation table for people.
func lifecycle() string {
	var b strings.Builder
	b.WriteString("<!-- Generated from fleet.Operations by go test ./fleet -run TestLifecycle -update. Do not edit. -->\n\n# Lifecycle\n\n")
	b.WriteString("The operations on instances and endpoints, and the states between them. API, workflows and console\n" +
		"read the same table. A resource is always either settled, or held by one operation that passes through\n" +
		"a state of its own. An operation that is still undoable at its limit is undone; \"comes before\" lists the\n" +
		"operations that it cancels when they are in its way, to come next.\n")
	for _, kind := range []Kind{KindInstance, KindEndpoint} {
		fmt.Fprintf(&b, "\n## %s%s\n\n", strings.ToUpper(string(kind[:1])), kind[1:])
		b.WriteString("| operation | from | via | to | limit | comes before |\n|---|---|---|---|---|---|\n")
		for _, op := range Operations {
			if op.Kind == kind {
				fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", op.Name, states(op.From), op.Via, op.To, limit(op), strings.Join(op.Over, ", "))
			}
		}
		b.WriteString("\n```mermaid\nstateDiagram-v2\n")
		for _, arrow := range arrows(kind) {
			fmt.Fprintf(&b, "    %s\n", arrow)
		}
		b.WriteString("```\n")
	}
	b.WriteString("\n## However it ends\n\n" +
		"| outcome | the resource is |\n|---|---|\n" +
		"| done | in the operation's \"to\" state |\n" +
		"| undone | in the state it was in; a create leaves nothing behind |\n" +
		"| stuck | failed: it could be neither finished nor undone, and someone must look |\n\n" +
		"An instance whose host goes silent is lost, whatever the outcome, unless it is terminated.\n")
	return b.String()
}

func states(all []State) string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = named(s)
	}
	return strings.Join(names, ", ")
}

func limit(op Operation) string {
	return strings.NewReplacer("h0m0s", "h", "m0s", "m").Replace(op.Limit.String())
}

// arrows are the lines of a kind's diagram.
func arrows(kind Kind) []string {
	var all []string
	node := func(s State) string {
		if s.Gone() {
			return "[*]"
		}
		return string(s)
	}
	for _, op := range Operations {
		if op.Kind != kind {
			continue
		}
		for _, from := range op.From {
			all = append(all, fmt.Sprintf("%s --> %s: %s", node(from), op.Via, op.Name))
		}
		to := []State{op.To}
		if op.To == AsBefore {
			to = op.From
		}
		for _, s := range to {
			all = append(all, fmt.Sprintf("%s --> %s", op.Via, node(s)))
		}
	}
	if kind == KindInstance {
		all = append(all, "running --> lost: its host goes silent", "lost --> running: its host returns", "running --> stopped: its process ends")
	}
	if slices.ContainsFunc(Operations, func(o Operation) bool { return o.Kind == kind && slices.Contains(o.From, Failed) }) {
		all = append(all, "note left of failed: where an operation ends that is stuck")
	}
	return all
}
