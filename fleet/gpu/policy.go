package gpu

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Policy is every threshold of the verdict that is Kelvin's own choice. NVIDIA's limits are
// not among them: see rule.go.
type Policy struct {
	Levels          LevelTable `json:"levels"`
	RaiseWithoutECC bool       `json:"raise_without_ecc" doc:"One level more for GPUs without ECC, or that nobody knows: the test is all there is"`

	RigorousSeconds  float64 `json:"rigorous_seconds" doc:"Least duration of the rigorous level"`
	MinCoverage      float64 `json:"min_coverage" doc:"Share of usable memory below which nothing is proved"`
	MinCoverageSlice float64 `json:"min_coverage_slice" doc:"The same under MIG"`
	CorrectedPerTB   float64 `json:"corrected_per_tb" doc:"Corrected errors for each 10¹² bytes moved that are still well"`

	BaselineShare float64 `json:"baseline_share" doc:"Of the product's peak memory bandwidth, what a well GPU reaches: the baseline"`
	MinBandwidth  float64 `json:"min_bandwidth" doc:"Of the baseline, below which nothing is proved"`
	GoodBandwidth float64 `json:"good_bandwidth" doc:"Of the baseline, below which it is degraded"`

	Window              Duration `json:"window" doc:"How long errors are held against a GPU"`
	UncorrectableEvents int      `json:"uncorrectable_events" doc:"So many uncorrectable errors within the window are the end"`
	LinkEvents          int      `json:"link_events" doc:"So many NVLink failures within the window are the end"`
	Incident            Duration `json:"incident" doc:"Errors closer than this are one"`
	RetiredPages        int      `json:"retired_pages" doc:"So many pages of memory that are used no more are the end, before Ampere"`

	IdleMemoryMiB uint64 `json:"idle_memory_mib" doc:"MiB in use on a GPU that nobody uses"`
	ECCOff        string `json:"ecc_off" doc:"A data-center GPU whose ECC is off, or will be: fail or allow"`
	Remanence     string `json:"remanence" doc:"Memory that was not empty before a test: report or fail"`

	Retries    int      `json:"retries" doc:"Of an inconclusive examination, before it counts as failed"`
	RetryAfter Duration `json:"retry_after" doc:"Between them"`
	Probation  Duration `json:"probation" doc:"Of a GPU that had to be reset: others are handed out before it"`
}

// A LevelTable is how thoroughly GPUs are examined, by purpose.
type LevelTable struct {
	Thaw    ByClass `json:"thaw" doc:"Level of thaw, migrate and recover"`
	Create  ByClass `json:"create" doc:"Level of a new server"`
	Worker  ByClass `json:"worker" doc:"Level of an endpoint's worker"`
	Release ByClass `json:"release" doc:"Level after a reset, a quarantine or a drain"`
	Hand    ByClass `json:"hand" doc:"Level when somebody asks and names none"`
}

// ByClass is a level for the A100 and its kind, and one for all others.
type ByClass struct {
	A100  Level `json:"a100_class"`
	Other Level `json:"other"`
}

// A Duration is written as "720h" in JSON.
type Duration time.Duration

// String is the duration as time.Duration writes it.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return errDuration
	}
	*d = Duration(v)
	return nil
}

var errDuration = errors.New("is not a duration")

// What a policy can say about what is no fault of the GPU.
const (
	Fail   = "fail"
	Allow  = "allow"
	Remark = "report"
)

// DefaultPolicy is Kelvin's.
func DefaultPolicy() Policy {
	return Policy{
		Levels: LevelTable{
			Thaw:    ByClass{LevelRigorous, LevelStandard},
			Create:  ByClass{LevelQuick, LevelQuick},
			Worker:  ByClass{LevelCounters, LevelCounters},
			Release: ByClass{LevelRigorous, LevelRigorous},
			Hand:    ByClass{LevelStandard, LevelStandard},
		},
		RaiseWithoutECC: true,

		RigorousSeconds: 60, MinCoverage: 0.95, MinCoverageSlice: 0.90, CorrectedPerTB: 100,
		BaselineShare: 0.88, MinBandwidth: 0.85, GoodBandwidth: 0.95,

		Window: Duration(30 * 24 * time.Hour), UncorrectableEvents: 2, LinkEvents: 2,
		Incident: Duration(10 * time.Minute), RetiredPages: 63,

		IdleMemoryMiB: 15, ECCOff: Fail, Remanence: Remark,

		Retries: 2, RetryAfter: Duration(30 * time.Second), Probation: Duration(7 * 24 * time.Hour),
	}
}

// LevelFor is how thoroughly a product is examined for a purpose. An unknown purpose gets the
// most thorough examination.
func (p Policy) LevelFor(purpose Purpose, product Product) Level {
	by, ok := map[Purpose]ByClass{
		ForThaw: p.Levels.Thaw, ForCreate: p.Levels.Create, ForWorker: p.Levels.Worker, ForRelease: p.Levels.Release, ForHand: p.Levels.Hand,
	}[purpose]
	if !ok {
		return LevelRigorous
	}
	level := by.Other
	if product.Rigorous {
		level = by.A100
	}
	if p.RaiseWithoutECC && level != LevelNone && (product.ECC == ECCNone || product.ECC == "") {
		level = level.Next()
	}
	return level
}

// ForSlice is the policy for what is a MIG slice.
func (p Policy) ForSlice() Policy {
	p.MinCoverage = p.MinCoverageSlice
	return p
}

// A Problem is what is wrong with one field of a policy.
type Problem struct {
	Field   string
	Message string
	Allowed string
}

// A PolicyError is everything that is wrong with a policy.
type PolicyError []Problem

