package api

import (
	"context"
	"log/slog"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Controller is the gateway side of a data center as the API shows it.
type Controller struct {
	DataCenter string                `json:"data_center" example:"us-east"`
	State      fleet.ControllerState `json:"state" enum:"down,starting,up" doc:"starting: no gateway has followed its routes yet"`
	Since      time.Time             `json:"since,omitzero"`
	Actor      string                `json:"actor,omitempty" doc:"Who brought it there: key_…, submission or autostop"`
	Endpoints  int                   `json:"endpoints" doc:"That need it: those not deleted"`
	Servers    int                   `json:"servers" doc:"That need it: those with ports, not terminated"`
	Autostop   Autostop              `json:"autostop"`
	Gateways   []ControllerGateway   `json:"gateways"`
}

// Autostop is when a controller goes down by itself.
type Autostop struct {
	Paused    bool           `json:"paused" doc:"It stays up, however idle it is"`
	After     fleet.Duration `json:"after" doc:"How long nothing must have needed it" example:"10m0s"`
	IdleSince time.Time      `json:"idle_since,omitzero" doc:"Absent while something needs it"`
	StopsAt   time.Time      `json:"stops_at,omitzero" doc:"Absent while nothing counts down"`
}

// ControllerGateway is one gateway of a controller.
type ControllerGateway struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Live    bool      `json:"live" doc:"It has reported lately"`
	Version int64     `json:"version" doc:"Of the routes it follows"`
	SeenAt  time.Time `json:"seen_at,omitzero"`
}

// ControllerPatch changes a controller: what it leaves out stays as it is.
type ControllerPatch struct {
	Autostop *fleet.Duration `json:"autostop,omitempty" doc:"How long nothing must have needed it before it goes down, 1m to 168h. Default 10m" example:"10m"`
	Paused   *bool           `json:"paused,omitempty" doc:"Whether it stays up however idle it is. The countdown begins anew when that ends"`
}

// ControllerPath names a controller in a URL.
type ControllerPath struct {
	DataCenter string `path:"data_center" maxLength:"63" doc:"Its data center" example:"us-east"`
}

func (s *Server) listControllers(ctx context.Context, _ *struct{}) (*listed[Controller], error) {
	found, err := s.Store.Controllers(ctx)
	if err != nil {
		return nil, err
	}
	return all(found, showController), nil
}

func (s *Server) getController(ctx context.Context, in *struct{ ControllerPath }) (*shown[Controller], error) {
	c, err := s.Store.Controller(ctx, in.DataCenter)
	if err != nil {
		return nil, err
	}
	return &shown[Controller]{showController(c)}, nil
}

type controllerInput struct {
	ControllerPath
	Mutation
}

func (s *Server) startController(ctx context.Context, in *controllerInput) (*shown[Controller], error) {
	return s.changedController(ctx, in.DataCenter, "started", s.Store.StartController(ctx, in.DataCenter, callerOf(ctx).KeyID))
}

func (s *Server) stopController(ctx context.Context, in *controllerInput) (*shown[Controller], error) {
	return s.changedController(ctx, in.DataCenter, "stopped", s.Store.StopController(ctx, in.DataCenter, callerOf(ctx).KeyID))
}

type updateControllerInput struct {
	ControllerPath
	Mutation
	Body ControllerPatch
}

func (s *Server) updateController(ctx context.Context, in *updateControllerInput) (*shown[Controller], error) {
	actor := callerOf(ctx).KeyID
	if after := in.Body.Autostop; after != nil {
		if err := s.Store.SetAutostop(ctx, in.DataCenter, actor, *after); err != nil {
			return nil, err
		}
	}
	var err error
	if in.Body.Paused != nil {
		err = s.Store.PauseAutostop(ctx, in.DataCenter, actor, *in.Body.Paused)
	}
	return s.changedController(ctx, in.DataCenter, "updated", err)
}

// changedController logs what was done with a controller, and answers with it.
func (s *Server) changedController(ctx context.Context, dataCenter, done string, err error) (*shown[Controller], error) {
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "controller changed", slog.String("data_center", dataCenter), slog.String("now", done), slog.String("actor", callerOf(ctx).KeyID))
	return s.getController(ctx, &struct{ ControllerPath }{ControllerPath{dataCenter}})
}

func showController(c fleet.Controller) Controller {
	out := Controller{
		DataCenter: c.DataCenter, State: c.State, Since: c.Since, Actor: c.Actor, Endpoints: c.Endpoints, Servers: c.Servers,
		Autostop: Autostop{Paused: c.Paused, After: c.Autostop, IdleSince: c.IdleSince, StopsAt: c.StopsAt()}, Gateways: []ControllerGateway{},
	}
	for _, g := range c.Gateways {
		out.Gateways = append(out.Gateways, ControllerGateway(g))
	}
	return out
}
