package api

import (
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// newSchemas is a registry that knows what fleet's types look like as JSON. fleet cannot
// say so itself: it knows nothing of huma.
func newSchemas() huma.Registry {
	r := huma.NewMapRegistry("#/components/schemas/", schemaName)
	alias := func(of, as reflect.Type) { r.RegisterTypeAlias(of, as) }
	alias(reflect.TypeFor[fleet.Duration](), reflect.TypeFor[durationSchema]())
	alias(reflect.TypeFor[fleet.State](), reflect.TypeFor[stateSchema]())
	alias(reflect.TypeFor[fleet.HostState](), reflect.TypeFor[hostStateSchema]())
	alias(reflect.TypeFor[fleet.FindingKind](), reflect.TypeFor[findingKindSchema]())
	alias(reflect.TypeFor[fleet.GPUState](), reflect.TypeFor[gpuStateSchema]())
	alias(reflect.TypeFor[fleet.Role](), reflect.TypeFor[roleSchema]())
	alias(reflect.TypeFor[fleet.Code](), reflect.TypeFor[codeSchema]())
	alias(reflect.TypeFor[fleet.Kind](), reflect.TypeFor[kindSchema]())
	alias(reflect.TypeFor[fleet.StepState](), reflect.TypeFor[stepStateSchema]())
	alias(reflect.TypeFor[fleet.ScheduleState](), reflect.TypeFor[scheduleStateSchema]())
	alias(reflect.TypeFor[fleet.ScheduleAction](), reflect.TypeFor[scheduleActionSchema]())
	alias(reflect.TypeFor[fleet.Weekday](), reflect.TypeFor[weekdaySchema]())
	alias(reflect.TypeFor[fleet.Edge](), reflect.TypeFor[edgeSchema]())
	alias(reflect.TypeFor[fleet.RunState](), reflect.TypeFor[runStateSchema]())
	alias(reflect.TypeFor[fleet.RunOutcome](), reflect.TypeFor[runOutcomeSchema]())
	alias(reflect.TypeFor[gpu.Level](), reflect.TypeFor[levelSchema]())
	alias(reflect.TypeFor[gpu.Outcome](), reflect.TypeFor[verdictSchema]())
	alias(reflect.TypeFor[fleet.DiagnosisKind](), reflect.TypeFor[diagnosisKindSchema]())
	alias(reflect.TypeFor[fleet.CareKind](), reflect.TypeFor[careKindSchema]())
	alias(reflect.TypeFor[fleet.CareState](), reflect.TypeFor[careStateSchema]())
	return r
}

// schemaName is what clients know a type by. Two packages have an Event.
func schemaName(t reflect.Type, hint string) string {
	if t == reflect.TypeFor[gpu.Event]() {
		return "DriverEvent"
	}
	return huma.DefaultSchemaNamer(t, hint)
}

type (
	levelSchema         string
	verdictSchema       string
	diagnosisKindSchema string
	careKindSchema      string
	careStateSchema     string

	durationSchema    string
	stateSchema       string
	hostStateSchema   string
	findingKindSchema string
	gpuStateSchema    string
	roleSchema        string
	codeSchema        string
	kindSchema        string
	stepStateSchema   string

	scheduleStateSchema  string
	scheduleActionSchema string
	weekdaySchema        string
	edgeSchema           string
	runStateSchema       string
	runOutcomeSchema     string
)

// Schema implements huma.SchemaProvider.
func (levelSchema) Schema(huma.Registry) *huma.Schema { return enum(gpu.Levels) }

// Schema implements huma.SchemaProvider.
func (verdictSchema) Schema(huma.Registry) *huma.Schema { return enum(gpu.Outcomes) }

// Schema implements huma.SchemaProvider.
func (diagnosisKindSchema) Schema(huma.Registry) *huma.Schema { return enum(fleet.DiagnosisKinds) }

// Schema implements huma.SchemaProvider.
func (careKindSchema) Schema(huma.Registry) *huma.Schema { return enum(fleet.CareKinds) }

// Schema implements huma.SchemaProvider.
func (careStateSchema) Schema(huma.Registry) *huma.Schema { return enum(fleet.CareStates) }

// Schema implements huma.SchemaProvider.
func (scheduleStateSchema) Schema(huma.Registry) *huma.Schema { return enum(fleet.ScheduleStates) }

// Schema implements huma.SchemaProvider.
func (scheduleActionSchema) Schema(huma.Registry) *huma.Schema { return enum(fleet.ScheduleActions) }

// Schema implements huma.SchemaProvider.
func (weekdaySchema) Schema(huma.Registry) *huma.Schema { return enum(fleet.Weekdays) }

// Schema implements huma.SchemaProvider.
func (edgeSchema) Schema(huma.Registry) *huma.Schema {
	return enum([]fleet.Edge{fleet.Begin, fleet.End})
}

// Schema implements huma.SchemaProvider.
func (runStateSchema) Schema(huma.Registry) *huma.Schema { return enum(fleet.RunStates) }

// Schema implements huma.SchemaProvider.
func (runOutcomeSchema) Schema(huma.Registry) *huma.Schema { return enum(fleet.RunOutcomes) }

// Schema implements huma.SchemaProvider.
func (durationSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Pattern: `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`,
		PatternDescription: "a duration such as 30s or 1h30m",
	}
}

