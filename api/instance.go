package api

import (
	"context"
	"log/slog"
	"slices"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

type createInstanceInput struct {
	Mutation
	Body InstanceCreate
}

func (s *Server) createInstance(ctx context.Context, in *createInstanceInput) (*accepted, error) {
	sum, err := digest("create", "", in.Body)
	if err != nil {
		return nil, err
	}
	spec := in.Body.InstanceSpec
	if spec.DataCenter, err = s.dataCenter(ctx, spec.DataCenter); err != nil {
		return nil, err
	}
	spec = spec.Defaults()
	if err := spec.Validate(in.Body.Name); err != nil {
		return nil, err
	}
	return s.accept(ctx, in.Key, sum, func(ask store.Ask) (fleet.Record, bool, error) {
		return s.Store.CreateInstance(ctx, ask, store.NewInstance{Name: in.Body.Name, Spec: spec})
	})
}

type operateInstanceInput struct {
	InstancePath
	Mutation
}

// operateInstance handles the operations that need nothing but their instance.
func (s *Server) operateInstance(op fleet.Operation) func(context.Context, *operateInstanceInput) (*accepted, error) {
	return func(ctx context.Context, in *operateInstanceInput) (*accepted, error) {
		return s.acceptInstance(ctx, op, in.ID, in.Key)
	}
}

type eraseInput struct {
	InstancePath
	Mutation
	Body Confirm
}

// eraseInstance handles the operations that erase data, which need the name as well.
func (s *Server) eraseInstance(op fleet.Operation) func(context.Context, *eraseInput) (*accepted, error) {
	return func(ctx context.Context, in *eraseInput) (*accepted, error) {
		if err := s.confirmed(ctx, in.ID, "body.confirm", in.Body.Confirm); err != nil {
			return nil, err
		}
		return s.acceptInstance(ctx, op, in.ID, in.Key)
	}
}

type updateInstanceInput struct {
	InstancePath
	Mutation
	Body InstancePatch
}

// updateInstance answers with the instance as it is then. It is not an operation: nothing
// moves.
func (s *Server) updateInstance(ctx context.Context, in *updateInstanceInput) (*shown[Instance], error) {
	who := callerOf(ctx)
	if err := s.Store.SetProtected(ctx, who.AccountID, who.KeyID, in.ID, in.Body.Protected); err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "instance protected", slog.String("instance", in.ID), slog.Bool("protected", in.Body.Protected), slog.String("actor", who.KeyID))
	return s.getInstance(ctx, &struct{ InstancePath }{in.InstancePath})
}

type deleteInstanceInput struct {
	InstancePath
	Mutation
	Confirm string `query:"confirm" required:"true" doc:"The instance's name"`
}

func (s *Server) deleteInstance(ctx context.Context, in *deleteInstanceInput) (*accepted, error) {
	if err := s.confirmed(ctx, in.ID, "query.confirm", in.Confirm); err != nil {
		return nil, err
	}
	return s.acceptInstance(ctx, fleet.Terminate, in.ID, in.Key)
}

func (s *Server) confirmed(ctx context.Context, id, field, name string) error {
	found, err := s.Store.GetInstance(ctx, callerOf(ctx).AccountID, id)
	if err != nil {
		return err
	}
	if found.Name != name {
		return &fleet.Error{Code: fleet.Invalid, Message: "erasing needs the instance's name as confirmation", Fields: []fleet.FieldError{
			{Field: field, Message: "is not the instance's name", Allowed: "the instance's name"},
		}}
	}
	return nil
}

func (s *Server) acceptInstance(ctx context.Context, op fleet.Operation, id, key string) (*accepted, error) {
	if !s.supports(op) {
		return nil, fleet.Errorf(fleet.Unsupported, "this fleet cannot %s an instance", op.Name)
	}
	sum, err := digest(op.Workflow(), id, nil)
	if err != nil {
		return nil, err
	}
	return s.accept(ctx, key, sum, func(ask store.Ask) (fleet.Record, bool, error) {
		return s.Store.Accept(ctx, ask, fleet.KindInstance, id, op.Name)
	})
}

type listInstancesInput struct {
	Name     string      `query:"name" maxLength:"128" doc:"Only the one of this name"`
	Endpoint string      `query:"endpoint" maxLength:"64" pattern:"^ep_" patternDescription:"an ID that begins with ep_" doc:"Only workers of this endpoint"`
	Servers  bool        `query:"servers" doc:"Only servers, no workers"`
	State    fleet.State `query:"state" doc:"Only those in this state"`
	All      bool        `query:"all" doc:"Terminated ones, too"`
	Page
}

func (s *Server) listInstances(ctx context.Context, in *listInstancesInput) (*listed[Instance], error) {
	who := callerOf(ctx)
	found, err := s.Store.ListInstances(ctx, who.AccountID, store.InstanceFilter{
		Name: in.Name, EndpointID: in.Endpoint, Servers: in.Servers, State: in.State, Gone: in.All || in.State.Gone() && in.State != fleet.Absent, Page: in.more(),
	})
	if err != nil {
		return nil, err
	}
	return list(in.Page, found, func(i fleet.Instance) string { return i.ID }, func(i fleet.Instance) Instance { return s.showInstance(who, i) }), nil
}

func (s *Server) getInstance(ctx context.Context, in *struct{ InstancePath }) (*shown[Instance], error) {
	who := callerOf(ctx)
	i, err := s.Store.GetInstance(ctx, who.AccountID, in.ID)
	if err != nil {
		return nil, err
	}
	return &shown[Instance]{s.showInstance(who, i)}, nil
}

func (s *Server) showInstance(who caller, i fleet.Instance) Instance {
	out := Instance{
		ID: i.ID, Name: i.Name, EndpointID: i.EndpointID, Revision: i.Revision, State: i.State, Target: i.Heading(fleet.KindInstance), Since: i.Since,
		Deadline: i.Deadline, Reason: i.Reason, OperationID: i.OperationID, Legal: s.legalInstance(i), HostID: i.Home.HostID, Address: i.Address,
		URL: s.url(i), Ports: s.ports(i), GPUs: make([]InstanceGPU, 0, len(i.GPUs)), Ready: i.Ready, Epoch: i.Epoch,
		CreatedAt: i.CreatedAt, UpdatedAt: i.UpdatedAt, Spec: i.Spec,
	}
	if out.Reason == "" {
		out.Reason = i.Cause
	}
	for _, g := range i.GPUs {
		out.GPUs = append(out.GPUs, InstanceGPU{ID: g.ID, UUID: g.UUID, Type: g.Type, Index: g.Index, Simulated: g.Simulated})
	}
	out.Spec.Env = who.mask(i.Spec.Env)
	if len(i.Spec.Templates) > 0 {
		out.Spec.Templates = who.maskTemplates(i.Spec.Templates)
	}
	return out
}

// legalInstance leaves out what the instance's own settings refuse: a worker is started
// and stopped by its endpoint, and what is protected is not erased.
func (s *Server) legalInstance(i fleet.Instance) []string {
	return slices.DeleteFunc(s.legal(fleet.KindInstance, i.Accepts(fleet.KindInstance)), func(name string) bool {
		return i.EndpointID != "" && name != fleet.Terminate.Name ||
			i.Spec.Protected && (name == fleet.Terminate.Name || name == fleet.Reset.Name)
	})
}
