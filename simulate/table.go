package simulate

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// A Table is rows of text under a head. The first columns (Left of them, at least one) are
// names and begin at the left, the others are figures and end at the right.
type Table struct {
	Head []string
	Rows [][]string
	Left int
}

// Add appends a row. Floats get two digits; everything else prints as it is.
func (t *Table) Add(cells ...any) {
	row := make([]string, len(cells))
	for i, c := range cells {
		switch v := c.(type) {
		case float64:
			row[i] = fmt.Sprintf("%.2f", v)
		default:
			row[i] = fmt.Sprint(v)
		}
	}
	t.Rows = append(t.Rows, row)
}

// Text writes the table for a terminal.
func (t *Table) Text(w io.Writer) error {
	width := make([]int, len(t.Head))
	for _, row := range append([][]string{t.Head}, t.Rows...) {
		for i, c := range row {
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	for _, row := range append([][]string{t.Head}, t.Rows...) {
		var b strings.Builder
		for i, c := range row {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c))
			if i > 0 {
				b.WriteString("  ")
			}
			if i < max(1, t.Left) {
				b.WriteString(c + pad)
			} else {
				b.WriteString(pad + c)
			}
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(b.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

// Markdown writes the table for a document.
func (t *Table) Markdown(w io.Writer) error {
	lines := [][]string{t.Head, make([]string, len(t.Head))}
	for i := range t.Head {
		lines[1][i] = "---:"
		if i < max(1, t.Left) {
			lines[1][i] = "---"
		}
	}
	for _, row := range append(lines, t.Rows...) {
		if _, err := fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | ")); err != nil {
			return err
		}
	}
	return nil
}

// CSV writes the table for a program.
func (t *Table) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write(t.Head); err != nil {
		return err
	}
	return out.WriteAll(t.Rows)
}