// Schema implements huma.SchemaProvider. The states of instances and of endpoints are one
// list, since clients show both in one place.
func (stateSchema) Schema(huma.Registry) *huma.Schema {
	states := slices.Concat(fleet.InstanceStates, fleet.EndpointStates)
	states = slices.DeleteFunc(states, func(s fleet.State) bool { return s == fleet.Absent })
	slices.Sort(states)
	return enum(slices.Compact(states))
}

// Schema implements huma.SchemaProvider.
func (hostStateSchema) Schema(huma.Registry) *huma.Schema { return enum(fleet.HostStates) }

// Schema implements huma.SchemaProvider.
func (findingKindSchema) Schema(huma.Registry) *huma.Schema { return enum(fleet.FindingKinds) }

// Schema implements huma.SchemaProvider.
func (gpuStateSchema) Schema(huma.Registry) *huma.Schema { return enum(fleet.GPUStates) }

// Schema implements huma.SchemaProvider.
func (roleSchema) Schema(huma.Registry) *huma.Schema { return enum(fleet.Roles) }

// Schema implements huma.SchemaProvider.
func (codeSchema) Schema(huma.Registry) *huma.Schema { return enum(fleet.Codes) }

// Schema implements huma.SchemaProvider.
func (kindSchema) Schema(huma.Registry) *huma.Schema {
	return enum([]fleet.Kind{fleet.KindInstance, fleet.KindEndpoint})
}

// Schema implements huma.SchemaProvider.
func (stepStateSchema) Schema(huma.Registry) *huma.Schema {
	return enum([]fleet.StepState{fleet.StepRunning, fleet.StepDone, fleet.StepFailed})
}

// Schema implements huma.SchemaProvider.
func (OperationState) Schema(huma.Registry) *huma.Schema {
	return enum([]OperationState{OperationPending, OperationRunning, OperationDone, OperationUndone, OperationStuck})
}

func enum[T ~string](values []T) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, v := range values {
		s.Enum = append(s.Enum, string(v))
	}
	return s
}

// TransformSchema implements huma.SchemaTransformer. What InstanceSpec does not need to be
// told has defaults.
func (InstanceCreate) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	s.Required = []string{"name", "image"}
	return s
}

// tolerate lets agents and gateways be older or newer than the server: what they leave out
// is zero, and what nobody here knows is ignored. People get no such leave, since theirs
// would be typing errors.
func tolerate(r huma.Registry) {
	for _, name := range []string{"HostReport", "GPUReport", "ContainerReport", "GatewayReport", "EndpointLoad", "HostNotice", "NoticeReport"} {
		s := r.Map()[name]
		s.Required, s.AdditionalProperties = nil, true
		if health := s.Properties["health"]; health != nil { // drivers tell more with each version
			health.Items = &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, Description: "As GET /v1/gpus/{id} shows it"}
			health.Items.PrecomputeMessages()
		}
		s.PrecomputeMessages()
	}
}
