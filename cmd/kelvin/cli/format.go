package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// A format is how results are printed.
type format string

const (
	formatTable format = "table"
	formatJSON  format = "json"
	formatYAML  format = "yaml"
	formatName  format = "name" // what other commands take: a name, or the ID of what has none
)

var formats = []string{string(formatTable), string(formatJSON), string(formatYAML), string(formatName)}

// String, Set and Type make a format a flag.
func (f *format) String() string {
	if *f == "" {
		*f = formatTable
	}
	return string(*f)
}

func (f *format) Set(v string) error {
	if !slices.Contains(formats, v) {
		return fmt.Errorf("allowed: %s", strings.Join(formats, ", "))
	}
	*f = format(v)
	return nil
}

func (f *format) Type() string { return "format" }

// A record is a thing of the API, and the JSON it came as: a newer server's fields are
// printed, too.
type record[T any] struct {
	it  T
	raw json.RawMessage
}

// UnmarshalJSON keeps the text beside the value.
func (r *record[T]) UnmarshalJSON(text []byte) error {
	r.raw = bytes.Clone(text)
	return json.Unmarshal(text, &r.it)
}

// MarshalJSON writes the text.
func (r record[T]) MarshalJSON() ([]byte, error) { return r.raw, nil }

// writeValue prints v as JSON or YAML.
func writeValue(w io.Writer, as format, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	if as == formatYAML {
		return writeYAML(w, text)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	out.WriteByte('\n')
	_, err = out.WriteTo(w)
	return err
}

// writeYAML turns JSON into YAML, of which it is a part, and keeps the order of the fields.
func writeYAML(w io.Writer, text []byte) error {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	block(&doc)
	out := yaml.NewEncoder(w)
	out.SetIndent(2)
	if err := out.Encode(&doc); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return out.Close()
}

// formerBool are words that older readers of YAML take for true or false.
var formerBool = regexp.MustCompile(`^(?i:y|yes|on|n|no|off)$`)

// block takes JSON's braces and quotes off, except where there is nothing in them and
// where a string would be taken for something else without.
func block(n *yaml.Node) {
	if len(n.Content) > 0 || n.Kind == yaml.ScalarNode && !formerBool.MatchString(n.Value) {
		n.Style = 0
	}
	for _, child := range n.Content {
		block(child)
	}
}
