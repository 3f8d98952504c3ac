package cli

import (
	"io"
	"strings"
)

// A table is lines of cells under their titles.
type table struct {
	titles []string
	lines  [][]string
}

// write prints the table with its columns aligned, by the width that a terminal gives them.
// What is empty is shown as a dash.
func (t *table) write(w io.Writer, headers bool) error {
	all := t.lines
	if headers {
		all = append([][]string{t.titles}, all...)
	}
	widths := make([]int, len(t.titles))
	for _, line := range all {
		for i, cell := range line {
			if cell = clean(cell); cell == "" {
				cell = "-"
			}
			line[i] = cell
			widths[i] = max(widths[i], displayWidth(cell))
		}
	}
	var out strings.Builder
	for _, line := range all {
		for i, cell := range line {
			out.WriteString(cell)
			if i < len(line)-1 {
				out.WriteString(strings.Repeat(" ", widths[i]-displayWidth(cell)+3))
			}
		}
		out.WriteByte('\n')
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// facts are what show prints: a name and a value a line. Those without a value are left out.
type facts [][2]string

func (f *facts) add(name, value string) {
	if value != "" {
		*f = append(*f, [2]string{name, value})
	}
}

func (f facts) write(w io.Writer) error {
	width := 0
	for _, fact := range f {
		width = max(width, displayWidth(fact[0]))
	}
	var out strings.Builder
	for _, fact := range f {
		// A value of several lines, such as a command, goes on under its beginning.
		for i, line := range strings.Split(fact[1], "\n") {
			name := fact[0]
			if i > 0 {
				name = ""
			}
			out.WriteString(strings.TrimRight(name+strings.Repeat(" ", width-displayWidth(name)+2)+clean(line), " ") + "\n")
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}
