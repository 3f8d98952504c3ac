package api

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

type createEndpointInput struct {
	Mutation
	Body EndpointCreate
}

func (s *Server) createEndpoint(ctx context.Context, in *createEndpointInput) (*accepted, error) {
	plan, err := s.design(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	spec := plan.Spec
	sum, err := digest("create-endpoint", "", in.Body)
	if err != nil {
		return nil, err
	}
	return s.accept(ctx, in.Key, sum, func(ask store.Ask) (fleet.Record, bool, error) {
		return s.Store.CreateEndpoint(ctx, ask, in.Body.Name, spec)
	})
}

// spec is what is asked for, over what the quick deploy says, over the defaults.
func (e EndpointCreate) spec() (fleet.EndpointSpec, error) {
	spec := fleet.EndpointSpec{ActiveWorkers: 1}
	if e.QuickDeploy != "" {
		quick, ok := fleet.FindQuickDeploy(e.QuickDeploy)
		if !ok {
			return spec, &fleet.Error{Code: fleet.Invalid, Message: "there is no such quick deploy", Fields: []fleet.FieldError{
				{Field: "body.quick_deploy", Message: "is not a quick deploy", Allowed: quickDeployNames()},
			}}
		}
		var err error
		if spec, err = quick.With(e.Params); err != nil {
			return spec, err
		}
	} else if len(e.Params) > 0 {
		return spec, &fleet.Error{Code: fleet.Invalid, Message: "parameters belong to a quick deploy", Fields: []fleet.FieldError{
			{Field: "body.params", Message: "goes with quick_deploy", Allowed: quickDeployNames()},
		}}
	}
	return e.over(spec)
}

// over is spec with the fields that are present in the place of its own. Both speak the
// same JSON; maps are replaced, not merged.
func (f EndpointFields) over(spec fleet.EndpointSpec) (fleet.EndpointSpec, error) {
	if f.Env != nil {
		spec.Env = nil
	}
	if f.Labels != nil {
		spec.Labels = nil
	}
	if f.Scaling != nil {
		spec.Scaling = fleet.ScalingSpec{}
	}
	if f.Requests != nil {
		spec.Requests = fleet.RequestSpec{}
	}
	if f.Spot != nil {
		spec.Spot = fleet.SpotSpec{}
	}
	data, err := json.Marshal(f)
	if err == nil {
		err = json.Unmarshal(data, &spec)
	}
	if err != nil {
		return spec, fmt.Errorf("read an endpoint's fields: %w", err)
	}
	return spec, nil
}

type updateEndpointInput struct {
	EndpointPath
	Mutation
	Body EndpointPatch
}

// TransformSchema implements huma.SchemaTransformer. A change that changes nothing is a
// mistake.
func (EndpointPatch) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	one := 1
	s.MinProperties = &one
	return s
}

func (s *Server) updateEndpoint(ctx context.Context, in *updateEndpointInput) (*accepted, error) {
	sum, err := digest("update-endpoint", in.ID, in.Body)
	if err != nil {
		return nil, err
	}
	name := ""
	if in.Body.Name != nil {
		name = *in.Body.Name
	}
	return s.accept(ctx, in.Key, sum, func(ask store.Ask) (fleet.Record, bool, error) {
		return s.Store.UpdateEndpoint(ctx, ask, in.ID, name, func(spec fleet.EndpointSpec) (fleet.EndpointSpec, error) {
			spec, err := in.Body.over(spec)
			return spec.Defaults(), err // what is emptied has its default again
		})
	})
}

type operateEndpointInput struct {
	EndpointPath
	Mutation
}

// operateEndpoint handles the operations that need nothing but their endpoint.
func (s *Server) operateEndpoint(op fleet.Operation) func(context.Context, *operateEndpointInput) (*accepted, error) {
	return func(ctx context.Context, in *operateEndpointInput) (*accepted, error) {
		sum, err := digest(op.Workflow(), in.ID, nil)
		if err != nil {
			return nil, err
		}
		return s.accept(ctx, in.Key, sum, func(ask store.Ask) (fleet.Record, bool, error) {
			return s.Store.Accept(ctx, ask, fleet.KindEndpoint, in.ID, op.Name)
		})
	}
}

type listEndpointsInput struct {
	Name string `query:"name" maxLength:"128" doc:"Only the one of this name"`
	All  bool   `query:"all" doc:"Deleted ones, too"`
	Page
}

func (s *Server) listEndpoints(ctx context.Context, in *listEndpointsInput) (*listed[Endpoint], error) {
	who := callerOf(ctx)
	found, err := s.Store.ListEndpoints(ctx, who.AccountID, store.EndpointFilter{Name: in.Name, Gone: in.All, Page: in.more()})
	if err != nil {
		return nil, err
	}
	return list(in.Page, found, func(e fleet.Endpoint) string { return e.ID }, func(e fleet.Endpoint) Endpoint { return s.showEndpoint(who, e) }), nil
}

func (s *Server) getEndpoint(ctx context.Context, in *struct{ EndpointPath }) (*shown[Endpoint], error) {
	who := callerOf(ctx)
	e, err := s.Store.GetEndpoint(ctx, who.AccountID, in.ID)
	if err != nil {
		return nil, err
	}
	out := s.showEndpoint(who, e)
	if e.State == fleet.Updating {
		r, err := s.Store.Rollout(ctx, who.AccountID, in.ID)
		if err != nil {
			return nil, err
		}
		shown := showRollout(r)
		out.Rollout = &shown
	}
	return &shown[Endpoint]{out}, nil
}

func (s *Server) showEndpoint(who caller, e fleet.Endpoint) Endpoint {
	out := Endpoint{
		ID: e.ID, Name: e.Name, State: e.State, Target: e.Heading(fleet.KindEndpoint), Status: e.Status(), Since: e.Since,
		Deadline: e.Deadline, Reason: e.Reason, OperationID: e.OperationID, Legal: s.legal(fleet.KindEndpoint, e.Accepts(fleet.KindEndpoint)),
		Revision: e.Revision, Workers: Workers{e.WorkersTotal, e.WorkersReady}, CreatedAt: e.CreatedAt, UpdatedAt: e.UpdatedAt, Spec: e.Spec,
	}
	out.Trouble = showTrouble(e.Trouble)
	out.Spec.Env = who.mask(e.Spec.Env)
	if s.GatewayURL != nil && !e.State.Gone() {
		out.URL = s.GatewayURL(e.Spec.DataCenter, fleet.HostLabel(e.ID))
	}
	return out
}

// mask is env as the caller may see it: who may only look sees names, for values are where
// secrets are.
func (c caller) mask(env map[string]string) map[string]string {
	if c.Role.May(fleet.Operator) || env == nil {
		return env
	}
	masked := make(map[string]string, len(env))
	for name := range env {
		masked[name] = "***"
	}
	return masked
}
