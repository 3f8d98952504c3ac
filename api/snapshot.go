package api

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// Snapshot is a snapshot as the API shows it.
type Snapshot struct {
	ID           string              `json:"id" example:"snp_06f2r3k8x9m4n5p6q7s8t9v0w1"`
	InstanceID   string              `json:"instance_id" doc:"The server that it is of"`
	InstanceName string              `json:"instance_name"`
	DataCenter   string              `json:"data_center" doc:"In whose archive it is; it can be restored there"`
	Kind         fleet.SnapshotKind  `json:"kind" enum:"freeze,migrate,safety,auto,manual" doc:"freeze: what a frozen server is restored from. migrate: on its way to another host. safety: undoes a reset or a terminate. auto: taken on the server's interval. manual: somebody asked for it"`
	State        fleet.SnapshotState `json:"state" enum:"saving,ready" doc:"ready: whole, and verified"`
	Bytes        int64               `json:"bytes" doc:"Of its disk and its root filesystem, without the image"`
	Files        int64               `json:"files"`
	ImageID      string              `json:"image_id,omitempty" doc:"The image below its root filesystem"`
	OperationID  string              `json:"operation_id,omitempty" doc:"The operation that took it"`
	CreatedAt    time.Time           `json:"created_at"`
	SavedAt      time.Time           `json:"saved_at,omitzero" doc:"It shows the data as of then"`
	ExpiresAt    time.Time           `json:"expires_at,omitzero" doc:"When it is deleted; absent: not by itself"`
}

// SnapshotRestore asks for a server that is made from a snapshot.
type SnapshotRestore struct {
	Name string `json:"name" minLength:"1" maxLength:"128" doc:"Of the new server; unique among the account's servers" example:"notebook"`
}

func showSnapshot(snap fleet.Snapshot, instance string) Snapshot {
	return Snapshot{
		ID: snap.ID, InstanceID: snap.InstanceID, InstanceName: instance, DataCenter: snap.DataCenter, Kind: snap.Kind, State: snap.State,
		Bytes: snap.Bytes, Files: snap.Files, ImageID: snap.ImageID, OperationID: snap.OperationID,
		CreatedAt: snap.CreatedAt, SavedAt: snap.SavedAt, ExpiresAt: snap.ExpiresAt,
	}
}

type listSnapshotsInput struct {
	Instance string `query:"instance" maxLength:"64" pattern:"^ins_" patternDescription:"an ID that begins with ins_" doc:"Only those of this server"`
	Page
}

func (s *Server) listSnapshots(ctx context.Context, in *listSnapshotsInput) (*listed[Snapshot], error) {
	account := callerOf(ctx).AccountID
	found, err := s.Store.ListSnapshots(ctx, account, store.SnapshotFilter{InstanceID: in.Instance, Page: in.more()})
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(found))
	for i, snap := range found {
		ids[i] = snap.InstanceID
	}
	names, err := s.Store.ResourceNames(ctx, account, ids)
	if err != nil {
		return nil, err
	}
	return list(in.Page, found, func(snap fleet.Snapshot) string { return snap.ID }, func(snap fleet.Snapshot) Snapshot {
		return showSnapshot(snap, names[snap.InstanceID])
	}), nil
}

func (s *Server) getSnapshot(ctx context.Context, in *struct{ SnapshotPath }) (*shown[Snapshot], error) {
	account := callerOf(ctx).AccountID
	snap, err := s.Store.GetSnapshot(ctx, account, in.ID)
	if err != nil {
		return nil, err
	}
	names, err := s.Store.ResourceNames(ctx, account, []string{snap.InstanceID})
	if err != nil {
		return nil, err
	}
	return &shown[Snapshot]{showSnapshot(snap, names[snap.InstanceID])}, nil
}

type changeSnapshotInput struct {
	SnapshotPath
	Mutation
}

func (s *Server) deleteSnapshot(ctx context.Context, in *changeSnapshotInput) (*struct{}, error) {
	who := callerOf(ctx)
	if err := s.Store.DeleteSnapshot(ctx, who.AccountID, who.KeyID, in.ID); err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "snapshot deleted", slog.String("snapshot", in.ID), slog.String("actor", who.KeyID))
	return nil, nil //nolint:nilnil // nothing to say is 204
}

// snapshotStarted answers a request for a snapshot: 202, and where to follow it.
type snapshotStarted struct {
	Location string `header:"Location" doc:"The snapshot"`
	Body     Snapshot
}

// createSnapshot has a snapshot taken, whose ID comes from the key: asked again, it is the
// same one.
func (s *Server) createSnapshot(ctx context.Context, in *operateInstanceInput) (*snapshotStarted, error) {
	who := callerOf(ctx)
	id := fleet.SnapshotPrefix + strings.TrimPrefix(fleet.OperationID(who.AccountID, "snapshot\x00"+in.Key), fleet.OperationPrefix)
	snap, repeated, err := s.Store.AskSnapshot(ctx, who.AccountID, who.KeyID, in.ID, id)
	if err != nil {
		return nil, err
	}
	if !repeated {
		if err := s.Operations.Snapshot(ctx, snap); err != nil {
			if ferr := s.Store.ForgetSnapshot(context.WithoutCancel(ctx), id); ferr != nil {
				s.Logger.WarnContext(ctx, "a snapshot that is not taken stays", slog.String("snapshot", id), slog.Any("error", ferr))
			}
			return nil, err
		}
		s.Logger.InfoContext(ctx, "snapshot asked for", slog.String("snapshot", id), slog.String("instance", in.ID), slog.String("actor", who.KeyID))
	}
	names, err := s.Store.ResourceNames(ctx, who.AccountID, []string{snap.InstanceID})
	if err != nil {
		return nil, err
	}
	return &snapshotStarted{Location: "/v1/snapshots/" + id, Body: showSnapshot(snap, names[snap.InstanceID])}, nil
}

type restoreSnapshotInput struct {
	SnapshotPath
	Mutation
	Body SnapshotRestore
}

func (s *Server) restoreSnapshot(ctx context.Context, in *restoreSnapshotInput) (*accepted, error) {
	account := callerOf(ctx).AccountID
	sum, err := digest("restore", in.ID, in.Body)
	if err != nil {
		return nil, err
	}
	var of fleet.Instance
	snap, gone := s.Store.GetSnapshot(ctx, account, in.ID)
	if gone == nil {
		if of, err = s.Store.GetInstance(ctx, account, snap.InstanceID); err != nil {
			return nil, err
		}
	} else if !fleet.Is(gone, fleet.NotFound) {
		return nil, gone
	}
	return s.accept(ctx, in.Key, sum, func(ask store.Ask) (fleet.Record, bool, error) {
		rec, repeated, err := s.Store.CreateInstance(ctx, ask, store.NewInstance{Name: in.Body.Name, Spec: of.Spec, Snapshot: in.ID})
		if err != nil && gone != nil && !fleet.Is(err, fleet.Conflict) {
			err = gone // only a request that is repeated needs no snapshot any more
		}
		return rec, repeated, err
	})
}
