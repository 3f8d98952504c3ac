package simulate

import (
	"bytes"
	"encoding/csv"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The document says what the policies do now: some of its workloads are simulated again, with as many seeds.
func TestTheDocumentIsUpToDate(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../docs/autoscaling.md")
	require.NoError(t, err)
	raw, err := os.ReadFile("../docs/autoscaling.csv")
	require.NoError(t, err)
	rows, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	require.NoError(t, err)
	for _, name := range []string{"impulse", "constant", "m-small-9"} {
		seeds := 0
		for _, row := range rows {
			if row[0] == name && row[1] == rival {
				last := row[2][strings.LastIndex(row[2], "-")+1:]
				seeds, err = strconv.Atoi(last)
				require.NoError(t, err)
			}
		}
		require.Positive(t, seeds, "%s is not in docs/autoscaling.csv: run make eval", name)
		e := Evaluation{}
		report, err := e.plan(t.Context(), Usual(), heads, seeds, mustFind(t, name))
		require.NoError(t, err)
		for _, row := range report.Full().Rows {
			require.Contains(t, rows, row, "%s %s has changed: run make eval", row[0], row[1])
		}
		for _, table := range []string{report.heads(), report.more()} {
			line := strings.Split(table, "\n")[2]
			require.Contains(t, string(document), line, "run make eval")
		}
	}
}

func TestFillReplacesSectionsOnly(t *testing.T) {
	t.Parallel()
	const before = "a\n<!-- eval:x -->\n\nold\n\n<!-- end:x -->\nb\n<!-- eval:y -->\n<!-- end:y -->\n"
	got, err := Fill([]byte(before), []Section{{"y", "new y\n"}, {"x", "new x\n"}})
	require.NoError(t, err)
	require.Equal(t, "a\n<!-- eval:x -->\n\nnew x\n\n<!-- end:x -->\nb\n<!-- eval:y -->\n\nnew y\n\n<!-- end:y -->\n", string(got))
	again, err := Fill(got, []Section{{"y", "new y\n"}})
	require.NoError(t, err)
	require.Equal(t, string(got), string(again))
	_, err = Fill([]byte(before), []Section{{"z", ""}})
	require.ErrorContains(t, err, "no section <!-- eval:z -->")
}
