package api

import (
	"context"
	"log/slog"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

type listHostsInput struct {
	All    bool         `query:"all" doc:"Retired ones, too"`
	Market fleet.Market `query:"market" enum:"on-demand,spot" doc:"Only those of this market"`
	Page
}

func (s *Server) listHosts(ctx context.Context, in *listHostsInput) (*listed[Host], error) {
	found, err := s.Store.ListHosts(ctx, store.HostFilter{Retired: in.All, Market: in.Market, Page: in.more()})
	if err != nil {
		return nil, err
	}
	return list(in.Page, found, func(h fleet.Host) string { return h.ID }, s.showHost), nil
}

func (s *Server) getHost(ctx context.Context, in *struct{ HostPath }) (*shown[Host], error) {
	h, err := s.Store.GetHost(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	drain, err := s.Store.HostDrain(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := s.showHost(h)
	out.Drain = showDrain(drain, s.Store.Now())
	return &shown[Host]{out}, nil
}

type hostInput struct {
	HostPath
	Mutation
}

// cordonHost answers with the host as it is then. It is not an operation: nothing moves.
func (s *Server) cordonHost(ctx context.Context, in *hostInput) (*shown[Host], error) {
	return s.changedHost(ctx, in.ID, "cordoned", s.Store.Cordon(ctx, in.ID, callerOf(ctx).KeyID))
}

func (s *Server) uncordonHost(ctx context.Context, in *hostInput) (*shown[Host], error) {
	changes, err := s.Store.Uncordon(ctx, in.ID, callerOf(ctx).KeyID)
	if err == nil {
		s.announce(ctx, changes)
	}
	return s.changedHost(ctx, in.ID, "uncordoned", err)
}

// changedHost logs what was done with a host, and answers with it.
func (s *Server) changedHost(ctx context.Context, id, done string, err error) (*shown[Host], error) {
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "host changed", slog.String("host", id), slog.String("now", done), slog.String("actor", callerOf(ctx).KeyID))
	return s.getHost(ctx, &struct{ HostPath }{HostPath{ID: id}})
}

func (s *Server) showHost(h fleet.Host) Host {
	out := Host{
		ID: h.ID, Name: h.Name, DataCenter: h.DataCenter, Address: h.Address, State: h.State, Version: h.Version, Machine: h.Machine,
		Simulated: h.Simulated, Connected: s.tunnels.connected(h.ID), Disk: h.Disk, SeenAt: h.SeenAt, ExpiresAt: h.ExpiresAt,
		RetiredAt: h.RetiredAt, GPUs: GPUCounts{Total: len(h.GPUs)}, GPUAccess: h.GPUAccess,
	}
	out.Market, out.Provider, out.Zone = h.Market, h.Provider, h.Zone
	if n := h.Notice; n.Given() {
		out.Notice = &Notice{Kind: n.Kind, Source: n.Source, ID: n.ID, Actor: n.Actor, At: n.At, Deadline: n.Deadline}
	}
	for _, g := range h.GPUs {
		if g.State == fleet.GPUFree {
			out.GPUs.Free++
		}
	}
	return out
}

func (s *Server) listGateways(ctx context.Context, _ *struct{}) (*listed[Gateway], error) {
	found, err := s.Store.ListGateways(ctx)
	if err != nil {
		return nil, err
	}
	return all(found, showGateway), nil
}

func showGateway(g store.Gateway) Gateway {
	out := Gateway{ID: g.ID, Name: g.Name, DataCenter: g.DataCenter, Live: g.Live, RoutesVersion: g.Version, SeenAt: g.SeenAt}
	for _, n := range g.InFlight {
		out.InFlight += n
	}
	return out
}
