package store

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Retry accepts what rec, which is the account's and has ended, was asked for: the same
// operation with the same params, by whoever asks now. What a create was to make is made
// anew from the same spec, since nothing is left of it; an update writes its spec as another
// revision. Errors are those of Accept, CreateInstance, CreateEndpoint and UpdateEndpoint.
func (s *Store) Retry(ctx context.Context, ask Ask, rec fleet.Record) (fleet.Record, bool, error) {
	ask.Params = rec.Params
	switch rec.Operation().Workflow() {
	case fleet.Create.Workflow():
		inst, err := s.GetInstance(ctx, rec.AccountID, rec.ResourceID)
		if err != nil {
			return fleet.Record{}, false, err
		}
		if inst.EndpointID != "" {
			return fleet.Record{}, false, fleet.Errorf(fleet.Conflict, "a worker is made again by its endpoint")
		}
		return s.CreateInstance(ctx, ask, NewInstance{Name: inst.Name, Spec: inst.Spec, Snapshot: rec.Params.SnapshotID})
	case fleet.CreateEndpoint.Workflow():
		ep, err := s.GetEndpoint(ctx, rec.AccountID, rec.ResourceID)
		if err != nil {
			return fleet.Record{}, false, err
		}
		return s.CreateEndpoint(ctx, ask, ep.Name, ep.Spec)
	case fleet.UpdateEndpoint.Workflow():
		spec, err := s.revision(ctx, rec.ResourceID, rec.Params.Revision)
		if err != nil {
			return fleet.Record{}, false, err
		}
		return s.UpdateEndpoint(ctx, ask, rec.ResourceID, "", func(fleet.EndpointSpec) (fleet.EndpointSpec, error) { return spec, nil })
	}
	return s.Accept(ctx, ask, rec.Kind, rec.ResourceID, rec.Name)
}

// revision reads a revision of an endpoint's spec.
func (s *Store) revision(ctx context.Context, endpointID string, revision int) (fleet.EndpointSpec, error) {
	var spec fleet.EndpointSpec
	err := s.read(ctx, "read revision", func(t *tx) error {
		var kept string
		if err := t.get(&kept, `SELECT spec FROM endpoint_revisions WHERE endpoint_id = ? AND revision = ?`, endpointID, revision); err != nil {
			return missing(err, "revision of endpoint", endpointID)
		}
		var err error
		spec, err = t.recallEndpoint(kept)
		return err
	})
	return spec, err
}
