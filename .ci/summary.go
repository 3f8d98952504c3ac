// Summary reads the results of make test (go test -json, vitest's JSON) and prints which tests were
// skipped and why, which failed, and the counts. It exits 1 when a test failed, or none was run.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

type outcome struct{ name, why string }

type totals struct {
	passed          int
	failed, skipped []outcome
}

func main() {
	var t totals
	for _, path := range os.Args[1:] {
		read := t.goTests
		if filepath.Ext(path) == ".json" {
			read = t.consoleTests
		}
		if err := read(path); err != nil {
			fmt.Fprintf(os.Stderr, "summary: %s: %v\n", path, err)
			os.Exit(1)
		}
	}
	list("Skipped", t.skipped)
	list("Failed", t.failed)
	fmt.Printf("%d passed, %d failed, %d skipped\n", t.passed, len(t.failed), len(t.skipped))
	if len(t.failed) > 0 || t.passed == 0 {
		os.Exit(1)
	}
}

func list(title string, outcomes []outcome) {
	if len(outcomes) == 0 {
		return
	}
	fmt.Printf("%s:\n", title)
	for _, o := range outcomes {
		fmt.Printf("  %s\n", o.name)
		if o.why != "" {
			fmt.Printf("      %s\n", o.why)
		}
	}
	fmt.Println()
}

// goTests counts tests by their leaves: a test with subtests is counted through them.
func (t *totals) goTests(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()

	type key struct{ pkg, test string }
	output := map[key]string{}
	parents := map[key]bool{}
	blamed := map[key]bool{} // packages and parents whose failure a test below explains
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var event struct{ Action, Package, Test, Output string }
		if json.Unmarshal(lines.Bytes(), &event) != nil {
			continue // a line of the build's, not of a test's
		}
		k := key{event.Package, event.Test}
		name := strings.TrimPrefix(event.Package, "github.com/kelvin-gpu/kelvin/") + " " + event.Test
		switch event.Action {
		case "run":
			if i := strings.LastIndexByte(event.Test, '/'); i > 0 {
				parents[key{event.Package, event.Test[:i]}] = true
			}
		case "output":
			if event.Test != "" && len(output[k]) < 4096 {
				output[k] += event.Output
			}
		case "pass":
			if event.Test != "" && !parents[k] {
				t.passed++
			}
			delete(output, k)
		case "skip":
			if event.Test != "" {
				t.skipped = append(t.skipped, outcome{name, reason(output[k])})
			}
		case "fail":
			if blamed[k] {
				continue
			}
			if event.Test == "" {
				name += "(the package: build, panic or timeout)"
			}
			t.failed = append(t.failed, outcome{name, ""})
			for up := event.Test; up != ""; {
				up = up[:max(strings.LastIndexByte(up, '/'), 0)]
				blamed[key{event.Package, up}] = true
			}
		}
	}
	return lines.Err()
}

// reason is what a test said when it skipped: the last line of its own, without file and line.
func reason(output string) string {
	why := ""
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "===") || strings.HasPrefix(line, "---") {
			continue
		}
		if _, said, ok := strings.Cut(line, ".go:"); ok {
			if _, said, ok = strings.Cut(said, ": "); ok {
				line = said
			}
		}
		why = line
	}
	return why
}

func (t *totals) consoleTests(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var report struct {
		TestResults []struct {
			Name, Status     string
			AssertionResults []struct{ FullName, Status string }
		}
	}
	if err := json.Unmarshal(text, &report); err != nil {
		return err
	}
	for _, file := range report.TestResults {
		name := "web " + filepath.Base(file.Name)
		if file.Status == "failed" && len(file.AssertionResults) == 0 {
			t.failed = append(t.failed, outcome{name + " (the file)", ""})
		}
		for _, test := range file.AssertionResults {
			switch test.Status {
			case "passed":
				t.passed++
			case "failed":
				t.failed = append(t.failed, outcome{name + ": " + test.FullName, ""})
			default: // skipped, pending, todo
				t.skipped = append(t.skipped, outcome{name + ": " + test.FullName, test.Status})
			}
		}
	}
	return nil
}
