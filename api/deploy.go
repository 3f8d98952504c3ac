package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// EndpointPlan is what an endpoint would be and cost, before anybody makes it.
type EndpointPlan struct {
	Spec     fleet.EndpointSpec `json:"spec" doc:"With defaults, and a GPU type where one was chosen"`
	Memory   *PlanMemory        `json:"memory,omitempty" doc:"GPU memory that the model needs; absent when that cannot be told"`
	Types    []PlanType         `json:"gpu_types" doc:"That its data center has, the cheapest first"`
	Price    PlanPrice          `json:"price"`
	Warnings []string           `json:"warnings"`
}

// PlanMemory is the GPU memory that one worker needs.
type PlanMemory struct {
	fleet.MemoryNeed
	Total int64 `json:"total_mb"`
}

// PlanType is a type of GPU that could be taken.
type PlanType struct {
	Type     string       `json:"type" example:"a100-80gb"`
	Market   fleet.Market `json:"market"`
	MemoryMB int64        `json:"memory_mb" doc:"Of one GPU"`
	Fits     bool         `json:"fits" doc:"The model fits on the GPUs of a worker"`
	Free     int          `json:"free" doc:"GPUs that nobody has now"`
	PerHour  *fleet.Money `json:"per_hour_micros,omitempty" doc:"Per GPU, in micro-units of the currency; absent without a price"`
}

// PlanPrice is what an endpoint costs for an hour, in micro-units of the currency. Stopped, and
// scaled to zero, it costs nothing.
type PlanPrice struct {
	Currency string       `json:"currency" example:"USD"`
	Example  bool         `json:"example,omitempty" doc:"Prices that nobody has set: they are made up"`
	Worker   *fleet.Money `json:"worker_hour_micros,omitempty" doc:"One worker; absent without a price"`
	Active   *fleet.Money `json:"active_hour_micros,omitempty" doc:"The active workers: the least while it is started"`
	Max      *fleet.Money `json:"max_hour_micros,omitempty" doc:"All workers that it may have: the most"`
}

type endpointPlanInput struct{ Body EndpointPlanAsk }

// EndpointPlanAsk is EndpointCreate before it has a name.
type EndpointPlanAsk struct {
	QuickDeploy string            `json:"quick_deploy,omitempty" maxLength:"63" doc:"Name of a quick deploy that fills in what is left out" example:"vllm"`
	Params      map[string]string `json:"params,omitempty" doc:"Parameters of the quick deploy"`
	EndpointFields
}

func (s *Server) planEndpoint(ctx context.Context, in *endpointPlanInput) (*shown[EndpointPlan], error) {
	ask := EndpointCreate{Name: "plan", QuickDeploy: in.Body.QuickDeploy, Params: in.Body.Params, EndpointFields: in.Body.EndpointFields}
	plan, err := s.design(ctx, ask)
	if err != nil {
		return nil, err
	}
	plan.Spec.Env = callerOf(ctx).mask(plan.Spec.Env)
	return &shown[EndpointPlan]{plan}, nil
}

// design is the endpoint that is asked for, with a type of GPU that its model fits on. Invalid
// when it would not fit on the type that was asked for.
func (s *Server) design(ctx context.Context, ask EndpointCreate) (EndpointPlan, error) {
	plan := EndpointPlan{Warnings: []string{}, Types: []PlanType{}}
	spec, err := ask.spec()
	if err != nil {
		return plan, err
	}
	if spec.DataCenter, err = s.dataCenter(ctx, spec.DataCenter); err != nil {
		return plan, err
	}
	plan.Spec = spec.Defaults()
	if err := plan.Spec.Validate(ask.Name); err != nil {
		return plan, err
	}
	if quick, ok := fleet.FindQuickDeploy(ask.QuickDeploy); ok {
		if need, ok := quick.Memory(plan.Spec); ok {
			plan.Memory = &PlanMemory{need, need.Total()}
		} else if len(quick.Params) > 0 {
			plan.Warnings = append(plan.Warnings, "nothing is known of the memory that this model needs")
		}
	}
	if err := s.offer(ctx, &plan); err != nil {
		return plan, err
	}
	if err := plan.settleType(); err != nil {
		return plan, err
	}
	s.price(&plan)
	return plan, nil
}

