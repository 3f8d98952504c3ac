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
		URL: s.url(i), Ports: s.ports(i), GPUs: make([]InstanceGPU, 0, len(i.GPUs)), Ready: i.Ready, Market: i.Market, Epoch: i.Epoch, SnapshotID: i.Snapshot,
		CreatedAt: i.CreatedAt, UpdatedAt: i.UpdatedAt, Spec: i.Spec,
	}
	if out.Reason == "" {
		out.Reason = i.Cause
	}
	if i.Mishap != nil {
		f := showFailure(*i.Mishap)
		out.Failure = &f
	}
	for _, g := range i.GPUs {
		out.GPUs = append(out.GPUs, InstanceGPU{ID: g.ID, UUID: g.UUID, Type: g.Type, Index: g.Index, Simulated: g.Simulated})
	}
	for _, k := range i.Kept {
		out.Kept = append(out.Kept, Kept(k))
	}
	if i.State == fleet.Stopped && i.Home.ID != "" {
		out.Hold = fleet.HoldReserved
		if i.Home.Bare {
			out.Hold = fleet.HoldNone
		}
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