func (e PolicyError) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.Field + " " + p.Message
		if p.Allowed != "" {
			lines[i] += " (allowed: " + p.Allowed + ")"
		}
	}
	return "the GPU policy is not valid: " + strings.Join(lines, "; ")
}

// LoadPolicy reads a policy from a file, DefaultPolicy if the path is empty.
func LoadPolicy(path string) (Policy, error) {
	if path == "" {
		return DefaultPolicy(), nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return Policy{}, fmt.Errorf("read the GPU policy: %w", err)
	}
	return ParsePolicy(data)
}

// ParsePolicy reads a policy in JSON. What it does not say is as in DefaultPolicy; what a
// policy does not have is refused.
func ParsePolicy(data []byte) (Policy, error) {
	p := DefaultPolicy()
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return Policy{}, PolicyError{problemOf(data, err)}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Policy{}, PolicyError{{"the file", "goes on after its end", "one JSON object"}}
	}
	if err := p.Validate(); err != nil {
		return Policy{}, err
	}
	return p, nil
}

// Validate says everything that is wrong with a policy: a PolicyError.
func (p Policy) Validate() error {
	var e PolicyError
	check := func(ok bool, field, allowed string) {
		if !ok {
			e = append(e, Problem{field, "is out of range", allowed})
		}
	}
	share := func(v float64, field string) { check(v > 0 && v <= 1, field, "above 0, at most 1") }
	for _, l := range p.Levels.each() {
		check(slices.Contains(Levels, l.level), l.field, joined(Levels))
	}
	check(p.RigorousSeconds >= 1 && p.RigorousSeconds <= 86400, "rigorous_seconds", "1 to 86400")
	share(p.MinCoverage, "min_coverage")
	share(p.MinCoverageSlice, "min_coverage_slice")
	check(p.CorrectedPerTB >= 0 && p.CorrectedPerTB <= 1e12, "corrected_per_tb", "0 to 1e12")
	share(p.BaselineShare, "baseline_share")
	share(p.MinBandwidth, "min_bandwidth")
	share(p.GoodBandwidth, "good_bandwidth")
	check(p.GoodBandwidth >= p.MinBandwidth, "good_bandwidth", "at least min_bandwidth")
	check(p.Window > 0, "window", "above 0s")
	check(p.UncorrectableEvents >= 1, "uncorrectable_events", "1 or more")
	check(p.LinkEvents >= 1, "link_events", "1 or more")
	check(p.Incident >= 0 && p.Incident <= p.Window, "incident", "0s to window")
	check(p.RetiredPages >= 1, "retired_pages", "1 or more")
	check(p.IdleMemoryMiB <= 1<<20, "idle_memory_mib", "0 to 1048576")
	check(p.ECCOff == Fail || p.ECCOff == Allow, "ecc_off", "fail, allow")
	check(p.Remanence == Fail || p.Remanence == Remark, "remanence", "report, fail")
	check(p.Retries >= 0 && p.Retries <= 10, "retries", "0 to 10")
	check(p.RetryAfter >= 0 && p.RetryAfter <= Duration(time.Hour), "retry_after", "0s to 1h")
	check(p.Probation >= 0, "probation", "0s or more")
	if len(e) > 0 {
		return e
	}
	return nil
}

type levelField struct {
	field string
	level Level
}

func (l LevelTable) each() (all []levelField) {
	for _, by := range []struct {
		name string
		ByClass
	}{{"thaw", l.Thaw}, {"create", l.Create}, {"worker", l.Worker}, {"release", l.Release}, {"hand", l.Hand}} {
		all = append(all, levelField{"levels." + by.name + ".a100_class", by.A100}, levelField{"levels." + by.name + ".other", by.Other})
	}
	return all
}

func joined[T ~string](all []T) string {
	names := make([]string, len(all))
	for i, v := range all {
		names[i] = string(v)
	}
	return strings.Join(names, ", ")
}

// problemOf says what encoding/json found, by field.
func problemOf(data []byte, err error) Problem {
	if typed, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return Problem{orFile(typed.Field), "has the wrong type, " + typed.Value, allowedFor(typed.Type)}
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		name, _ := strconv.Unquote(field)
		return Problem{fmt.Sprintf("%q", name), "is not a field", strings.Join(fieldNames(reflect.TypeFor[Policy]()), ", ")}
	}
	if errors.Is(err, errDuration) {
		return Problem{badDuration(data), errDuration.Error(), "a text like 30s, 10m or 720h"}
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return Problem{"the file", fmt.Sprintf("is not JSON at byte %d", syntax.Offset), "one JSON object"}
	}
	return Problem{"the file", "is not JSON: it ends too soon", "one JSON object"}
}

// badDuration is the field with a duration that is none.
func badDuration(data []byte) string {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(data, &fields) // an object, or there would be no field with a duration in it
	t := reflect.TypeFor[Policy]()
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		var d Duration
		if f.Type == reflect.TypeFor[Duration]() && fields[name] != nil && json.Unmarshal(fields[name], &d) != nil {
			return name
		}
	}
	return "a duration"
}

func orFile(field string) string {
	if field == "" {
		return "the file"
	}
	return field
}

// allowedFor says in words what a field of a type takes.
func allowedFor(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[Duration]():
		return "a text like 30s, 10m or 720h"
	case t == reflect.TypeFor[Level]():
		return joined(Levels)
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true, false"
	case reflect.String:
		return "a text"
	case reflect.Struct:
		return "an object"
	case reflect.Float64:
		return "a number"
	default:
		return "a whole number"
	}
}

// fieldNames are the paths of all fields.
func fieldNames(t reflect.Type) (names []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Type.Kind() != reflect.Struct {
			names = append(names, name)
			continue
		}
		for _, inner := range fieldNames(f.Type) {
			names = append(names, name+"."+inner)
		}
	}
	return names
}
