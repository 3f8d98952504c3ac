package gpu_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

var update = flag.Bool("update", false, "write docs/reference/gpu-rules.md")

const rulesFile = "../../docs/reference/gpu-rules.md"

func TestTheRulesDocumentIsUpToDate(t *testing.T) {
	t.Parallel()
	want := document(t)
	if *update {
		require.NoError(t, os.WriteFile(rulesFile, []byte(want), 0o644))
	}
	got, err := os.ReadFile(rulesFile)
	require.NoError(t, err)
	require.Equal(t, want, string(got), "write it again: go test ./fleet/gpu -run TestTheRules -update")
}

// outcomes are what people read about each.
var outcomes = map[gpu.Outcome]string{
	gpu.Lost:         "The GPU is gone",
	gpu.Hung:         "Its driver does not answer",
	gpu.Quarantine:   "It is out of the pool for good",
	gpu.Reboot:       "Its node needs a reboot",
	gpu.Reset:        "It is reset, and tested again once",
	gpu.Inconclusive: "Not enough is known: it has not passed",
	gpu.Degraded:     "It is handed out, after better ones",
	gpu.Pass:         "It is handed out",
}

// document writes the tables for people.
func document(t *testing.T) string {
	var b strings.Builder
	b.WriteString("<!-- Generated from fleet/gpu by go test ./fleet/gpu -run TestTheRules -update. Do not edit. -->\n\n# GPU rules\n\n" +
		"How an examination of a GPU is judged. The rules are asked in this order, and the first that holds decides; a verdict lists the\n" +
		"others that hold, too. What is missing, cannot be read or does not fit together is `inconclusive`, never a pass. \"From\" says whose\n" +
		"choice a rule is: NVIDIA's documents or driver, what other operators do, or ours. Numbers that are ours are in the\n" +
		"[policy](#policy). What to do about each: [GPUs](../guides/gpus.md).\n")
	for _, o := range gpu.Outcomes {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n", o, outcomes[o])
		rules(&b, gpu.Rules(), o)
	}
	b.WriteString("\n## Scrubs\n\nA scrub is judged by rules of its own.\n\n| rule | verdict | holds when | action | from |\n|---|---|---|---|---|\n")
	for _, r := range gpu.ScrubRules() {
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s | %s |\n", r.ID, r.Outcome, r.When, r.Action, r.From)
	}
	b.WriteString("\n## Xids\n\nThe errors that NVIDIA's driver reports, with the advice of its catalogue. \"In use\" is what is done at once while somebody uses the GPU;\n" +
		"an examination judges by the class. A number that is not here is a `warning`: it is written down, and the GPU's score is lower.\n\n" +
		"| Xid | is | NVIDIA | class | in use | spoils the work of |\n|---|---|---|---|---|---|\n")
	for _, x := range gpu.Xids {
		r := gpu.React(gpu.Event{Kind: gpu.EventXid, Xid: x.Number})
		do := string(r.Do)
		if r.Later {
			do += ", reset when its tenant is gone"
		}
		fmt.Fprintf(&b, "| %d | %s | %s | `%s` | %s | %s |\n", x.Number, x.Name, x.Advice, x.Class, do, x.Victims)
	}
	b.WriteString("\n## Policy\n\nThe thresholds that are Kelvin's choice. A file in JSON (`--gpu-policy`) names those that are to be different; durations are\n" +
		"texts such as `720h`. What it does not know is refused.\n\n| field | default | is |\n|---|---|---|\n")
	fields(t, &b, "", reflect.ValueOf(gpu.DefaultPolicy()))
	b.WriteString("\n## Products\n\nWhat is known by name. Others get a type made of their name and memory, and their driver is asked whether they have ECC. `full`: errors are\n" +
		"corrected and contained, and rows replaced; `remap`: corrected where ECC is on, and rows replaced; `pages`: corrected, and bad pages used no\n" +
		"more; `none`: memory without ECC. The peak is the data sheet's, in GB/s (10⁹ bytes).\n\n" +
		"| type | driver's name | ECC | peak | levels as A100 |\n|---|---|---|---|---|\n")
	for _, p := range gpu.Products() {
		as := ""
		if p.Rigorous {
			as = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | %s | `%s` | %.0f | %s |\n", p.Type, p.Name, p.ECC, p.Peak, as)
	}
	return b.String()
}

// rules writes those of one outcome. Where all do the same, that is said once.
func rules(b *strings.Builder, all []gpu.Rule, o gpu.Outcome) {
	actions := map[string]int{}
	common := ""
	for _, r := range all {
		if r.Outcome == o {
			if actions[r.Action]++; actions[r.Action] > actions[common] {
				common = r.Action
			}
		}
	}
	fmt.Fprintf(b, "Action: %s\n\n| rule | holds when | from |\n|---|---|---|\n", common)
	for _, r := range all {
		if r.Outcome != o {
			continue
		}
		when := r.When
		if r.Action != common {
			when += ". Action: " + r.Action
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", r.ID, when, r.From)
	}
}

func fields(t *testing.T, b *strings.Builder, prefix string, v reflect.Value) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch doc := f.Tag.Get("doc"); {
		case f.Type == reflect.TypeFor[gpu.ByClass]():
			by, _ := v.Field(i).Interface().(gpu.ByClass)
			fmt.Fprintf(b, "| `%s%s` | `{\"a100_class\": %q, \"other\": %q}` | %s |\n", prefix, name, by.A100, by.Other, doc)
			require.NotEmpty(t, doc, name)
		case f.Type.Kind() == reflect.Struct:
			fields(t, b, prefix+name+".", v.Field(i))
		default:
			require.NotEmpty(t, doc, name)
			value, err := json.Marshal(v.Field(i).Interface())
			require.NoError(t, err)
			fmt.Fprintf(b, "| `%s%s` | `%s` | %s |\n", prefix, name, value, doc)
		}
	}
}
