package fleet

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

const maxParam = 512 // characters of a parameter

// With is the quick deploy's spec with these parameters; those that are left out have their
// defaults. Invalid, with the field body.params.NAME and what is allowed, for what does not fit.
func (q QuickDeploy) With(params map[string]string) (EndpointSpec, error) {
	spec := q.Spec
	spec.Env = maps.Clone(spec.Env) // the catalogue's own must not change
	var p problems
	for _, name := range slices.Sorted(maps.Keys(params)) {
		p.add(slices.ContainsFunc(q.Params, func(o Param) bool { return o.Name == name }), "body.params."+name, "is no parameter of "+q.Name, q.paramNames())
	}
	for _, o := range q.Params {
		v, ok := params[o.Name]
		if !ok {
			v = o.Default
		}
		o.check(&p, v)
		if v == o.none {
			v = ""
		}
		if spec.Env == nil {
			spec.Env = map[string]string{}
		}
		spec.Env[o.Env] = v
	}
	return spec, p.err()
}

func (q QuickDeploy) paramNames() string {
	if len(q.Params) == 0 {
		return "none"
	}
	names := make([]string, len(q.Params))
	for i, o := range q.Params {
		names[i] = o.Name
	}
	return strings.Join(names, ", ")
}

func (o Param) check(p *problems, v string) {
	field := "body.params." + o.Name
	switch o.Kind {
	case ParamChoice:
		p.add(slices.Contains(o.Choices, v), field, "is not a choice", strings.Join(o.Choices, ", "))
	case ParamNumber:
		n, err := strconv.Atoi(v)
		p.add(err == nil && n >= o.Min && n <= o.Max, field, "is not such a number", fmt.Sprintf("%d to %d", o.Min, o.Max))
	case ParamText:
		p.add(v != "" && len(v) <= maxParam && !strings.ContainsFunc(v, unicode.IsControl) && !strings.HasPrefix(v, "-"), field, "is not a name", fmt.Sprintf("1 to %d characters that do not begin with a hyphen", maxParam))
	case ParamSecret:
		p.add(len(v) <= maxParam && !strings.ContainsFunc(v, unicode.IsControl), field, "is too long, or has control characters", fmt.Sprintf("at most %d characters", maxParam))
	}
}

// whisperMB is the GPU memory that each model of Whisper needs, as its authors say.
var whisperMB = map[string]int64{"tiny": 1024, "base": 1024, "small": 2048, "medium": 5120, "large-v3": 10240}

// Memory is the GPU memory that a spec of this quick deploy needs; false when that cannot be
// told.
func (q QuickDeploy) Memory(spec EndpointSpec) (MemoryNeed, bool) {
	switch q.Name {
	case "vllm", "sglang":
		m, ok := FindModel(spec.Env["MODEL"])
		context, _ := strconv.Atoi(spec.Env["CONTEXT_LENGTH"])
		return m.Need(spec.Env["QUANTIZATION"], context, spec.GPUsPerWorker), ok
	case "ollama": // it serves 4-bit weights, unless the tag says otherwise, and a context of 4,096
		m, ok := FindModel(spec.Env["MODEL"])
		m.Guessed = true
		return m.Need("q4", 4096, 1), ok
	case "whisper":
		mb, ok := whisperMB[spec.Env["ASR_MODEL"]]
		return MemoryNeed{Weights: mb, Overhead: 1024}, ok
	}
	return MemoryNeed{}, false
}
