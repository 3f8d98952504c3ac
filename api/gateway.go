package api

import (
	"context"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A gateway's long poll looks routesEvery, for routesWait at most: shorter than what
// proxies take for a dead connection.
const (
	routesEvery = 50 * time.Millisecond
	routesWait  = 25 * time.Second
)

type routesInput struct {
	Version int64 `query:"version" minimum:"0" doc:"Of the routes that the gateway has; 0: none"`
}

// gatewayRoutes answers when the routes are no longer those that the gateway has, or with
// the same ones when its time is up.
func (s *Server) gatewayRoutes(ctx context.Context, in *routesInput) (*shown[fleet.Routes], error) {
	waiting, stop := s.untilClosed(ctx)
	defer stop()
	waiting, cancel := context.WithTimeout(waiting, routesWait)
	defer cancel()
	dataCenter := callerOf(ctx).dataCenter
	for {
		version, err := s.Store.RoutesVersion(ctx, dataCenter)
		if err != nil {
			return nil, err
		}
		if version != in.Version || waiting.Err() != nil {
			break
		}
		select {
		case <-waiting.Done():
		case <-time.After(routesEvery):
		}
	}
	found, err := s.Store.Routes(ctx, dataCenter)
	if err != nil {
		return nil, err
	}
	return &shown[fleet.Routes]{found}, nil
}

type gatewayReportInput struct{ Body fleet.GatewayReport }

func (s *Server) gatewayReport(ctx context.Context, in *gatewayReportInput) (*struct{}, error) {
	if err := s.Store.SaveGatewayReport(ctx, callerOf(ctx).gatewayID, in.Body); err != nil {
		return nil, err
	}
	if s.Evaluator != nil {
		s.Evaluator.Reported(in.Body)
	}
	return nil, nil
}
