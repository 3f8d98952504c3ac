package api

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// schemaAt finds the schema of a field by its path: query.limit, header.Idempotency-Key,
// body.ports[1], body.env.NAME. It is nil where the document says nothing.
func schemaAt(op *huma.Operation, field string) *huma.Schema {
	where, rest, _ := strings.Cut(field, ".")
	if where != "body" && !strings.HasPrefix(where, "body[") {
		for _, p := range op.Parameters {
			if p.In == where && p.Name == rest {
				return p.Schema
			}
		}
		return nil
	}
	s := bodySchema(op)
	for _, name := range strings.FieldsFunc(rest, func(r rune) bool { return r == '.' || r == '[' }) {
		if s = resolve(op, s); s == nil {
			return nil
		}
		_, index := strconv.Atoi(strings.TrimSuffix(name, "]"))
		switch {
		case s.Properties[name] != nil:
			s = s.Properties[name]
		case index == nil && s.Items != nil:
			s = s.Items
		default:
			s, _ = s.AdditionalProperties.(*huma.Schema)
		}
	}
	return resolve(op, s)
}

func bodySchema(op *huma.Operation) *huma.Schema {
	if op.RequestBody == nil || op.RequestBody.Content["application/json"] == nil {
		return nil
	}
	return resolve(op, op.RequestBody.Content["application/json"].Schema)
}

// schemasKey is where an operation's Metadata has the registry that its schemas refer to.
const schemasKey = "schemas"

func resolve(op *huma.Operation, s *huma.Schema) *huma.Schema {
	schemas, ok := op.Metadata[schemasKey].(huma.Registry)
	for ok && s != nil && s.Ref != "" {
		s = schemas.SchemaFromRef(s.Ref)
	}
	return s
}

// siblings are the names that are known where an unknown one was.
func siblings(op *huma.Operation, field string) string {
	var names []string
	if strings.HasPrefix(field, "query.") {
		for _, p := range op.Parameters {
			if p.In == "query" {
				names = append(names, p.Name)
			}
		}
	} else if i := strings.LastIndexByte(field, '.'); i >= 0 {
		if s := schemaAt(op, field[:i]); s != nil {
			names = slices.Sorted(maps.Keys(s.Properties))
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// allowed says in words which values a schema takes.
func allowed(s *huma.Schema) string {
	if s == nil {
		return ""
	}
	if len(s.Enum) > 0 {
		words := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			words[i] = fmt.Sprint(v)
		}
		return strings.Join(words, ", ")
	}
	switch s.Type {
	case huma.TypeInteger, huma.TypeNumber:
		return numbers(s)
	case huma.TypeString:
		return words(s)
	case huma.TypeBoolean:
		return "true, false"
	case huma.TypeArray:
		out := "an array"
		if s.Items != nil && s.Items.Ref == "" {
			out += " of: " + allowed(s.Items)
		}
		if s.MaxItems != nil {
			out += fmt.Sprintf("; at most %d", *s.MaxItems)
		}
		return out
	default:
		return "an object"
	}
}

func numbers(s *huma.Schema) string {
	kind := "an integer"
	if s.Type == huma.TypeNumber {
		kind = "a number"
	}
	number := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
	switch {
	case s.Minimum != nil && s.Maximum != nil:
		return number(*s.Minimum) + " to " + number(*s.Maximum)
	case s.Minimum != nil:
		return kind + ", at least " + number(*s.Minimum)
	case s.Maximum != nil:
		return kind + ", at most " + number(*s.Maximum)
	}
	return kind
}

func words(s *huma.Schema) string {
	switch {
	case s.PatternDescription != "":
		return s.PatternDescription
	case s.Pattern != "":
		return "what matches " + s.Pattern
	case s.Format == "date-time":
		return "a time such as 2026-01-31T08:00:00Z"
	case s.MinLength != nil && s.MaxLength != nil:
		return fmt.Sprintf("%d to %d characters", *s.MinLength, *s.MaxLength)
	case s.MaxLength != nil:
		return fmt.Sprintf("a string of at most %d characters", *s.MaxLength)
	case s.MinLength != nil:
		return fmt.Sprintf("a string of at least %d characters", *s.MinLength)
	}
	return "a string"
}
