package api

import (
	"context"
	"strings"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func (s *Server) listQuickDeploys(context.Context, *struct{}) (*listed[QuickDeploy], error) {
	return all(fleet.QuickDeploys, showQuickDeploy), nil
}

type quickDeployInput struct {
	Name string `path:"name" maxLength:"63" doc:"Of the quick deploy"`
}

func (s *Server) getQuickDeploy(_ context.Context, in *quickDeployInput) (*shown[QuickDeploy], error) {
	found, ok := fleet.FindQuickDeploy(in.Name)
	if !ok {
		return nil, fleet.Errorf(fleet.NotFound, "there is no such quick deploy; there are %s", quickDeployNames())
	}
	return &shown[QuickDeploy]{showQuickDeploy(found)}, nil
}

// showQuickDeploy shows the spec as it would be deployed, defaults and all.
func showQuickDeploy(q fleet.QuickDeploy) QuickDeploy {
	return QuickDeploy{
		Name: q.Name, Title: q.Title, Description: q.Description, Verified: q.Verified,
		Fill: append([]string{}, q.Fill...), Params: append([]fleet.Param{}, q.Params...), Spec: q.Spec.Defaults(),
	}
}

func quickDeployNames() string {
	names := make([]string, len(fleet.QuickDeploys))
	for i, q := range fleet.QuickDeploys {
		names[i] = q.Name
	}
	return strings.Join(names, ", ")
}

func (s *Server) listDataCenters(ctx context.Context, _ *struct{}) (*listed[DataCenter], error) {
	found, err := s.Store.DataCenters(ctx)
	if err != nil {
		return nil, err
	}
	return all(found, func(d fleet.DataCenter) DataCenter { return DataCenter(d) }), nil
}

// dataCenter is the one asked for; without a wish, the only one there is. Where there are
// several, the spec's default decides.
func (s *Server) dataCenter(ctx context.Context, wish string) (string, error) {
	if wish != "" {
		return wish, nil
	}
	found, err := s.Store.DataCenters(ctx)
	if err != nil || len(found) != 1 {
		return "", err
	}
	return found[0].Name, nil
}