// offer lists what the data center has. What it has not can still be asked for: it may get it.
func (s *Server) offer(ctx context.Context, plan *EndpointPlan) error {
	types, err := s.Store.GPUTypes(ctx, plan.Spec.DataCenter)
	if err != nil && !fleet.Is(err, fleet.NotFound) { // of no such data center the store complains later
		return err
	}
	for _, t := range types {
		one := PlanType{Type: t.Name, Market: t.Market, MemoryMB: t.MemoryMB, Free: t.Free, Fits: true}
		if plan.Memory != nil {
			one.Fits = plan.Memory.Fits(t.MemoryMB, plan.Spec.GPUsPerWorker)
		}
		if per, ok := s.Prices.GPUHour(plan.Spec.DataCenter, t.Name, t.Market); ok {
			one.PerHour = &per
		}
		plan.Types = append(plan.Types, one)
	}
	slices.SortStableFunc(plan.Types, func(a, b PlanType) int {
		return cmp.Or(cmp.Compare(dear(a), dear(b)), cmp.Compare(a.MemoryMB, b.MemoryMB))
	})
	return nil
}

// dear is what a GPU costs; of one without a price, the most.
func dear(t PlanType) fleet.Money {
	if t.PerHour == nil {
		return 1<<63 - 1
	}
	return *t.PerHour
}

// settleType takes the cheapest type that the model fits on, unless one was asked for, which
// then must do. What a guess says is only a warning.
func (p *EndpointPlan) settleType() error {
	if p.Memory == nil {
		return nil
	}
	gpus := p.Spec.GPUsPerWorker
	var fitting []string
	for _, t := range p.Types {
		if t.Fits && !slices.Contains(fitting, t.Type) {
			fitting = append(fitting, t.Type)
		}
	}
	asked := p.Spec.GPUType
	if asked == "" {
		if len(fitting) > 0 {
			p.Spec.GPUType = fitting[0]
			return nil
		}
		return p.tooLarge("body.gpus_per_worker", fmt.Sprintf("the model needs %d MiB, which no %d GPUs of this data center have", p.Memory.Total, gpus), fitting)
	}
	memory := fleet.GPUMemory(asked)
	for _, t := range p.Types {
		if t.Type == asked {
			memory = t.MemoryMB
		}
	}
	if memory == 0 || p.Memory.Fits(memory, gpus) {
		return nil
	}
	return p.tooLarge("body.gpu_type", fmt.Sprintf("the model needs %d MiB, and %d × %s have %d, of which model servers use 90 %%", p.Memory.Total, gpus, asked, memory*int64(gpus)), fitting)
}

func (p *EndpointPlan) tooLarge(field, why string, fitting []string) error {
	if p.Memory.Guessed {
		p.Warnings = append(p.Warnings, why+" (going by the model's name)")
		return nil
	}
	allowed := "more gpus_per_worker, a shorter context, or another quantization"
	if len(fitting) > 0 {
		allowed = strings.Join(fitting, ", ") + "; or " + allowed
	}
	return &fleet.Error{Code: fleet.Invalid, Message: why, Fields: []fleet.FieldError{{Field: field, Message: "has too little memory for the model", Allowed: allowed}}}
}

func (s *Server) price(plan *EndpointPlan) {
	plan.Price = PlanPrice{Currency: s.Prices.Currency, Example: s.Prices.Example}
	spec := plan.Spec
	per, ok := s.Prices.GPUHour(spec.DataCenter, spec.GPUType, spec.Spot.Market)
	switch {
	case ok:
		worker := per.Times(spec.GPUsPerWorker)
		plan.Price.Worker, plan.Price.Active, plan.Price.Max = &worker, new(worker.Times(spec.ActiveWorkers)), new(worker.Times(spec.MaxWorkers))
	case spec.GPUType == "":
		plan.Warnings = append(plan.Warnings, "the price depends on the type of GPU, which is left open")
	default:
		plan.Warnings = append(plan.Warnings, "nobody has set a price for "+spec.GPUType)
	}
	if spec.GPUType != "" && !slices.ContainsFunc(plan.Types, func(t PlanType) bool { return t.Type == spec.GPUType }) {
		plan.Warnings = append(plan.Warnings, "this data center has no "+spec.GPUType+" now")
	}
}

func (s *Server) listPrices(context.Context, *struct{}) (*shown[fleet.PriceList], error) {
	list := s.Prices
	if list.Prices == nil {
		list.Prices = []fleet.Price{}
	}
	return &shown[fleet.PriceList]{list}, nil
}
