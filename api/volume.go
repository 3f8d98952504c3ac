package api

import (
	"context"
	"log/slog"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Volume is a network volume as the API shows it.
type Volume struct {
	ID         string            `json:"id" example:"vol_06f2r3k8x9m4n5p6q7s8t9v0w1"`
	Name       string            `json:"name" example:"models"`
	DataCenter string            `json:"data_center" example:"us-east"`
	State      fleet.VolumeState `json:"state" enum:"ready,deleting" doc:"deleting: nobody gets it any more, its files are being erased"`
	Users      []string          `json:"users" doc:"Names of the endpoints and servers that have it, running or not"`
	CreatedAt  time.Time         `json:"created_at"`
	DeletedAt  time.Time         `json:"deleted_at,omitzero" doc:"When somebody asked for its end"`
}

// VolumeCreate asks for a network volume.
type VolumeCreate struct {
	Name       string `json:"name" minLength:"1" maxLength:"63" doc:"Lower-case letters, digits and hyphens; unique among the account's in the data center" example:"models"`
	DataCenter string `json:"data_center,omitempty" maxLength:"63" doc:"Where it is, and what mounts it. Default: us-east, or the only one" example:"us-east"`
}

// VolumePath names a volume in a URL.
type VolumePath struct {
	ID string `path:"id" maxLength:"64" pattern:"^vol_" patternDescription:"an ID that begins with vol_" doc:"Of the volume"`
}

type listVolumesInput struct {
	DataCenter string `query:"data_center" maxLength:"63" doc:"Only those there"`
}

func (s *Server) listVolumes(ctx context.Context, in *listVolumesInput) (*listed[Volume], error) {
	found, err := s.Store.ListVolumes(ctx, callerOf(ctx).AccountID, in.DataCenter)
	if err != nil {
		return nil, err
	}
	return all(found, showVolume), nil
}

func (s *Server) getVolume(ctx context.Context, in *struct{ VolumePath }) (*shown[Volume], error) {
	v, err := s.Store.GetVolume(ctx, callerOf(ctx).AccountID, in.ID)
	if err != nil {
		return nil, err
	}
	return &shown[Volume]{showVolume(v)}, nil
}

type createVolumeInput struct {
	Mutation
	Body VolumeCreate
}

// createdVolume answers with a new volume, and where it is.
type createdVolume struct {
	Location string `header:"Location" doc:"The volume"`
	Body     Volume
}

func (s *Server) createVolume(ctx context.Context, in *createVolumeInput) (*createdVolume, error) {
	who := callerOf(ctx)
	dataCenter, err := s.dataCenter(ctx, in.Body.DataCenter)
	if err != nil {
		return nil, err
	}
	if dataCenter == "" {
		dataCenter = fleet.DefaultDataCenter
	}
	made, err := s.Store.CreateVolume(ctx, who.AccountID, who.KeyID, in.Body.Name, dataCenter)
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "volume created", slog.String("volume", made.ID), slog.String("actor", who.KeyID))
	return &createdVolume{Location: "/v1/volumes/" + made.ID, Body: showVolume(made)}, nil
}

type deleteVolumeInput struct {
	VolumePath
	Mutation
}

// deleteVolume has a volume erased, and answers with it as it is then. What that takes is done
// by a workflow of its own; the outbox starts it if this cannot.
func (s *Server) deleteVolume(ctx context.Context, in *deleteVolumeInput) (*shown[Volume], error) {
	who := callerOf(ctx)
	v, err := s.Store.DeleteVolume(ctx, who.AccountID, who.KeyID, in.ID)
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "volume is deleted", slog.String("volume", v.ID), slog.String("actor", who.KeyID))
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), startTimeout)
	defer cancel()
	if err := s.Operations.StartVolumeRemoval(within, v.ID); err != nil {
		s.Logger.WarnContext(ctx, "removal of a volume not started yet", slog.String("volume", v.ID), slog.Any("error", err))
	}
	return &shown[Volume]{showVolume(v)}, nil
}

func showVolume(v fleet.Volume) Volume {
	return Volume{
		ID: v.ID, Name: v.Name, DataCenter: v.DataCenter, State: v.State, Users: append([]string{}, v.Users...),
		CreatedAt: v.CreatedAt, DeletedAt: v.DeletedAt,
	}
}
