package api

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// fieldErrors says in our words what huma found wrong with a request: which field, what is
// wrong, and what would be right. huma's errors hold the rejected values; these do not.
func fieldErrors(op *huma.Operation, errs []error) []fleet.FieldError {
	fields := make([]fleet.FieldError, 0, len(errs))
	for _, err := range errs {
		var detail *huma.ErrorDetail
		if !errors.As(err, &detail) {
			continue
		}
		field := fleet.FieldError{Field: detail.Location, Message: wording(detail.Message)}
		if name, missing := requiredProperty(detail.Message); missing {
			field.Field, field.Message = detail.Location+"."+name, "is required"
		}
		if field.Message == unknown {
			field.Allowed = siblings(op, field.Field)
		} else {
			field.Allowed = allowed(schemaAt(op, field.Field))
		}
		fields = append(fields, field)
	}
	// One field can break several rules of one schema. What is allowed says them all.
	slices.SortStableFunc(fields, func(a, b fleet.FieldError) int { return cmp.Compare(a.Field, b.Field) })
	return slices.CompactFunc(fields, func(a, b fleet.FieldError) bool { return a.Field == b.Field })
}

// summary is the first of fields as a sentence, in the manner of fleet's own validation.
func summary(fields []fleet.FieldError) string {
	if len(fields) == 0 {
		return "the request is not valid"
	}
	s := fields[0].Field + " " + fields[0].Message
	if fields[0].Allowed != "" {
		s += "; allowed: " + fields[0].Allowed
	}
	if len(fields) > 1 {
		s += fmt.Sprintf(" (and %d more)", len(fields)-1)
	}
	return s
}

const unknown = "is not known"

// wordings are huma's messages, by how they begin, and ours.
var wordings = []struct{ prefix, message string }{
	{"unexpected property", unknown},
	{"unknown query parameter", unknown},
	{"required ", "is required"},
	{"expected value to be one of", "is none of the allowed"},
	{"expected number >", "is out of range"},
	{"expected number <", "is out of range"},
	{"expected length", "has the wrong length"},
	{"expected array length", "has the wrong length"},
	{"expected string to match pattern", "has the wrong form"},
	{"expected string to be", "has the wrong form"},
	{"expected integer", "is not an integer"},
	{"expected number", "is not a number"},
	{"expected string", "is not a string"},
	{"expected boolean", "is not a boolean"},
	{"expected array", "is not an array"},
	{"expected object with at least", "has nothing in it"},
	{"expected object", "is not an object"},
	{"invalid integer", "is not an integer"},
	{"invalid boolean", "is not a boolean"},
	{"invalid date/time", "is not a time"},
}

func wording(message string) string {
	for _, w := range wordings {
		if strings.HasPrefix(message, w.prefix) {
			return w.message
		}
	}
	return "is not valid"
}

func requiredProperty(message string) (name string, ok bool) {
	name, ok = strings.CutPrefix(message, "expected required property ")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(name, " to be present")
}
